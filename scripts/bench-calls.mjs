// `npm run bench:calls`: the product against a bare drachtio-srf and drachtio-fsmrf script, on the
// servers named by DIALBACK_DRACHTIO and DIALBACK_FREESWITCH (host:port,secret), else on the embedded
// engine. Four parts, all or those named: `cost` (fixed rate, in turn), `sound` (answer to the first
// audible packet), `overload` (three times what is carried), `leaks`. `--quick` is a minute of it all;
// the whole takes about a quarter of an hour on a quiet machine. The table at its end is that of
// docs/performance.md.
// Everything shares one machine: figures of different runs cannot be compared, ratios of one run can.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { argv, exit, version } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { orderAtRate, startBare, startPath, startProcess, startService } from './bench/party.mjs';
import { channelCount, findServers, versionsOf } from './bench/servers.mjs';

const isQuick = argv.includes('--quick');
/** `--scale=0.3`: a third of the calls. */
const scale = Number(argv.find((word) => word.startsWith('--scale='))?.slice(8) ?? 1);
const sized = (count) => Math.max(1, Math.round(count * scale));
const named = argv.slice(2).filter((word) => !word.startsWith('--'));
const wants = (part) => named.length === 0 || named.includes(part);
const LISTEN_MS = 1000;
/** After an overload the bare script needs a minute or so; some of its calls never end. */
const BARE_LIMIT_MS = 120_000;

const percentile = (list, share) =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))];
const median = (list) => percentile(list, 0.5);
const ms = (value) => `${value.toFixed(1)} ms`;
const row = (...cells) =>
  console.log(cells.map((cell, n) => `${cell}  `.padEnd(n === 0 ? 44 : 16)).join(''));
const load = () =>
  `load average ${loadavg()
    .map((one) => one.toFixed(1))
    .join(' ')} on ${cpus().length} cores`;
const verdict = (isMet) => (isMet ? 'met' : 'MISSED');

/** Rows of the table in docs/performance.md. */
const table = [];

/** One figure against its target, for the eye now and for the table at the end. */
function judge(what, bare, ours, target, isMet) {
  row(what, ours, `target ${target}`, verdict(isMet));
  table.push([what, bare, ours, `${target}: ${isMet ? 'met' : '**missed**'}`, loadNow()]);
}

const loadNow = () => loadavg()[0].toFixed(1);

function printTable() {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  console.log('');
  console.log(line(['what', 'bare script', 'ours', 'target', 'load average']));
  console.log(line(['---', '---', '---', '---', '---']));
  for (const cells of table) console.log(line(cells));
}

/** One second of a loud tone from the first sample on, 8 kHz mono. */
function tone(seconds = 1) {
  const RATE = 8000;
  const count = RATE * seconds;
  const wav = Buffer.alloc(44 + count * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + count * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(count * 2, 40);
  for (let n = 0; n < count; n++) {
    wav.writeInt16LE(Math.round(12000 * Math.cos((2 * Math.PI * 440 * n) / RATE)), 44 + n * 2);
  }
  return wav;
}

const folder = await mkdtemp(join(tmpdir(), 'dialback-bench-'));
const file = join(folder, 'tone.wav');
await writeFile(file, tone());
const servers = await findServers();
const callee = await startProcess('./callee.mjs');
const calleeUri = callee.first.uri;
const common = { servers, calleeUri, file, folder };

/** What the callee noted of these calls, by number. */
async function notesOf(results) {
  // The last BYE may still be on its way.
  await sleep(1000);
  const { notes } = await callee.ask('notes');
  const byNumber = new Map(notes.map((note) => [note.number, note]));
  return results.map((result) => ({ ...byNumber.get(result.number), ...result }));
}

const isDone = ({ ok, why, ackAtMs, soundAtMs, endedAtMs }) =>
  ok !== false && why === undefined && Boolean(ackAtMs && soundAtMs && endedAtMs);

/**
 * A fixed rate, the two in turn: CPU time of the process per call, and the time to set one up. What is
 * measured begins after some hundred calls of each: before that V8's compiler costs as much as the calls.
 */
async function cost() {
  const [perSecond, seconds, rounds, warmSeconds] = isQuick
    ? [15, 4, 1, 4]
    : [15, sized(15), 5, sized(30)];
  callee.tell({ hangUpAfter: 'nothing' });
  const parties = {
    bare: await startBare({ ...common, listenMs: LISTEN_MS, withTap: true }),
    path: await startPath({ ...common, listenMs: LISTEN_MS }),
    ours: await startService({ ...common, listenMs: LISTEN_MS }),
  };
  // All are warm, and the governor knows the servers.
  for (const [name, party] of Object.entries(parties)) {
    const before = await party.ask('usage');
    const { length } = await orderAtRate(party, perSecond, warmSeconds);
    const { cpuMs } = await party.ask('usage');
    row(`  ${name}, its first ${length} calls`, ms((cpuMs - before.cpuMs) / length));
  }
  const seen = { bare: [], path: [], ours: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [name, party] of Object.entries(parties)) {
      const before = await party.ask('usage');
      const results = await orderAtRate(party, perSecond, seconds);
      const after = await party.ask('usage');
      const calls = (await notesOf(results)).filter(isDone);
      const setUps = calls.map(({ orderedAtMs, ackAtMs }) => ackAtMs - orderedAtMs);
      const invites = calls.map(({ orderedAtMs, inviteAtMs }) => inviteAtMs - orderedAtMs);
      seen[name].push({
        cpuMs: (after.cpuMs - before.cpuMs) / results.length,
        setUpMs: median(setUps),
        p95Ms: percentile(setUps, 0.95),
        inviteMs: median(invites),
        done: calls.length / results.length,
      });
      const { cpuMs, setUpMs, p95Ms, inviteMs, done } = seen[name].at(-1);
      const all = `${(done * 100).toFixed(0)} % of ${results.length}`;
      row(`  ${name}, round ${round + 1}`, ms(cpuMs), ms(setUpMs), ms(p95Ms), ms(inviteMs), all);
    }
  }
  for (const party of Object.values(parties)) await party.stop();
  const of = (name, what) => median(seen[name].map((round) => round[what]));
  for (const [name, what] of [
    ['path', 'call path alone'],
    ['ours', 'whole service'],
  ]) {
    const ratio = of(name, 'cpuMs') / of('bare', 'cpuMs');
    const moreMs = of(name, 'setUpMs') - of('bare', 'setUpMs');
    const at = `at ${perSecond} a second, ${what}, median of ${rounds}`;
    const cpu = `${ms(of(name, 'cpuMs'))}: ${ratio.toFixed(2)} times`;
    judge(`CPU a call ${at}`, ms(of('bare', 'cpuMs')), cpu, '1.5 times', ratio <= 1.5);
    const setUp = `${ms(of(name, 'setUpMs'))}: ${ms(moreMs)} more`;
    judge(`set-up p50 ${at}`, ms(of('bare', 'setUpMs')), setUp, '15 ms more', moreMs <= 15);
  }
}

