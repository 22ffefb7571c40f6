/**
 * One step while it is being made: a working copy of the context and the commands so far. Every verb
 * changes both, so that what the context says is in the air and what was commanded cannot differ.
 *
 * It decides nothing. Three promises are kept here for all arms: an end leaves nothing in the air, a
 * person who hears nothing is watched by the silence guard, and a conversation by its longest duration.
 */

import { CALL_STATE, callStateName, type CallState } from './call-state.js';
import type { RowId } from './decision-table.js';
import type { CallbackReason } from './final-reason.js';
import type { Treatment, ServiceOptions } from './service-options.js';
import { countedAttempts } from './retry-policy.js';
import { hearsNothing } from './silence.js';
import type {
  Command,
  Context,
  LegContext,
  State,
  StateName,
  Step,
  TimerName,
  TreatmentName,
} from './vocabulary.js';

/** Shortest pause before a comfort sound that could not be played is tried again. */
const COMFORT_RETRY_MIN_MS = 1000;

const CALL_TIMERS = [
  'plugin-ttl',
  'agent-wait',
  'agent-retry',
  'ahead-wait',
  'human-silence',
  'message-wait',
  'conversation',
] as const satisfies readonly TimerName[];

const CALLBACK_TIMERS = ['retry', 'life'] as const satisfies readonly TimerName[];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type WithoutContext<S> = S extends State ? Omit<S, 'context'> : never;

/** A state without its context. */
export type StateShape = WithoutContext<State>;

export class StepDraft {
  readonly context: Mutable<Context>;
  readonly #commands: Command[] = [];
  #isAttemptOpen: boolean;
  #hasCustomerLeft = false;

  constructor(
    readonly before: State,
    readonly service: ServiceOptions,
  ) {
    this.context = { ...before.context };
    this.#isAttemptOpen = before.name === 'dialing' || before.name === 'answered';
  }

  /** Starts a timer; a running one of the same name is stopped first. */
  startTimer(timer: TimerName, afterMs: number): void {
    this.stopTimer(timer);
    const timerId = this.#newId('timer');
    this.context.timers = { ...this.context.timers, [timer]: timerId };
    this.#commands.push({ type: 'start-timer', timer, timerId, afterMs });
  }

  stopTimer(timer: TimerName): void {
    const timerId = this.context.timers[timer];
    if (timerId === undefined) return;
    this.forgetTimer(timer);
    this.#commands.push({ type: 'stop-timer', timer, timerId });
  }

  /** For a timer that has fired. */
  forgetTimer(timer: TimerName): void {
    const timers = { ...this.context.timers };
    delete timers[timer];
    this.context.timers = timers;
  }

  /** Back to the store; when it comes again it is as if a pause were over. */
  postpone(forMs: number): void {
    this.clearCall('not dialled now');
    this.stopTimer('retry');
    const timerId = this.#newId('timer');
    this.context.timers = { ...this.context.timers, retry: timerId };
    this.#commands.push({ type: 'postpone', timerId, forMs });
  }

