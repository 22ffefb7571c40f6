// `npm run bench:scxml`: what plugin sessions cost. Start to first action through the pool, events per
// second on one core, memory of waiting sessions, whole plugins that wait for their reply, and how long
// a runaway script holds up the main thread. With `--scion` the same documents run on @scion-scxml/scxml too, installed by npm into
// node_modules/.cache. Numbers are of this machine and of what else it is doing.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { argv, cpuUsage, exit, memoryUsage } from 'node:process';
import { setImmediate } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startScxmlPool } from '../src/adapters/scxml/start-scxml-pool.ts';
import { systemClock } from '../src/adapters/clock/system-clock.ts';
import { EmbeddedRunner } from '../src/plugin/embedded/embedded-runner.ts';
import { SessionDirectory, sessionHost } from '../src/plugin/embedded/session-directory.ts';
import { Runtime } from '../src/plugin/scxml/session/runtime.ts';

const STARTS = 100;
/** Calls are answered one after the other, not all in the same moment. */
const BETWEEN_STARTS_MS = 30;
const EVENTS = 30_000;
const BATCH = 500;
const WAITING = 2000;

/** A plugin as people write them: data, a script, parallel legs, timers, conditions. */
const PLUGIN = `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="plugin">
  <datamodel><data id="_call_state" expr="0"/><data id="attempts" expr="[]"/><data id="reply"/></datamodel>
  <script>function describe(state) { return state === 0 ? 'answered' : 'failed ' + state; }</script>
  <parallel id="legs">
    <state id="main" initial="start">
      <state id="start"><onentry><log label="first" expr="describe(_call_state)"/></onentry>
        <transition cond="_call_state == 0" target="asking"/><transition target="failed"/></state>
      <state id="asking"><onentry><send event="timeout" delay="120s"/></onentry>
        <transition event="digits" cond="_event.data.digits == '1'" target="routed"/></state>
      <state id="routed"><onentry><assign location="reply" expr="({action:'route'})"/></onentry></state>
      <state id="failed"/>
    </state>
    <state id="events"><transition event="interaction.deleted" target="end"/></state>
  </parallel>
  <final id="end"/>
</scxml>`;

/** Two states, a condition, an assignment, and an end after so many events. */
const COUNTER = `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" datamodel="ecmascript">
  <datamodel><data id="n" expr="0"/></datamodel>
  <state id="a"><transition event="tick" cond="_event.data.step === 1" target="b">
    <assign location="n" expr="n + _event.data.step"/></transition></state>
  <state id="b"><transition event="tick" target="a"><assign location="n" expr="n + 1"/></transition></state>
</scxml>`;

const document = (text) => ({ kind: 'source', text, file: 'bench.scxml' });
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const print = (what, value) => console.log(`${what.padEnd(52)} ${value}`);
const breathe = () => new Promise((resolve) => setImmediate(resolve));
const refuse = () => Promise.resolve({ kind: 'failed', why: 'the benchmark fetches nothing' });
const limits = { fetches: 0 };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/**
 * Medians of several ways to start, each a function of the round that resolves to how to end what it
 * has started. They take turns, so that a busy machine is as busy for all of them. Processor time is that
 * of all threads from the start to the first action.
 */
async function startTimes(ways) {
  const taken = Object.fromEntries(Object.keys(ways).map((name) => [name, { wall: [], cpu: [] }]));
  for (let i = 0; i < STARTS; i++) {
    for (const [name, start] of Object.entries(ways)) {
      const cpuBefore = cpuUsage();
      const startedAt = performance.now();
      const end = await start(i);
      taken[name].wall.push(performance.now() - startedAt);
      const { user, system } = cpuUsage(cpuBefore);
      taken[name].cpu.push((user + system) / 1000);
      await end();
      await new Promise((resolve) => systemClock().after(BETWEEN_STARTS_MS, resolve));
    }
  }
  const medians = ({ wall, cpu }) => ({ wallMs: median(wall), cpuMs: median(cpu) });
  return Object.fromEntries(Object.entries(taken).map(([name, one]) => [name, medians(one)]));
}

const inPool = (pool, textOf) => async (i) => {
  let session;
  await new Promise((resolve) => {
    session = pool.start({ document: document(textOf(i)), observer: { log: resolve } });
  });
  return () => {
    session.terminate();
    return session.ended;
  };
};

const inThread = (runtime, textOf) => async (i) => {
  let session;
  await new Promise((resolve) => {
    session = runtime.start({ document: document(textOf(i)), observer: { log: resolve } });
  });
  return () => session.terminate();
};