/** From the callee's 200 to the first audible packet of the connect treatment, without CPD. */
async function sound() {
  const count = isQuick ? 20 : sized(100);
  callee.tell({ hangUpAfter: 'sound' });
  const parties = {
    bare: await startBare({ ...common, listenMs: 0, withTap: false }),
    ours: await startService({ ...common, listenMs: LISTEN_MS }),
  };
  const medians = {};
  for (const [name, party] of Object.entries(parties)) {
    const results = [];
    for (let n = 0; n < count + 3; n++) results.push(await party.order('connect'));
    const calls = (await notesOf(results)).filter(({ soundAtMs }) => soundAtMs).slice(3);
    const delays = calls.map(({ answerAtMs, soundAtMs }) => soundAtMs - answerAtMs);
    medians[name] = median(delays);
    row(
      `  ${name}`,
      ms(medians[name]),
      `p95 ${ms(percentile(delays, 0.95))}`,
      `${calls.length} calls`,
    );
  }
  for (const party of Object.values(parties)) await party.stop();
  const what = `answer to the first audible packet, CPD off, median of ${count}`;
  judge(what, ms(medians.bare), ms(medians.ours), '60 ms', medians.ours <= 60);
}

/** More than can be carried, for a while; then the time it takes until all is over. */
async function overload() {
  const [probeSeconds, seconds] = isQuick ? [5, 5] : [sized(15), sized(30)];
  callee.tell({ hangUpAfter: 'nothing' });
  const ours = await startService({ ...common, listenMs: LISTEN_MS });
  // What is carried is what the governor lets through when there is always somebody waiting.
  const probed = await orderAtRate(ours, 60, probeSeconds);
  const acks = (await notesOf(probed)).map(({ ackAtMs }) => ackAtMs).filter(Boolean);
  const carried = carriedPerSecond(acks);
  row('  carried, with somebody always waiting', `${carried.toFixed(1)} /s`);
  const offered = Math.round(3 * carried);
  row('  offered', `${offered} /s`, `for ${seconds} s`);
  const one = await overloadOne('ours', ours, offered, seconds);
  await ours.stop();
  for (const [warning, count] of ours.warnings) row(`    ${count} x ${warning}`);
  const bare = await startBare({ ...common, listenMs: LISTEN_MS, withTap: true });
  const other = await overloadOne('bare', bare, offered, seconds, BARE_LIMIT_MS);
  await bare.stop();
  const what = `overload: ${offered} a second for ${seconds} s, ${carried.toFixed(1)} carried`;
  const completed = ({ done, all }) => `${done} of ${all}`;
  judge(`${what}: calls completed`, completed(other), completed(one), 'all', one.done === one.all);
  const p95 = 'overload: set-up from the turn to the ACK, p95';
  judge(p95, ms(other.p95Ms), ms(one.p95Ms), 'under 1 s', one.p95Ms < 1000);
}

function carriedPerSecond(acks) {
  const sorted = acks.toSorted((a, b) => a - b);
  const half = sorted.slice(Math.floor(sorted.length / 2));
  return ((half.length - 1) * 1000) / (half.at(-1) - half[0]);
}

