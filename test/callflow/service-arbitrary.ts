/** Services with any options that the configuration would accept. */
import fc from 'fast-check';
import type { ServiceOptions } from '../../src/callflow/service-options.js';
import { PLUGIN_URL, serviceWith, treatmentFile, VXML_URL } from './flow-fixture.js';

const treatment = (file: string) =>
  fc.option(
    fc
      .record({ afterBeep: fc.boolean(), interruptible: fc.boolean() })
      .map((flags) => treatmentFile(file, flags)),
    { nil: undefined, freq: 4 },
  );
const branch = fc.constantFrom('human' as const, 'machine' as const, 'no-answer' as const);
const onError = fc.constantFrom('fail' as const, 'builtin' as const);

export const anyService: fc.Arbitrary<ServiceOptions> = fc
  .record({
    customerConnectTreatment: treatment('connect.wav'),
    waitingForAgentTreatment: treatment('waiting.wav'),
    findAgentFailTreatment: treatment('find-agent-fail.wav'),
    answeringMachineTreatment: treatment('machine.wav'),
    pluginOnDialUrl: fc.option(fc.constant(PLUGIN_URL), { nil: undefined, freq: 2 }),
    pluginInvokeOnCallFailed: fc.boolean(),
    pluginAssociateIxn: fc.boolean(),
    onPluginError: onError,
    pluginTimeoutTreatment: treatment('sorry.wav'),
    pluginComfort: treatment('comfort.wav'),
    vxmlUrl: fc.option(fc.constant(VXML_URL), { nil: undefined, freq: 2 }),
    onVxmlError: onError,
    isCpdEnabled: fc.boolean(),
    amDetected: fc.constantFrom('connect' as const, 'drop' as const),
    silenceAs: branch,
    unknownAs: branch,
    sitPermanent: fc.constantFrom('fail' as const, 'retry' as const),
    machineMessage: fc.constantFrom('every' as const, 'first' as const, 'last' as const),
    completeAfterMessage: fc.boolean(),
    maxDialAttempts: fc.integer({ min: 1, max: 5 }),
    dialRetryMs: fc.constantFrom(0, 1000, 300_000),
    queue: fc.option(fc.constant('support'), { nil: undefined, freq: 6 }),
    agentWaitMaxMs: fc.constantFrom(0, 1000, 120_000),
    maxTransferToAgentAttempts: fc.integer({ min: 0, max: 3 }),
    agentRetryMs: fc.constantFrom(0, 2000),
    cpnDigits: fc.option(fc.constant('5557777'), { nil: undefined }),
    conversationMaxMs: fc.constantFrom(0, 30_000, 14_400_000),
    waitsForAgent: fc.nat({ max: 7 }).map((choice) => choice === 0),
    aheadWaitMaxMs: fc.constantFrom(0, 60_000),
    ttlMs: fc.constantFrom(0, 60_000, 86_400_000),
    humanSilenceMaxMs: fc.constantFrom(0, 1000, 5000),
    greetingWaitMaxMs: fc.constantFrom(0, 30_000),
    retryRules: fc.constantFrom(
      {},
      { busy: { maxAttempts: 1 }, noAnswer: { delayMs: 1000 } },
      { machine: { delayMs: 0, maxAttempts: 2 }, sit: { maxAttempts: 1 }, error: { delayMs: 5 } },
    ),
    cannotDialBufferMs: fc.constantFrom(0, 0, 90_000_000),
    isTimeLimited: fc.boolean(),
    beepWaitMaxMs: fc.constantFrom(0, 4000),
  })
  .map((options) => serviceWith(options));
