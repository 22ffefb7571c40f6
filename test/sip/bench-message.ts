/**
 * `npm run bench:message [-- CALLS]`: how soon after a voicemail's beep the message begins, measured
 * where the machine listens. One call after the other, in real time, on the embedded engine or on the servers that
 * DIALBACK_DRACHTIO and DIALBACK_FREESWITCH name. Exit code 1 when more than one in twenty is later than the target.
 */
import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { quantile } from '../../src/cpd/evaluate/statistics.js';
import { FarService } from './far-service.js';
import { leavesMessage, listens, messageHeard, voicemail } from './voicemail-call.js';

const TARGET_MS = 200;
const DEFAULT_CALLS = 10;
const LEAST_FRACTION = 0.6;
/** The message is short of pauses: what is recorded of it is whole when this much was quiet. */
const QUIET_MS = 1000;
/** Greeting, beep, message and the quiet after it. */
const CALL_S = 10;

const calls = Number(process.argv[2] ?? DEFAULT_CALLS);
const engine = process.env.DIALBACK_FREESWITCH ? 'FreeSWITCH' : 'embedded engine';
console.log(
  `${calls} calls to a voicemail on the ${engine}, one after the other: about ${calls * CALL_S} s`,
);
const service = await FarService.open(leavesMessage(voicemail(listens(QUIET_MS))));
const afterMs: number[] = [];
try {
  for (let i = 0; i < calls; i++) {
    const startedMs = performance.now();
    const { heard } = await service.call(`+4477009002${String(i).padStart(2, '0')}`);
    const { fraction, afterBeepMs } = await messageHeard(heard);
    // On a machine with too much to do the far end loses packets, and knows less of when.
    const isMeasured = fraction >= LEAST_FRACTION;
    if (isMeasured) afterMs.push(afterBeepMs);
    const result = isMeasured
      ? `${Math.round(afterBeepMs)} ms after the beep`
      : `not measured: ${Math.round(100 * fraction)} % of the message came through`;
    const tookS = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`  call ${i + 1} of ${calls}, ${tookS} s: ${result}`);
  }
} finally {
  await service.close();
}
afterMs.sort((a, b) => a - b);
const [p50, p95] = [quantile(afterMs, 0.5) ?? NaN, quantile(afterMs, 0.95) ?? NaN];
console.log(
  `message after the beep, ${engine}, ${afterMs.length} of ${calls} calls measured, load ${loadavg()[0]?.toFixed(1)}`,
);
console.log(`  p50 ${Math.round(p50)} ms, p95 ${Math.round(p95)} ms, target ${TARGET_MS} ms`);
process.exitCode = p95 <= TARGET_MS ? 0 : 1;
