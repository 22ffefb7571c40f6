/**
 * What is kept of one call from outside: its beginning and its leg before anything is done about it, every
 * message and sound, and its end, once. Whatever a crash cuts off is ended by the next start, or by
 * another process on the same store.
 */
import { LegLedger, FAR_SIDE_RINGS_MS } from '../leg-ledger.js';
import { LegTrail } from '../leg-trail.js';
import type { Clock, LegListener, Log, Telephony } from '../ports.js';
import type { CallbackStore } from '../schedule/callback-store.js';
import type {
  EndedInboundCallRecord,
  InboundCallRecord,
  InboundChange,
} from '../schedule/inbound-calls.js';
import type { InboundCall } from './inbound-call.js';

export interface InboundStoryDeps {
  readonly store: Pick<CallbackStore, 'commit'>;
  readonly telephony: Pick<Telephony, 'watchWire'>;
  readonly clock: Clock;
  readonly log: Log;
}

type End = Pick<EndedInboundCallRecord, 'endedAtMs' | 'outcome' | 'why'>;
type Facts = Pick<InboundChange, 'answeredAtMs' | 'connectedAtMs' | 'connectedTo'>;

const WRITE_AGAIN_MS = 1000;

export class InboundStory {
  readonly trail: LegTrail;
  readonly ledger: LegLedger;
  /** The caller's leg. */
  readonly leg: LegListener;
  #record: InboundCallRecord;
  #isRefused = false;

  /** @param id ours */
  constructor(
    private readonly deps: InboundStoryDeps,
    id: string,
    { callId, number, sourceAddress, invite }: InboundCall,
    serviceName: string,
  ) {
    const { clock, telephony } = deps;
    this.trail = new LegTrail(telephony, clock, (trail) => this.#writeBehind({ trail }));
    this.ledger = new LegLedger(clock, this.trail, (leg) => this.#writeBehind({ leg }));
    this.leg = this.ledger.of('customer', callId);
    this.trail.saw('customer', callId, invite);
    const startedAtMs = clock.nowMs();
    const known = number !== undefined && { number };
    this.#record = { id, callId, serviceName, sourceAddress, startedAtMs, ...known };
  }

  get record(): InboundCallRecord {
    return this.#record;
  }

  /** @throws Error when it is not on disk: then nothing may be done about the call */
  async begin(): Promise<void> {
    const { id, ...inbound } = this.#record;
    const { callId, startedAtMs } = inbound;
    const leg = { kind: 'begun', callId, ringsUntilMs: startedAtMs + FAR_SIDE_RINGS_MS } as const;
    const trail = this.trail.take();
    const result = await this.deps.store.commit(id, { inbound, leg, trail }, { durable: true });
    if (result.ok) return;
    this.#isRefused = true;
    throw new Error('this process may not take calls now');
  }

  note(what: string, detail?: string): void {
    this.trail.note(this.#record.callId, what, detail, 'customer');
  }

  add(facts: Facts): void {
    this.#record = { ...this.#record, ...facts };
    this.#writeBehind({ inbound: facts });
  }

  /**
   * Writes its end, however often it takes.
   * @param mayGiveUp asked after each failure: the next start finds it
   * @returns the whole record, or undefined when it is not ours to tell: never begun, or ended by others
   */
  async end(end: End, mayGiveUp: () => boolean): Promise<EndedInboundCallRecord | undefined> {
    this.note('over', `${end.outcome}: ${end.why}`);
    this.trail.flush();
    if (this.#isRefused) return undefined;
    const { id, answeredAtMs, connectedAtMs, connectedTo } = this.#record;
    // What was written behind may have been lost.
    const inbound = { answeredAtMs, connectedAtMs, connectedTo, ...end };
    const { store, clock, log } = this.deps;
    for (let isFirst = true; ; isFirst = false) {
      try {
        const { ok } = await store.commit(id, { inbound }, { durable: true });
        return ok ? { ...this.#record, ...end } : undefined;
      } catch (error) {
        if (isFirst) log.warn({ inboundId: id, error: String(error) }, 'end of a call not written');
        if (mayGiveUp()) return undefined;
        await new Promise<void>((resolve) => clock.after(WRITE_AGAIN_MS, resolve));
      }
    }
  }

  #writeBehind(change: Parameters<CallbackStore['commit']>[1]): void {
    if (this.#isRefused) return;
    // Failures reach the store's listeners.
    void this.deps.store.commit(this.#record.id, change, { durable: false });
  }
}
