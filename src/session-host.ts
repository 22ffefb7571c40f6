/**
 * The sessions of this process, one per callback in the air: started when due, taken over after a
 * crash, told of a cancel, drained at shutdown.
 */
import { CallbackSession } from './callback-session.js';
import type { EffectsDeps } from './callback-effects.js';
import type { CallbackReason } from './callflow/final-reason.js';
import { initialState } from './callflow/treatment-flow.js';
import type { Closed, State } from './callflow/vocabulary.js';
import type { DiallingConfig, ServiceConfig } from './config/config.js';
import { ConsultedServices } from './config/consulted-services.js';
import { AttemptDays } from './dial/attempt-days.js';
import type { Hindrance } from './dial/dial-line.js';
import { DialPace, NO_DIALLING_LIMITS } from './dial/dial-pace.js';
import { FullElsewhere } from './dial/full-elsewhere.js';
import type { SetUpGovernor } from './dial/set-up-governor.js';
import { OwedEnds } from './owed-ends.js';
import { TrunkBoard, type TrunkWish } from './dial/trunk-board.js';
import { TrunkWatch } from './dial/trunk-watch.js';
import type { Trunk } from './dial/trunk.js';
import { loadOf, type SessionLoad } from './session-load.js';
import type { DialPlace } from './session-owner.js';
import type { CounterRefusal } from './schedule/admission-limits.js';
import type { CallLimit, CallLimitRefusal } from './schedule/call-limits.js';
import type { StepAnnouncer } from './report/announcer.js';
import type { CallbackRecord, CallbackStore, Leftover } from './schedule/callback-store.js';
import type { ServiceRoom } from './schedule/scheduler.js';
import { closedAt, type TimePlans } from './schedule/dial-times.js';

/** A callback that finds the hours closed is looked at again no later than after this. */
const LOOK_AGAIN_MS = 24 * 3600 * 1000;
/** Sessions of a service that may wait for their dial here; the others wait in the store. */
const STARTING_MAX = 50;

export interface SessionHostDeps extends EffectsDeps {
  readonly announcer?: StepAnnouncer;
  readonly store: CallbackStore;
  readonly services: Readonly<Record<string, ServiceConfig>>;
  /** Office hours, as configured now. */
  times(): TimePlans;
  readonly trunks: readonly Trunk[];
  /** The line of those who want to dial. */
  readonly setUps: SetUpGovernor;
  /** Limits of all services together; none when left out. */
  readonly dialling?: DiallingConfig | undefined;
  /** A session is over: there is room for another. */
  onSessionEnded(): void;
  /** One has left the line of those who want to dial, which has room again. */
  onLineLeft?: (() => void) | undefined;
}

/** Owns the sessions of this process: starts, finds, counts and stops them. */
export class SessionHost {
  readonly #sessions = new Map<string, CallbackSession>();
  readonly #consulted = new ConsultedServices();
  /** Where calls leave. */
  readonly trunks: TrunkBoard;
  readonly trunkWatch: TrunkWatch;
  readonly #pace: DialPace;
  readonly #days: AttemptDays;
  readonly #full: FullElsewhere;
  readonly #ends: OwedEnds;
  #isStopping = false;

