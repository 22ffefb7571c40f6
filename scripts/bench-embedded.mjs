// `npm run bench:embedded`: what the embedded engine carries. The real path: our adapters, hence
// drachtio-srf and drachtio-fsmrf, against the engine in a process of its own; a far end that answers;
// and a third process that does nothing but note when packets come. Numbers of calls can be given:
// `npm run bench:embedded -- 50 200 300`. Figures mean little while others use the machine: the load
// average is printed before and after.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { argv, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/adapters/clock/system-clock.ts';
import { silentLog } from '../src/adapters/log.ts';
import { connectTelephony } from '../src/adapters/telephony/connect.ts';

const TREATMENT = fileURLToPath(new URL('../media/waiting.wav', import.meta.url));
const SET_UPS_PER_S = 30;
const SET_UP_S = 8;
const MEASURE_MS = 8000;
const JITTER_TARGET_MS = { 50: 8, 200: 15 };

const given = argv.slice(2).map(Number).filter(Boolean);
const COUNTS = given.length > 0 ? given : [50, 200];

const start = async (file, ...args) => {
  const child = fork(fileURLToPath(new URL(`./bench/${file}`, import.meta.url)), args, {
    execArgv: ['--import', 'tsx'],
  });
  const [first] = await once(child, 'message');
  const ask = async (question) => {
    child.send(question);
    const [answer] = await once(child, 'message');
    return answer;
  };
  return { child, first, ask };
};