async function overloadOne(name, party, perSecond, seconds, limitMs) {
  const startedAtMs = performance.now();
  const ordered = await orderAtRate(party, perSecond, seconds, undefined, limitMs);
  const results = await notesOf(ordered);
  const tookS = (performance.now() - startedAtMs) / 1000;
  const done = results.filter(isDone);
  const setUps = done.map(({ dialledAtMs, ackAtMs }) => ackAtMs - dialledAtMs);
  const p95Ms = setUps.length > 0 ? percentile(setUps, 0.95) : Infinity;
  const whys = new Map();
  for (const { why, because } of results.filter((one) => !isDone(one))) {
    const word = (why ?? because ?? 'nothing heard').slice(0, 160);
    whys.set(word, (whys.get(word) ?? 0) + 1);
  }
  row(
    `  ${name}`,
    `${done.length} of ${results.length}`,
    `p50 ${ms(setUps.length > 0 ? median(setUps) : 0)}`,
    `p95 ${ms(p95Ms)}`,
    `max ${ms(Math.max(...setUps))}`,
    `over after ${tookS.toFixed(0)} s`,
  );
  for (const [why, count] of whys) row(`    ${count} x ${why}`);
  return { done: done.length, all: results.length, p95Ms };
}

/** Nothing is left behind, and memory stays what it is. */
async function leaks() {
  const [inARow, concurrent, many] = isQuick
    ? [30, 30, 200]
    : [sized(500), sized(100), sized(2000)];
  const ours = await startService({ ...common, listenMs: LISTEN_MS });
  // Channels of others, or of a benchmark that was broken off, are not ours to count.
  const idle = { ...(await ours.ask('left')), channels: (await channelCount(servers)) ?? 0 };
  callee.tell({ hangUpAfter: 'answer' });
  for (let n = 0; n < inARow; n++) await ours.order('connect');
  const met = [await nothingLeft(`${inARow} calls in a row`, ours, idle)];
  callee.tell({ hangUpAfter: 'nothing' });
  await Promise.all(Array.from({ length: concurrent }, () => ours.order('full')));
  met.push(await nothingLeft(`${concurrent} calls at once`, ours, idle));
  callee.tell({ hangUpAfter: 'answer' });
  // What is allocated once (code, pools, buffers of the store) is there after the first few hundred.
  await orderAtRate(ours, 15, many / 4 / 15, 'connect');
  const before = await ours.ask('memory');
  await orderAtRate(ours, 15, many / 15, 'connect');
  const after = await ours.ask('memory');
  await callee.ask('notes');
  const growth = (after.heapBytes / before.heapBytes - 1) * 100;
  const rss = (after.rssBytes / before.rssBytes - 1) * 100;
  const size = `${(after.heapBytes / 2 ** 20).toFixed(1)} MiB`;
  judge(`heap over ${many} calls`, '', `${growth.toFixed(1)} %, ${size}`, '5 %', growth < 5);
  row('  resident memory', `${rss.toFixed(1)} %`, `${(after.rssBytes / 2 ** 20).toFixed(0)} MiB`);
  met.push(await nothingLeft('after all of them', ours, idle));
  await ours.stop();
  const isClean = met.every(Boolean);
  const what = `left over after ${inARow} calls in a row, ${concurrent} at once, ${many} more`;
  judge(what, '', isClean ? 'nothing' : 'something, see above', 'nothing', isClean);
}

async function nothingLeft(what, ours, idle) {
  // Sockets to the servers and of the HTTP client come and go; give them a moment.
  await sleep(1500);
  const left = await ours.ask('left');
  const channels = ((await channelCount(servers)) ?? 0) - idle.channels;
  const more = Object.entries(left.resources)
    .map(([kind, count]) => [kind, count - (idle.resources[kind] ?? 0)])
    .filter(([kind, count]) => count > 0 && kind !== 'TCPSocketWrap');
  const counts = Object.entries(left.counts).filter(([, count]) => count !== 0);
  const all = [...counts, ...more, ...(channels > 0 ? [['channels', channels]] : [])];
  row(`  ${what}: left over`, all.length === 0 ? 'nothing' : JSON.stringify(all));
  return all.length === 0;
}

const PARTS = { cost, sound, overload, leaks };
const TITLES = {
  cost: ['cost at 15 calls a second', 'CPU a call', 'set-up p50', 'set-up p95', 'INVITE p50'],
  sound: ['answer to first audible packet, CPD off', 'median'],
  overload: ['three times what is carried', 'completed', 'set-up, from the turn to the ACK'],
  leaks: ['leaks and memory'],
};

console.log(`Node ${version}; ${load()}`);
if (servers.kind === 'real') console.log((await versionsOf(servers)).join('\n'));
else console.log('No servers named by DIALBACK_DRACHTIO and DIALBACK_FREESWITCH: embedded engine.');
for (const [name, run] of Object.entries(PARTS)) {
  if (!wants(name)) continue;
  console.log('');
  row(...TITLES[name]);
  try {
    await run();
  } catch (error) {
    console.error(error);
  }
  console.log(load());
}
printTable();
await callee.stop();
await servers.stop();
await rm(folder, { recursive: true, force: true });
exit(0);
