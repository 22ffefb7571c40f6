// `npm run bench:queue`: how long the queue core takes for one event, and what a waiting call costs in
// it, with 500 customers in 5 queues and 50 agents who each serve two of them. Every event that the
// life of a queue consists of is timed: somebody comes, gives up, an agent answers, misses, hangs up.
import { loadavg } from 'node:os';
import { constants, performance, PerformanceObserver } from 'node:perf_hooks';
import { exit } from 'node:process';
import { bytesOfWaitingSession } from './bench/waiting-sessions.mjs';
import { QueueCore } from '../src/handoff/queue/queue-core.ts';

const QUEUES = 5;
const AGENTS = 50;
const WAITING = 500;
const EVENTS = 20_000;
const TARGET_MS = 5;
const STRATEGIES = ['longest-idle', 'round-robin', 'progressive', 'ring-all', 'longest-idle'];

const row = (...cells) =>
  console.log(cells.map((cell, n) => String(cell).padEnd(n === 0 ? 44 : 12)).join(''));
const percentile = (list, share) =>
  list[Math.min(list.length - 1, Math.floor(share * list.length))];

let seed = 6;
const random = () => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return seed / 0x7fffffff;
};
const numbers = (count) => Array.from({ length: count }, (_, n) => n);

const plans = {
  agents: numbers(AGENTS).map((n) => ({
    ...{ name: `agent-${n}`, uri: `sip:${n}@pbx.example.net`, startsAs: 'ready' },
  })),
  queues: numbers(QUEUES).map((n) => ({
    ...{ name: `queue-${n}`, kind: 'agents', strategy: STRATEGIES[n], earlyMedia: 'ignore' },
    seats: numbers(AGENTS)
      .filter((agent) => agent % QUEUES === n || (agent + 1) % QUEUES === n)
      .map((agent) => ({ agent: `agent-${agent}`, tier: 1 + (agent % 3) })),
    ...{ ringTimeoutMs: 20_000, progressiveDelayMs: 5000, wrapUpMs: 10_000, missPauseMs: 5000 },
    ...{ missesMax: 0, expectedHandleMs: 180_000, serviceLevelMs: 20_000 },
  })),
};

let nowMs = 1_800_000_000_000;
const core = new QueueCore();
let timers = new Map();
let [ringing, talking, off, waiting] = [new Set(), new Set(), new Set(), new Set()];
/** Of processor time, the garbage collector's threads included. */
const times = [];
/** On a busy machine others are in there, too. */
const wallTimes = [];
let worst = { ms: 0, type: '' };
/** Events past the target by the wall clock, and what else there was. */
const slow = [];
const pauses = [];
const collector = new PerformanceObserver((list) => pauses.push(...list.getEntries()));
collector.observe({ entryTypes: ['gc'] });

function send(event) {
  const cpu = process.cpuUsage();
  const { involuntaryContextSwitches: switchesBefore } = process.resourceUsage();
  const before = performance.now();
  const commands = core.handle({ ...event, atMs: nowMs });
  const after = performance.now();
  wallTimes.push(after - before);
  const { user, system } = process.cpuUsage(cpu);
  if (after - before > TARGET_MS) {
    const { involuntaryContextSwitches } = process.resourceUsage();
    slow.push({ before, after, isHeldUp: involuntaryContextSwitches > switchesBefore });
  }
  const ms = (user + system) / 1000;
  times.push(ms);
  // Threads of the collector that ran beside are in the one, other programs in the other.
  const leastMs = Math.min(ms, after - before);
  if (leastMs > worst.ms) worst = { ms: leastMs, type: event.type };
  for (const command of commands) {
    const { type, offerId, requestId, timerId } = command;
    if (type === 'call') ringing.add(offerId);
    else if (type === 'cancel') {
      ringing.delete(offerId);
      talking.delete(offerId);
      off.add(offerId);
    } else if (type === 'connect') {
      ringing.delete(offerId);
      talking.add(offerId);
      waiting.delete(requestId);
    } else if (type === 'fail') waiting.delete(requestId);
    else if (type === 'start-timer') timers.set(timerId, nowMs + command.afterMs);
    else if (type === 'stop-timer') timers.delete(timerId);
  }
}

let joined = 0;
function join() {
  const requestId = `callback-${(joined += 1)}`;
  waiting.add(requestId);
  const n = joined % QUEUES;
  const steps = [
    { queue: `queue-${n}`, timeoutMs: 60_000, isCleared: false },
    { queue: `queue-${(n + 1) % QUEUES}`, timeoutMs: 0, isCleared: false },
  ];
  send({
    ...{ type: 'joined', requestId, service: `service-${n}`, steps, isAhead: joined % 4 === 0 },
    ...{ priority: joined % 3, priorityIncrement: n, priorityIncrementIntervalMs: 10_000 },
    ...{ etaPositions: [{ etaSeconds: 0, position: 10 }], reserveTimeoutMs: 30_000 },
    ...{ attemptsMax: 100, confirmTimeoutMs: 0 },
  });
}

