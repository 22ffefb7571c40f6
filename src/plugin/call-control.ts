/**
 * What a plugin elsewhere may do over HTTP with the call it holds, as JSON in and JSON out: play, stop,
 * collect, attach, detach, hangup. It only translates; the call itself refuses what may not be.
 */
import { collectDigits, type CollectRequest } from '../holder/digit-collection.js';
import type { HeldCall, HeldCallCode, HeldRefusal, Prompt } from '../holder/held-call.js';
import type { Clock } from '../ports.js';

/** Fit for an HTTP response. */
export interface ControlOutcome {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Read = (name: string) => unknown;

const STATUS_OF: Readonly<Record<HeldCallCode, number>> = {
  HELD_REVOKED: 409,
  HELD_NOT_ATTACHED: 409,
  HELD_UNSUPPORTED: 501,
  HELD_BAD_ARGUMENT: 400,
  HELD_UNPLAYABLE: 400,
  HELD_TOO_MANY: 429,
  HELD_MEDIA_ERROR: 502,
};
/** Requests of one plugin that are answered later. */
const WAITING_MAX = 8;
const PROMPTS_MAX = 100;
const PROMPT_FORM =
  'prompts is a list of {"file": NAME_OR_URL}, {"silenceMs": N} or {"text": WORDS}, 1 to 100 of them';
const TIMES = ['firstDigitMs', 'betweenDigitsMs', 'totalMs'] as const;
const TIME_MAX_MS = 300_000;

export class CallControl {
  #waiting = 0;
  /** What sounds or listens. */
  #latest: { stop(): unknown } | undefined;

  constructor(
    private readonly call: HeldCall,
    private readonly clock: Clock,
  ) {}

  /** @param body hostile: anything that JSON or a form can be */
  async perform(operation: string, body: unknown): Promise<ControlOutcome> {
    const fields = body ?? {};
    if (typeof fields !== 'object' || Array.isArray(fields)) {
      return bad('CALL_MALFORMED', 'the body is a JSON object');
    }
    if (this.#waiting >= WAITING_MAX) {
      return bad('HELD_TOO_MANY', `${WAITING_MAX} requests are waiting already`, 429);
    }
    this.#waiting += 1;
    try {
      return await this.#perform(operation, (name) =>
        Object.hasOwn(fields, name) ? Reflect.get(fields, name) : undefined,
      );
    } finally {
      this.#waiting -= 1;
    }
  }

  async #perform(operation: string, read: Read): Promise<ControlOutcome> {
    switch (operation) {
      case 'play':
        return this.#play(read);
      case 'collect':
        return this.#collect(read);
      case 'stop':
        await this.#latest?.stop();
        return this.call.isAttached ? toOutcome({ kind: 'done' }) : toOutcome(NOT_YOURS);
      case 'detach':
        return toOutcome(await this.call.detach());
      case 'attach':
        return toOutcome(await this.call.attach());
      case 'hangup':
        return toOutcome(await this.call.hangUp('hung up by the plugin'));
      default:
        return bad('CALL_UNKNOWN_OPERATION', 'play, collect, stop, attach, detach or hangup', 404);
    }
  }

  /** Answered when all was heard; at once with `wait: false`, and when it is looped. */
  async #play(read: Read): Promise<ControlOutcome> {
    const prompts = promptsOf(read('prompts'));
    if (!prompts) return bad('CALL_MALFORMED', PROMPT_FORM);
    const loop = read('loop') === true;
    const playback = this.call.play(prompts, { loop });
    this.#latest = playback;
    const { done } = playback;
    if (!loop && read('wait') !== false) return toOutcome(await done);
    // What was refused at once is said.
    const early = await Promise.race([done, Promise.resolve(undefined)]);
    return early?.kind === 'refused'
      ? toOutcome(early)
      : { status: 202, body: { result: 'started' } };
  }

  async #collect(read: Read): Promise<ControlOutcome> {
    const asked = read('prompts');
    const prompts = asked === undefined ? [] : promptsOf(asked);
    if (!prompts) return bad('CALL_MALFORMED', PROMPT_FORM);
    const maxDigits = read('maxDigits') ?? 1;
    if (typeof maxDigits !== 'number') return bad('CALL_MALFORMED', 'maxDigits is a number');
    const times: Partial<Record<(typeof TIMES)[number], number>> = {};
    for (const name of TIMES) {
      const value = read(name);
      if (value === undefined) continue;
      if (typeof value !== 'number' || !(value >= 0 && value <= TIME_MAX_MS)) {
        return bad('CALL_MALFORMED', `${name} is a number of milliseconds up to ${TIME_MAX_MS}`);
      }
      times[name] = value;
    }
    const request: CollectRequest = {
      prompts,
      maxDigits,
      isInterruptible: read('interruptible') !== false,
      endDigits: keysOf(read('endDigits')),
      abortDigits: keysOf(read('abortDigits')),
      ...times,
    };
    const collection = collectDigits(this.call, this.clock, request);
    this.#latest = collection;
    return toOutcome(await collection.done);
  }
}

const NOT_YOURS: HeldRefusal = {
  kind: 'refused',
  code: 'HELD_NOT_ATTACHED',
  why: 'the call is not attached, or not there any more',
};

function keysOf(value: unknown): string {
  return typeof value === 'string' && /^[0-9*#A-D]{0,16}$/.test(value) ? value : '';
}

function promptsOf(value: unknown): Prompt[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > PROMPTS_MAX) return undefined;
  const prompts = list.map(promptOf);
  return prompts.every((prompt) => prompt !== undefined) ? prompts : undefined;
}

function promptOf(value: unknown): Prompt | undefined {
  if (typeof value === 'string') return { kind: 'file', file: value };
  if (typeof value !== 'object' || value === null) return undefined;
  const { file, silenceMs, text } = value as Readonly<Record<string, unknown>>;
  if (typeof file === 'string') return { kind: 'file', file };
  if (typeof silenceMs === 'number') return { kind: 'silence', durationMs: silenceMs };
  return typeof text === 'string' ? { kind: 'speech', text } : undefined;
}

function bad(error: string, message: string, status = 400): ControlOutcome {
  return { status, body: { error, message } };
}

/** `kind` becomes `result`; everything else is said as it is. */
function toOutcome(end: HeldRefusal | { readonly kind: string }): ControlOutcome {
  if (isRefusal(end)) return bad(end.code, end.why, STATUS_OF[end.code]);
  const { kind, ...facts } = end;
  return { status: 200, body: { result: kind === 'done' ? 'ok' : kind, ...facts } };
}

function isRefusal(end: { readonly kind: string }): end is HeldRefusal {
  return end.kind === 'refused';
}
