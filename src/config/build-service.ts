/**
 * One service: its options and the defaults, in Genesys' units, made into what the flow and the rest
 * of the program read. The only place where an option's name meets a field's name.
 */
import { buildNotification } from './build-notification.js';
import type { OptionalTreatment, ServiceOptions, Treatment } from '../callflow/service-options.js';
import { buildHandoff } from './build-handoff.js';
import { buildServiceLimits } from './build-limits.js';
import { buildRetryRules, buildTimeRules, isTimeLimited } from './build-time.js';
import { parseEtaPositions } from '../handoff/queue/wait-estimate.js';
import type { RequestRules, SearchConfig, ServiceConfig } from './config.js';
import {
  AM_DETECTED,
  ANSWERED_AS,
  ATTACH_USER_DATA,
  CPD_PROFILES,
  MACHINE_MESSAGE,
  ON_ERROR,
  PLUGIN_RUNNERS,
  SIT_PERMANENT,
} from './schema-terms.js';
import { SERVICE_OPTIONS } from './schema-service.js';
import { fromPlain, OptionReader, toPlain, type Block, type Value } from './values.js';

const DAY_MS = 24 * 3600 * 1000;
const SPAN_UNITS_MS: Readonly<Record<string, number>> = {
  y: 365 * DAY_MS,
  M: 30 * DAY_MS,
  w: 7 * DAY_MS,
  d: DAY_MS,
  h: 3600 * 1000,
  m: 60 * 1000,
};

/** @param layers what the file says, the first that has an option wins */
export function buildService(name: string, layers: readonly (Block | undefined)[]): ServiceConfig {
  const read = new OptionReader(SERVICE_OPTIONS, layers);
  return {
    name,
    options: buildFlowOptions(name, read),
    callerId: read.optionalText('callerId'),
    callerName: read.optionalText('callerName'),
    cpdProfile: read.choice('cpdProfile', CPD_PROFILES),
    cpdRules: {
      timing: numbersOf(read.block('cpdTiming')),
      appAmd: numbersOf(read.block('appAmd')),
      gvp: numbersOf(read.block('gvp')),
    },
    country: read.text('_default_country'),
    postConnectTimeoutMs: read.durationMs('_call_timeguard_timeout'),
    mediaSilenceMaxMs: read.optionalNumber('mediaSilenceMaxMs'),
    lostLegGuardMs: read.durationMs('lostLegGuardMs'),
    allowedDestinations: read.texts('allowedDestinations'),
    limits: buildServiceLimits(read),
    pluginRunner: read.choice('pluginRunner', PLUGIN_RUNNERS),
    autoDetach: read.flag('autoDetach'),
    attachUserData: read.choice('_attach_udata', ATTACH_USER_DATA),
    priority: read.optionalNumber('_urs_vq_priority'),
    handoff: buildHandoff(read),
    search: buildSearch(read),
    request: buildRequestRules(read),
    time: buildTimeRules(read),
    notification: buildNotification(read),
    raw: mergeRaw(layers),
  };
}

/** What is set in a block of numbers; the schema has checked their names and ranges. */
function numbersOf(block: Block | undefined): Readonly<Record<string, number>> {
  const isNumber = (entry: [string, Value]): entry is [string, number] =>
    typeof entry[1] === 'number';
  return Object.fromEntries([...(block ?? [])].filter(isNumber));
}

function buildFlowOptions(name: string, read: OptionReader): ServiceOptions {
  return {
    name,
    customerConnectTreatment: treatment(read, '_treatment_customer_connect'),
    waitingForAgentTreatment: treatment(read, '_treatment_waiting_for_agent', 'waiting.wav'),
    findAgentFailTreatment: treatment(read, '_treatment_find_agent_fail', 'find-agent-fail.wav'),
    answeringMachineTreatment: treatment(
      read,
      '_treatment_call_failure_answering_machine',
      'machine.wav',
    ),
    pluginOnDialUrl: read.optionalText('_plugin_on_dial_url'),
    pluginInvokeOnCallFailed: read.flag('_plugin_on_dial_invoke_on_call_failed'),
    pluginTimeoutMs: read.durationMs('_plugin_on_dial_timeout'),
    pluginAssociateIxn: read.flag('_plugin_on_dial_associate_ixn'),
    onPluginError: read.choice('onPluginError', ON_ERROR),
    pluginTimeoutTreatment: treatment(read, 'pluginTimeoutTreatment'),
    pluginComfort: treatment(read, 'pluginComfort'),
    vxmlUrl: read.optionalText('_on_customer_connect_treatment_url'),
    onVxmlError: read.choice('onVxmlError', ON_ERROR),
    isCpdEnabled: read.flag('_cpd_enable'),
    amDetected: read.choice('amDetected', AM_DETECTED),
    silenceAs: read.choice('silenceAs', ANSWERED_AS),
    unknownAs: read.choice('unknownAs', ANSWERED_AS),
    sitPermanent: read.choice('sitPermanent', SIT_PERMANENT),
    machineMessage: read.choice('machineMessage', MACHINE_MESSAGE),
    completeAfterMessage: read.flag('completeAfterMessage'),
    maxDialAttempts: read.number('_max_dial_attempts'),
    dialRetryMs: read.durationMs('_dial_retry_timeout'),
    retryRules: buildRetryRules(read),
    prefixDialOut: read.optionalText('_prefix_dial_out') ?? '',
    ringTimeoutMs: read.durationMs('ringTimeoutMs'),
    queue: read.targets('_target')?.[0]?.queue ?? read.optionalText('queue'),
    agentWaitMaxMs: read.durationMs('_max_time_to_wait_for_agent_on_the_call'),
    maxTransferToAgentAttempts: read.number('_max_transfer_to_agent_attempts'),
    agentRetryMs: read.durationMs('agentRetryMs'),
    cpnDigits: readCpnDigits(read.json('_ixn_redirect_hints')),
    conversationMaxMs: read.durationMs('conversationMaxMs'),
    waitsForAgent: read.flag('_wait_for_agent'),
    aheadWaitMaxMs: read.durationMs('_urs_queued_ttl'),
    cannotDialBufferMs: read.durationMs('_cannot_dial_buffer_time'),
    isTimeLimited: isTimeLimited(buildTimeRules(read)),
    ttlMs: read.durationMs('_ttl'),
    humanSilenceMaxMs: read.durationMs('humanSilenceMaxMs'),
    greetingWaitMaxMs: read.durationMs('greetingWaitMaxMs'),
    beepWaitMaxMs: read.durationMs('beepWaitMaxMs'),
  };
}

