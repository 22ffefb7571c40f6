/**
 * Options that are right in themselves and change nothing, because another one is off: one line a
 * rule. Only what a service itself says is looked at; `defaults` may be meant for the others.
 */
import { finding } from './check-finding.js';
import type { DialbackConfig, ServiceConfig } from './config.js';
import { isWritten } from './positions.js';
import type { Problem } from './problem.js';

interface EffectRule {
  readonly keys: readonly string[];
  readonly isWithoutEffect: (service: ServiceConfig, config: DialbackConfig) => boolean;
  readonly says: string;
}

const RULES: readonly EffectRule[] = [
  {
    keys: [
      '_plugin_on_dial_invoke_on_call_failed',
      '_plugin_on_dial_associate_ixn',
      'pluginRunner',
      'onPluginError',
    ],
    isWithoutEffect: ({ options }) => options.pluginOnDialUrl === undefined,
    says: 'Has no effect without `_plugin_on_dial_url`.',
  },
  {
    keys: ['onVxmlError'],
    isWithoutEffect: ({ options }) => options.vxmlUrl === undefined,
    says: 'Has no effect without `_on_customer_connect_treatment_url`.',
  },
  {
    keys: [
      '_plugin_on_dial_timeout',
      'pluginComfort',
      'pluginTimeoutTreatment',
      'allowedDestinations',
      'routeNumbersTo',
      'routePointTransfer',
    ],
    isWithoutEffect: ({ options: { pluginOnDialUrl, vxmlUrl } }) =>
      pluginOnDialUrl === undefined && vxmlUrl === undefined,
    says: 'Has no effect without a plugin or page: nobody is asked.',
  },
  {
    keys: [
      'cpdProfile',
      'cpdTiming',
      'appAmd',
      'gvp',
      '_call_timeguard_timeout',
      'amDetected',
      'silenceAs',
      'unknownAs',
    ],
    isWithoutEffect: (service) => !isCpdOn(service),
    says: 'Has no effect: `_cpd_enable: false` takes every answer for a human.',
  },
  {
    keys: ['cpdTiming'],
    isWithoutEffect: (service) =>
      isCpdOn(service) && ['app-amd', 'gvp'].includes(service.cpdProfile),
    says: 'Has no effect: `app-amd` and `gvp` have numbers of their own, under their names.',
  },
  {
    keys: ['appAmd'],
    isWithoutEffect: (service, config) => isCpdOn(service) && !isHeard('app-amd', service, config),
    says: 'Has no effect: neither `cpdProfile` nor `cpd.shadowProfiles` is `app-amd`.',
  },
  {
    keys: ['gvp'],
    isWithoutEffect: (service, config) => isCpdOn(service) && !isHeard('gvp', service, config),
    says: 'Has no effect: neither `cpdProfile` nor `cpd.shadowProfiles` is `gvp`.',
  },
  {
    keys: ['agentAcceptTimeoutMs'],
    isWithoutEffect: ({ handoff }) => handoff.accept.digit === undefined,
    says: 'Has no effect without `agentAcceptDigit`.',
  },
  {
    keys: ['bridgeAhead'],
    isWithoutEffect: ({ handoff: { whisper, accept } }) =>
      whisper.length > 0 || accept.digit !== undefined,
    says: 'Has no effect with `agentWhisper` or `agentAcceptDigit`: until then the two have to be apart.',
  },
  {
    keys: ['userToUserMaxBytes'],
    isWithoutEffect: ({ handoff }) => handoff.attached.userToUser.length === 0,
    says: 'Has no effect without `userToUser`.',
  },
  {
    keys: ['announcementEveryMs'],
    isWithoutEffect: ({ handoff: { announcements } }) =>
      announcements.position.length + announcements.expectedWait.length === 0,
    says: 'Has no effect: nothing is announced.',
  },
  {
    keys: ['numberFragments'],
    isWithoutEffect: ({ handoff: { announcements, whisper } }) =>
      ![...announcements.position, ...announcements.expectedWait, ...whisper].some((piece) =>
        piece.startsWith('{'),
      ),
    says: 'Has no effect: no sentence has a number in it.',
  },
  {
    keys: ['media'],
    isWithoutEffect: ({ handoff }) => handoff.media === 'direct' && handoff.recording !== undefined,
    says: 'Has no effect: what is recorded goes through the media server, see `recordCalls`.',
  },
  {
    keys: ['machineMessage', 'greetingWaitMaxMs'],
    isWithoutEffect: ({ options }) => !isMessageLeft(options),
    says: 'Has no effect: no message is ever left on a machine.',
  },
  {
    keys: ['beepWaitMaxMs'],
    isWithoutEffect: ({ options }) =>
      !isMessageLeft(options) || options.answeringMachineTreatment?.afterBeep !== true,
    says: 'Has no effect: no message waits for a beep, the hint `am-beep-detection: "on"` is not set.',
  },
  {
    keys: ['_dial_retry_timeout'],
    isWithoutEffect: ({ options }) => options.maxDialAttempts === 1,
    says: 'Has no effect: `_max_dial_attempts: 1` dials once.',
  },
  {
    keys: ['agentRetryMs'],
    isWithoutEffect: ({ options }) => options.maxTransferToAgentAttempts === 1,
    says: 'Has no effect: `_max_transfer_to_agent_attempts: 1` tries once.',
  },
];

export function checkEffects(config: DialbackConfig): Problem[] {
  return Object.values(config.services).flatMap((service) =>
    RULES.filter(({ isWithoutEffect }) => isWithoutEffect(service, config)).flatMap(
      ({ keys, says }) =>
        keys
          .map((key) => `services.${service.name}.${key}`)
          .filter((path) => isWritten(config, path))
          .map((path) => finding(config, 'CHECK_CONTRADICTION', 'warning', path, says)),
    ),
  );
}

function isCpdOn({ options }: ServiceConfig): boolean {
  return options.isCpdEnabled;
}

/** In use, or listening beside the profile in use. */
function isHeard(
  profile: ServiceConfig['cpdProfile'],
  { cpdProfile }: ServiceConfig,
  { cpd }: DialbackConfig,
): boolean {
  return cpdProfile === profile || cpd.shadowProfiles.includes(profile);
}

function isMessageLeft({ isCpdEnabled, amDetected, ...options }: ServiceConfig['options']) {
  const isCallKept = isCpdEnabled && amDetected === 'connect';
  return isCallKept && options.answeringMachineTreatment !== undefined;
}
