/**
 * The configuration as the program uses it: validated, defaults applied, durations in milliseconds,
 * paths absolute, frozen. Plain data, so it can be posted to a worker. Made by `loadConfig` only.
 */
import type { ServiceOptions } from '../callflow/service-options.js';
import type { CpdOptions } from '../cpd/options.js';
import type { ResultRow } from '../dial/result-rows.js';
import type { Trunk } from '../dial/trunk.js';
import type { AttachedFormat } from '../handoff/attached-data.js';
import type { AgentPlan, EscalationStep, QueuePlan } from '../handoff/queue/plans.js';
import type { EtaPosition } from '../handoff/queue/wait-estimate.js';
import type { NumberKind } from '../request/number-kind.js';
import type { RoutePoint, Transfer } from '../handoff/route-point.js';
import type { CapacityPlan } from '../schedule/hours/capacity.js';
import type { HoursPlan, WeeklySpans } from '../schedule/hours/hours-plan.js';
import type { Fragments } from '../treatment/fragments.js';
import type { Problem } from './problem.js';
import type { ApiScope } from './schema-http.js';
import type { CPD_PROFILES, SpeechProgram } from './schema-terms.js';

export interface EmbeddedConfig {
  /** Address the engine's SIP agent binds. */
  readonly sipHost: string;
  /** 0 = any free port. */
  readonly sipPort: number;
  /** Address the engine's media binds. */
  readonly rtpHost: string;
}

/** One site. */
export interface DrachtioConfig {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly tls: boolean;
  /** Absolute path of a PEM file. */
  readonly tlsCa: string | undefined;
  readonly tlsServerName: string | undefined;
}

export interface FreeswitchConfig {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Name of its drachtio. */
  readonly site: string;
  /** Channels at most; its own limit when undefined. */
  readonly maxSessions: number | undefined;
  /** New calls a second at most; below that what is learned. */
  readonly maxSetUpsPerSecond: number | undefined;
  /** Calls being set up at a time at most; below that what is learned. */
  readonly maxSetUpsInProgress: number | undefined;
  /** Our own address, or address:port, as this server sees it, for its outbound socket and the tap. */
  readonly advertise: string | undefined;
  /** Address, or address:port, we listen on for its outbound sockets. */
  readonly listen: string | undefined;
  readonly allowPublicListener: boolean;
  /** `host:port` of its SIP profile. */
  readonly sipAddress: string | undefined;
  /** Where this server sees `media.directory`. */
  readonly mediaPath: string | undefined;
  /** How the customer's audio is had from it. */
  readonly audioTap: 'auto' | 'recording' | 'unicast';
  /** Name of its sofia profile. */
  readonly profile: string;
}

export type TrunkConfig = Trunk;

/** How a service looks for an agent. */
export interface SearchConfig {
  /** In order; empty when the service names no queue. */
  readonly steps: readonly EscalationStep[];
  /** They come from `_target` and not from `queue`. */
  readonly isByTarget: boolean;
  readonly priorityIncrement: number;
  readonly priorityIncrementIntervalMs: number;
  /** `_eta_pos_threshold`. */
  readonly etaPositions: readonly EtaPosition[];
  /** `_agent_reserve_timeout`. */
  readonly reserveTimeoutMs: number;
  /** `_agent_transfer_confirm_timeout`; 0 = off. */
  readonly confirmTimeoutMs: number;
}

export type RoutePointConfig = RoutePoint;

/** From an agent's answer to the end of the conversation. */
export interface HandoffConfig {
  /** Of route points that do not say. */
  readonly transfer: Transfer;
  readonly referTimeoutMs: number;
  /** `routeNumbersTo`: host or host:port. */
  readonly numbersTo: string | undefined;
  /** Where the media of a conversation go. */
  readonly media: 'server' | 'direct';
  /** The bridge is made while the customer waits. */
  readonly isBridgedAhead: boolean;
  readonly attached: AttachedFormat;
  /** Fragments; empty = none. */
  readonly whisper: readonly string[];
  /** Without a digit an answer is enough. */
  readonly accept: { readonly digit: string | undefined; readonly timeoutMs: number };
  /** Template of a recording's path. */
  readonly recording: string | undefined;
  /** Told to a waiting customer; empty = not told. */
  readonly announcements: {
    readonly position: readonly string[];
    readonly expectedWait: readonly string[];
    readonly everyMs: number;
  };
  readonly numbers: Fragments;
}

