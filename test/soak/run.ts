/**
 * `npm run test:soak`: a steady stream of callbacks for an hour, and whether memory, handles and delays
 * stay level. `-- --minutes N --rate R` (callbacks a second; without it 70 % of what the machine sustains,
 * which is measured first), `--plot FILE.svg`, `--folder F`. Against the servers that DIALBACK_DRACHTIO and DIALBACK_FREESWITCH
 * name, else the embedded engine in a process of its own. Exit code 1 when something grows or is left.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { EngineProcess, endOnSignals, ServiceProcess } from '../crash/processes.js';
import { startFarEnd } from '../../src/farend/far-end.js';
import type { PersonaName } from '../../src/farend/personas.js';
import { AGENTS, serviceYaml } from '../crash/service-yaml.js';
import { drawSoak } from './draw.js';
import { quantile, readMetrics, trends, type Sample } from './samples.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string' },
    plot: { type: 'string' },
    folder: { type: 'string' },
  },
});
const lastsMs = Number(values.minutes) * 60_000;
const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const SAMPLES = 120;
const SETTLE_MS = 60_000;
const MIB = 2 ** 20;
const SHARE_OF_SUSTAINED = 0.7;
/** Callbacks open at a time while it is measured what is sustained. */
const OPEN_MAX = 150;
const WARM_UP_MS = 20_000;
const MEASURED_MS = 60_000;
const PARTIES: readonly PersonaName[] = ['human', 'human', 'voicemail-beep', 'busy', 'human'];

const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'dialback-soak-')));
await mkdir(folder, { recursive: true });
endOnSignals();
/** When a number's callback was accepted, until its INVITE has come. */
const acceptedAtMs = new Map<string, number>();
let delays: number[] = [];
const farEnd = await startFarEnd({
  mediaDirectory: MEDIA,
  keepCalls: 1,
  recordMaxMs: 1,
  tempo: { conversationMs: 3000, queueMs: 1000, quietMaxMs: 5000, messageMaxMs: 8000 },
  rules: (userPart) => {
    if (userPart === AGENTS) return 'queue';
    const sinceMs = acceptedAtMs.get(userPart);
    if (sinceMs !== undefined) delays.push(performance.now() - sinceMs);
    acceptedAtMs.delete(userPart);
    return PARTIES[Number(userPart.slice(-6)) % PARTIES.length];
  },
});
const engine = await EngineProcess.start();
const file = join(folder, 'dialback.yaml');
await writeFile(file, yaml());
const service = await ServiceProcess.start(file, join(folder, 'service.log'));

const samples: Sample[] = [];
let startedAtMs = performance.now();
let asked = 0;
let refused = 0;
let rate = Number(values.rate);
try {
  if (values.rate === undefined) {
    const sustained = await sustainedRate();
    rate = sustained * SHARE_OF_SUSTAINED;
    console.log(`sustained ${sustained.toFixed(1)} callbacks a second; asked ${rate.toFixed(1)}`);
  }
  const askedBefore = asked;
  startedAtMs = performance.now();
  delays = [];
  const everyMs = Math.max(5000, lastsMs / SAMPLES);
  let nextSampleAtMs = everyMs;
  while (performance.now() - startedAtMs < lastsMs) {
    const dueAtMs = startedAtMs + ((asked - askedBefore) / rate) * 1000;
    await sleep(Math.max(0, dueAtMs - performance.now()));
    void request();
    if (performance.now() - startedAtMs < nextSampleAtMs) continue;
    nextSampleAtMs += everyMs;
    samples.push(await sample());
    console.log(rowOf(samples.at(-1)!));
  }
  await settle();
} finally {
  await service.stop();
  await engine.stop();
  await farEnd.stop();
}
await report();

/** Callbacks completed a second with as many open as the service cares to take. */
async function sustainedRate(): Promise<number> {
  const untilMs = performance.now() + WARM_UP_MS + MEASURED_MS;
  const completed = async () => (await sample()).completed;
  let first: { readonly atMs: number; readonly completed: number } | undefined;
  while (performance.now() < untilMs) {
    const done = await completed();
    const nowMs = performance.now();
    if (nowMs > untilMs - MEASURED_MS) first ??= { atMs: nowMs, completed: done };
    for (let open = asked - refused - done; open < OPEN_MAX; open += 1) void request();
    await sleep(250);
  }
  if (!first) throw new Error('nothing was measured');
  const rateSeen =
    ((await completed()) - first.completed) / ((performance.now() - first.atMs) / 1000);
  await settled();
  return rateSeen;
}

