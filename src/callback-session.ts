/**
 * One callback from its due time to its end: the one loop of the product.
 *
 *   next event ─> transition (the figure, pure) ─> write the step ─> start its commands ─> next event
 *
 * A step that cannot be taken back (dial, bridge, retry, end) is on disk before its commands run;
 * the others are written behind, in order. Effects are never awaited here, so nothing outside can
 * hold the loop; what they bring about comes back as events.
 */
import { CallbackEffects, type EffectsDeps, type EventBody } from './callback-effects.js';
import { recordStateOf } from './callflow/final-reason.js';
import { transition } from './callflow/treatment-flow.js';
import type { Command, Event, State, Step } from './callflow/vocabulary.js';
import type { ServiceConfig } from './config/config.js';
import type {
  AttemptRecord,
  CallbackRecord,
  CallbackStore,
  Change,
  CommitResult,
} from './schedule/callback-store.js';

/** Pause before a step that could not be written, or a number that is busy with us, is tried again. */
const COMMIT_RETRY_MS = 1000;

export interface SessionDeps extends EffectsDeps {
  readonly store: CallbackStore;
}

export class CallbackSession {
  readonly #inbox: Event[] = [];
  #wake: () => void = () => {};
  #state: State;
  #service: ServiceConfig;
  #callId = '';
  #isStopped = false;
  /** The end, when the store could not take it. */
  #owed: Change | undefined;
  readonly #effects: CallbackEffects;
  /** Resolves when the callback has ended and everything is given back, or after `stop`. */
  readonly finished: Promise<State>;