async function eventsPerSecond(runtime) {
  const session = runtime.start({ document: document(COUNTER), observer: {} });
  while (session.activeStates().length === 0) await breathe();
  const event = { name: 'tick', type: 'external', data: '{"step":1}' };
  const startedAt = performance.now();
  const expected = EVENTS / BATCH;
  for (let batch = 0; batch < expected; batch++) {
    for (let i = 0; i < BATCH; i++) session.send(event);
    while (runtime.isBusy) await breathe();
  }
  const perSecond = (EVENTS / (performance.now() - startedAt)) * 1000;
  if (session.activeStates()[0] !== 'a') throw new Error('events were lost');
  session.terminate();
  return perSecond;
}

async function waitingSessions(runtime) {
  collect();
  const before = memoryUsage().rss;
  const ends = [];
  const sessions = Array.from({ length: WAITING }, () =>
    runtime.start({ document: document(PLUGIN), observer: { ended: (end) => ends.push(end) } }),
  );
  const startedAt = performance.now();
  while (sessions.some((session) => session.activeStates().length === 0)) await breathe();
  const startMs = (performance.now() - startedAt) / WAITING;
  collect();
  const kib = (memoryUsage().rss - before) / WAITING / 1024;
  for (const session of sessions)
    session.send({ name: 'digits', type: 'external', data: '{"digits":"1"}' });
  while (sessions.some((session) => !session.activeStates().includes('routed'))) await breathe();
  for (const session of sessions) session.send({ name: 'interaction.deleted', type: 'external' });
  while (ends.length < WAITING) await breathe();
  const finished = ends.filter(({ kind }) => kind === 'final').length;
  return { kib, startMs, finished };
}

/** Plugins as a callback runs them, from the runner down, all waiting; then every customer hangs up. */
async function waitingPlugins() {
  const sample = new URL('../config/examples/plugins/interaction-deleted.scxml', import.meta.url);
  const body = readFileSync(sample);
  const fetcher = {
    fetch: ({ url }) => Promise.resolve({ kind: 'answer', status: 200, headers: {}, body, url }),
  };
  const directory = new SessionDirectory();
  const pool = await startScxmlPool({ host: sessionHost(directory, fetcher), threads: 2 });
  let ids = 0;
  const newId = () => `plugin-${++ids}`;
  const runner = new EmbeddedRunner({
    sessions: pool,
    directory,
    clock: systemClock(),
    fetcher,
    newId,
  });
  const parameters = { _call_state: 0, _dial_attempt: 2, _ttl: 120, _user_data: {} };
  let [replies, states] = [0, 0];
  const failures = [];
  const start = (index) => {
    const request = {
      url: 'http://plugins.test/page.scxml',
      parameters: { ...parameters, _reply_url: `http://127.0.0.1/reply/${index}` },
      call: { facts: { interactionId: `call-${index}` }, detach: refuse, play: neverEnds },
      isAssociated: true,
      ttlMs: 120_000,
    };
    return runner.start(request, {
      reply: () => (replies++, { status: 200, body: { result: 'ok' } }),
      failed: (code) => failures.push(code),
      trail: (what) => void (what === 'state' && states++),
    });
  };
  const first = start(WAITING);
  while (states < 2) await rest();
  first.tell({ what: 'hung-up' });
  while (replies < 1) await rest();
  await first.stop('replied');
  // The page is no newcomer any more, and has both threads.
  [replies, states] = [0, 0];
  const before = memoryUsage().rss;
  const startedAt = performance.now();
  const runs = Array.from({ length: WAITING }, (_, index) => start(index));
  while (states < 2 * (WAITING - failures.length)) await rest();
  const startMs = (performance.now() - startedAt) / WAITING;
  collect();
  const kib = (memoryUsage().rss - before) / WAITING / 1024;
  for (const run of runs) run.tell({ what: 'hung-up' });
  while (replies + failures.length < WAITING) await rest();
  await Promise.all(runs.map((run) => run.stop('replied')));
  const left = pool.stats().sessions + directory.size;
  await pool.stop();
  return { kib, startMs, replies, failures, left };
}

/** Leaves the processor to the threads. */
const rest = () => new Promise((resolve) => systemClock().after(5, resolve));
const neverEnds = () => ({ done: new Promise(() => undefined), stop: () => Promise.resolve() });

async function mainThreadDelay(pool) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const bomb =
    '<scxml><state id="s"><onentry><script>for (;;) {}</script></onentry></state></scxml>';
  // What the machine does to it anyway: the scripts are answerable for the difference only.
  delay.enable();
  await new Promise((resolve) => systemClock().after(2000, resolve));
  const idleMs = delay.max / 1e6;
  delay.reset();
  const startedAt = performance.now();
  const ends = await Promise.all(
    Array.from({ length: 5 }, () => pool.start({ document: document(bomb), observer: {} }).ended),
  );
  delay.disable();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  return {
    maxMs: delay.max / 1e6,
    idleMs,
    seconds,
    codes: [...new Set(ends.map(({ code }) => code))],
  };
}

