/**
 * The decision table for people and programs: all rows, or those that can apply to one service.
 */

import {
  ANSWER_WORDS,
  branchOf,
  callStateOfAnswer,
  isAnswered,
  type AnswerWord,
  type Branch,
} from './call-state.js';
import {
  conditionNames,
  DECISION_TABLE,
  type Conditions,
  type Row,
  type RowId,
} from './decision-table.js';
import type { ServiceOptions } from './service-options.js';

export interface MatrixRow {
  readonly row: RowId;
  /** Conditions as in the table; `answer` in answer words. */
  readonly when: Readonly<Record<string, unknown>>;
  readonly then: string;
  readonly reading?: string;
}

export interface Matrix {
  readonly rows: readonly MatrixRow[];
}

/** The rows of the table; with a service only those that its options leave possible. */
export function matrixRows(service?: ServiceOptions): Matrix {
  const possible = DECISION_TABLE.filter((row) => service === undefined || canApply(row, service));
  const rows = possible.map(({ row, when, then, reading }) => ({
    row,
    when: readable(when, service),
    then,
    ...(reading !== undefined && { reading }),
  }));
  return { rows };
}

/** What the condition points of the table stand for: the page's own table of options. */
export const CONDITION_OPTIONS: Readonly<Record<string, string>> = {
  pluginEnabled:
    '`_plugin_on_dial_url` is set, and a human answered or `_plugin_on_dial_invoke_on_call_failed` is true',
  vxmlEnabled: '`_on_customer_connect_treatment_url` is set (humans only)',
  connectTreatment: '`_treatment_customer_connect` is set (humans only)',
  machineTreatment: '`_treatment_call_failure_answering_machine` is set and due (`machineMessage`)',
  retryLimitExceeded: 'number of dial attempts > `_max_dial_attempts`',
  resultLimitReached:
    '`retry` limits attempts that end like this one, and this was the last of them',
  hoursClosed: '`_business_hours_service` or `callingWindow` is closed at this moment',
  dialIsTooLate: 'less than `_cannot_dial_buffer_time` is left of `_urs_queued_ttl`',
  callIsUp: 'there is a call to treat; a machine keeps its call with `amDetected: connect`',
  awaitsBeep: 'hint `am-beep-detection: on`, and no beep has been heard yet',
};

/** The table as Markdown: what the conditions mean, the rows, the readings. */
export function matrixMarkdown({ rows }: Matrix): string {
  const legend = Object.entries(CONDITION_OPTIONS).map(([name, text]) => `- \`${name}\`: ${text}`);
  const lines = rows.map(
    ({ row, when, then }) => `| \`${row}\` | ${cell(conditionText(when))} | ${cell(then)} |`,
  );
  const readings = rows
    .filter(({ reading }) => reading !== undefined)
    .map(({ row, reading }) => `- \`${row}\`: ${reading ?? ''}`);
  return [
    'Conditions:',
    '',
    ...legend,
    '',
    '| Row | When | Then |',
    '|-|-|-|',
    ...lines,
    '',
    'Readings, where the page is silent or contradicts itself:',
    '',
    ...readings,
    '',
  ].join('\n');
}

