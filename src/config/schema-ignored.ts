/**
 * Options of Genesys' callback service that have no effect here. A service copied from there keeps
 * them; each is accepted with a warning, so that nobody believes it works.
 * Source: the option tables of the Callback Service Options Reference, by section.
 */
export const IGNORED_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  'Voice treatments': ['_offer_callback', '_offer_callback_vxml_app_url'],
  'Voice, user terminated': [
    '_route_point',
    '_trunk_group',
    '_ixn_createcall_timeout',
    '_ixn_createcall_hints',
    '_vq_for_outbound_calls',
    '_on_user_confirm_timeout',
    '_max_successful_customer_contacts',
    '_cb_dim_channel',
    '_ixn_update_data_time_to_wait',
    '_agent_preview',
    '_agent_preview_timeout',
    '_agent_preview_allow_reject',
    '_agent_preview_via_rp',
    '_agent_reject_retry_timeout',
    '_agent_disposition_timeout',
    '_enable_disposition_dialog',
    '_agent_first_via_rp',
    '_agent_first_via_tg',
  ],
  General: [
    '_wait_for_user_confirm',
    '_max_time_to_wait_for_ixn_delete',
    '_retain_session_until_ixn_deleted',
    '_on_route_done_delay',
    '_ixn_redirect_confirm',
    '_paused_services_id',
    '_paused_services_list',
  ],
  'Scheduled call': [
    '_desired_time',
    '_request_queue_time_stat',
    '_request_ewt_service',
    '_queue_ping_ors_period',
    '_max_ors_submit_attempts',
  ],
  Queueing: [
    '_urs_virtual_queue',
    '_urs_call_interaction_age',
    '_urs_extension_data',
    '_urs_udata_xfer_keys',
    '_urs_ewt_estimation_method',
    '_max_time_to_reach_eta_pos_threshold',
    '_min_queue_wait',
    '_max_queue_wait',
    '_agent_reserve_delay_before_release',
    '_min_urs_ewt_pos_polling_interval',
    '_max_urs_ewt_pos_polling_interval',
    '_urs_request_timeout',
  ],
  Notification: [
    '_status_notification_provider',
    '_status_notification_language',
    '_status_notification_debug',
  ],
  Reporting: [
    '_rep_userevent_enable',
    '_rep_userevent_dn',
    '_rep_userevent_switch',
    '_rep_userevent_mediatype',
    '_use_reporting_aggregator',
    '_reporting_aggregator_url',
  ],
};

const PAUSED = 'Services are paused with `dialback pause` or `POST /v1/services/SERVICE/pause`.';
const LEAD =
  'How long before its desired time a callback is taken up says `_request_execution_time_buffer`; `_wait_for_agent` dials when an agent is there.';
const OUTBOX = 'What became of callbacks is in the call records (docs/notifications.md).';

/** What does here what the option does at Genesys. */
const INSTEAD: Readonly<Record<string, string>> = {
  _route_point: 'Destinations are under `routePoints`, ways out under `trunks`.',
  _trunk_group: 'Ways out are under `trunks`.',
  _paused_services_id: PAUSED,
  _paused_services_list: PAUSED,
  _desired_time: 'It is a parameter of requests.',
  _request_queue_time_stat: LEAD,
  _request_ewt_service: LEAD,
  _queue_ping_ors_period:
    'There is no session elsewhere that could be gone: what a process leaves is taken over after `store.leaseMs`.',
  _max_ors_submit_attempts: 'What is due stays in its queue until it is begun.',
  _urs_virtual_queue: 'The queue of a service is its option `queue`.',
  _rep_userevent_enable: OUTBOX,
  _use_reporting_aggregator: OUTBOX,
  _reporting_aggregator_url: OUTBOX,
};

/** One sentence of advice, where there is one. */
export function insteadOf(name: string): string | undefined {
  return INSTEAD[name];
}

/** What whoever sets it is told. */
export function ignoredMessage(name: string): string {
  return ['Not implemented, ignored.', insteadOf(name) ?? []].flat().join(' ');
}

const ALL: ReadonlySet<string> = new Set(Object.values(IGNORED_OPTIONS).flat());

export function isIgnoredOption(name: string): boolean {
  return ALL.has(name);
}

export function ignoredOptionNames(): Iterable<string> {
  return ALL;
}