/** Call progress detection of this process. */
export interface CpdConfig {
  /** Profiles that listen beside the one in use. */
  readonly shadowProfiles: readonly ServiceConfig['cpdProfile'][];
  /** Absolute path of a file of `cpd-train`. */
  readonly calibrationFile: string | undefined;
  /** Undefined: nothing is recorded. */
  readonly recorder:
    | {
        /** Absolute. */
        readonly directory: string;
        readonly seconds: number;
        readonly retentionDays: number;
        /** Empty: all. */
        readonly services: readonly string[];
      }
    | undefined;
}

export interface CallRecordsConfig {
  /** Absolute. */
  readonly file: string;
  /** Then it is put aside. */
  readonly maxBytes: number;
  readonly keptFiles: number;
}

export type StoreConfig = {
  /** Days that ended callbacks are kept; 0: for ever. */
  readonly retentionDays: number;
} &
  /** `path` is absolute, or `:memory:`. */
  (
    | { readonly kind: 'sqlite'; readonly url: string; readonly path: string }
    | { readonly kind: 'postgres'; readonly url: string; readonly leaseMs: number }
  );

/** One key of the API; the key itself is never kept. */
export interface ApiKey {
  readonly name: string;
  /** SHA-256 of the key, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly scopes: readonly ApiScope[];
  /** Names of the services it may touch; undefined = all, those of a later reload included. */
  readonly services: readonly string[] | undefined;
  /** Instead of `rateLimits.perKey`; 0 = no limit. */
  readonly requestsPerMinute: number | undefined;
}

export type HttpAuth =
  { readonly kind: 'none' } | { readonly kind: 'keys'; readonly keys: readonly ApiKey[] };

