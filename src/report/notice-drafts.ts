/**
 * Which events a step or a request is, in Genesys' names, and what each tells. Pure. Source: domain
 * "Notification" of the Callback Service Options Reference; parameters beside those it names are ours.
 */
import { recordStateOf } from '../callflow/final-reason.js';
import type { Event, State, Step } from '../callflow/vocabulary.js';
import type { NotificationConfig } from '../config/config.js';
import { REMINDER, type NoticeDraft } from '../schedule/notices.js';

export interface NoticeFacts {
  readonly id: string;
  readonly serviceName: string;
  readonly customerNumber: string;
  readonly desiredAtMs: number;
  readonly state: string;
  readonly reason?: string | undefined;
  readonly callState?: number | undefined;
  readonly dialledNumber?: string | undefined;
  readonly userData: Readonly<Record<string, string>>;
}

const DEFAULT_PARAMETERS = [
  '_service_id',
  '_service_name',
  '_customer_number',
  '_desired_time',
  '_callback_state',
  '_callback_reason',
  '_call_state',
];

/** @param names events that have happened, in their order */
export function draftsOf(
  notification: NotificationConfig,
  names: readonly string[],
  facts: NoticeFacts,
  atMs: number,
): NoticeDraft[] {
  const { isOn, target, events, deliveriesMax } = notification;
  if (!isOn || target === undefined) return [];
  return names.flatMap((event) => {
    const parameters = events === undefined ? DEFAULT_PARAMETERS : events[event];
    if (parameters === undefined) return [];
    return [{ event, target, atMs, deliveriesMax, data: dataOf(parameters, facts) }];
  });
}

/** @returns the reminder of a scheduled callback, where one is wanted and still makes sense */
export function reminderOf(
  notification: NotificationConfig,
  facts: NoticeFacts,
  nowMs: number,
): NoticeDraft[] {
  const { hasReminder, reminderMs } = notification;
  if (!hasReminder || facts.state !== 'SCHEDULED') return [];
  const atMs = facts.desiredAtMs - reminderMs;
  return atMs <= nowMs ? [] : draftsOf(notification, [REMINDER], facts, atMs);
}

function dataOf(
  parameters: readonly string[],
  facts: NoticeFacts,
): Record<string, string | number> {
  const known: Readonly<Record<string, string | number | undefined>> = {
    _service_id: facts.id,
    _service_name: facts.serviceName,
    _customer_number: facts.customerNumber,
    _c_dialed_number: facts.dialledNumber,
    _desired_time: new Date(facts.desiredAtMs).toISOString(),
    _callback_state: facts.state,
    _callback_reason: facts.reason,
    _call_state: facts.callState,
    _c_termination_type: 'USERTERMINATED',
  };
  const data: [string, string | number][] = [];
  for (const name of parameters) {
    const own = Object.hasOwn(known, name) ? known[name] : undefined;
    const user = Object.hasOwn(facts.userData, name) ? facts.userData[name] : undefined;
    const value = own ?? user;
    if (value !== undefined) data.push([name, value]);
  }
  return Object.fromEntries(data);
}

/** The events that one step of the flow is. */
export function eventsOfStep(before: State, event: Event, { state, commands }: Step): string[] {
  const has = (type: string): boolean => commands.some((command) => command.type === type);
  const isStart = before.name === 'waiting-until-due' && state.name !== 'waiting-until-due';
  const isOver = state.name === 'ended';
  const connects = commands.some(
    (command) => command.type === 'play' && command.treatment === 'customer-connect',
  );
  const hasLeg = state.context.leg !== undefined;
  const marks: readonly (readonly [string, boolean])[] = [
    ['_cbe_on_callback_submitted', isStart],
    ['_cbe_on_service_create', isStart],
    ['_cbe_on_virtual_ixn_create', has('queue') && !hasLeg],
    ['_cbe_on_dial_init', has('dial')],
    ['_cbe_on_dial_done', event.type === 'attempt-result'],
    ['_cbe_on_connect_treatment_start', connects],
    ['_cbe_on_customer_queued', has('queue') && hasLeg],
    ['_cbe_on_target_found', event.type === 'agent-answered'],
    ['_cbe_on_route_to_agent', state.name === 'connected' && before.name !== 'connected'],
    ['_cbe_on_callback_status_updated', recordStateOf(before) !== recordStateOf(state)],
    ['_cbe_on_callback_processing_failed', isOver && state.reason.startsWith('FAIL_')],
    ['_cbe_on_callback_cancelled', isOver && state.reason.startsWith('CANCELLED')],
    ['_cbe_on_service_exit', isOver],
  ];
  return marks.filter(([, is]) => is).map(([name]) => name);
}
