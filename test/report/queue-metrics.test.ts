import assert from 'node:assert/strict';
import { CallMetrics } from '../../src/report/call-metrics.js';
import { agentPlan, agentQueue, QueueWorld, sipQueue, step } from '../handoff/queue/queue-world.js';

describe('the metrics of queues', () => {
  const lines = async (metrics: CallMetrics, name: string) =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(`dialback_${name}`));

  it('count how requests left by queue and service, in time or not', async () => {
    const metrics = new CallMetrics();
    const exit = { requestId: 'c', service: 'sales', queue: 'gold', isInTime: true } as const;
    metrics.queues.left({ ...exit, exit: 'served', waitedMs: 1500 });
    metrics.queues.left({ ...exit, exit: 'served', waitedMs: 40_000, isInTime: false });
    metrics.queues.left({ ...exit, exit: 'abandoned', waitedMs: 3000 });
    metrics.queues.left({ ...exit, queue: undefined, exit: 'failed', waitedMs: undefined });
    assert.deepEqual(await lines(metrics, 'queue_exits_total'), [
      'dialback_queue_exits_total{queue="gold",service="sales",exit="served"} 2',
      'dialback_queue_exits_total{queue="gold",service="sales",exit="abandoned"} 1',
      'dialback_queue_exits_total{queue="none",service="sales",exit="failed"} 1',
    ]);
    assert.deepEqual(await lines(metrics, 'queue_served_in_time_total'), [
      'dialback_queue_served_in_time_total{queue="gold",service="sales"} 1',
    ]);
    assert.deepEqual(await lines(metrics, 'queue_wait_seconds_sum'), [
      'dialback_queue_wait_seconds_sum{queue="gold",service="sales"} 41.5',
    ]);
  });

  it('time the way from a human’s answer to the agent, with the regulator’s two seconds', async () => {
    const metrics = new CallMetrics();
    metrics.queues.handedOver('sales', 1900);
    metrics.queues.handedOver('sales', 2100);
    const within = (await lines(metrics, 'human_to_agent_seconds_bucket')).filter((line) =>
      line.includes('le="2"'),
    );
    assert.deepEqual(within, ['dialback_human_to_agent_seconds_bucket{le="2",service="sales"} 1']);
  });

  it('read how queues and agents stand', async () => {
    const agents = [agentPlan('ann'), agentPlan('bob', { startsAs: 'logged-out' })];
    const world = new QueueWorld(
      [agentQueue('gold', ['ann', 'bob']), sipQueue('pbx', ['a'])],
      agents,
    );
    const metrics = new CallMetrics({
      inTheAir: () => ({}),
      servers: () => [],
      open: () => Promise.resolve([]),
      isReady: () => true,
      queues: () => world.core.queues(world.nowMs),
      agents: () => world.core.agents(),
    });
    world
      .joins('c1', [step('gold')])
      .answers('ann')
      .joins('c2', [step('gold')])
      .passes(7000);
    assert.deepEqual(await lines(metrics, 'queue_waiting'), [
      'dialback_queue_waiting{queue="gold"} 1',
      'dialback_queue_waiting{queue="pbx"} 0',
    ]);
    assert.deepEqual(await lines(metrics, 'queue_longest_wait_seconds{queue="gold"}'), [
      'dialback_queue_longest_wait_seconds{queue="gold"} 7',
    ]);
    assert.deepEqual(await lines(metrics, 'queue_expected_wait_seconds'), [
      'dialback_queue_expected_wait_seconds{queue="gold"} 360',
    ]);
    assert.deepEqual(await lines(metrics, 'agents'), [
      'dialback_agents{state="busy"} 1',
      'dialback_agents{state="logged-out"} 1',
    ]);
  });
});
