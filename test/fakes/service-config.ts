/** A service as the loader would make it, for tests that change an option or two. */
import type { ServiceOptions } from '../../src/callflow/service-options.js';
import type { DialPlace } from '../../src/session-owner.js';
import type {
  HandoffConfig,
  SearchConfig,
  ServiceConfig,
  ServiceLimits,
} from '../../src/config/config.js';
import type { Place } from '../../src/dial/set-up-governor.js';
import type { Trunk } from '../../src/dial/trunk.js';

const file = (name: string) => ({ file: name, afterBeep: false, interruptible: false });

export const SERVICE_OPTIONS: ServiceOptions = {
  name: 'sales',
  customerConnectTreatment: file('connect.wav'),
  waitingForAgentTreatment: file('waiting.wav'),
  findAgentFailTreatment: file('find-agent-fail.wav'),
  answeringMachineTreatment: { ...file('machine.wav'), afterBeep: true },
  pluginOnDialUrl: undefined,
  pluginInvokeOnCallFailed: true,
  pluginTimeoutMs: 120_000,
  pluginAssociateIxn: true,
  onPluginError: 'fail',
  pluginTimeoutTreatment: undefined,
  pluginComfort: undefined,
  vxmlUrl: undefined,
  onVxmlError: 'builtin',
  isCpdEnabled: true,
  amDetected: 'connect',
  silenceAs: 'human',
  unknownAs: 'human',
  sitPermanent: 'fail',
  machineMessage: 'every',
  completeAfterMessage: false,
  maxDialAttempts: 3,
  dialRetryMs: 300_000,
  prefixDialOut: '',
  ringTimeoutMs: 30_000,
  queue: 'support',
  agentWaitMaxMs: 3_600_000,
  maxTransferToAgentAttempts: 5,
  agentRetryMs: 2000,
  cpnDigits: undefined,
  conversationMaxMs: 14_400_000,
  waitsForAgent: false,
  aheadWaitMaxMs: 14_400_000,
  ttlMs: 86_400_000,
  humanSilenceMaxMs: 5000,
  greetingWaitMaxMs: 45_000,
  retryRules: {},
  cannotDialBufferMs: 0,
  isTimeLimited: false,
  beepWaitMaxMs: 4000,
};

export const HANDOFF: HandoffConfig = {
  transfer: 'bridge',
  referTimeoutMs: 30_000,
  numbersTo: undefined,
  media: 'server',
  attached: {
    headers: {
      GMS_ServiceID: 'X-GMS-Service-ID',
      GMS_URS_PRIORITY: 'X-GMS-URS-PRIORITY',
      RouterData70: 'X-RouterData70',
      GMS_UserData: 'X-GMS-User-Data',
    },
    userToUser: [],
    userToUserMaxBytes: 128,
  },
  whisper: [],
  isBridgedAhead: true,
  accept: { digit: undefined, timeoutMs: 10_000 },
  recording: undefined,
  announcements: { position: [], expectedWait: [], everyMs: 30_000 },
  numbers: {},
};

export const SEARCH: SearchConfig = {
  steps: [{ queue: 'support', timeoutMs: 0, isCleared: false }],
  isByTarget: false,
  priorityIncrement: 0,
  priorityIncrementIntervalMs: 60_000,
  etaPositions: [{ etaSeconds: 0, position: 10 }],
  reserveTimeoutMs: 30_000,
  confirmTimeoutMs: 0,
};

export const SERVICE_LIMITS: ServiceLimits = {
  allowedCountries: [],
  refusesImpossibleNumbers: true,
  refusedKinds: ['premium', 'shared-cost', 'personal', 'satellite', 'short', 'emergency'],
  allowedPrefixes: ['91'],
  maxConcurrentCalls: undefined,
  maxCallsPerSecond: undefined,
  maxAttemptsPerDay: undefined,
  dialShare: 1,
  leftOverAfterMs: 7_200_000,
  givenUpAfterMs: 86_400_000,
};

export function serviceConfig(options: Partial<ServiceOptions> = {}): ServiceConfig {
  return {
    name: 'sales',
    options: { ...SERVICE_OPTIONS, ...options },
    callerId: undefined,
    callerName: undefined,
    cpdProfile: 'human-first',
    cpdRules: { timing: {}, appAmd: {}, gvp: {} },
    country: 'US',
    postConnectTimeoutMs: 15_000,
    lostLegGuardMs: 35_000,
    allowedDestinations: [],
    limits: SERVICE_LIMITS,
    pluginRunner: 'embedded',
    autoDetach: true,
    attachUserData: 'single_json',
    priority: undefined,
    handoff: HANDOFF,
    search: SEARCH,
    request: {
      overwritableOptions: [],
      lookupKeys: ['_customer_number'],
      mandatoryLookupKeys: ['_customer_number'],
      throttleWindows: [],
      throttleParameters: [],
      throttleParametersLimit: 0,
      throttlesByHeader: true,
      maxQueuedCallbacks: 1000,
      refusesThirdInQueue: true,
      openPerNumberMax: undefined,
      rejectFutureMs: 2_592_000_000,
    },
    time: {
      officeHours: undefined,
      whenClosed: 'refuse',
      callingWindow: undefined,
      customerZone: undefined,
      executionBufferMs: 120_000,
      connectThresholdMs: 180_000,
      slotMs: 300_000,
      slotMax: 100,
      capacity: undefined,
      refusesPast: true,
    },
    notification: {
      isOn: false,
      target: undefined,
      events: undefined,
      deliveriesMax: 3,
      hasReminder: false,
      reminderMs: 300_000,
    },
    raw: {},
  };
}

/** Turns of a line of those who want to dial, on this trunk. */
export function onTrunk(place: Place, trunk: DialPlace['trunk']): DialPlace {
  return {
    get isGranted() {
      return place.isGranted;
    },
    granted: place.granted,
    get heldBecause() {
      return place.heldBecause;
    },
    release: () => place.release(),
    trunk,
  };
}

/** A trunk without limits that matter. */
export function testTrunk(uri: string): Trunk {
  return { name: uri, uri, priority: 1, maxConcurrentCalls: 100, maxCallsPerSecond: 1000 };
}
