/** What elements of a page say is to be heard: prompts, sounds, and what a customer hears who waits. */
import type { Prompt, WaitingSound } from '../../holder/held-call.js';
import { type AskedPart, millisecondsOf, partsNamed, textOf } from './asked.js';

/** A sound that a type of `playsound` stands for when the page names no resource. */
const SOUNDS: Readonly<Record<string, string>> = { music: 'waiting.wav' };
/** A duration that the page leaves out where one is needed. */
const SILENCE_MS = 1000;

export interface Treatment {
  readonly prompts: readonly Prompt[];
  readonly loop: boolean;
  /** Stops it after so long, which is no failure. */
  readonly durationMs?: number | undefined;
}

export function treatmentOf(part: AskedPart): Treatment {
  if (part.name === 'playsound') return soundOf(part);
  return { prompts: promptsOf(part), loop: false };
}

/** @returns no prompt for what names nothing to be heard */
export function promptsOf(part: AskedPart): readonly Prompt[] {
  const language = textOf(part, 'language');
  return partsNamed(part, 'prompt').flatMap((prompt) => promptOf(prompt, language));
}

function promptOf(part: AskedPart, language: string | undefined): readonly Prompt[] {
  const file = textOf(part, 'resource', 'file');
  if (file !== undefined) return [{ kind: 'file', file }];
  const announcement = textOf(part, 'userannid', 'intid');
  if (announcement !== undefined) return [{ kind: 'file', file: withExtension(announcement) }];
  const text = textOf(part, 'text', 'number');
  if (text === undefined) return [];
  return [{ kind: 'speech', text, ...(language !== undefined && { language }) }];
}

/** Announcements have numbers or names there; here they are files of the media folder. */
function withExtension(announcement: string): string {
  return /\.[a-z0-9]{1,5}$/i.test(announcement) ? announcement : `${announcement}.wav`;
}

export function soundOf(part: AskedPart): Treatment {
  const type = (textOf(part, 'type') ?? 'music').toLowerCase();
  const durationMs = millisecondsOf(part, 'duration');
  if (type === 'silence')
    return { prompts: [{ kind: 'silence', durationMs: durationMs ?? SILENCE_MS }], loop: false };
  const file = textOf(part, 'resource') ?? SOUNDS[type];
  const prompts: readonly Prompt[] = file === undefined ? [] : [{ kind: 'file', file }];
  return { prompts, loop: durationMs !== undefined, durationMs };
}

/** Elements inside `queue:submit` that hold treatments, or are about something else. */
const AROUND_TREATMENTS = new Set(['runtreatments', 'treatments']);
const NO_TREATMENTS = new Set(['targets', 'target', 'param', 'content']);
const TREATMENTS = new Set(['play', 'playsound']);

/**
 * The treatments inside a `queue:submit`, in their order; the names of those that cannot be given to
 * somebody who waits, such as a collection of digits.
 */
export function waitingSounds(part: AskedPart): {
  readonly sounds: readonly WaitingSound[];
  readonly leftOut: readonly string[];
} {
  const sounds: WaitingSound[] = [];
  const leftOut: string[] = [];
  for (const child of part.children) {
    if (NO_TREATMENTS.has(child.name)) continue;
    if (AROUND_TREATMENTS.has(child.name)) {
      const inside = waitingSounds(child);
      sounds.push(...inside.sounds);
      leftOut.push(...inside.leftOut);
    } else if (TREATMENTS.has(child.name)) {
      const { prompts, durationMs } = treatmentOf(child);
      sounds.push(...prompts.map((prompt) => ({ prompt, durationMs })));
    } else leftOut.push(child.name);
  }
  return { sounds, leftOut };
}
