/**
 * Walks the flow without a wire: a made-up world answers each command in the plainest way, one event at
 * a time. `explain` shows such a walk, `predict` says where one ends; both run the real `transition`.
 */

import { callStateOfAnswer, isAnswered, type AnswerWord, type CallState } from './call-state.js';
import type { CallbackReason } from './final-reason.js';
import type { PluginReply } from './plugin-reply.js';
import { retryResultOf } from './retry-policy.js';
import type { ServiceOptions } from './service-options.js';
import { initialState, transition } from './treatment-flow.js';
import type { Event, State, Step, TreatmentName } from './vocabulary.js';

/** How the outside behaves during one attempt. */
export interface World {
  readonly answer: AnswerWord;
  /** An agent answers as soon as the customer waits for one. */
  readonly agentAnswers: boolean;
  /** What the plugin or page replies; without it the time to live runs out. */
  readonly reply?: PluginReply;
  /** Plugins and pages cannot be run at all, and why. */
  readonly holderFails?: string;
  /** The customer hangs up while the first treatment plays. */
  readonly leavesDuringTreatment?: boolean;
}

const NEAR = 'an agent is kept free';

/**
 * The next thing that happens in such a world.
 *
 * @returns undefined when nothing more would: the end, or a wait without a limit
 */
export function nextEvent(state: State, world: World): Event | undefined {
  const { context } = state;
  switch (state.name) {
    case 'waiting-until-due':
      return { type: 'due', atMs: 0 };
    case 'reserving-agent':
      return { type: 'agent-near', atMs: 0, queueId: context.queued?.queueId ?? '', why: NEAR };
    case 'dialing':
    case 'answered':
      return attemptResult(state, world.answer);
    case 'asking-plugin':
    case 'running-vxml':
      return holderEvent(state, world);
    case 'treating-customer':
      return world.leavesDuringTreatment === true ? hangUp(state) : treatmentEnd(state);
    case 'treating-machine':
      return state.stage === 'playing' ? treatmentEnd(state) : beep(state);
    case 'waiting-for-agent':
      return waitingEvent(state, world);
    case 'routing':
      if (world.leavesDuringTreatment === true && context.playing) return hangUp(state);
      return { type: 'route-done', atMs: 0, routeId: context.route?.routeId ?? '' };
    case 'connected':
      return { type: 'conversation-ended', atMs: 0 };
    case 'waiting-to-retry':
      return { type: 'retry-due', atMs: 0, timerId: context.timers.retry ?? '' };
    case 'ended':
      return undefined;
  }
}

/**
 * A state just before the dial of an attempt; the earlier attempts left no message.
 *
 * @param answer how they ended, for the limits of `retry`
 */
export function stateBefore(attempt: number, service: ServiceOptions, answer: AnswerWord): State {
  const state = initialState();
  if (attempt <= 1) return state;
  const timers = { retry: 'timer-1', ...(service.ttlMs > 0 && { life: 'timer-2' }) };
  const result = retryResultOf(callStateOfAnswer(answer), service);
  const isCounted = result && service.retryRules[result]?.maxAttempts !== undefined;
  const context = {
    ...state.context,
    attempt: attempt - 1,
    nextId: 2,
    timers,
    ...(isCounted && { results: { [result]: attempt - 1 } }),
  };
  return { name: 'waiting-to-retry', context };
}

/** A treatment that the far end hears. */
export interface HeardTreatment {
  readonly attempt: number;
  readonly treatment: TreatmentName;
  /** As configured; undefined = the built-in comfort sound. */
  readonly file: string | undefined;
}

export interface Prediction {
  readonly state: 'COMPLETED' | 'WAITING';
  /** Absent when the callback would wait without a limit. */
  readonly reason: CallbackReason | undefined;
  readonly attempts: number;
  /** `_call_state` of each attempt. */
  readonly callStates: readonly CallState[];
  /** In the order in which the far ends hear them. */
  readonly heard: readonly HeardTreatment[];
}