  dial(): void {
    const { context, service } = this;
    const legId = this.#newId('leg');
    delete context.callState;
    delete context.retryAfterMs;
    delete context.aheadUntilMs;
    delete context.afterwards;
    context.attempt += 1;
    context.transferAttempts = 0;
    context.leg = { legId, isUp: false };
    this.#commands.push({
      type: 'dial',
      legId,
      attempt: context.attempt,
      ...(context.customerNumber !== undefined && { customerNumber: context.customerNumber }),
      prefix: context.customerNumberPrefix ?? service.prefixDialOut,
      ringTimeoutMs: service.ringTimeoutMs,
      withCpd: service.isCpdEnabled,
    });
  }

  changeLeg(change: Partial<LegContext>): void {
    if (this.context.leg !== undefined) this.context.leg = { ...this.context.leg, ...change };
  }

  /** The attempt has its one outcome. */
  closeAttempt(callState: CallState): void {
    this.context.callState = callState;
    this.#reportAttempt(`${callState} ${callStateName(callState)}`);
  }

  hangUp(why: string): void {
    const { leg } = this.context;
    if (leg === undefined) return;
    this.#forgetLeg();
    this.#commands.push({ type: 'hang-up', legId: leg.legId, why });
  }

  /** For a leg that has ended by itself: what played on it is over, too. */
  legIsGone(): void {
    this.#hasCustomerLeft = this.context.leg?.isUp === true;
    this.#forgetLeg();
  }

  /** Plays a treatment instead of whatever plays now; a missing one is the built-in comfort sound. */
  play(treatment: TreatmentName, source: Treatment | undefined, how: { loop: boolean }): void {
    const { leg } = this.context;
    if (leg === undefined) return;
    this.stopPlaying();
    const playId = this.#newId('play');
    this.context.playing = { playId, treatment };
    const file = source?.file;
    this.#commands.push({ type: 'play', playId, legId: leg.legId, treatment, file, ...how });
  }

  stopPlaying(): void {
    const { playing } = this.context;
    if (playing === undefined) return;
    this.playIsOver();
    this.#commands.push({ type: 'stop-playing', playId: playing.playId });
  }

  playIsOver(): void {
    delete this.context.playing;
  }

  /** From now on this treatment is as if it were off for this leg. */
  markBroken(treatment: TreatmentName): void {
    const broken = this.context.leg?.brokenTreatments ?? [];
    if (!broken.includes(treatment)) this.changeLeg({ brokenTreatments: [...broken, treatment] });
  }

  /** The treatment if it is on and has not failed on this leg. */
  usable(treatment: TreatmentName, source: Treatment | undefined): Treatment | undefined {
    return this.context.leg?.brokenTreatments?.includes(treatment) ? undefined : source;
  }

  /** A search for an agent; without a customer on the line it is made ahead. */
  queue(): void {
    const { context, service } = this;
    const { leg, transferAttempts } = context;
    if (service.queue === undefined) return;
    const queueId = this.#newId('queue');
    if (leg !== undefined) context.transferAttempts += 1;
    context.queued = { queueId, agentIsReady: false, ...(leg === undefined && { isAhead: true }) };
    this.#commands.push({
      type: 'queue',
      queueId,
      ...(leg && { legId: leg.legId }),
      queue: service.queue,
      attemptsMax: Math.max(1, service.maxTransferToAgentAttempts - transferAttempts),
      ...this.#cpnDigits(),
    });
  }

  /** The customer has come to the place that was held in the queue. */
  callAgent(): void {
    const { leg, queued } = this.context;
    if (leg === undefined || queued === undefined) return;
    this.context.transferAttempts += 1;
    this.context.queued = { queueId: queued.queueId, agentIsReady: false };
    this.#commands.push({ type: 'call-agent', queueId: queued.queueId, legId: leg.legId });
  }

  /** The far side is heard in place of whatever plays. */
  passMedia(): void {
    const { leg, queued } = this.context;
    if (leg === undefined || queued === undefined) return;
    this.stopPlaying();
    this.context.queued = { ...queued, media: 'passed' };
    this.#commands.push({ type: 'pass-media', queueId: queued.queueId, legId: leg.legId });
  }

  unqueue(exit: Extract<Command, { type: 'unqueue' }>['exit'] = 'withdrawn'): void {
    const { queued } = this.context;
    if (queued === undefined) return;
    this.queueIsOver();
    this.#commands.push({ type: 'unqueue', queueId: queued.queueId, exit });
  }

  queueIsOver(): void {
    delete this.context.queued;
  }

  route(destination: string): void {
    const { leg } = this.context;
    if (leg === undefined) return;
    const routeId = this.#newId('route');
    this.context.route = { routeId, destination };
    const { legId } = leg;
    this.#commands.push({ type: 'route', routeId, legId, destination, ...this.#cpnDigits() });
  }

  unroute(): void {
    const { route } = this.context;
    if (route === undefined) return;
    this.routeIsOver();
    this.#commands.push({ type: 'unroute', routeId: route.routeId });
  }

  routeIsOver(): void {
    delete this.context.route;
  }

  bridge(withId: string): void {
    const { leg } = this.context;
    if (leg === undefined) return;
    this.stopPlaying();
    this.#commands.push({ type: 'bridge', legId: leg.legId, withId });
  }

  /** Hands the call, if there is one, and the decision to the plugin. */
  startPlugin(url: string, callState: CallState): void {
    const { context, service } = this;
    const holderId = this.#startHolder('plugin');
    this.#commands.push({
      type: 'start-plugin',
      holderId,
      url,
      callState,
      ...(context.leg && { legId: context.leg.legId }),
      dialAttempt: countedAttempts(context),
      ttlMs: service.pluginTimeoutMs,
      associate: context.leg !== undefined && service.pluginAssociateIxn,
    });
    this.startTimer('plugin-ttl', service.pluginTimeoutMs);
  }

  startVxml(url: string, callState: CallState): void {
    const { context, service } = this;
    if (context.leg === undefined) return;
    const holderId = this.#startHolder('vxml');
    const ttlMs = service.pluginTimeoutMs;
    const known = { url, legId: context.leg.legId, callState, ttlMs };
    const dialAttempt = countedAttempts(context);
    this.#commands.push({ type: 'start-vxml', holderId, dialAttempt, ...known });
    this.startTimer('plugin-ttl', ttlMs);
  }

  tellHolder(what: 'hung-up' | 'verdict-revised', callState?: CallState): void {
    const { holder } = this.context;
    if (holder === undefined) return;
    const { holderId } = holder;
    if (what === 'hung-up') this.context.holder = { ...holder, wasToldOfHangUp: true };
    this.#commands.push({
      type: 'tell-plugin',
      holderId,
      what,
      ...(callState !== undefined && { callState }),
    });
  }

  /** Takes the token back from a holder who still has it. */
  revokeHolder(): void {
    const { holder } = this.context;
    if (holder === undefined) return;
    this.holderIsOver();
    this.#commands.push({ type: 'tell-plugin', holderId: holder.holderId, what: 'revoked' });
  }

  /** For a holder who has replied or broken down. */
  holderIsOver(): void {
    delete this.context.holder;
    this.stopTimer('plugin-ttl');
  }

  report(what: Extract<Command, { type: 'report' }>['what'], detail: string): void {
    this.#commands.push({ type: 'report', what, detail });
  }

  /** Takes back everything that hangs on the call, the call included. */
  clearCall(why: string): void {
    this.stopPlaying();
    this.revokeHolder();
    this.unqueue(this.#hasCustomerLeft ? 'abandoned' : 'withdrawn');
    this.unroute();
    this.hangUp(why);
    for (const timer of CALL_TIMERS) this.stopTimer(timer);
  }

  /** The step into another state (or the same one). */
  goTo(shape: StateShape, row: RowId, because: string): Step {
    this.#watchSilence(shape.name);
    this.#watchConversation(shape.name);
    return this.#step(shape, row, because);
  }

  /** Stays in the state it came from. */
  stay(row: RowId, because: string): Step {
    const { context: _context, ...shape } = this.before;
    return this.goTo(shape, row, because);
  }

  /** The end: nothing is left in the air. */
  end(reason: CallbackReason, row: RowId, because: string): Step {
    if (this.#isAttemptOpen) this.#reportAttempt('no result');
    this.clearCall(`callback ended: ${reason}`);
    for (const timer of CALLBACK_TIMERS) this.stopTimer(timer);
    this.report('callback-ended', reason);
    return this.#step({ name: 'ended', reason }, row, because);
  }

  #step(shape: StateShape, row: RowId, because: string): Step {
    const state = { ...shape, context: this.context } as State;
    return { state, commands: this.#commands, row, because };
  }

  #watchSilence(name: StateName): void {
    const { leg, timers } = this.context;
    if (leg === undefined || !hearsNothing(this.context, name)) {
      this.stopTimer('human-silence');
    } else if (timers['human-silence'] === undefined) {
      const maxMs = this.service.humanSilenceMaxMs;
      const isComfortBroken = leg.brokenTreatments?.includes('comfort') === true;
      const afterMs = isComfortBroken ? Math.max(maxMs, COMFORT_RETRY_MIN_MS) : maxMs;
      this.startTimer('human-silence', afterMs);
    }
  }

  #watchConversation(name: StateName): void {
    const { conversationMaxMs } = this.service;
    if (name !== 'connected') this.stopTimer('conversation');
    else if (this.before.name !== 'connected' && conversationMaxMs > 0) {
      this.startTimer('conversation', conversationMaxMs);
    }
  }

  #startHolder(kind: 'plugin' | 'vxml'): string {
    const holderId = this.#newId(kind);
    this.context.holder = { holderId, kind, wasToldOfHangUp: false };
    return holderId;
  }

  /** `_ixn_redirect_hints`: a number that a reply brought replaces the configured CPNDigits. */
  #cpnDigits(): { cpnDigits?: string } {
    const cpnDigits = this.context.cpnDigits ?? this.service.cpnDigits;
    return cpnDigits === undefined ? {} : { cpnDigits };
  }

  #forgetLeg(): void {
    this.stopPlaying();
    delete this.context.leg;
  }

  #reportAttempt(detail: string): void {
    this.#isAttemptOpen = false;
    this.report('attempt-ended', detail);
  }

  #newId(kind: string): string {
    this.context.nextId += 1;
    return `${kind}-${this.context.nextId}`;
  }
}

/** The step that changes nothing. */
export function stayAsIs(
  state: State,
  row: RowId,
  because: string,
  commands: readonly Command[] = [],
): Step {
  return { state, commands, row, because };
}

/** The call state that the flow goes by; an attempt without a result yet is a general error. */
export function callStateIn(context: Context): CallState {
  return context.callState ?? CALL_STATE.GeneralError;
}