/** Rings and answers, with the next of the given RTP ports; agrees to every BYE. */
async function openFarEnd(nextPort) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.on('message', (bytes, from) => {
    const [head] = bytes.toString().split('\r\n\r\n');
    const [line, ...headers] = head.split('\r\n');
    const method = line.split(' ')[0];
    if (method === 'ACK' || method === 'SIP/2.0') return;
    const own = `127.0.0.1:${socket.address().port}`;
    const copied = headers.filter((header) => /^(via|from|call-id|cseq):/i.test(header));
    const to = headers.find((header) => /^to:/i.test(header)) ?? '';
    const sdp =
      method === 'INVITE'
        ? `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${nextPort()} RTP/AVP 0\r\n`
        : '';
    const reply = [
      ...['SIP/2.0 200 OK', ...copied, /;tag=/.test(to) ? to : `${to};tag=far`],
      ...[`Contact: <sip:${own}>`, 'Content-Type: application/sdp'],
      ...[`Content-Length: ${sdp.length}`, '', sdp],
    ];
    socket.send(reply.join('\r\n'), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { uri: `sip:far@127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}

async function call(telephony, uri) {
  const startedAt = performance.now();
  const endpoint = await telephony.media.createEndpoint();
  const invite = { uri, callId: randomUUID(), localSdp: endpoint.localSdp };
  const outcome = await telephony.sip.invite(invite).outcome;
  if (outcome.kind !== 'answered') throw new Error(JSON.stringify(outcome));
  await endpoint.connect(outcome.dialog.remoteSdp);
  endpoint.play([TREATMENT], { loop: true });
  const tookMs = performance.now() - startedAt;
  const hangUp = () => outcome.dialog.bye('over').then(() => endpoint.close());
  return { tookMs, hangUp };
}

/** Begins calls at a steady rate. @returns those that came about */
async function callAll(telephony, uri, count, perSecond) {
  const startedAt = performance.now();
  const calls = [];
  for (let n = 0; n < count; n++) {
    await sleep(Math.max(0, startedAt + (n * 1000) / perSecond - performance.now()));
    calls.push(call(telephony, uri).catch(() => undefined));
  }
  const made = (await Promise.all(calls)).filter(Boolean);
  return { made, seconds: (performance.now() - startedAt) / 1000 };
}

const ms = (value) => `${value.toFixed(2)} ms`;
const row = (...cells) =>
  console.log(cells.map((cell, n) => String(cell).padEnd(n === 0 ? 34 : 14)).join(''));
const printLoad = (when) =>
  row(
    `load average ${when}`,
    `${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')} on ${cpus().length} cores`,
  );
const percentile = (list, share) => list.toSorted((a, b) => a - b)[Math.floor(share * list.length)];

function printRatio(what, value, target, unit) {
  row(
    `  ${what}`,
    `${value.toFixed(2)} ${unit}`,
    `target ${target}`,
    `x ${(value / target).toFixed(2)}`,
  );
}

async function benchMedia(count) {
  const engine = await start('engine.mjs');
  const receiver = await start('receiver.mjs', String(count));
  const ports = receiver.first;
  let next = 0;
  const farEnd = await openFarEnd(() => ports[next++ % ports.length]);
  const clock = systemClock();
  const telephony = await connectTelephony({ ...engine.first, log: silentLog, clock });
  const idle = await engine.ask('usage');
  const { made } = await callAll(telephony, farEnd.uri, count, SET_UPS_PER_S);
  await sleep(1000);
  const before = await engine.ask('usage');
  receiver.child.send('start');
  await sleep(MEASURE_MS);
  const heard = await receiver.ask('stop');
  const after = await engine.ask('usage');
  const cores = (after.cpuMs - before.cpuMs) / MEASURE_MS;
  row(`${made.length} of ${count} calls with a treatment`, 'p50', 'p99', 'p99.9', 'max');
  row('  deviation from 20 ms', ...[heard.p50, heard.p99, heard.p999, heard.max].map(ms));
  row('  packets', heard.packets, `expected ${(made.length * MEASURE_MS) / 20}`);
  row(
    '  CPU',
    `${(cores * 100).toFixed(1)} % core`,
    `${((cores * 100) / count).toFixed(2)} % a call`,
  );
  row('  memory', `${Math.round((after.rssBytes - idle.rssBytes) / count / 1024)} KiB a call`);
  const target = JITTER_TARGET_MS[count];
  if (target) printRatio('p99 to its target', heard.p99, target, 'ms');
  printRatio('CPU to its target', cores, 1, 'core');
  await Promise.all(made.map(({ hangUp }) => hangUp()));
  await close(telephony, farEnd, engine, receiver);
}

async function benchSetUps() {
  const engine = await start('engine.mjs');
  const receiver = await start('receiver.mjs', '50');
  let next = 0;
  const farEnd = await openFarEnd(() => receiver.first[next++ % 50]);
  const clock = systemClock();
  const telephony = await connectTelephony({ ...engine.first, log: silentLog, clock });
  const before = await engine.ask('usage');
  const count = SET_UPS_PER_S * SET_UP_S;
  const hangUps = [];
  const startedAt = performance.now();
  const times = [];
  for (let n = 0; n < count; n++) {
    await sleep(Math.max(0, startedAt + (n * 1000) / SET_UPS_PER_S - performance.now()));
    const ended = call(telephony, farEnd.uri).then(({ tookMs, hangUp }) => {
      times.push(tookMs);
      return hangUp();
    });
    hangUps.push(ended.catch(() => undefined));
  }
  await Promise.all(hangUps);
  const seconds = (performance.now() - startedAt) / 1000;
  const { cpuMs } = await engine.ask('usage');
  row(`${times.length} of ${count} set-ups`, 'p50', 'p99');
  row('  endpoint, INVITE, answer, play', ms(percentile(times, 0.5)), ms(percentile(times, 0.99)));
  row('  CPU', `${((cpuMs - before.cpuMs) / count).toFixed(1)} ms a call`);
  printRatio('rate to its target', times.length / seconds, SET_UPS_PER_S, '/s');
  await close(telephony, farEnd, engine, receiver);
}

async function close(telephony, farEnd, engine, receiver) {
  await telephony.close();
  farEnd.close();
  receiver.child.disconnect();
  engine.child.disconnect();
  await once(engine.child, 'exit');
}

printLoad('before');
for (const count of COUNTS) await benchMedia(count);
await benchSetUps();
printLoad('after');
exit(0);
