/**
 * What dead processes left: their legs are ended, then their callbacks go on here and their calls from
 * outside are over. Done at the start,
 * and when a process that shares the store is gone; and the other way round, our own calls are ended
 * when others are about to take them over.
 */
import type { InboundLine } from './inbound/inbound-line.js';
import { endOrphanLegs, type OrphanDeps } from './orphan-legs.js';
import type { CallMetrics } from './report/call-metrics.js';
import type { RecordLines } from './report/record-lines.js';
import type { CallbackStore } from './schedule/callback-store.js';
import type { SessionHost } from './session-host.js';

export interface TakeOverDeps extends OrphanDeps {
  readonly store: Pick<
    CallbackStore,
    'takeOverLegs' | 'commit' | 'takeOverLeftovers' | 'endLostInboundCalls' | 'shared'
  >;
  readonly host: Pick<SessionHost, 'recover' | 'abandon' | 'cancel'>;
  readonly inbound: Pick<InboundLine, 'hangUpAll'>;
  readonly records: Pick<RecordLines, 'inbound'>;
  readonly metrics?: Pick<CallMetrics, 'inbound'>;
  /** Ends what carries the mark of a process that is gone on servers that we share. Never rejects. */
  endOwnedBy(ownerId: string): Promise<void>;
}

/** Until what could not be taken over is asked for again. */
const AGAIN_MS = 1000;

export class TakeOver {
  #running: Promise<void> = Promise.resolve();
  #isAsked = false;
  #isStopped = false;
  #cancelAgain = (): void => undefined;
  readonly #stopListening: (() => void)[] = [];

  constructor(private readonly deps: TakeOverDeps) {}

  /** The first time. @throws StoreError when the store cannot be read */
  async start(): Promise<void> {
    const { store, host } = this.deps;
    if (store.shared) {
      this.#stopListening.push(
        store.shared.onLeaseLost((why) => this.#onLeaseLost(why)),
        store.shared.onOthersGone(() => this.#again()),
        store.shared.onAdopted((ownerIds) => this.#endOwned(ownerIds)),
        store.shared.onCancel((id, by) => void host.cancel(id, by)),
      );
    }
    this.#running = this.#run();
    await this.#running;
  }

  /** Resolves when what is under way is over; nothing is begun any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const stop of this.#stopListening.splice(0)) stop();
    this.#cancelAgain();
    await this.#running.catch(() => undefined);
  }

  /** One after the other: legs are ended before their callbacks are looked at. */
  #again(): void {
    if (this.#isAsked || this.#isStopped) return;
    this.#isAsked = true;
    const next = async (): Promise<void> => {
      this.#isAsked = false;
      if (this.#isStopped) return;
      await this.#run();
    };
    this.#running = this.#running.then(next, next).catch((error: unknown) => {
      this.deps.log.error(
        { error: String(error) },
        'the work of a dead process was not taken over',
      );
      // By now it may be ours in the store: then nobody tells us of it a second time.
      this.#cancelAgain();
      if (!this.#isStopped) {
        this.#cancelAgain = this.deps.clock.after(AGAIN_MS, () => this.#again());
      }
    });
  }

  async #run(): Promise<void> {
    const { store, host, log } = this.deps;
    await endOrphanLegs(this.deps);
    await this.#endCalls();
    const leftovers = await store.takeOverLeftovers();
    if (leftovers.length > 0) log.warn({ count: leftovers.length }, 'callbacks taken over');
    for (const leftover of leftovers) host.recover(leftover);
  }

  /** Nobody knows how they ended: each has its record all the same. */
  async #endCalls(): Promise<void> {
    const { store, clock, records, metrics, log } = this.deps;
    const calls = await store.endLostInboundCalls(clock.nowMs());
    for (const call of calls) {
      const { id: inboundId, callId, serviceName, outcome, why } = call;
      log.warn({ inboundId, callId, outcome, why }, 'a call from outside is over');
      records.inbound(call);
      metrics?.inbound(serviceName, outcome);
    }
  }

  async #onLeaseLost(why: string): Promise<void> {
    this.deps.log.error({ why }, 'every call is ended: others may take them over');
    const { host, inbound } = this.deps;
    const because = 'the lease ran out';
    await Promise.all([host.abandon(because), inbound.hangUpAll(because)]);
  }

  #endOwned(ownerIds: readonly string[]): void {
    for (const ownerId of ownerIds) void this.deps.endOwnedBy(ownerId);
  }
}
