/**
 * The calls from outside that are in the queue, or talk to somebody from it: how many may be, how fast
 * they may come, and their end when the process stops.
 */
import { CallsPerSecond } from '../dial/calls-per-second.js';
import type { DialbackConfig, ServiceConfig } from '../config/config.js';
import type { InboundAnswer, InboundCall } from './inbound-call.js';
import { QueuedCaller, type QueuedCallerDeps } from './queued-caller.js';

export type InboundLineDeps = Omit<QueuedCallerDeps, 'onOver' | 'isStopping'>;

type Limits = Pick<DialbackConfig['inbound'], 'maxCalls' | 'maxCallsPerSecond'>;

const BUSY: InboundAnswer = { kind: 'reject', status: 486 };
const UNAVAILABLE: InboundAnswer = { kind: 'reject', status: 503 };
const NOT_ACCEPTABLE: InboundAnswer = { kind: 'reject', status: 488 };

export class InboundLine {
  readonly #callers = new Set<QueuedCaller>();
  /** By source address; only those that may bring calls come here. */
  readonly #rates = new Map<string, CallsPerSecond>();
  #isStopping = false;
  readonly #whenIdle: (() => void)[] = [];

  constructor(private readonly deps: InboundLineDeps) {}

  /** Calls in the queue and in conversation, for the leak check. */
  get count(): number {
    return this.#callers.size;
  }

  /** Takes a call into the queue of this service, or says why not. Never rejects. */
  async take(call: InboundCall, service: ServiceConfig, limits: Limits): Promise<InboundAnswer> {
    const { clock, telephony, metrics, log, store } = this.deps;
    const refused = (answer: InboundAnswer, why: string): InboundAnswer => {
      metrics?.inbound(service.name, 'refused');
      log.warn({ callId: call.callId, source: call.sourceAddress, why }, 'call not taken');
      return answer;
    };
    if (this.#isStopping || !telephony.media.isConnected) return refused(UNAVAILABLE, 'not ready');
    if (!store.isWritable) return refused(UNAVAILABLE, 'the store cannot write');
    if (this.#callers.size >= limits.maxCalls) return refused(BUSY, 'inbound.maxCalls');
    const rate = this.#rates.get(call.sourceAddress) ?? new CallsPerSecond();
    this.#rates.set(call.sourceAddress, rate);
    if (rate.waitMs(limits.maxCallsPerSecond, clock.nowMs()) > 0) {
      return refused(UNAVAILABLE, 'inbound.maxCallsPerSecond');
    }
    rate.take(clock.nowMs());
    if (call.offer === undefined) return refused(NOT_ACCEPTABLE, 'no audio that we speak');
    const caller: QueuedCaller = new QueuedCaller(
      {
        ...this.deps,
        isStopping: () => this.#isStopping,
        onOver: () => {
          this.#callers.delete(caller);
          if (this.#callers.size > 0) return;
          for (const resolve of this.#whenIdle.splice(0)) resolve();
        },
      },
      call,
      service,
    );
    this.#callers.add(caller);
    const failure = await caller.answer(call.offer);
    return failure === undefined ? { kind: 'taken' } : refused(UNAVAILABLE, failure);
  }

  /** Takes no more, waits for those who talk or wait, and ends them after this time. */
  async drain(deadlineMs: number): Promise<void> {
    this.#isStopping = true;
    if (this.#callers.size > 0 && deadlineMs > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.deps.clock.after(deadlineMs, resolve);
        this.#whenIdle.push(cancel, resolve);
      });
    }
    await this.hangUpAll('shutdown');
    // Their ends are on record, or left to the next start.
    if (this.#callers.size > 0) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    }
  }

  /** Ends every call that is taken; resolves when all are off the wire. */
  async hangUpAll(why: string): Promise<void> {
    await Promise.all([...this.#callers].map((caller) => caller.hangUp(why)));
  }
}