/** Steps after which a walk is broken off; the longest honest one is far shorter. */
const STEPS_MAX = 10_000;

/**
 * Says how a callback must end and what its far ends must hear.
 *
 * @param answers one per attempt; the last one holds for all that follow
 */
export function predict(
  service: ServiceOptions,
  answers: readonly AnswerWord[],
  world: Omit<World, 'answer'>,
): Prediction {
  let state = initialState();
  const heard: HeardTreatment[] = [];
  const callStates: CallState[] = [];
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const dialled = Math.max(state.context.attempt, 1);
    const answer = answers[Math.min(dialled, answers.length) - 1] ?? 'no-answer';
    const event = nextEvent(state, { ...world, answer });
    if (event === undefined) break;
    const step = transition(state, event, service);
    heard.push(...heardIn(step));
    const { callState, attempt } = step.state.context;
    if (callState !== undefined && attempt > 0) callStates[attempt - 1] = callState;
    state = step.state;
  }
  const isOver = state.name === 'ended';
  return {
    state: isOver ? 'COMPLETED' : 'WAITING',
    reason: state.name === 'ended' ? state.reason : undefined,
    attempts: state.context.attempt,
    callStates,
    heard,
  };
}

function heardIn({ state, commands }: Step): readonly HeardTreatment[] {
  const { attempt } = state.context;
  return commands
    .filter((command) => command.type === 'play')
    .map(({ treatment, file }) => ({ attempt, treatment, file }));
}

function attemptResult({ context }: State, answer: AnswerWord): Event {
  return {
    type: 'attempt-result',
    atMs: 0,
    legId: context.leg?.legId ?? '',
    callState: callStateOfAnswer(answer),
    legUp: isAnswered(answer),
  };
}

function holderEvent(state: State, world: World): Event {
  const { context } = state;
  const holderId = context.holder?.holderId ?? '';
  if (world.holderFails !== undefined) {
    const type = context.holder?.kind === 'vxml' ? 'vxml-failed' : 'plugin-failed';
    return { type, atMs: 0, holderId, why: world.holderFails };
  }
  if (world.reply !== undefined) {
    const type = context.holder?.kind === 'vxml' ? 'vxml-result' : 'plugin-reply';
    return { type, atMs: 0, holderId, reply: world.reply };
  }
  return (
    silence(state) ?? {
      type: 'plugin-timeout',
      atMs: 0,
      timerId: context.timers['plugin-ttl'] ?? '',
    }
  );
}

function waitingEvent(
  state: State & { name: 'waiting-for-agent' },
  world: World,
): Event | undefined {
  const { context } = state;
  if (state.isGivingUp) return treatmentEnd(state);
  if (world.leavesDuringTreatment === true) return hangUp(state);
  if (world.agentAnswers) {
    return { type: 'agent-answered', atMs: 0, queueId: context.queued?.queueId ?? '' };
  }
  const quiet = silence(state);
  if (quiet !== undefined) return quiet;
  const { 'agent-wait': wait, life } = context.timers;
  if (wait !== undefined) return { type: 'agent-wait-expired', atMs: 0, timerId: wait };
  return life === undefined ? undefined : { type: 'expired', atMs: 0, timerId: life };
}

function silence({ context }: State): Event | undefined {
  const timerId = context.timers['human-silence'];
  return timerId === undefined ? undefined : { type: 'silence-too-long', atMs: 0, timerId };
}

function treatmentEnd({ context }: State): Event {
  return { type: 'treatment-ended', atMs: 0, playId: context.playing?.playId ?? '' };
}

function hangUp({ context }: State): Event {
  return { type: 'customer-hung-up', atMs: 0, legId: context.leg?.legId ?? '' };
}

function beep({ context }: State): Event {
  return { type: 'greeting-ended', atMs: 0, legId: context.leg?.legId ?? '', heardBeep: true };
}
