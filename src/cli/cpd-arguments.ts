/** What the commands about call progress detection share: where they print, and their arguments. */
import { InvalidArgumentError, type Command } from 'commander';
import {
  appAmdRule,
  DEFAULT_OPTIONS,
  gvpRule,
  PROFILE_NAMES,
  timingRule,
  type CpdOptions,
  type Profile,
} from '../cpd/options.js';

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

/** `all`, or names with commas between them. */
export function parseProfiles(text: string): readonly Profile[] {
  return text === 'all' ? PROFILE_NAMES : text.split(',').map((name) => parseProfile(name.trim()));
}

/** Options that are groups of values, by the names of these. No name is in two of them. */
const GROUPS = [
  ['timing', Object.keys(timingRule(DEFAULT_OPTIONS))],
  ['appAmd', Object.keys(appAmdRule(DEFAULT_OPTIONS))],
  ['gvp', Object.keys(gvpRule(DEFAULT_OPTIONS))],
] as const;
const NUMBER_NAMES = Object.entries(DEFAULT_OPTIONS)
  .filter(([name, value]) => typeof value === 'number' && name !== 'sampleRateHz')
  .map(([name]) => name);

/** Adds one `name=value` to the options given before it. */
export function collectOption(
  text: string,
  before: Partial<CpdOptions> | undefined,
): Partial<CpdOptions> {
  const [name = '', value = ''] = text.split('=', 2);
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number))
    throw new InvalidArgumentError('write name=value with a number');
  const group = GROUPS.find(([, names]) => names.includes(name))?.[0];
  if (group) return { ...before, [group]: { ...before?.[group], [name]: number } };
  if (NUMBER_NAMES.includes(name)) return { ...before, [name]: number };
  const known = [...NUMBER_NAMES, ...GROUPS.flatMap(([, names]) => names)].join(', ');
  throw new InvalidArgumentError(`no option "${name}"; allowed: ${known}`);
}