  constructor(
    private readonly deps: SessionDeps,
    private readonly callback: CallbackRecord,
    /** The service as the configuration in force has it; an attempt keeps what it began with. */
    private readonly serviceNow: () => ServiceConfig,
    state: State,
  ) {
    this.#state = state;
    this.#service = serviceNow();
    this.#effects = new CallbackEffects(deps, callback, this.#service, {
      post: (event) => this.post(event),
      onAttemptFacts: (facts) => this.#noteAttempt(facts),
      onLeg: (leg) => void this.#tryCommit({ leg }, false),
    });
    this.finished = this.#live();
  }

  get id(): string {
    return this.callback.id;
  }

  get state(): State {
    return this.#state;
  }

  /** Events are handled one at a time, in the order they were posted. */
  post(event: EventBody): void {
    this.#inbox.push({ ...event, atMs: this.deps.clock.nowMs() });
    this.#wake();
  }

  /** Arms the timers that the snapshot says are running: their process is gone. */
  resume(): void {
    const { retry, life } = this.#state.context.timers;
    const nowMs = this.deps.clock.nowMs();
    const arm = (timer: 'retry' | 'life', timerId: string, atMs: number) => {
      const afterMs = Math.max(0, atMs - nowMs);
      this.#effects.perform({ type: 'start-timer', timer, timerId, afterMs }, '');
    };
    if (retry !== undefined) arm('retry', retry, this.callback.dueAtMs);
    if (life !== undefined) arm('life', life, this.callback.expiresAtMs);
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
      await this.#effects.stop('callback over');
      await this.#payWhatIsOwed();
    }
  }

  async #run(): Promise<State> {
    while (this.#state.name !== 'ended' && !this.#isStopped) {
      const event = this.#inbox.shift();
      if (!event) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if (isBetweenAttempts(this.#state)) {
        this.#service = this.serviceNow();
        this.#effects.beginAttempt(this.#service);
      }
      const step = transition(this.#state, event, this.#service.options);
      if (!(await this.#write(event, step))) {
        // Behind whatever came in the meantime: a cancel must not wait for a dial that may not be.
        this.#inbox.push(event);
        continue;
      }
      this.#state = step.state;
      this.#logStep(event, step);
      for (const command of step.commands) this.#effects.perform(command, this.#callId);
    }
    return this.#state;
  }

  /**
   * An end that is not on disk would be dialled again after a restart: it is written as soon as the
   * store takes it, however long the calls are over by then.
   */
  async #payWhatIsOwed(): Promise<void> {
    while (this.#owed && !this.#isStopped) {
      if ((await this.#tryCommit(this.#owed, true)) === undefined) this.#owed = undefined;
      else await this.#pause(COMMIT_RETRY_MS);
    }
  }

  /** @returns false when the step may not be taken now: it would dial, and the store refused */
  async #write(event: Event, step: Step): Promise<boolean> {
    const dial = step.commands.find((command) => command.type === 'dial');
    if (dial) this.#callId = this.deps.random.uuid();
    const durable = step.commands.some(cannotBeTakenBack) || step.state.name === 'ended';
    const change = this.#changeOf(event, step, dial);
    const refusal = await this.#tryCommit(change, durable);
    if (refusal?.why === 'not-written' && step.state.name === 'ended') this.#owed = change;
    // Without a record nothing may be dialled; a live call must not wait for a disk.
    if (refusal === undefined || !dial) return true;
    this.deps.log.warn({ callbackId: this.id, why: refusal.why }, 'dial refused by the store');
    if (refusal.why === 'cancel-requested') this.post({ type: 'cancelled', by: refusal.by });
    else if (this.#inbox.length === 0 && !this.#isStopped) await this.#pause(COMMIT_RETRY_MS);
    return false;
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

  #changeOf(event: Event, step: Step, dial: DialCommand | undefined): Change {
    const { state, commands, row, because } = step;
    const { atMs } = event;
    const retry = commands.find(isRetryTimer);
    return {
      step: { atMs, event, row, because, commands, stateName: state.name },
      flowState: state,
      record: {
        state: recordStateOf(state),
        attemptCount: state.context.attempt,
        callState: state.context.callState,
        ...(retry ? { dueAtMs: atMs + retry.afterMs } : {}),
        ...(state.name === 'ended' ? { reason: state.reason, claimed: false } : {}),
      },
      attempt: dial ? this.#openedAttempt(dial, atMs) : this.#changedAttempt(event, step),
      ...(dial ? this.#openedLeg(dial, atMs) : {}),
      ...(state.context.leg === undefined && !dial ? { dialLock: 'release' } : {}),
    };
  }

  #openedLeg({ customerNumber, ringTimeoutMs }: DialCommand, atMs: number): Partial<Change> {
    const number = customerNumber ?? this.callback.customerNumber;
    const ringsUntilMs = atMs + ringTimeoutMs + this.#service.lostLegGuardMs;
    const leg = { kind: 'begun', callId: this.#callId, number, ringsUntilMs } as const;
    return { dialLock: 'take', lockNumber: customerNumber, leg };
  }

  #openedAttempt(dial: DialCommand, atMs: number): Change['attempt'] {
    return {
      attempt: dial.attempt,
      callId: this.#callId,
      number: dial.prefix + (dial.customerNumber ?? this.callback.customerNumber),
      startedAtMs: atMs,
    };
  }

  /** The attempt's outcome when this event is one, and its end when the leg is gone. */
  #changedAttempt(event: Event, step: Step): Change['attempt'] {
    const { leg: legBefore, attempt } = this.#state.context;
    if (!legBefore) return undefined;
    const ended = step.state.context.leg ? {} : { endedAtMs: event.atMs };
    if (event.type !== 'attempt-result' || event.legId !== legBefore.legId) {
      return step.state.context.leg ? undefined : { attempt, ...ended };
    }
    const { sipStatus, sipReason, q850Cause, cpdReason } = event.detail ?? {};
    const { callState } = event;
    return { attempt, callState, sipStatus, sipReason, q850Cause, cpdReason, ...ended };
  }

  #noteAttempt(facts: Partial<AttemptRecord>): void {
    const { attempt } = this.#state.context;
    if (attempt < 1) return;
    void this.#tryCommit({ attempt: { attempt, ...facts } }, false);
  }

  #logStep(event: Event, step: Step): void {
    const { row, because } = step;
    this.deps.log.info(
      { callbackId: this.id, event: event.type, row, because, state: step.state.name },
      'step',
    );
  }
}

type DialCommand = Extract<Command, { type: 'dial' }>;
type Refusal = Exclude<CommitResult, { ok: true }> | { ok: false; why: 'not-written' };

/** Nothing of an attempt is in the air: a changed configuration may take effect. */
function isBetweenAttempts({ name }: State): boolean {
  return name === 'waiting-until-due' || name === 'waiting-to-retry';
}

function isRetryTimer(command: Command): command is Extract<Command, { type: 'start-timer' }> {
  return command.type === 'start-timer' && command.timer === 'retry';
}

function cannotBeTakenBack(command: Command): boolean {
  return (
    command.type === 'dial' ||
    command.type === 'bridge' ||
    command.type === 'route' ||
    isRetryTimer(command)
  );
}
