/**
 * What one step of the flow changes in the store: journal, record, attempt and dial lock, in one
 * transaction. Pure; the session decides when it is written and what a refusal means.
 */
import { recordStateOf } from './callflow/final-reason.js';
import type { Command, Event, State, Step } from './callflow/vocabulary.js';
import type { CounterLimit } from './schedule/admission-limits.js';
import type { CallLimit } from './schedule/call-limits.js';
import type {
  AttemptChange,
  Change,
  MessageOutcome,
  TalkEndedBy,
} from './schedule/callback-store.js';

/** The attempt that a step opens; on disk before its INVITE leaves. */
export interface OpenedAttempt {
  readonly attempt: number;
  /** Our own Call-ID. */
  readonly callId: string;
  /** As dialled, prefix included. */
  readonly number: string;
  /** Whose one live leg this is, E.164 without the prefix. */
  readonly customerNumber: string;
  readonly trunk?: string;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** Until when a leg that nobody can end might still ring. */
  readonly ringsUntilMs: number;
  /** Daily limits that it uses up. */
  readonly counters?: readonly CounterLimit[];
  /** Limits on calls that all processes keep together. */
  readonly callLimits?: readonly CallLimit[];
}

/**
 * @param before the state the step began in
 * @param opened present when the step dials
 */
export function changeOf(before: State, event: Event, step: Step, opened?: OpenedAttempt): Change {
  const { state, commands, row, because } = step;
  const { atMs } = event;
  const retry = commands.find(isRetryTimer);
  const postponed = commands.find(isPostponement);
  const change: Change = {
    step: { atMs, event, row, because, commands, stateName: state.name },
    flowState: state,
    record: {
      state: recordStateOf(state),
      attemptCount: state.context.attempt,
      callState: state.context.callState,
      ...(retry ? { dueAtMs: atMs + retry.afterMs } : {}),
      ...(postponed ? { dueAtMs: atMs + postponed.forMs, state: 'SCHEDULED', claimed: false } : {}),
      ...(state.name === 'ended' ? { reason: state.reason, claimed: false } : {}),
    },
  };
  if (opened) {
    const { customerNumber, ringsUntilMs, counters, callLimits, ...attempt } = opened;
    const { callId } = opened;
    const leg = { kind: 'begun', callId, number: customerNumber, ringsUntilMs } as const;
    const lock = { dialLock: 'take', lockNumber: customerNumber } as const;
    const limits = {
      ...(counters?.length && { counters }),
      ...(callLimits?.length && { callLimits }),
    };
    return { ...change, attempt, leg, ...lock, ...limits };
  }
  const attempt = attemptChange(before, event, step);
  return state.context.leg === undefined
    ? { ...change, attempt, dialLock: 'release' }
    : { ...change, attempt };
}

/** Has the step to be on disk before its commands run? */
export function hasToBeDurable({ state, commands }: Step): boolean {
  return state.name === 'ended' || commands.some(cannotBeTakenBack);
}

function cannotBeTakenBack(command: Command): boolean {
  return (
    command.type === 'dial' ||
    command.type === 'bridge' ||
    command.type === 'route' ||
    isRetryTimer(command) ||
    isPostponement(command)
  );
}

function attemptChange(before: State, event: Event, step: Step): AttemptChange | undefined {
  const { leg, attempt } = before.context;
  const outcome = changedAttempt(before, event, step);
  const handOff = leg ? handOffOf(before, event, step) : {};
  const hasHandOff = Object.keys(handOff).length > 0;
  return hasHandOff ? { ...outcome, attempt, ...handOff } : outcome;
}

const SOUGHT: ReadonlySet<Command['type']> = new Set(['queue', 'call-agent', 'route']);

/** When somebody was first looked for, and who ended the conversation. */
function handOffOf(before: State, event: Event, step: Step): Partial<AttemptChange> {
  const isFirst = before.context.transferAttempts === 0 && before.context.route === undefined;
  const isSought = step.commands.some(({ type }) => SOUGHT.has(type));
  const wasTalking = before.name === 'connected' && step.state.name === 'ended';
  const talkEndedBy = wasTalking ? talkEnders[event.type] : undefined;
  return {
    ...(isFirst && isSought && { waitingSinceMs: event.atMs }),
    ...(talkEndedBy && { talkEndedBy }),
  };
}

const talkEnders: Readonly<Partial<Record<Event['type'], TalkEndedBy>>> = {
  'customer-hung-up': 'customer',
  // Without CPD the answer was the result: what comes after it can only be the call's end.
  'attempt-result': 'customer',
  'agent-hung-up': 'agent',
  'conversation-ended': 'route-point',
  'conversation-too-long': 'limit',
  'leg-lost': 'lost',
};

/** The attempt's outcome when this event is one, and its end when the leg is gone. */
function changedAttempt(before: State, event: Event, step: Step): AttemptChange | undefined {
  const { leg, attempt } = before.context;
  if (!leg) return undefined;
  const isOver = step.state.context.leg === undefined;
  const message = messageOutcome(before, event, isOver);
  const ended = { ...(isOver ? { endedAtMs: event.atMs } : {}), ...(message && { message }) };
  // Where the flow took it, a revised verdict is the attempt's result.
  if (event.type === 'verdict-revised' && step.state.context.callState === event.callState) {
    return { attempt, callState: event.callState, cpdReason: event.why, ...ended };
  }
  if (event.type !== 'attempt-result' || event.legId !== leg.legId) {
    if (!isOver) return undefined;
    // Without a result the attempt was given up: that is its one outcome.
    const isGivenUp = before.name === 'dialing' || before.name === 'answered';
    return { attempt, ...ended, ...(isGivenUp ? { outcome: givenUpBy(event) } : {}) };
  }
  const { sipStatus, sipReason, q850Cause, cpdReason, audioTap, farReason } = event.detail ?? {};
  const { callState } = event;
  const facts = { sipStatus, sipReason, q850Cause, cpdReason, audioTap, farReason };
  return { attempt, callState, ...facts, ...ended };
}

/** Only what is played to its end while the call is up has been delivered. */
function messageOutcome(before: State, event: Event, isOver: boolean): MessageOutcome | undefined {
  if (before.name !== 'treating-machine' || before.stage !== 'playing' || !isOver) return undefined;
  const isOurs = 'playId' in event && event.playId === before.context.playing?.playId;
  if (isOurs && event.type === 'treatment-ended') return 'delivered';
  return isOurs && event.type === 'play-failed' ? 'failed' : 'cut';
}

function givenUpBy({ type }: Event): string {
  if (type === 'expired') return 'EXPIRED';
  return type === 'leg-lost' ? 'NODE_LOST' : 'CANCELLED';
}

/** The callback goes back to the store. */
export function isPostponement(
  command: Command,
): command is Extract<Command, { type: 'postpone' }> {
  return command.type === 'postpone';
}

function isRetryTimer(command: Command): command is Extract<Command, { type: 'start-timer' }> {
  return command.type === 'start-timer' && command.timer === 'retry';
}
