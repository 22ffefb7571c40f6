import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { AnswerWord } from '../../src/callflow/call-state.js';
import { explain } from '../../src/callflow/explain.js';
import { predict } from '../../src/callflow/walk.js';
import { checkConfig } from '../../src/config/check-config.js';
import { loadConfig } from '../../src/config/load-config.js';
import { castParts, runDemo } from '../../src/demo/run-demo.js';

const folder = new URL('../../config/examples/', import.meta.url);
/** Plugins stand beside them in a folder of their own. */
const EXAMPLES = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const env = {
  DRACHTIO_SECRET: 'a-secret',
  FREESWITCH_SECRET: 'a-secret',
  TRUNK_PASSWORD: 'a-secret',
  WEBSITE_KEY: '0123456789abcdef',
};

/**
 * What each example is there to show: for a service and the answers of its attempts (the last holds
 * for all that follow), how the callback ends, after how many attempts, and what was heard.
 */
type Showing = readonly [service: string, answers: readonly AnswerWord[], outcome: string];

const SHOWN: Readonly<Record<string, readonly Showing[]>> = {
  'agents.yaml': [
    ['orders', ['busy', 'human'], 'AGENT_CONNECTED 2: waiting.wav'],
    ['gold', ['human'], 'AGENT_CONNECTED 1: waiting.wav'],
    ['complaints', ['no-answer', 'human'], 'AGENT_CONNECTED 2: waiting.wav'],
  ],
  'demo.yaml': [
    ['sales', ['human'], 'AGENT_CONNECTED 1: connect.wav waiting.wav'],
    ['sales', ['busy', 'machine'], 'FAIL_CALL_TO_CUSTOMER 2: machine.wav'],
    ['night-desk', ['fax'], 'FAIL_FAX_REACHED 1:'],
    ['front-desk', ['human'], 'AGENT_CONNECTED 1: connect.wav waiting.wav'],
    // Outside the demo there is no such plugin.
    ['weekend', ['human'], 'FAIL_ERROR 1:'],
  ],
  'docker.yaml': [
    ['support', ['no-answer', 'human'], 'AGENT_CONNECTED 2: waiting.wav'],
    ['support', ['busy'], 'FAIL_CALL_TO_CUSTOMER 3:'],
  ],
  'minimal.yaml': [
    ['support', ['human'], 'AGENT_CONNECTED 1: waiting.wav'],
    ['support', ['machine'], 'FAIL_CALL_TO_CUSTOMER 3: machine.wav machine.wav machine.wav'],
  ],
  'plugin.yaml': [
    // The plugin cannot be started, and `onPluginError: builtin` goes on without it.
    ['orders', ['busy'], 'FAIL_CALL_TO_CUSTOMER 3:'],
    ['survey', ['machine', 'human'], 'AGENT_CONNECTED 2: machine.wav waiting.wav'],
  ],
  'servers.yaml': [['support', ['reorder', 'human'], 'AGENT_CONNECTED 2: waiting.wav']],
  'voicemail-drop.yaml': [
    ['appointment', ['busy', 'machine'], 'FAIL_CALL_TO_CUSTOMER 2: machine.wav'],
    ['appointment', ['human'], 'AGENT_CONNECTED 1: connect.wav waiting.wav'],
    ['appointment', ['busy'], 'FAIL_CALL_TO_CUSTOMER 4:'],
  ],
};

describe('the examples', () => {
  it('are all shown at work below', async () => {
    for (const name of EXAMPLES) {
      const config = await loadConfig(new URL(name, folder).pathname, { env });
      const services = new Set((SHOWN[name] ?? []).map(([service]) => service));
      assert.deepEqual([...services].sort(), Object.keys(config.services).sort(), name);
    }
  });

  for (const [name, showings] of Object.entries(SHOWN)) {
    for (const [service, answers, outcome] of showings) {
      it(`work: ${name}, ${service}, ${answers.join(' then ')} => ${outcome}`, async () => {
        const config = await loadConfig(new URL(name, folder).pathname, { env });
        const options = config.services[service]?.options;
        assert(options);
        const world = { agentAnswers: true, holderFails: 'nobody serves it here' };
        const { reason, attempts, heard } = predict(options, answers, world);
        const files = heard.map(({ file }) => ` ${file ?? 'comfort'}`).join('');
        assert.equal(`${reason ?? 'none'} ${attempts}:${files}`, outcome);
      });
    }
  }

  it('work: plugin.yaml sends a customer where the plugin says', async () => {
    const { services } = await loadConfig(new URL('plugin.yaml', folder).pathname, { env });
    assert(services['orders']);
    const reply = { action: 'route_to_rp', message: 'after-hours' };
    const { outcome } = explain(services['orders'].options, 'human', { attempt: 1, reply });
    assert.deepEqual([outcome.kind, outcome.destination], ['route', 'after-hours']);
  });

  it('work: voicemail-drop.yaml on the wire leaves its message once, after the beep', async function () {
    this.timeout(60_000);
    const config = await loadConfig(new URL('voicemail-drop.yaml', folder).pathname, { env });
    const parts = castParts(['appointment']).filter(
      ({ role }) => role.persona === 'voicemail-beep',
    );
    const trouble: string[] = [];
    const rows = await runDemo(config, parts, {
      onStep: () => {},
      onTrouble: (message) => trouble.push(message),
    });
    assert.deepEqual(trouble, []);
    assert.deepEqual(
      rows.map(({ attempts, reason, treatmentsHeard, differences }) => ({
        attempts,
        reason,
        treatmentsHeard,
        differences,
      })),
      [
        {
          attempts: 1,
          reason: 'FAIL_CALL_TO_CUSTOMER',
          treatmentsHeard: ['machine.wav'],
          differences: [],
        },
      ],
    );
  });

  for (const name of EXAMPLES) {
    it(`load without a warning: ${name}`, async () => {
      const config = await loadConfig(new URL(name, folder).pathname, { env });
      assert.deepEqual(config.warnings, []);
      assert(Object.keys(config.services).length > 0);
    });
  }

  /** Their plugins and pages are served by nobody here. */
  const needsServers = new Set(['demo.yaml', 'plugin.yaml']);
  for (const name of EXAMPLES.filter((file) => !needsServers.has(file))) {
    it(`have no findings but what their comments say: ${name}`, async () => {
      const config = await loadConfig(new URL(name, folder).pathname, { env });
      const found = (await checkConfig(config)).filter(({ message }) => !/RFC 2606/.test(message));
      assert.deepEqual(
        found.map(({ code, path }) => [code, path]),
        [],
      );
    });
  }

  it('show real servers that find us and our sounds, and an API with keys', async () => {
    const config = await loadConfig(new URL('servers.yaml', folder).pathname, { env });
    assert.equal(config.engine, 'servers');
    assert.equal(config.drachtio[0]?.port, 9022);
    assert.deepEqual(
      config.freeswitch.map(({ advertise, mediaPath }) => [advertise, mediaPath]),
      [['dialback.example.net', '/srv/dialback-media']],
    );
    assert.equal(config.http.auth.kind, 'keys');
  });
});
