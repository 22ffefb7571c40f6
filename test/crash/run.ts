/**
 * `npm run test:crash`: the campaign with 50 kills. `-- --kills N --seed N` for another one; the same
 * seed kills after the same delays; `--folder F` keeps store and log. Exit code 1 when anything was lost, doubled or left behind.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.js';
import { endOnSignals } from './processes.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string' },
    folder: { type: 'string' },
  },
});
endOnSignals();
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
console.log(`crash campaign, seed ${seed}, ${values.kills} kills ...`);
const { folder } = values;
if (folder !== undefined) mkdirSync(folder, { recursive: true });
const kills = Number(values.kills);
const report = await runCampaign({
  kills,
  seed,
  openAtKill: 16,
  ...(folder === undefined ? {} : { folder }),
});

const faults = {
  lost: report.lost,
  'double INVITEs': report.strayInvites,
  'two legs at one number': report.overlaps,
  'attempts without outcome': report.undecided,
  'calls left': report.leftover.calls,
};
const up = report.callsUpAtKills;
const rows: readonly (readonly [string, unknown])[] = [
  ['seed', report.seed],
  ['kills', report.kills],
  ['calls up at the kills', `${Math.min(...up)} to ${Math.max(...up)}`],
  ['callbacks', report.callbacks],
  ['attempts', report.attempts],
  ['INVITEs at the far end', `${report.invites}, ${report.agentInvites} of them to agents`],
  ...Object.entries(faults).map(([name, list]) => [name, list.length] as const),
  ['NODE_LOST', report.nodeLostCount],
  ['orphans ended', report.orphansEnded],
  ['orphans waited for', report.orphansUnknown],
  ['channels left', report.leftover.channels],
  ['wall time', `${(report.wallMs / 1000).toFixed(1)} s`],
];
for (const [name, value] of rows) console.log(`${name.padEnd(26)}${String(value)}`);
const found = Object.values(faults).flat();
for (const fault of found) console.log(`  ${fault}`);
const isClean = found.length === 0 && report.leftover.channels === 0;
process.exitCode = isClean ? 0 : 1;
