import assert from 'node:assert/strict';
import { checkConfig } from '../../src/config/check-config.js';
import { TemporaryFolder } from './temporary-config.js';

const TOP = 'queues: { q: { targets: [{ uri: "sip:q@192.0.2.9" }] } }\n';

describe('checkEffects', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  const idle = async (options: string, defaults = '') => {
    const text = `${TOP}defaults: { ${defaults} }\nservices: { a: { queue: q, ${options} } }\n`;
    const found = await checkConfig(await folder.load(text));
    return found
      .filter(({ code, severity }) => code === 'CHECK_CONTRADICTION' && severity === 'warning')
      .map(({ path }) => path.replace('services.a.', ''));
  };
  const PLUGIN = '_plugin_on_dial_url: "http://127.0.0.1:1/p"';
  const PAGE = '_on_customer_connect_treatment_url: "http://127.0.0.1:1/v"';
  const HINT = '{ file: machine.wav, hints: { am-beep-detection: "on" } }';

  for (const [option, without, withEffect] of [
    ['_plugin_on_dial_associate_ixn: false', '', PLUGIN],
    ['onPluginError: builtin', PAGE, PLUGIN],
    ['onVxmlError: fail', '', PAGE],
    ['_plugin_on_dial_timeout: 5', '', PAGE],
    ['pluginComfort: waiting.wav', '', PLUGIN],
    ['allowedDestinations: [a.example]', '', PLUGIN],
    ['cpdProfile: balanced', '_cpd_enable: false', ''],
    ['amDetected: drop', '_cpd_enable: false', ''],
    ['cpdTiming: { machineSpeechMs: 4000 }', 'cpdProfile: gvp', ''],
    ['appAmd: { greetingMs: 900 }', '', 'cpdProfile: app-amd'],
    ['gvp: { voicePauseMs: 900 }', 'cpdProfile: balanced', 'cpdProfile: gvp'],
    ['gvp: { voicePauseMs: 900 }', '_cpd_enable: false', 'cpdProfile: gvp'],
    ['silenceAs: machine', '_cpd_enable: false', ''],
    ['machineMessage: first', '_treatment_call_failure_answering_machine: {}', ''],
    ['greetingWaitMaxMs: 9000', 'amDetected: drop', ''],
    ['beepWaitMaxMs: 900', '', `_treatment_call_failure_answering_machine: ${HINT}`],
    ['_dial_retry_timeout: 9', '_max_dial_attempts: 1', ''],
    ['agentRetryMs: 900', '_max_transfer_to_agent_attempts: 1', ''],
    ['agentAcceptTimeoutMs: 5000', '', 'agentAcceptDigit: "1"'],
    ['bridgeAhead: true', 'agentAcceptDigit: "1"', ''],
    ['userToUserMaxBytes: 64', '', 'userToUser: [RouterData70]'],
    ['announcementEveryMs: 9000', '', 'positionAnnouncement: [waiting.wav]'],
    ['routePointTransfer: refer', '', PLUGIN],
    ['media: direct', 'recordCalls: "/var/calls/{callbackId}.wav"', ''],
    ['numberFragments: [1=waiting.wav]', '', 'positionAnnouncement: ["{position}"]'],
  ] as const) {
    const key = option.split(':')[0] ?? '';
    it(`says that ${option} has no effect${without && ` with ${without}`}, and when it has`, async () => {
      const both = (more: string) => [option, more].filter((text) => text !== '').join(', ');
      assert.deepEqual(await idle(both(without)), [key]);
      assert.deepEqual(await idle(both(withEffect)), []);
    });
  }

  it('takes the numbers of a profile that only listens beside the one in use', async () => {
    const text = `${TOP}cpd: { shadowProfiles: [app-amd] }\nservices: { a: { queue: q, appAmd: { greetingMs: 900 } } }\n`;
    const found = await checkConfig(await folder.load(text));
    assert.ok(!found.some(({ path }) => path === 'services.a.appAmd'));
  });

  it('lets `defaults` say what only some services need', async () => {
    assert.deepEqual(await idle('_max_dial_attempts: 1', '_dial_retry_timeout: 9'), []);
  });
});