/** The conditions of a row in one line. */
export function conditionText(when: MatrixRow['when']): string {
  const texts = Object.entries(when).map(([name, value]) => {
    if (typeof value === 'boolean') return `${name}: ${value ? 'yes' : 'no'}`;
    return `${name}: ${Array.isArray(value) ? value.join(' or ') : String(value)}`;
  });
  return texts.length === 0 ? 'otherwise' : texts.join(', ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function readable(when: Conditions, service: ServiceOptions | undefined): MatrixRow['when'] {
  const entries = conditionNames(when).map((name) => {
    const value = when[name];
    return [name, name === 'answer' ? answerWords(listOf(value), service) : value];
  });
  return Object.fromEntries(entries) as MatrixRow['when'];
}

/** Silence and unknown take the branch that the service says, or any of the three without one. */
function answerWords(
  branches: readonly unknown[],
  service: ServiceOptions | undefined,
): readonly AnswerWord[] {
  return ANSWER_WORDS.filter((word) => branchesOf(word, service).some((b) => branches.includes(b)));
}

function branchesOf(word: AnswerWord, service: ServiceOptions | undefined): readonly Branch[] {
  const isOpen = word === 'silence' || word === 'unknown';
  if (service !== undefined) return [branchOf(callStateOfAnswer(word), isAnswered(word), service)];
  if (isOpen) return ['human', 'machine', 'no-answer'];
  const asHuman = { silenceAs: 'human', unknownAs: 'human' } as const;
  return [branchOf(callStateOfAnswer(word), isAnswered(word), asHuman)];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

function isDial(event: unknown): boolean {
  return listOf(event).some((one) => one === 'due' || one === 'retry-due');
}

/** Can these options lead to this row? */
function canApply(row: Row, service: ServiceOptions): boolean {
  return conditionsPossible(row.when, service) && isArmReachable(row, service);
}

function conditionsPossible(when: Conditions, service: ServiceOptions): boolean {
  const values = possibleValues(when, service);
  return conditionNames(when).every((name) => {
    const allowed = values[name];
    return allowed === undefined || listOf(when[name]).some((value) => allowed.includes(value));
  });
}

/** What each condition can be under these options; a condition that is missing here can be anything. */
function possibleValues(
  when: Conditions,
  service: ServiceOptions,
): Partial<Record<keyof Conditions, readonly unknown[]>> {
  const isPluginSet = service.pluginOnDialUrl !== undefined;
  const isVxmlSet = service.vxmlUrl !== undefined;
  const isHuman = when.answer === 'human';
  const message = service.answeringMachineTreatment;
  const onErrors = [
    ...(isPluginSet ? [service.onPluginError] : []),
    ...(isVxmlSet ? [service.onVxmlError] : []),
  ];
  return {
    answer: ANSWER_WORDS.filter((word) => service.isCpdEnabled || !HEARD_BY_CPD.has(word)).flatMap(
      (word) => branchesOf(word, service),
    ),
    pluginEnabled: [isPluginSet && (isHuman || service.pluginInvokeOnCallFailed)],
    vxmlEnabled: [isVxmlSet],
    connectTreatment: [service.customerConnectTreatment !== undefined],
    machineTreatment: message === undefined ? [false] : messageValues(service),
    // The first dial is always allowed; with a single attempt only one that we broke off is made again.
    retryLimitExceeded: service.maxDialAttempts > 1 || isDial(when.event) ? [true, false] : [true],
    ...(when.answer === 'machine' && { callIsUp: [service.amDetected === 'connect'] }),
    awaitsBeep: message?.afterBeep === true ? [true, false] : [false],
    sitPermanent: [service.sitPermanent],
    queueIsSet: [service.queue !== undefined],
    waitsForAgent: [service.waitsForAgent && service.queue !== undefined],
    hoursClosed: service.isTimeLimited ? [true, false] : [false],
    dialIsTooLate:
      service.cannotDialBufferMs > 0 && service.aheadWaitMaxMs > 0 ? [true, false] : [false],
    resultLimitReached: limitsResults(service) ? [true, false] : [false],
    onError: onErrors,
    apology: service.pluginTimeoutTreatment === undefined ? [false] : [true, false],
    completeAfterMessage: [service.completeAfterMessage],
  };
}

/** Rows that an agent who is looked for first takes the place of. */
const DIALLED_AT_ONCE: ReadonlySet<string> = new Set(['dial.first', 'dial.again']);

const HEARD_BY_CPD: ReadonlySet<AnswerWord> = new Set(['machine', 'fax', 'silence', 'unknown']);

function messageValues({ machineMessage }: ServiceOptions): readonly boolean[] {
  return machineMessage === 'every' ? [true] : [true, false];
}

/** Can the flow come to the decisions of this row's arm at all? */
function isArmReachable(row: Row, service: ServiceOptions): boolean {
  const isSomebodyAsked = service.pluginOnDialUrl !== undefined || service.vxmlUrl !== undefined;
  const isQueueSet = service.queue !== undefined;
  switch (row.arm) {
    case 'reply':
    case 'no-reply':
    case 'route':
      return (
        isSomebodyAsked && (row.row !== 'reply.refused' || service.pluginOnDialUrl !== undefined)
      );
    case 'hang-up':
      return row.when.callIsWith !== 'holder' || isSomebodyAsked;
    case 'connect':
      return isConnectPossible(service);
    case 'agent-answered':
      return isQueueSet && (row.row !== 'agent.ready' || isConnectHeldUp(service));
    case 'agent-gone':
      return isQueueSet && (row.row !== 'agent.too-late' || isConnectHeldUp(service));
    case 'connected':
      return row.row !== 'connected.too-long' || service.conversationMaxMs > 0;
    case 'ahead':
      if (row.row === 'ahead.expired' && service.aheadWaitMaxMs === 0) return false;
      return isQueueSet && service.waitsForAgent;
    case 'dial':
      return !isQueueSet || !service.waitsForAgent || !DIALLED_AT_ONCE.has(row.row);
    case 'early-media':
      return isQueueSet && (row.row !== 'early.held' || isConnectHeldUp(service));
    case 'agent-missed':
    case 'agent-again':
    case 'bridge-failed':
      return isQueueSet;
    case 'waiting':
      // A route point is waited for as long as an agent.
      if ((!isQueueSet && !isSomebodyAsked) || service.agentWaitMaxMs === 0) return false;
      return row.row !== 'waiting.agent-in-time' || isConnectHeldUp(service);
    case 'greeting':
      return isMessagePossible(service) && service.answeringMachineTreatment?.afterBeep === true;
    case 'message-over':
    case 'message-broken':
      return isMessagePossible(service);
    case 'verdict':
    case 'analysis':
      return service.isCpdEnabled && (row.when.callIsWith !== 'holder' || isSomebodyAsked);
    case 'life':
      return service.ttlMs > 0;
    default:
      return true;
  }
}

function limitsResults({ retryRules }: ServiceOptions): boolean {
  return Object.values(retryRules).some(({ maxAttempts }) => maxAttempts !== undefined);
}

function isConnectPossible(service: ServiceOptions): boolean {
  const { pluginOnDialUrl, onPluginError, vxmlUrl, onVxmlError } = service;
  const isBuiltInReached =
    pluginOnDialUrl !== undefined
      ? onPluginError === 'builtin'
      : vxmlUrl === undefined || onVxmlError === 'builtin';
  const isConnectSet = service.customerConnectTreatment !== undefined;
  return isConnectSet && service.queue !== undefined && isBuiltInReached;
}

function isConnectHeldUp(service: ServiceOptions): boolean {
  const isInterruptible = service.customerConnectTreatment?.interruptible === true;
  return isConnectPossible(service) && !isInterruptible;
}

function isMessagePossible(service: ServiceOptions): boolean {
  const isCallKept = service.isCpdEnabled && service.amDetected === 'connect';
  return isCallKept && service.answeringMachineTreatment !== undefined;
}