function loadScion() {
  const folder = fileURLToPath(new URL('../node_modules/.cache/scion/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const require = createRequire(join(folder, 'load.js'));
  try {
    return require('@scion-scxml/scxml');
  } catch {
    const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
    spawnSync('npm', ['install', '--prefix', folder, ...flags, '@scion-scxml/scxml@4.3.27'], {
      stdio: 'inherit',
    });
    return require('@scion-scxml/scxml');
  }
}

const quiet = { console: { log: () => undefined } };

const scionModel = (scion, text) =>
  new Promise((resolve, reject) =>
    scion.documentStringToModel('', text, (error, made) => (error ? reject(error) : resolve(made))),
  );

/** With data of its own: what is prepared once, all its sessions share the variables of. */
const scionPrepared = (model) =>
  new Promise((resolve, reject) =>
    model.prepare((error, fn) => (error ? reject(error) : resolve(fn)), undefined, quiet),
  );

/** Two states of PLUGIN are active when `start` returns, and its first action is done. */
async function scionStart(scion, model) {
  const chart = new scion.core.Statechart(await scionPrepared(model), quiet);
  if (chart.start().length !== 2) throw new Error('it has not started');
  return () => undefined;
}

async function scionWays(scion) {
  const model = await scionModel(scion, PLUGIN);
  return {
    'scion: start, document read each time': async () =>
      scionStart(scion, await scionModel(scion, PLUGIN)),
    'scion: start, document read once': () => scionStart(scion, model),
  };
}

async function benchScionEvents(scion) {
  const chart = new scion.core.Statechart(
    await scionPrepared(await scionModel(scion, COUNTER)),
    quiet,
  );
  chart.start();
  const startedAt = performance.now();
  for (let i = 0; i < EVENTS; i++) chart.gen({ name: 'tick', data: { step: 1 } });
  const perSecond = (EVENTS / (performance.now() - startedAt)) * 1000;
  print('scion: events (no sandbox: in the process itself)', `${Math.round(perSecond)} /s`);
}

const scion = argv.includes('--scion') ? loadScion() : undefined;
const host = { clock: systemClock(), newId: () => `s${Math.random()}`, httpLocation: () => null };
const near = { ...host, fetch: refuse, post: refuse };
const pool = await startScxmlPool({ host: { fetch: refuse, post: refuse }, limits });
const menu = readFileSync(
  new URL('../config/examples/plugins/menu.scxml', import.meta.url),
  'utf8',
);
const quickMenu = menu.replace(
  '<state id="waiting">',
  '<state id="waiting"><onentry><log label="first" expr="_data.action"/></onentry>',
);
const KNOWN = 'start to first action, document known';
const ways = {
  [KNOWN]: inPool(pool, () => PLUGIN),
  '  the same without the way to another thread': inThread(
    await Runtime.create({ host: near, limits, spareEngines: 4 }),
    () => PLUGIN,
  ),
  'start to first action, document read each time': inPool(pool, (i) => `${PLUGIN}<!-- ${i} -->`),
  'start to first action, a page of the dialect': inPool(pool, () => quickMenu),
  ...(scion && (await scionWays(scion))),
};
await startTimes(ways);
const starts = await startTimes(ways);
for (const [what, { wallMs, cpuMs }] of Object.entries(starts)) {
  print(what, `${wallMs.toFixed(2)} ms median, ${cpuMs.toFixed(2)} ms of processor time`);
  if (!what.startsWith('scion')) continue;
  const ours = starts[KNOWN];
  const times = [wallMs / ours.wallMs, cpuMs / ours.cpuMs].map((one) => one.toFixed(1));
  print('  as many times what ours takes, document known', times.join(', '));
}
const delay = await mainThreadDelay(pool);
print(
  `main thread held up by 5 runaway scripts (${delay.seconds} s, ${delay.codes})`,
  `${delay.maxMs.toFixed(1)} ms at most, idle ${delay.idleMs.toFixed(1)} ms`,
);
await pool.stop();

const runtime = await Runtime.create({ host: near, limits });
await eventsPerSecond(runtime);
print('events on one core', `${Math.round(await eventsPerSecond(runtime))} /s`);
const waiting = await waitingSessions(runtime);
print(`${WAITING} waiting sessions`, `${Math.round(waiting.kib)} KiB each`);
print('  started one after the other', `${waiting.startMs.toFixed(2)} ms each`);
print('  answered and ended properly', `${waiting.finished}`);
const plugins = await waitingPlugins();
print(
  `${WAITING} plugins that wait for their reply, in 2 threads`,
  `${Math.round(plugins.kib)} KiB each`,
);
print('  started at once', `${plugins.startMs.toFixed(2)} ms each`);
print(
  '  replied after a hang-up, failed, left over',
  [plugins.replies, plugins.failures.length, plugins.left, ...new Set(plugins.failures)].join(', '),
);
if (scion) await benchScionEvents(scion);
// The other engine leaves timers behind.
exit(0);