  constructor(private readonly deps: SessionHostDeps) {
    this.#full = new FullElsewhere(deps.clock);
    this.#ends = new OwedEnds({
      ...{ clock: deps.clock, log: deps.log },
      commit: (id, change) => deps.store.commit(id, change, { durable: true }),
    });
    this.trunks = new TrunkBoard({
      clock: deps.clock,
      random: deps.random,
      trunks: () => deps.trunks,
      callsByTrunk: () => this.#callsByTrunk(),
      full: this.#full,
    });
    const { sip } = deps.telephony;
    const onChange = () => deps.setUps.poke();
    const { clock, random, log } = deps;
    this.trunkWatch = new TrunkWatch({ clock, random, log, sip, board: this.trunks, onChange });
    const dialling = () => this.deps.dialling ?? NO_DIALLING_LIMITS;
    this.#days = new AttemptDays(deps.clock, dialling);
    this.#pace = new DialPace({
      clock: deps.clock,
      dialling,
      trunksPerSecond: () =>
        deps.trunks.reduce((sum, { maxCallsPerSecond }) => sum + maxCallsPerSecond, 0),
      load: () => this.load,
      isRoomForAgent: (queue, needing) => deps.desk.isRoomFor(queue, needing),
    });
  }

  /** Customers' legs of this process, and who waits for what. */
  get load(): SessionLoad {
    return loadOf(this.#sessions.values());
  }

  /** Dials are possible, or not. To be said again and again. */
  noteOpen(isOpen: boolean): void {
    this.#pace.noteOpen(isOpen);
  }

  /** How many sessions a service may start now. */
  roomOf(serviceName: string): ServiceRoom {
    const { limits } = this.deps.services[serviceName] ?? {};
    if (!limits) return { free: Infinity, share: 1, leftOverAfterMs: Infinity };
    const { byService, startingByService } = this.load;
    const starting = startingByService.get(serviceName) ?? 0;
    const calls = byService.get(serviceName) ?? 0;
    const ofLimit = (limits.maxConcurrentCalls ?? Infinity) - calls - starting;
    const free = Math.min(STARTING_MAX - starting, ofLimit);
    return { free, share: limits.dialShare, leftOverAfterMs: limits.leftOverAfterMs };
  }

  /** Why a callback that is with a session is not dialled now; undefined: it is, or has no session. */
  heldBecause(id: string): Hindrance | undefined {
    return this.#sessions.get(id)?.heldBecause;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Callbacks that are over and whose end the store has not taken yet. */
  get owedEnds(): number {
    const inSessions = [...this.#sessions.values()].filter(({ owed }) => owed.length > 0).length;
    return this.#ends.count + inSessions;
  }

  /** A claimed callback that is due. */
  start(record: CallbackRecord): void {
    // Given back to the store and due again before it was quite over: that comes first.
    const earlier = this.#sessions.get(record.id);
    if (earlier?.isGivenBack === true) {
      const again = () => this.start(record);
      void earlier.finished.then(again, again);
      return;
    }
    if (this.#isExpired(record)) return;
    const session = this.#open(record, record.flowState ?? initialState());
    if (!session) return;
    this.#goOn(session);
  }

  /**
   * What a dead process left behind. A call that was in the air is lost: nobody can know how it
   * ended, so its attempt counts as made and the flow decides from there.
   */
  recover(leftover: Leftover): void {
    const { openAttempt, flowState } = leftover;
    if (openAttempt) {
      const { attempt } = openAttempt;
      const endedAtMs = this.deps.clock.nowMs();
      void this.deps.store.commit(
        leftover.id,
        { atMs: endedAtMs, attempt: { attempt, outcome: 'NODE_LOST', endedAtMs } },
        { durable: false },
      );
    }
    if (flowState?.context.leg === undefined && this.#isExpired(leftover)) return;
    const session = this.#open(leftover, flowState ?? initialState());
    if (!session) return;
    const { cancelRequested: by } = leftover;
    if (by) session.post({ type: 'cancelled', by });
    const { leg, holder } = session.state.context;
    if (leg) session.post({ type: 'leg-lost', legId: leg.legId, cause: 'node' });
    else if (holder) {
      const why = 'the service was restarted';
      session.post({ type: 'plugin-failed', holderId: holder.holderId, why });
    } else this.#goOn(session);
  }

  /** What a snapshot says is going on and nobody does any more. */
  #goOn(session: CallbackSession): void {
    const { name, context } = session.state;
    if (name === 'waiting-until-due') session.post({ type: 'due' });
    if (name !== 'reserving-agent') return;
    const { queueId } = context.queued ?? {};
    const timerId = context.timers['agent-retry'];
    const why = 'the service was restarted';
    if (queueId !== undefined) session.post({ type: 'agent-failed', queueId, why });
    else if (timerId !== undefined) session.post({ type: 'agent-retry-due', timerId });
  }

  /** @returns false when no session of this process owns the callback */
  cancel(id: string, by: 'customer' | 'admin'): boolean {
    const session = this.#sessions.get(id);
    session?.post({ type: 'cancelled', by });
    return session !== undefined;
  }

  /** Ends every call without deciding anything: somebody else goes on from the store. */
  async abandon(why: string): Promise<void> {
    await Promise.allSettled([...this.#sessions.values()].map((session) => session.stop(why)));
  }

  /** Waits for the calls in the air, at most this long, then ends what is left. */
  async drain(deadlineMs: number): Promise<void> {
    this.#isStopping = true;
    const sessions = [...this.#sessions.values()];
    const idle = Promise.allSettled(sessions.map((session) => session.drain()));
    if (deadlineMs > 0) {
      let cancel = () => {};
      const deadline = new Promise<void>((resolve) => {
        cancel = this.deps.clock.after(deadlineMs, resolve);
      });
      await Promise.race([idle, deadline]);
      cancel();
    }
    await Promise.allSettled(sessions.map((session) => session.stop('shutdown')));
    this.#ends.stop();
  }

  #open(record: CallbackRecord, state: State): CallbackSession | undefined {
    if (this.#isStopping || this.#sessions.has(record.id)) return undefined;
    const first = this.#serviceOf(record);
    if (!first) {
      this.#abandon(record);
      return undefined;
    }
    // A service that a reload takes away stays for those who are being called back already.
    let service = first;
    const serviceNow = () => (service = this.#serviceOf(record) ?? service);
    // Who was due before an outage waits since then; a retry since its pause is over.
    let sinceMs = record.dueAtMs;
    const owner = {
      serviceNow,
      closed: (number: string) => this.#closed(record, service, number),
      attemptLimits: () => this.#days.limitsOf(service),
      onDayFull: (refusal: CounterRefusal) => this.#days.noteFull(service, refusal),
      queueToDial: (wish: TrunkWish) => {
        const place = this.#queueToDial(wish, service, sinceMs);
        sinceMs = this.deps.clock.nowMs();
        return place;
      },
      callLimits: (trunk: Trunk) => this.#callLimits(service, trunk),
      onCallLimit: (refusal: CallLimitRefusal) => this.#full.note(refusal),
      takeTrunk: (wish: TrunkWish) => this.trunks.take(wish),
      restTrunk: (name: string, forMs: number) => this.trunks.rest(name, forMs),
      onLegOver: () => {
        this.#full.forgetCalls();
        this.deps.setUps.poke();
      },
    };
    const session = new CallbackSession(this.deps, record, owner, state);
    this.#sessions.set(record.id, session);
    session.resume();
    const over = () => {
      this.#sessions.delete(record.id);
      this.deps.onSessionEnded();
    };
    session.finished.then(over, (error: unknown) => {
      over();
      this.deps.log.error({ callbackId: record.id, error: String(error) }, 'session broke');
      this.#giveUp(record);
    });
    return session;
  }

  /** Looked at again once a day at the latest: a reload may have changed the hours. */
  #closed(record: CallbackRecord, service: ServiceConfig, number: string): Closed | undefined {
    const nowMs = this.deps.clock.nowMs();
    const closed = closedAt(service, this.deps.times(), number, {
      nowMs,
      beforeMs: Math.min(record.expiresAtMs, nowMs + LOOK_AGAIN_MS),
    });
    if (closed === undefined) return this.#days.closed(service);
    const againAtMs = closed.opensAtMs ?? Math.min(record.expiresAtMs, nowMs + LOOK_AGAIN_MS);
    return { forMs: Math.max(0, againAtMs - nowMs), why: closed.why };
  }

  /** Those of a service who may use the same trunks stand in line together. */
  #queueToDial(wish: TrunkWish, service: ServiceConfig, sinceMs: number): DialPlace {
    let trunk: DialPlace['trunk'] = { none: 'not its turn' };
    const take = (): Hindrance | undefined => {
      const hindrance =
        this.#pace.hindrance(service, sinceMs) ??
        this.#full.hindrance('all') ??
        this.#full.hindrance('service', service.name);
      if (hindrance) return hindrance;
      const place = this.trunks.take(wish);
      if (place.kind === 'wait') return { code: 'trunk', ...place };
      this.#pace.take(service, sinceMs);
      // Without a trunk the dial ends in call state 41.
      trunk = place.kind === 'taken' ? place.trunk : { none: place.why };
      return undefined;
    };
    const place = this.deps.setUps.queue('customer', {
      hindrance: take,
      way: `${wish.country} ${sinceMs < this.deps.clock.nowMs()}`,
      service: service.name,
      share: service.limits.dialShare,
    });
    return {
      get heldBecause() {
        return place.heldBecause;
      },
      get isGranted() {
        return place.isGranted;
      },
      granted: place.granted,
      release: () => {
        place.release();
        this.deps.onLineLeft?.();
      },
      get trunk() {
        return trunk;
      },
    };
  }

  /** What this process alone keeps to is looked at before; here it is told to the others' store. */
  #callLimits({ name, limits }: ServiceConfig, trunk: Trunk): readonly CallLimit[] {
    if (this.deps.store.shared === undefined) return [];
    const limited = [
      { of: 'all', name: '', ...(this.deps.dialling ?? NO_DIALLING_LIMITS) },
      { of: 'service', name, ...limits },
      { of: 'trunk', ...trunk },
    ] as const;
    return limited
      .map(({ of, name, maxConcurrentCalls: maxCalls, maxCallsPerSecond: maxPerSecond }) => {
        return { of, name, maxCalls, maxPerSecond };
      })
      .filter(({ maxCalls, maxPerSecond }) => maxCalls !== undefined || maxPerSecond !== undefined);
  }

  #callsByTrunk(): ReadonlyMap<string, number> {
    const calls = new Map<string, number>();
    for (const { trunkInUse } of this.#sessions.values()) {
      if (trunkInUse !== undefined) calls.set(trunkInUse, (calls.get(trunkInUse) ?? 0) + 1);
    }
    return calls;
  }

  /**
   * As configured now, with the request's own options: those were checked when it came, but the
   * configuration may have changed since.
   */
  #serviceOf(record: CallbackRecord): ServiceConfig | undefined {
    const service = this.deps.services[record.serviceName];
    if (!service) return undefined;
    const made = this.#consulted.consult(service, record.requestOptions);
    if (made.kind === 'ok') return made.service;
    const problems = made.problems.map(({ code, path }) => ({ code, path }));
    this.deps.log.warn({ callbackId: record.id, problems }, 'request options no longer apply');
    return service;
  }

  /** Its service is no longer configured: nothing can say how to treat it. */
  #abandon(record: CallbackRecord): void {
    this.deps.log.error({ callbackId: record.id, service: record.serviceName }, 'unknown service');
    this.#giveUp(record);
  }

  /** After an outage a callback may be found too late to be made. */
  #isExpired(record: CallbackRecord): boolean {
    const { expiresAtMs, dueAtMs, serviceName } = record;
    const { givenUpAfterMs = Infinity } = this.deps.services[serviceName]?.limits ?? {};
    if (Math.min(expiresAtMs, dueAtMs + givenUpAfterMs) > this.deps.clock.nowMs()) return false;
    this.#giveUp(record, 'FAIL_TIMEOUT_TTL');
    return true;
  }

  #giveUp(callback: CallbackRecord, reason: CallbackReason = 'FAIL_ERROR'): void {
    const record = { state: 'COMPLETED', reason, claimed: false } as const;
    const { announcer, clock } = this.deps;
    const atMs = clock.nowMs();
    const { notices, told } = announcer?.givenUp(callback, reason, atMs) ?? {};
    const change = { atMs, record, ...(notices && { notices }) };
    void this.#ends.write({ callbackId: callback.id, change, onWritten: () => told?.() });
  }
}
