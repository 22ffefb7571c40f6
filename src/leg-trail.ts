/**
 * Writes down what is seen on the wire and heard on the media of a callback's legs, for `trace`. It
 * only listens; a leg is followed from before its INVITE until nothing of it is in the air.
 */
import type { CpdEvent } from './cpd/types.js';
import type { Clock, Telephony } from './ports.js';
import type { LegRole, TrailEntry } from './report/trail.js';

const DETAIL_MAX = 200;

export class LegTrail {
  readonly #roles = new Map<string, LegRole>();

  constructor(
    private readonly telephony: Pick<Telephony, 'watchWire'>,
    private readonly clock: Clock,
    private readonly write: (entry: TrailEntry) => void,
  ) {}

  /** @returns a function that ends it; it may be called twice */
  follow(leg: LegRole, callId: string): () => void {
    this.#roles.set(callId, leg);
    const unwatch = this.telephony.watchWire(callId, (message) =>
      this.write({ kind: 'sip', leg, callId, ...message }),
    );
    return () => {
      unwatch();
      this.#roles.delete(callId);
    };
  }

  /** Something happened to the media of a leg that is followed; of others nothing is written. */
  note(callId: string, what: string, detail?: string): void {
    const leg = this.#roles.get(callId);
    if (leg === undefined) return;
    const text = detail === undefined ? {} : { detail: detail.slice(0, DETAIL_MAX) };
    this.write({ kind: 'media', leg, callId, atMs: this.clock.nowMs(), what, ...text });
  }

  heard(callId: string, event: CpdEvent): void {
    this.note(callId, 'heard', describe(event));
  }
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
