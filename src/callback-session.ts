/**
 * One callback from its due time to its end: the one loop of the product.
 *
 *   next event ─> transition (the figure, pure) ─> write the step ─> start its commands ─> next event
 *
 * A step that cannot be taken back (dial, bridge, retry, end) is on disk before its commands run;
 * the others are written behind, in order. Effects are never awaited here, so nothing outside can
 * hold the loop; what they bring about comes back as events.
 */
import { CallbackEffects, type NextTrunkTry } from './callback-effects.js';
import { transition } from './callflow/treatment-flow.js';
import type { Closed, Command, Event, EventBody, State, Step } from './callflow/vocabulary.js';
import type { ServiceConfig } from './config/config.js';
import type { Hindrance } from './dial/dial-line.js';
import type { TrunkPlace, TrunkWish } from './dial/trunk-board.js';
import type { TryWritten } from './dial/trunk-tries.js';
import type { Trunk } from './dial/trunk.js';
import { HandoverClock } from './report/handover-clock.js';
import { writeNextInvite } from './next-invite.js';
import { NumberChoice } from './number-choice.js';
import { openAttempt } from './opened-attempt.js';
import { countryOf } from './request/customer-number.js';
import type {
  AttemptRecord,
  CallbackRecord,
  Change,
  LegChange,
} from './schedule/callback-store.js';
import {
  isBetweenAttempts,
  type DialCommand,
  type DialPlace,
  type LatestCall,
  type Refusal,
  type SessionDeps,
  type SessionOwner,
} from './session-owner.js';
import { withHours } from './hours-of-event.js';
import { changeOf, hasToBeDurable, isPostponement, type OpenedAttempt } from './step-record.js';

/** Pause before a dial that the store refused, or an end that could not be written, is tried again. */
const DIAL_RETRY_MS = 1000;

/** One callback in the air: the loop, and everything that belongs to it. */
export class CallbackSession {
  readonly #inbox: Event[] = [];
  #wake: () => void = () => {};
  #state: State;
  #service: ServiceConfig;
  #call: LatestCall = { attempt: 0, callId: '' };
  /** In the line of those who want to dial, or at its head. */
  #place: DialPlace | undefined;
  #trunk: Trunk | { readonly none: string } = { none: 'nothing was dialled' };
  readonly #handover = new HandoverClock();
  readonly #numbers: NumberChoice;
  #isStopped = false;
  #isDraining = false;
  /** The store has the callback again, for later, or is about to. */
  isGivenBack = false;
  /** What the store could not take and has to: the end, and legs that are over. */
  readonly owed: Change[] = [];
  readonly #endingLegs = new Set<Promise<void>>();
  readonly #effects: CallbackEffects;
  /** Resolves when the callback has ended and everything is given back, or after `stop`. */
  readonly finished: Promise<State>;

