/** What the commands about call progress detection share: where they print, and their arguments. */
import { InvalidArgumentError, type Command } from 'commander';
import { PROFILE_NAMES, type Profile } from '../cpd/options.js';

export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** Where commander itself writes, so that both can be sent elsewhere together. */
export function outputOf(command: Command): Output {
  const output = command.configureOutput();
  return {
    out: (text) => output.writeOut?.(text),
    err: (text) => output.writeErr?.(text),
  };
}

export function parseMs(text: string): number {
  const ms = Number(text);
  if (!Number.isFinite(ms) || ms < 0)
    throw new InvalidArgumentError('not a number of milliseconds');
  return ms;
}

export function parseProfile(text: string): Profile {
  const profile = PROFILE_NAMES.find((name) => name === text);
  if (!profile) throw new InvalidArgumentError(`allowed: ${PROFILE_NAMES.join(', ')}`);
  return profile;
}

export function parseCountry(text: string): string {
  if (!/^[a-z]{2}$/i.test(text)) throw new InvalidArgumentError('two letters, such as DE');
  return text.toUpperCase();
}
