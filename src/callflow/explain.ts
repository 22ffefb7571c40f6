/**
 * The path of one answer through the figure, for people: each step with the row that decided and the
 * option that made it so. It runs the real flow and knows no rule of its own.
 */

import { callStateOfAnswer, type AnswerWord, type CallState } from './call-state.js';
import { rowOf, type RowId } from './decision-table.js';
import { recordStateOf, type CallbackReason, type RecordState } from './final-reason.js';
import type { Box } from './figure-boxes.js';
import { parseReply, type ParsedReply } from './plugin-reply.js';
import type { ServiceOptions } from './service-options.js';
import { transition } from './treatment-flow.js';
import type { Command, Event, State, Step } from './vocabulary.js';
import { nextEvent, stateBefore, type World } from './walk.js';

export type OutcomeKind = 'plugin' | 'vxml' | 'queue' | 'route' | 'retry' | 'end';

export interface Outcome {
  readonly kind: OutcomeKind;
  readonly state: RecordState;
  readonly reason: CallbackReason | null;
  readonly retryInMs: number | null;
  /** The queue's name, the route's destination, the URL of plugin or page. */
  readonly destination: string | null;
}

export interface PathStep {
  readonly row: RowId;
  readonly box: Box;
  readonly because: string;
  readonly commands: readonly Command[];
}

export interface Explanation {
  readonly service: string;
  readonly answer: AnswerWord;
  readonly callState: CallState;
  readonly attempt: number;
  readonly path: readonly PathStep[];
  readonly outcome: Outcome;
}

export interface ExplainOptions {
  /** From 1, the current one included. Earlier attempts are taken to have ended alike, without a message. */
  readonly attempt: number;
  /** What the plugin or page answers, unread: a refused one shows in the path. */
  readonly reply?: unknown;
  /** What the configuration has against this reply: destinations and numbers are not known here. */
  readonly refused?: Refusal | undefined;
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

type Heard =
  Extract<ParsedReply, { ok: true }> | { readonly ok: false; readonly rejection: Refusal };

/** Steps after which a walk is broken off; the longest honest one is far shorter. */
const STEPS_MAX = 100;

/**
 * Follows one answer until somebody else decides (plugin, page, agent, destination), the callback
 * waits for another attempt, or it ends; with a reply, on from there.
 */
export function explain(
  service: ServiceOptions,
  answer: AnswerWord,
  { attempt, reply, refused }: ExplainOptions,
): Explanation {
  const read = reply === undefined ? undefined : parseReply(reply);
  const parsed: Heard | undefined = refused ? { ok: false, rejection: refused } : read;
  const path: PathStep[] = [];
  let last: Step | undefined;
  let state = stateBefore(attempt, service, answer);
  let isReplied = false;
  while (path.length < STEPS_MAX) {
    const isAsked = state.context.holder !== undefined;
    if (isAsked && parsed !== undefined && !isReplied) {
      isReplied = true;
      if (!parsed.ok && state.name === 'asking-plugin') {
        path.push(refusal(parsed));
        break;
      }
    } else if (outcomeKind(state) !== undefined && last !== undefined) break;
    const event = brokenPage(state, parsed) ?? nextEvent(state, worldOf(answer, parsed));
    if (event === undefined) break;
    last = take(state, event, service, path);
    state = last.state;
  }
  const outcome = outcomeOf(state, last?.commands ?? [], service);
  return {
    service: service.name,
    answer,
    callState: callStateOfAnswer(answer),
    attempt,
    path,
    outcome,
  };
}

function take(state: State, event: Event, service: ServiceOptions, path: PathStep[]): Step {
  const step = transition(state, event, service);
  const { row, because, commands } = step;
  path.push({ row, box: rowOf(row).box, because, commands });
  return step;
}

function worldOf(answer: AnswerWord, parsed: Heard | undefined): World {
  return { answer, agentAnswers: false, ...(parsed?.ok === true && { reply: parsed.reply }) };
}

function refusal({ rejection }: Extract<Heard, { ok: false }>): PathStep {
  const row = 'reply.refused';
  const because = `${rejection.code}: ${rejection.message}`;
  return { row, box: rowOf(row).box, because, commands: [] };
}

/** A page exits once: with a result that cannot be read it has failed. */
function brokenPage(state: State, parsed: Heard | undefined): Event | undefined {
  if (state.name !== 'running-vxml' || parsed === undefined || parsed.ok) return undefined;
  const why = `${parsed.rejection.code}: ${parsed.rejection.message}`;
  return { type: 'vxml-failed', atMs: 0, holderId: state.context.holder?.holderId ?? '', why };
}

/** What a state leads to when nothing but the outside can move it; undefined while the flow goes on. */
function outcomeKind(state: State): OutcomeKind | undefined {
  switch (state.name) {
    case 'asking-plugin':
      return 'plugin';
    case 'running-vxml':
      return 'vxml';
    case 'waiting-for-agent':
      return state.isGivingUp ? undefined : 'queue';
    case 'routing':
      return 'route';
    case 'waiting-to-retry':
      return 'retry';
    case 'ended':
      return 'end';
    default:
      return undefined;
  }
}

function outcomeOf(state: State, commands: readonly Command[], service: ServiceOptions): Outcome {
  const kind = outcomeKind(state) ?? 'end';
  const retry = commands.find(
    (command) => command.type === 'start-timer' && command.timer === 'retry',
  );
  return {
    kind,
    state: recordStateOf(state),
    reason: state.name === 'ended' ? state.reason : null,
    retryInMs: retry?.type === 'start-timer' ? retry.afterMs : null,
    destination: destinationOf(kind, state, service) ?? null,
  };
}

function destinationOf(
  kind: OutcomeKind,
  state: State,
  service: ServiceOptions,
): string | undefined {
  switch (kind) {
    case 'plugin':
      return service.pluginOnDialUrl;
    case 'vxml':
      return service.vxmlUrl;
    case 'queue':
      return service.queue;
    case 'route':
      return state.context.route?.destination;
    case 'retry':
    case 'end':
      return undefined;
  }
}
