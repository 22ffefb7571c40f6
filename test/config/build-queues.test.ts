import assert from 'node:assert/strict';
import { TemporaryFolder } from './temporary-config.js';

describe('queues and agents', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  it('a queue with agents is one of agents, with its defaults', async () => {
    const { queues, agents } = await folder.load(`
agents:
  ann: { uri: "sip:ann@192.0.2.1" }
  bob: { uri: "sip:bob@192.0.2.1", startsAs: logged-out }
queues:
  gold: { agents: [{ name: bob, tier: 2 }, { name: ann }] }
`);
    assert.deepEqual(queues.gold, {
      name: 'gold',
      kind: 'agents',
      strategy: 'longest-idle',
      seats: [
        { agent: 'bob', tier: 2 },
        { agent: 'ann', tier: 1 },
      ],
      ringTimeoutMs: 20_000,
      progressiveDelayMs: 5000,
      wrapUpMs: 10_000,
      missPauseMs: 5000,
      missesMax: 3,
      expectedHandleMs: 180_000,
      earlyMedia: 'ignore',
      serviceLevelMs: 20_000,
    });
    assert.deepEqual(agents.bob, {
      name: 'bob',
      uri: 'sip:bob@192.0.2.1',
      startsAs: 'logged-out',
    });
    assert.equal(agents.ann?.startsAs, 'ready');
  });

  it('one with targets is one of SIP addresses', async () => {
    const { queues } = await folder.load(`
queues:
  pbx:
    targets: [{ uri: "sip:a@192.0.2.1", ringTimeoutMs: 9000 }, { uri: "sip:b@192.0.2.1" }]
    earlyMedia: pass
`);
    assert.deepEqual(queues.pbx, {
      name: 'pbx',
      kind: 'sip',
      targets: [
        { uri: 'sip:a@192.0.2.1', ringTimeoutMs: 9000 },
        { uri: 'sip:b@192.0.2.1', ringTimeoutMs: 0 },
      ],
      earlyMedia: 'pass',
      serviceLevelMs: 20_000,
    });
  });

  const step = (queue: string, timeoutMs = 0, isCleared = false) => {
    return { queue, timeoutMs, isCleared };
  };
  for (const [written, expected, why] of [
    ['queue: support', [step('support')], 'as the queue says'],
    ['_target: support', [step('support')], 'a name'],
    ['_target: support@StatServer.GA', [step('support')], 'a name of Genesys'],
    [
      '_target: [support, { target: other, timeout: 30, clear: true }]',
      [step('support'), step('other', 30_000, true)],
      'a list',
    ],
    [
      `_target: '[{"target":"support@S.GA","timeout":"20","clear":"true"},{"target":"other"}]'`,
      [step('support', 20_000, true), step('other')],
      'the JSON text that Genesys stores',
    ],
    ['_target: { target: other }', [step('other')], 'a single entry'],
  ] as const) {
    it(`are looked for in the order of _target: ${why}`, async () => {
      const { options, search } = await folder.service(written);
      assert.deepEqual(search.steps, expected);
      assert.equal(options.queue, expected[0].queue);
      assert.equal(search.isByTarget, written.startsWith('_target'));
    });
  }

  it('may be a single agent, of no queue too', async () => {
    const { services } = await folder.load(`
agents: { alice: { uri: "sip:alice@192.0.2.1" } }
services: { sales: { _target: alice@StatServer.A } }
`);
    assert.deepEqual(services.sales?.search.steps, [step('alice')]);
  });

  it('come with Genesys’ rules for who goes first and when to dial', async () => {
    const { search, priority, options } = await folder.service(
      [
        'queue: support',
        '_urs_vq_priority: 10',
        '_urs_vq_priority_increment: 5',
        '_urs_vq_priority_increment_interval: 30',
        '_eta_pos_threshold: "20:1, 0:4"',
        '_agent_reserve_timeout: 45',
        '_agent_transfer_confirm_timeout: 8',
        '_wait_for_agent: true',
        '_urs_queued_ttl: 600',
      ].join('\n'),
    );
    assert.deepEqual(search, {
      steps: [step('support')],
      isByTarget: false,
      priorityIncrement: 5,
      priorityIncrementIntervalMs: 30_000,
      etaPositions: [
        { etaSeconds: 0, position: 4 },
        { etaSeconds: 20, position: 1 },
      ],
      reserveTimeoutMs: 45_000,
      confirmTimeoutMs: 8000,
    });
    assert.equal(priority, 10);
    assert.deepEqual([options.waitsForAgent, options.aheadWaitMaxMs], [true, 600_000]);
  });
});
