/**
 * `npm run bench:failover`: how soon an attempt that a carrier refuses with 503 leaves by the next
 * trunk, from the response to the INVITE as its ladder has them. On the embedded engine, or on the
 * servers that DIALBACK_DRACHTIO and DIALBACK_FREESWITCH name. The first argument: how many calls.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CALLS, CarrierCalls, carrierScenario } from './carrier-calls.js';
import { hasSipp, startSipp } from './sipp.js';

const STATUS = 503;
/** Not measured: code that runs for the first time. */
const WARM_UP_CALLS = 5;

async function main(): Promise<void> {
  if (!hasSipp()) throw new Error('sipp is not installed');
  const calls = Number(process.argv[2] ?? 50);
  const folder = await mkdtemp(join(tmpdir(), 'dialback-failover-'));
  const scenario = join(folder, 'carrier.xml');
  await writeFile(scenario, carrierScenario([STATUS]));
  const service = await CarrierCalls.open(await startSipp(scenario, {}, CALLS));
  const timesMs: number[] = [];
  try {
    for (let index = -WARM_UP_CALLS; index < calls; index += 1) {
      const { wentOnAfterMs } = await service.call(`+12125${STATUS}000`);
      if (wentOnAfterMs === undefined) throw new Error('no other trunk was tried');
      if (index >= 0) timesMs.push(wentOnAfterMs);
    }
  } finally {
    await service.close();
    await rm(folder, { recursive: true, force: true });
  }
  const sorted = timesMs.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  const figures = `median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${sorted.at(-1)} ms`;
  console.log(`${calls} calls, from the ${STATUS} to the INVITE on the next trunk: ${figures}`);
}

await main();
