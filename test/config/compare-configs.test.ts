import assert from 'node:assert/strict';
import { compareConfigs, formatChange, needsRestart } from '../../src/config/compare-configs.js';
import { TemporaryFolder } from './temporary-config.js';

describe('compareConfigs', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  const changes = async (before: string, after: string, env: [object, object] = [{}, {}]) =>
    compareConfigs(
      await folder.load(before, env[0] as Record<string, string>),
      await folder.load(after, env[1] as Record<string, string>),
    ).map(formatChange);

  for (const [why, before, after, expected] of [
    [
      'a value',
      'services: { a: { _ttl: 5 } }',
      'services: { a: { _ttl: 6 } }',
      ['services.a._ttl: 5 -> 6'],
    ],
    [
      'a value that is no longer set',
      'services: { a: { _max_dial_attempts: 5 } }',
      'services: { a: {} }',
      ['services.a._max_dial_attempts: 5 -> 3 (default)'],
    ],
    [
      'a default, for the services that do not say it themselves',
      'defaults: { _ttl: 5 }\nservices: { a: {}, b: { _ttl: 9 } }',
      'defaults: { _ttl: 6 }\nservices: { a: {}, b: { _ttl: 9 } }',
      ['services.a._ttl: 5 -> 6'],
    ],
    [
      'a treatment',
      'services: { a: { _treatment_waiting_for_agent: w.wav } }',
      'services: { a: { _treatment_waiting_for_agent: {}, _treatment_call_failure_answering_machine: { file: m.wav, hints: { am-beep-detection: "on" } } } }',
      [
        'services.a._treatment_waiting_for_agent: w.wav -> off',
        'services.a._treatment_call_failure_answering_machine: packaged `machine.wav`, without a hint -> m.wav, after the beep',
      ],
    ],
    [
      'entries that come and go',
      'services: { a: {} }\nqueues: { q: { targets: [] } }',
      'services: { b: {} }\nqueues: { q: { targets: [{ uri: "sip:x@y" }] } }',
      [
        'queues.q.targets.0: absent -> present',
        'services.a: present -> absent',
        'services.b: absent -> present',
      ],
    ],
    [
      'a trunk by its name, wherever it stands',
      'trunks: [{ name: t, uri: "sip:a" }]',
      'trunks: [{ name: u, uri: "sip:b" }, { name: t, uri: "sip:a", priority: 2 }]',
      ['trunks.t.priority: 1 (default) -> 2', 'trunks.u: absent -> present'],
    ],
    [
      'nothing where the default is written out',
      'services: { a: {} }',
      'services: { a: { _max_dial_attempts: 3 } }',
      [],
    ],
  ] as const) {
    it(`names ${why}`, async () => assert.deepEqual(await changes(before, after), expected));
  }

  it('names what changes between one site and several', async () => {
    const one = 'drachtio: { host: 127.0.0.1, port: 9000 }';
    assert.deepEqual(await changes(one, one.replace('9000', '9001')), [
      'drachtio.port: 9000 -> 9001',
    ]);
    const [east, west] = ['{ name: east }', '{ name: west, host: 127.0.0.2 }'];
    assert.deepEqual(await changes(`drachtio: [${east}]`, `drachtio: [${west}, ${east}]`), [
      'drachtio.west: absent -> present',
    ]);
    assert.deepEqual(await changes(one, `drachtio: [${east}]`), [
      'drachtio.0: present -> absent',
      'drachtio.east: absent -> present',
    ]);
  });

  it('shows no secret, and nothing that came from a reference', async () => {
    const text = (password: string, sales: string) =>
      `trunks: [{ name: t, uri: "sip:a", username: u, password: ${password} }]\nservices: { a: { _treatment_customer_connect: { file: "\${env:FILE}" }, allowedDestinations: ["\${env:HOST}"], callerName: ${sales} } }`;
    const found = await changes(
      text('first-secret', 'Old'),
      text('second-secret', '"x${env:HOST}"'),
      [
        { FILE: 'hidden-a.wav', HOST: 'hidden-a' },
        { FILE: 'hidden-b.wav', HOST: 'hidden-b' },
      ],
    );
    assert.deepEqual(found, [
      'trunks.t.password: (hidden) -> (hidden)',
      'services.a._treatment_customer_connect: (hidden) -> (hidden)',
      'services.a.callerName: Old -> (hidden)',
      'services.a.allowedDestinations: (hidden) -> (hidden)',
    ]);
  });

  for (const [path, expected] of [
    ['engine', true],
    ['embedded.sipPort', true],
    ['freeswitch.0.host', false],
    ['drachtio.east.host', false],
    ['http.listen', true],
    ['http.apiKeys.website', false],
    ['services.engine', false],
    ['trunks.t.uri', false],
    ['media.directory', false],
  ] as const) {
    it(`${expected ? 'needs a' : 'needs no'} restart for ${path}`, () =>
      assert.equal(needsRestart({ path, from: 'a', to: 'b' }), expected));
  }
});
