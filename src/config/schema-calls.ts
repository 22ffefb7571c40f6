/** The service options about dialling, agents and requests. */
import {
  ATTACH_USER_DATA,
  CALLER_ID,
  CALLER_NAME,
  DESTINATION,
  HOUR_MS,
  PAGE,
  PREFIX,
  QUEUE_NAME,
  bool,
  choice,
  count,
  genesys,
  milliseconds,
  names,
  ours,
  seconds,
  text,
} from './schema-terms.js';
import type { OptionGroup } from './schema-types.js';

export const DIALLING: OptionGroup = {
  title: 'Dialling',
  intro: 'How often, how long and as whom.',
  options: [
    genesys('_max_dial_attempts', count(1, 100), 'Dials in all, the first one included.', {
      source: PAGE,
      default: 3,
    }),
    genesys('_dial_retry_timeout', seconds(0), 'Pause between two attempts.', { default: 300 }),
    ours(
      'ringTimeoutMs',
      milliseconds(1000, 180_000),
      'How long a call may ring before it counts as not answered.',
      { default: 30_000 },
    ),
    ours(
      'mediaSilenceMaxMs',
      milliseconds(5000, HOUR_MS),
      'A customer’s, agent’s or route point’s leg from which no RTP comes for this long, once answered, is given up. Far sides that suppress silence, or hold without music, look the same: allow for them.',
      { defaultSays: 'off' },
    ),
    ours(
      'lostLegGuardMs',
      milliseconds(0, 600_000),
      'After a crash: how long past its ring timeout a call that nobody can cancel any more keeps its number from being dialled.',
      { default: 35_000 },
    ),
    genesys(
      '_prefix_dial_out',
      text(17, PREFIX),
      'Put in front of every number dialled. Genesys’ own default is 91, a habit of US PBXs; ours is nothing.',
      { defaultSays: 'nothing' },
    ),
    ours('callerId', text(33, CALLER_ID), 'Number shown to the customer.', {
      genesysName: '_calling_party_number',
      defaultSays: 'what the trunk makes of it',
    }),
    ours('callerName', text(64, CALLER_NAME), 'Name shown to the customer.', {
      genesysName: '_calling_party_display_name',
      defaultSays: 'none',
    }),
    genesys(
      '_default_country',
      { kind: 'country' },
      'Country of numbers written without one; also settles what its busy tone sounds like.',
      { default: 'US' },
    ),
    genesys('_ttl', seconds(0), 'Life of a callback after its desired time; 0 = no limit.', {
      default: 86_400,
    }),
  ],
};

export const AGENT: OptionGroup = {
  title: 'Agents and route points',
  intro: 'Who talks to the customer, and what they get to see.',
  options: [
    ours(
      'queue',
      text(64, QUEUE_NAME),
      'Name of the queue, under `queues`, that customers wait in.',
      { defaultSays: 'none' },
    ),
    genesys(
      '_max_time_to_wait_for_agent_on_the_call',
      seconds(0, 86_400),
      'Longest wait of an answered customer for an agent’s answer, or a route point’s; 0 = no limit. The clock starts with the search.',
      { source: PAGE, default: 3600 },
    ),
    genesys(
      '_max_transfer_to_agent_attempts',
      count(1, 100),
      'How often a failed agent leg is tried, in all.',
      { default: 5 },
    ),
    ours(
      'agentRetryMs',
      milliseconds(100, HOUR_MS),
      'Pause before a queue of kind `sip` that failed is called again. Agents of our own rest for `missPauseMs` of their queue.',
      { default: 5000 },
    ),
    ours(
      'conversationMaxMs',
      milliseconds(0, 24 * HOUR_MS),
      'Longest conversation with an agent or route point; then both sides are hung up. 0 = no limit.',
      { default: 4 * HOUR_MS },
    ),
    genesys(
      '_ixn_redirect_hints',
      { kind: 'json' },
      'Of these hints `{ extensions: { CPNDigits: "5551234" } }` is used: the number shown to the agent.',
      { source: PAGE, defaultSays: 'none' },
    ),
    genesys(
      '_attach_udata',
      choice(ATTACH_USER_DATA),
      'How the user data travels to the agent: all in one key, one key for each item, or only our id.',
      { default: 'single_json' },
    ),
    ours(
      'allowedDestinations',
      { kind: 'list', maxItems: 100, commaText: true, of: text(320, DESTINATION) },
      'Hosts, or user@host, that a SIP URI in a `route_to_rp`, an agent’s REFER or a trunk’s 3xx may name; with `:port` where it is not 5060. The names under `routePoints` are always allowed.',
      { default: [] },
    ),
  ],
};

export const REQUEST: OptionGroup = {
  title: 'Requests',
  intro: 'Which requests for a callback are accepted.',
  options: [
    genesys('_overwritable_options', names, 'Options that a request may set for itself.', {
      default: [],
    }),
    genesys('_customer_lookup_keys', names, 'Parameters a callback can be found by.', {
      default: ['_customer_number'],
    }),
    genesys(
      '_mandatory_customer_lookup_keys',
      names,
      'Of these, the ones a request has to bring.',
      { default: ['_customer_number'] },
    ),
    genesys(
      '_throttle_callbacks_per_service_1',
      count(0, 1_000_000),
      'Requests accepted within `_throttle_ttl_1`.',
      { default: 500 },
    ),
    genesys('_throttle_ttl_1', seconds(1), 'Length of the first window.', { default: 300 }),
    genesys(
      '_throttle_callbacks_per_service_2',
      count(0, 1_000_000),
      'Requests accepted within `_throttle_ttl_2`.',
      { default: 1000 },
    ),
    genesys('_throttle_ttl_2', seconds(1), 'Length of the second window.', { default: 3600 }),
    genesys('_throttle_request_parameters', names, 'Parameters whose single values are limited.', {
      default: ['_customer_number'],
    }),
    genesys(
      '_throttle_request_parameters_limit',
      count(0, 1_000_000),
      'Requests a day for one value of such a parameter; the day ends at midnight in `dialling.dayZone`.',
      { default: 6, genesysName: '_throttle_customer_number_limit' },
    ),
    genesys(
      '_enable_throttle_header_parameters',
      bool,
      'Take the value of such a parameter from the HTTP header of that name where there is one; `_customer_number` is always the number that will be dialled.',
      { default: true },
    ),
    genesys(
      '_max_queued_callbacks_per_service',
      count(0, 1_000_000),
      'Callbacks in the queue at most; scheduled ones do not count. 0 refuses all.',
      { default: 1000 },
    ),
    genesys(
      '_enable_in_queue_checking',
      bool,
      'Refuse a number that has two callbacks in the queue.',
      { default: true },
    ),
  ],
};