export interface HttpConfig {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly isLoopback: boolean;
  /** As other machines see the API, without a trailing slash; made into `_reply_url`. */
  readonly publicUrl: string | undefined;
  readonly auth: HttpAuth;
  /** Origins of web pages that may use the API; empty = none but our own. */
  readonly corsOrigins: readonly string[];
  /** Absolute paths of PEM files; undefined = plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly maxBodyBytes: number;
  /** Requests a minute; 0 = no limit. */
  readonly rateLimits: { readonly perKey: number; readonly perAddress: number };
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** What a request for a callback of a service may be and bring. */
export interface RequestRules {
  /** `_overwritable_options`: option names a request may set, in the spelling of the schema. */
  readonly overwritableOptions: readonly string[];
  /** `_customer_lookup_keys` and `_mandatory_customer_lookup_keys`. */
  readonly lookupKeys: readonly string[];
  readonly mandatoryLookupKeys: readonly string[];
  /** `_throttle_callbacks_per_service_1/2` with `_throttle_ttl_1/2`; all of them are checked. */
  readonly throttleWindows: readonly { readonly count: number; readonly windowMs: number }[];
  /** `_throttle_request_parameters` and `..._limit`: so many a day for each value of each parameter. */
  readonly throttleParameters: readonly string[];
  readonly throttleParametersLimit: number;
  /** `_enable_throttle_header_parameters`. */
  readonly throttlesByHeader: boolean;
  /** `_max_queued_callbacks_per_service`; scheduled ones do not count, 0 = refuse all. */
  readonly maxQueuedCallbacks: number;
  /** `_enable_in_queue_checking`: refuse a number that has two callbacks in the queue already. */
  readonly refusesThirdInQueue: boolean;
  /** Callbacks of one number, of any state but COMPLETED. */
  readonly openPerNumberMax: number | undefined;
  /** `_reject_future_desired_time`, months taken as 30 days and years as 365. */
  readonly rejectFutureMs: number;
}

/** What a service may dial, how much of it and how fast; undefined = no limit of its own. */
export interface ServiceLimits {
  /** ISO 3166 alpha-2 countries that may be dialled; empty = all. */
  readonly allowedCountries: readonly string[];
  /** `_disallow_impossible_phone_numbers`. */
  readonly refusesImpossibleNumbers: boolean;
  /** `_disallow_premium_phone_numbers` and `refusedNumbers`. */
  readonly refusedKinds: readonly NumberKind[];
  /** What a reply may put in front of a number besides nothing and `_prefix_dial_out`. */
  readonly allowedPrefixes: readonly string[];
  readonly maxConcurrentCalls: number | undefined;
  readonly maxCallsPerSecond: number | undefined;
  readonly maxAttemptsPerDay: number | undefined;
  readonly dialShare: number;
  /** `_queue_poll_period`: overdue by more than this counts as left over from an outage. */
  readonly leftOverAfterMs: number;
  /** `_queue_poll_period_recovery`: overdue by more than this is given up. */
  readonly givenUpAfterMs: number;
}

/** Limits on what all services dial together; undefined = none. */
export interface DiallingConfig {
  readonly allowedCountries: readonly string[];
  /** Absolute path. */
  readonly doNotCallFile: string | undefined;
  readonly maxConcurrentCalls: number | undefined;
  readonly maxCallsPerSecond: number | undefined;
  readonly maxAttemptsPerDay: number | undefined;
  /** IANA name. */
  readonly dayZone: string;
  readonly warmStartMs: number;
  readonly warmStartAfterMs: number;
}

/** When a callback may be asked for, and when its number may be dialled. */
export interface TimeRules {
  /** `_business_hours_service`: a name under `officeHours`; undefined = always open. */
  readonly officeHours: string | undefined;
  readonly whenClosed: 'refuse' | 'schedule';
  /** By the customer's clock; undefined = at any time. */
  readonly callingWindow: WeeklySpans | undefined;
  /** IANA name; undefined = what the number tells. */
  readonly customerZone: string | undefined;
  /** `_request_execution_time_buffer`. */
  readonly executionBufferMs: number;
  /** `_desired_connect_time_threshold`. */
  readonly connectThresholdMs: number;
  /** `_request_time_bucket`. */
  readonly slotMs: number;
  /** `_max_request_by_time_bucket`. */
  readonly slotMax: number;
  /** `_capacity_service`: a name under `capacities`, in place of `slotMax`. */
  readonly capacity: string | undefined;
  /** `_reject_past_desired_time`. */
  readonly refusesPast: boolean;
}

/** Whom a service tells of its callbacks' events. */
export interface NotificationConfig {
  readonly isOn: boolean;
  /** http(s) URL; undefined = nobody is told, whatever else is said. */
  readonly target: string | undefined;
  /** The wanted events with their parameters; undefined = all, with the usual ones. */
  readonly events: Readonly<Record<string, readonly string[]>> | undefined;
  readonly deliveriesMax: number;
  readonly hasReminder: boolean;
  /** So long before the desired time. */
  readonly reminderMs: number;
}

export interface ServiceConfig {
  readonly name: string;
  /** What the call flow reads. */
  readonly options: ServiceOptions;
  readonly callerId: string | undefined;
  readonly callerName: string | undefined;
  readonly cpdProfile: (typeof CPD_PROFILES)[number];
  /** `cpdTiming`, `appAmd` and `gvp`, as far as they are set: in place of the profiles' own numbers. */
  readonly cpdRules: Pick<CpdOptions, 'timing' | 'appAmd' | 'gvp'>;
  /** `_default_country`, ISO 3166 alpha-2: national numbers are read as of this country. */
  readonly country: string;
  /** `_call_timeguard_timeout`: longest analysis of an answered call. */
  readonly postConnectTimeoutMs: number;
  /** Once answered, a customer's leg from which no RTP came for so long is given up; undefined = off. */
  readonly mediaSilenceMaxMs?: number | undefined;
  /** Time past the ring timeout for which a number waits when a crash left its phone ringing. */
  readonly lostLegGuardMs: number;
  /** Hosts or `user@host` that a route_to_rp destination may name; route points are always allowed. */
  readonly allowedDestinations: readonly string[];
  readonly limits: ServiceLimits;
  readonly pluginRunner: 'embedded' | 'ors' | 'webhook';
  /** Take the call back from a plugin that replies without having detached it. */
  readonly autoDetach: boolean;
  /** `_attach_udata`: how the user data travels to the agent. */
  readonly attachUserData: 'single_json' | 'separate_keys' | 'gms_storage_id';
  /** `_urs_vq_priority`: travels as GMS_URS_PRIORITY. */
  readonly priority: number | undefined;
  readonly handoff: HandoffConfig;
  readonly search: SearchConfig;
  readonly request: RequestRules;
  readonly notification: NotificationConfig;
  readonly time: TimeRules;
  /**
   * What the file says for this service, `defaults:` included and built-in defaults not, by option
   * name in the option's own unit. The ground for `overrideService`.
   */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Who reads out text, and how. */
export interface SpeechConfig {
  readonly program: SpeechProgram;
  /** By language in lower case (`de`, `de-at`), and `default`. */
  readonly voices: Readonly<Record<string, string>>;
  readonly wordsPerMinute: number;
}

export interface DialbackConfig {
  /** Absolute path of the file or folder read. */
  readonly file: string;
  readonly engine: 'embedded' | 'servers';
  readonly embedded: EmbeddedConfig;
  /** The sites; at least one when `engine` is `servers`. */
  readonly drachtio: readonly DrachtioConfig[];
  readonly freeswitch: readonly FreeswitchConfig[];
  readonly trunks: readonly TrunkConfig[];
  readonly dialling: DiallingConfig;
  /** Asked before the built-in rows. */
  readonly trunkResults: readonly ResultRow[];
  /** Calls from outside. */
  readonly inbound: {
    /** IP addresses of who may bring any. */
    readonly acceptFrom: readonly string[];
    readonly status: number;
    readonly redirectTo: string | undefined;
    /** Into whose queue they are taken. */
    readonly service: string | undefined;
    readonly maxCalls: number;
    readonly maxCallsPerSecond: number;
    readonly cancelsCallbacks: boolean;
  };
  /** Absolute; `packagedDirectory` is the product's own media folder. */
  readonly media: {
    readonly directory: string;
    readonly packagedDirectory: string;
    readonly exchangeDirectory: string | undefined;
  };
  readonly speech: SpeechConfig;
  readonly cpd: CpdConfig;
  readonly queues: Readonly<Record<string, QueuePlan>>;
  readonly agents: Readonly<Record<string, AgentPlan>>;
  readonly routePoints: Readonly<Record<string, RoutePointConfig>>;
  readonly officeHours: Readonly<Record<string, HoursPlan>>;
  readonly capacities: Readonly<Record<string, CapacityPlan>>;
  readonly store: StoreConfig;
  readonly recordings: {
    /** 0: for ever. */
    readonly ageMaxMs: number;
    /** Of all together; 0: no limit. */
    readonly bytesMax: number;
  };
  readonly http: HttpConfig;
  /** Call records as lines of JSON in a file; undefined: in the store only. */
  readonly callRecords: CallRecordsConfig | undefined;
  /** `whsec_...`; notices are signed with each. Empty = not signed. */
  readonly notifications: { readonly secrets: readonly string[] };
  /** Longest wait for calls in the air when the service is told to end. */
  readonly shutdown: { readonly drainTimeoutMs: number };
  readonly orchestration: { readonly url: string | undefined };
  /** Undefined: requests to webhooks are not signed. */
  readonly webhook: { readonly secret: string | undefined };
  /** Addresses and networks that names of allowed origins may lead to besides the Internet. */
  readonly allowedAddresses: readonly string[];
  /** `allowedOrigins` and the origin of every URL that the file itself names. */
  readonly allowedOrigins: readonly string[];
  readonly log: { readonly level: LogLevel };
  readonly services: Readonly<Record<string, ServiceConfig>>;
  readonly warnings: readonly Problem[];
}
