/** Two services on one PostgreSQL, briefly; `npm run test:nodes` is the long version. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresPrograms } from '../adapters/store/postgres/private-server.js';
import { NodeCampaign } from './node-campaign.js';

const LEASE_MS = 3000;
const DONE_WITHIN_MS = 180_000;
const DIAL_WITHIN_MS = 60_000;
/** Whoever has answered is on the line for so long at least, so that a kill meets calls in the air. */
const AGENT_AFTER_MS = 5000;

describe('two services on one PostgreSQL', function () {
  this.timeout(600_000);
  let campaign: NodeCampaign;

  before(async function () {
    if (postgresPrograms() === undefined) this.skip();
    campaign = await NodeCampaign.start({
      nodes: 2,
      leaseMs: LEASE_MS,
      parties: ['human', 'human', 'busy', 'human'],
      agentAfterMs: AGENT_AFTER_MS,
    });
  });
  after(() => campaign?.stop());

  const shareWork = async (open: number): Promise<void> => {
    const { callbacks } = campaign;
    await callbacks.fill(campaign.node(0).url, open / 2);
    await callbacks.fill(campaign.node(1).url, open);
    await campaign.untilCallsUp(3, DIAL_WITHIN_MS);
  };

  it('share the work, and one finishes what the other was killed with', async () => {
    await shareWork(12);
    await campaign.untilAllDial(DIAL_WITHIN_MS);
    await campaign.node(0).kill();
    await campaign.callbacks.untilCompleted(campaign.node(1).url, DONE_WITHIN_MS);
    const report = await campaign.report();
    assert.deepEqual([report.lost, report.strayInvites, report.overlaps], [[], [], []]);
    assert.ok(report.nodeLostCount > 0, 'it was killed with calls in the air');
    assert.deepEqual(report.undecided, []);
  });

  it('dial nobody twice when one stands still for longer than its lease', async () => {
    await campaign.startNode(0);
    await shareWork(10);
    campaign.node(0).freeze();
    await sleep(2 * LEASE_MS);
    campaign.node(0).resume();
    await campaign.callbacks.untilCompleted(campaign.node(1).url, DONE_WITHIN_MS);
    const report = await campaign.report();
    assert.deepEqual([report.lost, report.strayInvites, report.overlaps], [[], [], []]);
    const { status } = await fetch(`${campaign.node(0).url}/v1/callbacks/nobody`);
    assert.equal(status, 404, 'it goes on with a new lease');
  });

  it('reach the session of a callback whose cancel came to the other one', async () => {
    await shareWork(6);
    const [zero, one] = [campaign.node(0).url, campaign.node(1).url];
    const asked: string[] = [];
    for (const id of campaign.callbacks.accepted.slice(-6)) {
      const path = `/genesys/1/service/callback/sales/${id}`;
      if ((await fetch(`${zero}${path}`, { method: 'DELETE' })).ok) asked.push(id);
    }
    await campaign.callbacks.untilCompleted(one, DONE_WITHIN_MS);
    const reasons = await Promise.all(
      asked.map(async (id) => {
        const response = await fetch(`${one}/v1/callbacks/${id}`);
        return ((await response.json()) as { callback: { reason: string } }).callback.reason;
      }),
    );
    assert.ok(asked.length > 3);
    assert.deepEqual(new Set(reasons), new Set(['CANCELLED']));
  });
});
