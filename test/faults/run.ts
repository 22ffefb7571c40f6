/**
 * `npm run test:faults`: 30 faults. `-- --faults N`, `--long` (200), `--seed N`, `--folder F`; the same
 * seed picks the same faults with the same lengths. Exit code 1 when anything was found, 2 when a
 * program is missing. What belongs to a finding stays in the folder: the store with every ladder
 * (`dialback trace`), the stories, the logs and the capture.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endOnSignals } from '../crash/processes.js';
import { runCampaign } from './campaign.js';
import { findProgram } from './servers.js';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '30' },
    long: { type: 'boolean', default: false },
    seed: { type: 'string' },
    folder: { type: 'string' },
  },
});
const drachtio = findProgram('drachtio', 'DIALBACK_DRACHTIO_BIN');
const freeswitch = findProgram('freeswitch', 'DIALBACK_FREESWITCH_BIN');
if ('missing' in drachtio || 'missing' in freeswitch) {
  for (const found of [drachtio, freeswitch]) if ('missing' in found) console.error(found.missing);
  process.exit(2);
}
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const faults = values.long ? 200 : Number(values.faults);
const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'dialback-faults-')));
await mkdir(folder, { recursive: true });
endOnSignals();
console.log(`fault campaign, seed ${seed}, ${faults} faults, in ${folder}`);
const report = await runCampaign({
  faults,
  seed,
  folder,
  programs: { drachtio: drachtio.path, freeswitch: freeswitch.path },
  say: (line) => console.log(line),
});

const rows: readonly (readonly [string, unknown])[] = [
  ['servers', report.versions.join(', ')],
  ['faults', report.periods.length],
  ['calls up when they came', report.periods.reduce((sum, { callsUp }) => sum + callsUp, 0)],
  ['callbacks', report.callbacks],
  ['attempts', report.attempts],
  ['INVITEs at the far end', report.invites],
  ...Object.entries(report.reasons).map(([reason, count]) => [`  ${reason}`, count] as const),
  ['calls from outside', report.rung],
  ...Object.entries(report.outcomes).map(([word, count]) => [`  ${word}`, count] as const),
  ['REFERs, taken, arrived', report.transfers.join(', ')],
  ['wall time', `${(report.wallMs / 1000).toFixed(0)} s`],
  ['found', report.findings.length],
];
for (const [name, value] of rows) console.log(`${name.padEnd(28)}${String(value)}`);
for (const { what, callbackId } of report.findings) {
  console.log(`  ${what}${callbackId === undefined ? '' : ` (callback ${callbackId})`}`);
}
if (report.findings.length > 0) console.log(`kept: ${folder} (seed ${seed})`);
else if (values.folder === undefined) await rm(folder, { recursive: true });
process.exitCode = report.findings.length === 0 ? 0 : 1;
