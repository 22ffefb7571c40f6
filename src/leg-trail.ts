/**
 * Writes down what is seen on the wire and heard on the media of a callback's legs, for `trace`. It
 * only listens; a leg is followed from before its INVITE until nothing of it is in the air.
 */
import type { CpdEvent } from './cpd/types.js';
import type { Clock, PlayEnd, Telephony } from './ports.js';
import type { LegRole, TrailEntry, WireMessage } from './report/trail.js';

const DETAIL_MAX = 200;
/**
 * Lines of so long are written together, when no step takes them along before: each crossing to the store
 * costs more than a line.
 */
const TOGETHER_MS = 1000;

export class LegTrail {
  readonly #roles = new Map<string, LegRole>();
  #waiting: TrailEntry[] = [];
  #cancelFlush: () => void = () => undefined;

  constructor(
    private readonly telephony: Pick<Telephony, 'watchWire'>,
    private readonly clock: Clock,
    private readonly write: (entries: readonly TrailEntry[]) => void,
  ) {}

  /** @returns a function that ends it; it may be called twice */
  follow(leg: LegRole, callId: string): () => void {
    this.#roles.set(callId, leg);
    const unwatch = this.telephony.watchWire(callId, (message) => this.saw(leg, callId, message));
    return () => {
      unwatch();
      this.#roles.delete(callId);
    };
  }

  /** A message that was there before the leg was followed. */
  saw(leg: LegRole, callId: string, message: WireMessage): void {
    this.#add({ kind: 'sip', leg, callId, ...message });
  }

  /**
   * Something happened to the media of a leg that is followed; of others nothing is written.
   * @param leg whose it was, for what is told of a leg that is over
   */
  note(callId: string, what: string, detail?: string, leg = this.#roles.get(callId)): void {
    if (leg === undefined) return;
    const text = detail === undefined ? {} : { detail: detail.slice(0, DETAIL_MAX) };
    this.#add({ kind: 'media', leg, callId, atMs: this.clock.nowMs(), what, ...text });
  }

  playing(callId: string, file: string, isLoop: boolean): void {
    this.note(callId, 'play', isLoop ? `${file}, in a loop` : file);
  }

  played(callId: string, file: string, end: PlayEnd): void {
    this.note(callId, `play-${end.kind}`, describePlay(file, end));
  }

  heard(callId: string, event: CpdEvent): void {
    this.note(callId, 'heard', describe(event));
  }

  /** Writes what waits to be written. */
  flush(): void {
    const entries = this.take();
    if (entries.length > 0) this.write(entries);
  }

  /** What waits to be written, for whoever writes something anyway. */
  take(): readonly TrailEntry[] {
    this.#cancelFlush();
    const entries = this.#waiting;
    this.#waiting = [];
    return entries;
  }

  #add(entry: TrailEntry): void {
    this.#waiting.push(entry);
    if (this.#waiting.length === 1) {
      this.#cancelFlush = this.clock.after(TOGETHER_MS, () => this.flush());
    }
  }
}

function describePlay(file: string, end: PlayEnd): string {
  if (end.kind === 'failed') return `${file}: ${end.why}`;
  return end.playedMs === undefined ? file : `${file}, ${end.playedMs} ms`;
}

/** What the detector heard, in a line; times are its own, from the first sample. */
function describe(event: CpdEvent): string {
  switch (event.type) {
    case 'verdict':
      return `${event.verdict} at ${event.atMs} ms: ${event.reason}`;
    case 'revised':
      return `${event.verdict} after all, at ${event.atMs} ms: ${event.reason}`;
    case 'tone':
      return `${event.tone} tone at ${event.atMs} ms, ${event.frequenciesHz.join(' + ')} Hz`;
    case 'early-media':
      return `${event.now} before the answer, at ${event.atMs} ms: ${event.reason}`;
    case 'beep':
      return `beep of ${event.frequencyHz} Hz from ${event.startMs} to ${event.endMs} ms`;
    default:
      return `${event.type} at ${event.atMs} ms`;
  }
}