function pick(set) {
  const at = Math.floor(random() * set.size);
  let n = 0;
  for (const item of set) if (n++ === at) return item;
  return undefined;
}

const due = [];
function isDue(atMs, timerId) {
  if (atMs <= nowMs) due.push(timerId);
}

function passTime(ms) {
  nowMs += ms;
  // Without a pair for each: what is measured is not to be the garbage of the measurement.
  due.length = 0;
  timers.forEach(isDue);
  for (const timerId of due) if (timers.delete(timerId)) send({ type: 'timer', timerId });
}

/** Else their tables would be among the old objects, and have all that was ever in them copied (passing-map.ts). */
function renewCollections() {
  timers = new Map(timers);
  [ringing, talking, off, waiting] = [ringing, talking, off, waiting].map((set) => new Set(set));
}

function drop(set, type, more = {}) {
  const offerId = pick(set);
  if (offerId === undefined) return;
  set.delete(offerId);
  send({ type, offerId, ...more });
}

function live() {
  const deed = random();
  passTime(50 + Math.floor(random() * 200));
  if (deed < 0.3) drop(ringing, 'answered');
  else if (deed < 0.4) drop(ringing, 'refused', { why: 'busy', isOurs: false });
  else if (deed < 0.7) drop(talking, 'ended');
  else if (deed < 0.8) {
    const requestId = pick(waiting);
    waiting.delete(requestId);
    send({ type: 'left', requestId, exit: 'abandoned', why: 'the customer hung up' });
  } else send({ type: 'customer-ready', requestId: pick(waiting) });
  while (off.size > 0) drop(off, 'over');
  while (waiting.size < WAITING) join();
}

send({ type: 'configured', plans });
globalThis.gc?.();
const heapBefore = process.memoryUsage().heapUsed;
while (waiting.size < WAITING) join();
globalThis.gc?.();
const perCall = (process.memoryUsage().heapUsed - heapBefore) / WAITING;

times.length = 0;
wallTimes.length = 0;
worst = { ms: 0, type: '' };
slow.length = 0;
while (times.length < EVENTS) {
  live();
  if (times.length % 50 === 0) renewCollections();
}
await new Promise((resolve) => setTimeout(resolve, 50));
const byLength = (a, b) => a - b;
times.sort(byLength);
wallTimes.sort(byLength);
const show = (share) =>
  [times, wallTimes].map((list) => `${percentile(list, share).toFixed(4)} ms`);

row(`${WAITING} waiting, ${QUEUES} queues, ${AGENTS} agents`, 'processor', 'wall clock');
row(`${times.length} events, p50`, ...show(0.5));
row('p99', ...show(0.99));
row('p99.9', ...show(0.999));
row('slowest', ...show(1));
row(`  by the lesser of the two, ${worst.type}`, `${worst.ms.toFixed(4)} ms`);
row('  that to its target', `${TARGET_MS} ms`, `x ${(worst.ms / TARGET_MS).toFixed(2)}`);
// What is left of each slow one when the collector's pauses are taken off.
const pauseIn = ({ before, after }) =>
  pauses
    .filter(({ startTime, duration }) => startTime < after && startTime + duration > before)
    .reduce((sum, { duration }) => sum + duration, 0);
const own = slow.filter((one) => one.after - one.before - pauseIn(one) > TARGET_MS);
const heldUp = own.filter(({ isHeldUp }) => isHeldUp);
row(`${slow.length} over ${TARGET_MS} ms by the wall clock, of them`);
row('  with the garbage collector', slow.length - own.length);
const majorIn = ({ before, after }) =>
  pauses.some(
    ({ startTime, duration, detail }) =>
      detail.kind !== constants.NODE_PERFORMANCE_GC_MINOR &&
      startTime < after &&
      startTime + duration > before,
  );
row('    a full one', slow.filter(majorIn).length);
row('  put off the processor by other programs', heldUp.length);
row('  neither: our own', own.length - heldUp.length);
const longest = pauses.reduce((most, { duration }) => Math.max(most, duration), 0);
row('garbage collections, the longest', pauses.length, `${longest.toFixed(1)} ms`);
row('memory of a waiting call in the core', `${(perCall / 1024).toFixed(1)} KiB`);
const nobody = plans.agents.map((agent) => ({ ...agent, startsAs: 'not-ready' }));
const perSession = await bytesOfWaitingSession({ ...plans, agents: nobody }, WAITING);
row('the same, with its session and flow', `${(perSession / 1024).toFixed(1)} KiB`);
row('load average', loadavg()[0].toFixed(1));
exit(percentile(times, 0.999) < TARGET_MS ? 0 : 1);