async function request(): Promise<void> {
  const number = `+447700${String(asked).padStart(6, '0')}`;
  asked += 1;
  acceptedAtMs.set(number, performance.now());
  const response = await fetch(`${service.url}/genesys/1/service/callback/sales`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ _customer_number: number }),
  }).catch(() => undefined);
  await response?.arrayBuffer();
  if (response?.ok !== true) refused += 1;
}

async function metrics(): Promise<Map<string, number>> {
  return readMetrics(await (await fetch(`${service.url}/metrics`)).text());
}

async function sample(): Promise<Sample> {
  const seen = await metrics();
  const of = (name: string) => seen.get(`dialback_${name}`) ?? 0;
  const since = delays;
  delays = [];
  return {
    atS: (performance.now() - startedAtMs) / 1000,
    rssMiB: of('process_resident_memory_bytes') / MIB,
    heapMiB: of('nodejs_heap_size_used_bytes') / MIB,
    handles: of('nodejs_active_handles_total') + of('nodejs_active_requests_total'),
    loopP99Ms: of('nodejs_eventloop_lag_p99_seconds') * 1000,
    dialP50Ms: quantile(since, 0.5),
    dialP95Ms: quantile(since, 0.95),
    callsUp: farEnd.stats().liveCalls,
    completed: of('callbacks_ended_total'),
  };
}

async function settled(): Promise<void> {
  const giveUpAtMs = performance.now() + SETTLE_MS;
  const isDone = async () => (await sample()).completed >= asked - refused;
  while (!(await isDone()) && performance.now() < giveUpAtMs) await sleep(1000);
}

async function settle(): Promise<void> {
  await settled();
  samples.push({ ...samples.at(-1)!, ...(await onlyCounts()) });
}

async function onlyCounts(): Promise<Pick<Sample, 'completed' | 'callsUp'>> {
  const { completed, callsUp } = await sample();
  return { completed, callsUp };
}

function rowOf(seen: Sample): string {
  const n = (value: number, width: number) => String(Math.round(value)).padStart(width);
  return `${n(seen.atS, 5)} s  rss ${n(seen.rssMiB, 4)} MiB  heap ${n(seen.heapMiB, 4)} MiB  handles ${n(seen.handles, 4)}  loop p99 ${n(seen.loopP99Ms, 3)} ms  dial p50 ${n(seen.dialP50Ms, 4)} p95 ${n(seen.dialP95Ms, 5)} ms  up ${n(seen.callsUp, 3)}  done ${n(seen.completed, 6)}`;
}

async function report(): Promise<void> {
  const found = trends(samples);
  console.log(
    `\ncallbacks asked ${asked}, refused ${refused}, completed ${samples.at(-1)!.completed}`,
  );
  console.log(
    `load average ${loadavg()
      .map((value) => value.toFixed(1))
      .join(' ')}`,
  );
  for (const { measure, unit, first, last, isLevel } of found) {
    const line = `${measure.padEnd(12)}${first.toFixed(1)} -> ${last.toFixed(1)} ${unit}`;
    console.log(`${line}${isLevel ? '' : '  GROWS, or was not measured'}`);
  }
  const { completed, callsUp } = samples.at(-1)!;
  const lost = asked - refused - completed;
  if (lost > 0)
    console.log(`${lost} callbacks were not completed ${SETTLE_MS / 1000} s after the end`);
  if (callsUp > 0) console.log(`${callsUp} calls were left up`);
  if (values.plot !== undefined) {
    const heading = `${rate.toFixed(1)} callbacks a second for ${values.minutes} minutes`;
    await writeFile(values.plot, drawSoak(samples, heading));
  }
  if (values.folder === undefined) await rm(folder, { recursive: true });
  const isFine =
    found.every(({ isLevel }) => isLevel) && lost <= 0 && callsUp === 0 && refused === 0;
  process.exitCode = isFine ? 0 : 1;
}

function yaml(): string {
  return serviceYaml({
    drachtio: engine.drachtio,
    freeswitch: engine.freeswitch,
    farEnd,
    store: { url: `sqlite:${join(folder, 'dialback.db')}` },
    options: {
      _max_dial_attempts: 2,
      completeAfterMessage: true,
      _dial_retry_timeout: 5,
      ringTimeoutMs: 10_000,
    },
  });
}