function buildSearch(read: OptionReader): SearchConfig {
  const targets = read.targets('_target');
  const queue = read.optionalText('queue');
  const ofQueue = queue === undefined ? [] : [{ queue, timeoutMs: 0, isCleared: false }];
  return {
    steps:
      targets?.map(({ queue, timeoutS, clear }) => {
        return { queue, timeoutMs: timeoutS * 1000, isCleared: clear };
      }) ?? ofQueue,
    isByTarget: targets !== undefined,
    priorityIncrement: read.number('_urs_vq_priority_increment'),
    priorityIncrementIntervalMs: read.durationMs('_urs_vq_priority_increment_interval'),
    etaPositions: parseEtaPositions(read.text('_eta_pos_threshold')) ?? [],
    reserveTimeoutMs: read.durationMs('_agent_reserve_timeout'),
    confirmTimeoutMs: read.durationMs('_agent_transfer_confirm_timeout'),
  };
}

function buildRequestRules(read: OptionReader): RequestRules {
  return {
    overwritableOptions: read.texts('_overwritable_options'),
    lookupKeys: read.texts('_customer_lookup_keys'),
    mandatoryLookupKeys: read.texts('_mandatory_customer_lookup_keys'),
    throttleWindows: [
      {
        count: read.number('_throttle_callbacks_per_service_1'),
        windowMs: read.durationMs('_throttle_ttl_1'),
      },
      {
        count: read.number('_throttle_callbacks_per_service_2'),
        windowMs: read.durationMs('_throttle_ttl_2'),
      },
    ],
    throttleParameters: read.texts('_throttle_request_parameters'),
    throttleParametersLimit: read.number('_throttle_request_parameters_limit'),
    throttlesByHeader: read.flag('_enable_throttle_header_parameters'),
    maxQueuedCallbacks: read.number('_max_queued_callbacks_per_service'),
    refusesThirdInQueue: read.flag('_enable_in_queue_checking'),
    openPerNumberMax: read.optionalNumber('openPerNumberMax'),
    rejectFutureMs: spanToMs(read.text('_reject_future_desired_time')),
  };
}

/**
 * Nothing said means the packaged file, if this treatment has one; "off" stays off. The packaged
 * machine message has no beep hint: not every machine beeps, and without the hint the message starts
 * when the greeting has ended.
 */
function treatment(read: OptionReader, key: string, packaged?: string): OptionalTreatment {
  const value = read.treatment(key);
  if (value !== undefined) return value.treatment;
  return packaged === undefined ? undefined : packagedTreatment(packaged);
}

function packagedTreatment(file: string): Treatment {
  return { file, afterBeep: false, interruptible: false };
}

/** `{"extensions": {"CPNDigits": "5551234"}}`; digits written as a number are taken too. */
function readCpnDigits(hints: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const extensions = hints?.extensions;
  if (typeof extensions !== 'object' || extensions === null) return undefined;
  const digits: unknown = Reflect.get(extensions, 'CPNDigits');
  const text = typeof digits === 'number' ? String(digits) : digits;
  return typeof text === 'string' && /^\+?[0-9*#]{1,32}$/.test(text) ? text : undefined;
}

/** `36h`, `1M`: the schema has checked the form. */
function spanToMs(span: string): number {
  return Number(span.slice(0, -1)) * (SPAN_UNITS_MS[span.slice(-1)] ?? 0);
}

function mergeRaw(layers: readonly (Block | undefined)[]): Record<string, unknown> {
  const raw = Object.create(null) as Record<string, unknown>;
  for (const layer of [...layers].reverse()) {
    for (const [key, value] of layer ?? []) raw[key] = toPlain(value);
  }
  return raw;
}

/** The way back from `raw`, so that a request's options can be laid on top of it. */
export function blockOfRaw(raw: Readonly<Record<string, unknown>>): Block {
  const block = new Map<string, Value>();
  for (const { key, type } of SERVICE_OPTIONS) {
    const value = fromPlain(raw[key], type);
    if (value !== undefined) block.set(key, value);
  }
  return block;
}
