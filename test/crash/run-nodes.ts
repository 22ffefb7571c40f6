/**
 * `npm run test:nodes`: services on one PostgreSQL. First one of them is killed every five seconds and
 * started again while callbacks run; then one that holds a hundred calls stands still for twenty
 * seconds. `-- --nodes N --callbacks N --seconds N --frozen N` for another one; 0 leaves a part out. Exit code 1 when
 * anything was lost or doubled.
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { NodeCampaign, type NodeReport } from './node-campaign.js';
import { endOnSignals } from './processes.js';

const KILL_EVERY_MS = 5000;
/** Most callbacks open at a time: what the far end and the engine can take beside the services. */
const OPEN_MAX = 150;
const ASKED_AT_ONCE = 20;
const LEASE_MS = 5000;
const FREEZE_MS = 20_000;
const AGENT_AFTER_MS = 60_000;
const DONE_WITHIN_MS = 600_000;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '2,3' },
    callbacks: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '120' },
    frozen: { type: 'string', default: '100' },
  },
});
const wanted = Number(values.callbacks);
const killForMs = Number(values.seconds) * 1000;
const frozen = Number(values.frozen);
let faultCount = 0;
endOnSignals();

for (const nodes of values.nodes.split(',').map(Number)) if (nodes > 0) await killed(nodes);
if (frozen > 0) await frozenOnce(frozen);
process.exitCode = faultCount === 0 ? 0 : 1;

async function killed(nodes: number): Promise<void> {
  const startedAtMs = performance.now();
  // Mostly those who do not answer: they are quick.
  const parties = ['busy', 'declined', 'busy', 'human', 'declined'] as const;
  const campaign = await NodeCampaign.start({ nodes, leaseMs: LEASE_MS, parties, attemptsMax: 2 });
  let kills = 0;
  let restarting: Promise<void> = Promise.resolve();
  let victim = 0;
  const killAndStart = async (index: number): Promise<void> => {
    await campaign.node(index).kill();
    kills += 1;
    await campaign.startNode(index);
  };
  try {
    const killUntilMs = performance.now() + killForMs;
    let killAtMs = performance.now() + KILL_EVERY_MS;
    while (campaign.callbacks.accepted.length < wanted || performance.now() < killUntilMs) {
      const left = wanted - campaign.callbacks.accepted.length;
      const more = Math.min(left, OPEN_MAX - (await campaign.openCount()), ASKED_AT_ONCE);
      // Not of the one that is being killed.
      if (more > 0) await campaign.callbacks.ask(campaign.node((victim + 1) % nodes).url, more);
      if (performance.now() >= killAtMs && performance.now() < killUntilMs) {
        await restarting;
        victim = (victim + 1) % nodes;
        restarting = killAndStart(victim);
        killAtMs = performance.now() + KILL_EVERY_MS;
      }
      await sleep(50);
    }
    await restarting;
    await campaign.untilCompleted(DONE_WITHIN_MS);
    print(`${nodes} nodes, ${kills} kills`, await campaign.report(), startedAtMs);
  } finally {
    await restarting.catch(() => undefined);
    await campaign.stop();
  }
}

/** The calls are all held by the one that stands still: the other one is started when they are up. */
async function frozenOnce(calls: number): Promise<void> {
  const startedAtMs = performance.now();
  const campaign = await NodeCampaign.start({
    nodes: 1,
    leaseMs: LEASE_MS,
    parties: ['human'],
    // Nobody leaves while the calls come up, and nobody before the lease is over.
    agentAfterMs: AGENT_AFTER_MS,
  });
  try {
    await campaign.callbacks.ask(campaign.node(0).url, calls);
    const giveUpAtMs = performance.now() + AGENT_AFTER_MS;
    while (campaign.customersOnTheLine() < calls && performance.now() < giveUpAtMs)
      await sleep(100);
    const held = campaign.customersOnTheLine();
    await campaign.startNode(1);
    campaign.node(0).freeze();
    await sleep(FREEZE_MS);
    campaign.node(0).resume();
    await campaign.untilCompleted(DONE_WITHIN_MS);
    const report = await campaign.report();
    print(`stood still for ${FREEZE_MS / 1000} s with ${held} calls`, report, startedAtMs);
    // Without calls that were lost to another node it shows nothing.
    if (held < calls || report.nodeLostCount === 0) {
      console.log(`    ${held} of ${calls} calls were up, ${report.nodeLostCount} were taken over`);
      faultCount += 1;
    }
  } finally {
    await campaign.stop();
  }
}

function print(what: string, report: NodeReport, startedAtMs: number): void {
  const faults = {
    lost: report.lost,
    'double INVITEs': report.strayInvites,
    'two legs at one number': report.overlaps,
    'attempts without outcome': report.undecided,
  };
  const rows: readonly (readonly [string, unknown])[] = [
    ['callbacks', report.callbacks],
    ['attempts', report.attempts],
    ['INVITEs at the far end', report.invites],
    ...Object.entries(faults).map(([name, list]) => [name, list.length] as const),
    ['NODE_LOST', report.nodeLostCount],
    ['wall time', `${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`],
    ['load average', loadavg()[0]?.toFixed(1)],
  ];
  console.log(`\n${what}`);
  for (const [name, value] of rows) console.log(`  ${name.padEnd(26)}${String(value)}`);
  const found = Object.values(faults).flat();
  for (const fault of found.slice(0, 20)) console.log(`    ${fault}`);
  faultCount += found.length;
}