  constructor(
    private readonly deps: SessionDeps,
    private readonly callback: CallbackRecord,
    private readonly owner: SessionOwner,
    state: State,
  ) {
    this.#state = state;
    this.#service = owner.serviceNow();
    this.#numbers = new NumberChoice(callback, () => deps.everywhere);
    this.callback = { ...callback, userData: { ...callback.userData } };
    this.#effects = new CallbackEffects(deps, this.callback, this.#service, {
      post: (event) => this.post(event),
      onAttemptFacts: (facts) => this.#noteAttempt(facts),
      takeTrunk: (wish) => this.#takeTrunk(wish),
      restTrunk: (name, forMs) => this.owner.restTrunk(name, forMs),
      onTry: (next) => this.#noteTry(next),
      onLeg: (leg) => this.#noteLeg(leg),
      onUserData: (userData) => void this.#tryCommit({ userData }, false),
      // Written behind; a trail with a hole is no reason to disturb a call.
      onTrail: (trail) => void this.#tryCommit({ trail }, false),
    });
    this.finished = this.#live();
  }

  get id(): string {
    return this.callback.id;
  }

  get state(): State {
    return this.#state;
  }

  /** What it began with, or would begin with now. */
  get service(): ServiceConfig {
    return this.#service;
  }

  /** Wants to dial, and what is in the way; else undefined. */
  get heldBecause(): Hindrance | undefined {
    return this.#place?.heldBecause;
  }

  /** Name of the trunk that its customer's leg is on, or about to be. */
  get trunkInUse(): string | undefined {
    const isGranted = this.#place?.isGranted === true;
    const trunk = isGranted ? this.#place?.trunk : this.#trunk;
    const isOnTheLine = isGranted || this.#state.context.leg !== undefined;
    return isOnTheLine && trunk && 'name' in trunk ? trunk.name : undefined;
  }

  /** Events are handled one at a time, in the order they were posted. */
  post(event: EventBody): void {
    this.#inbox.push({ ...event, atMs: this.deps.clock.nowMs() });
    this.#wake();
  }

  /** Arms the timers that the snapshot says are running: their process is gone. */
  resume(): void {
    const { timers, aheadUntilMs } = this.#state.context;
    const { retry, life, 'ahead-wait': aheadWait } = timers;
    const nowMs = this.deps.clock.nowMs();
    // A pause is never longer than it was when it began, wherever the clock has been set meanwhile.
    const { dueAtMs, updatedAtMs } = this.callback;
    const retryAtMs = Math.min(dueAtMs, nowMs + Math.max(0, dueAtMs - updatedAtMs));
    const arm = (timer: 'retry' | 'life' | 'ahead-wait', timerId: string, atMs: number) => {
      const afterMs = Math.max(0, atMs - nowMs);
      this.#effects.perform({ type: 'start-timer', timer, timerId, afterMs });
    };
    if (retry !== undefined) arm('retry', retry, retryAtMs);
    if (life !== undefined) arm('life', life, this.callback.expiresAtMs);
    if (aheadWait !== undefined) arm('ahead-wait', aheadWait, aheadUntilMs ?? nowMs);
  }

  /** Shutdown to come: goes on to the next point where nothing is in the air, and stops there. */
  drain(): Promise<State> {
    this.#isDraining = true;
    this.#wake();
    return this.finished;
  }

  /** Shutdown: ends what is in the air without deciding anything; the snapshot stays for a restart. */
  async stop(why: string): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#effects.stop(why);
    await this.finished;
  }

  async #live(): Promise<State> {
    try {
      return await this.#run();
    } finally {
      this.#leaveLine();
      await this.#effects.stop('callback over');
      await this.#payWhatIsOwed();
    }
  }

  async #run(): Promise<State> {
    while (this.#state.name !== 'ended' && !this.#isStopped) {
      if (this.#isDraining && isBetweenAttempts(this.#state)) break;
      const posted = this.#inbox.shift();
      if (!posted) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if (isBetweenAttempts(this.#state)) {
        this.#service = this.owner.serviceNow();
        this.#effects.beginAttempt(this.#service);
      }
      const event = withHours(posted, () => this.#closedNow());
      const step = transition(this.#state, event, this.#numbers.options(this.#service));
      if (!(await this.#write(event, step))) {
        // Behind whatever came in the meantime: a cancel must not wait for a dial that may not be.
        this.#inbox.push({ ...event, atMs: this.deps.clock.nowMs() });
        continue;
      }
      const hadLeg = this.#state.context.leg !== undefined;
      const handoverMs = this.#handover.note(this.#state, step.state, event.atMs);
      const { serviceName } = this.callback;
      if (handoverMs !== undefined) this.deps.metrics?.queues.handedOver(serviceName, handoverMs);
      this.deps.announcer?.taken(this.callback, this.#service, event, step);
      this.#state = step.state;
      if (step.state.name === 'ended') {
        this.deps.metrics?.callbackEnded(serviceName, step.state.reason);
      }
      this.#logStep(event, step);
      const to = { ...this.#call, trunk: this.#trunk };
      for (const command of step.commands) this.#effects.perform(command, to);
      this.#leaveLine();
      if (hadLeg && step.state.context.leg === undefined) this.owner.onLegOver();
      if (this.isGivenBack) break;
    }
    return this.#state;
  }

  #closedNow(): Closed | undefined {
    const number = this.#numbers.next(this.#state.context, this.#service);
    return this.owner.closed(number.ok ? number.e164 : this.callback.customerNumber);
  }

  /**
   * An end that is not on disk would be dialled again after a restart: it is written as soon as the
   * store takes it, however long the calls are over by then.
   */
  async #payWhatIsOwed(): Promise<void> {
    await Promise.all(this.#endingLegs);
    while (!(await this.#pay()) && !this.#isStopped) await this.#pause(DIAL_RETRY_MS);
  }

  /** @returns whether nothing is owed any more */
  async #pay(): Promise<boolean> {
    for (let change = this.owed[0]; change; change = this.owed[0]) {
      const refusal = await this.#tryCommit(change, true);
      if (refusal?.why === 'not-written') return false;
      this.owed.shift();
      const isEnd = !refusal && change.record?.state === 'COMPLETED';
      if (isEnd) this.deps.announcer?.endWritten(this.id);
    }
    return true;
  }

  /** @returns false when the step may not be taken now: it would dial, and has to wait */
  async #write(event: Event, step: Step): Promise<boolean> {
    const dial = step.commands.find((command) => command.type === 'dial');
    if (dial && this.#isBarred()) return false;
    if (dial && !(await this.#isItsTurn())) return false;
    const refusal = await this.#record(event, step, dial);
    // Without a record nothing may be dialled; a live call must not wait for a disk.
    if (refusal === undefined || !dial) return true;
    this.#leaveLine();
    this.deps.log.debug({ callbackId: this.id, ...refusal }, 'not dialled now');
    switch (refusal.why) {
      case 'cancel-requested':
        this.post({ type: 'cancelled', by: refusal.by });
        break;
      case 'completed':
      case 'unknown':
      case 'not-claimed':
        // The callback is not ours any more.
        this.#isStopped = true;
        break;
      case 'counter':
        this.owner.onDayFull(refusal);
        break;
      case 'call-limit':
        this.owner.onCallLimit(refusal);
        break;
      case 'number-busy':
      case 'paused':
      case 'not-written':
        if (this.#inbox.length === 0 && !this.#isStopped) await this.#pause(DIAL_RETRY_MS);
    }
    return false;
  }

  /** The callback ends instead of the dial. */
  #isBarred(): boolean {
    const number = this.#numbers.next(this.#state.context, this.#service);
    if (number.ok) return false;
    this.deps.log.warn({ callbackId: this.id, why: number.why }, 'the number may not be dialled');
    this.deps.metrics?.refused('dial', number.why);
    this.post({ type: 'cancelled', by: 'admin', why: `number refused (${number.why})` });
    return true;
  }

  /**
   * Waits in the line of those who want to dial, and keeps its place there while something else is
   * posted. @returns whether the turn had come already: after a wait the step is made anew
   */
  async #isItsTurn(): Promise<boolean> {
    const number = this.#numbers.next(this.#state.context, this.#service);
    const country = number.ok ? countryOf(number.e164) : undefined;
    const place = (this.#place ??= this.owner.queueToDial({ country }));
    if (place.isGranted) {
      this.#trunk = place.trunk;
      return true;
    }
    if (this.#inbox.length > 0 || this.#isStopped) return false;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      void place.granted.then(resolve);
    });
    return false;
  }

  /** Whoever may go then looks at once what is in use: no longer this place. */
  #leaveLine(): void {
    const place = this.#place;
    this.#place = undefined;
    place?.release();
  }

  async #record(event: Event, step: Step, dial?: DialCommand): Promise<Refusal | undefined> {
    if (dial) await this.#pay();
    const change: Change = {
      ...changeOf(this.#state, event, step, dial && this.#openAttempt(dial)),
      notices: this.deps.announcer?.notices(
        { ...this.callback, dialledNumber: this.#call.number },
        ...([this.#service, this.#state, event, step] as const),
      ),
      // One that may be refused would lose them.
      ...(!dial && { trail: this.#effects.takeTrail() }),
    };
    const postponed = step.commands.find(isPostponement);
    // From the moment the disk has it somebody may take it up again, sooner than we hear of that.
    this.isGivenBack = postponed !== undefined;
    const refusal = await this.#tryCommit(change, hasToBeDurable(step));
    if (refusal?.why === 'not-written' && step.state.name === 'ended') this.owed.push(change);
    if (postponed && refusal?.why === 'not-written') this.#waitHere(postponed);
    return refusal;
  }

  /** The store could not take it back: the wait is spent here. */
  #waitHere({ timerId, forMs }: Extract<Command, { type: 'postpone' }>): void {
    this.isGivenBack = false;
    const timer = { type: 'start-timer', timer: 'retry', timerId, afterMs: forMs } as const;
    this.#effects.perform(timer);
  }

  /** Ends early when something is posted. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.deps.clock.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async #tryCommit(change: Change, durable: boolean): Promise<Refusal | undefined> {
    try {
      const result = await this.deps.store.commit(this.id, change, { durable });
      return result.ok ? undefined : result;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.deps.log.error({ callbackId: this.id, why }, 'step not written');
      return { ok: false, why: 'not-written' };
    }
  }

  /** One attempt keeps its Call-ID however often the store refuses it. */
  #openAttempt(dial: DialCommand): OpenedAttempt {
    const isKnown = this.#call.attempt === dial.attempt;
    const { call, opened } = openAttempt(dial, {
      ownNumber: this.#numbers.ofNext(this.#state.context, this.#service),
      callId: isKnown ? this.#call.callId : this.deps.random.uuid(),
      ...{ trunk: this.#trunk, service: this.#service, owner: this.owner },
      ...{ everywhere: this.deps.everywhere, nowMs: this.deps.clock.nowMs() },
    });
    this.#call = call;
    return opened;
  }

  #takeTrunk(wish: TrunkWish): TrunkPlace {
    const place = this.owner.takeTrunk(wish);
    if (place.kind === 'taken') this.#trunk = place.trunk;
    return place;
  }

  #noteTry(next: NextTrunkTry): Promise<TryWritten> {
    const { attempt } = this.#state.context;
    return writeNextInvite(next, {
      ...{ attempt, trunk: this.#trunk, owner: this.owner },
      commit: (change) => this.#tryCommit(change, true),
      post: (event) => this.post(event),
    });
  }

  /** A number is free only when the ledger knows that its leg is over: that write is made up for. */
  #noteLeg(leg: LegChange): void {
    if (leg.kind !== 'over') return void this.#tryCommit({ leg }, false);
    const noted = this.#tryCommit({ leg }, true).then((refusal) => {
      if (refusal?.why === 'not-written') this.owed.push({ leg });
    });
    this.#endingLegs.add(noted);
    void noted.finally(() => this.#endingLegs.delete(noted));
  }

  #noteAttempt(facts: Partial<AttemptRecord>): void {
    const { attempt } = this.#state.context;
    if (attempt >= 1) void this.#tryCommit({ attempt: { attempt, ...facts } }, false);
  }

  #logStep(event: Event, step: Step): void {
    const { row, because, state } = step;
    const { attempt } = state.context;
    const call = attempt === this.#call.attempt && attempt > 0 ? { callId: this.#call.callId } : {};
    const fields = { callbackId: this.id, attempt, ...call, event: event.type, row, because };
    this.deps.log.info({ ...fields, state: state.name }, 'step');
  }
}
