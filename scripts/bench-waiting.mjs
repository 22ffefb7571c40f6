// `npm run bench:waiting -- 100`: so many customers wait in five queues, on the servers that DIALBACK_DRACHTIO and
// DIALBACK_FREESWITCH (host:port,secret) name, else on the embedded engine; then ten agents come and serve them all.
// Is the waiting treatment heard by all, what does a customer who waits take, how soon do the two hear each other, and
// is anything left? Customers are heard by a process of their own, which stamps what it hears.
import { once } from 'node:events';
import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { argv, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fetch } from 'undici';
import { FarParty, load, percentile } from './bench/far-calls.mjs';
import { silentLog } from '../src/adapters/log.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { startDialback } from '../src/main.ts';

const require = createRequire(import.meta.url);
const { engineYaml } = require('../test/sip/engines.ts');
const { tone, toneShare, wav } = require('../test/sip/far-rtp.ts');

const WAITING = Number(argv[2]) || 100;
const [QUEUES, AGENTS] = [5, 10];
const [WAITING_HZ, CUSTOMER_HZ] = [300, 500];
const AGENTS_HZ = Array.from({ length: AGENTS }, (_, n) => 700 + 100 * n);
const [RINGS_MS, TALK_MS, LISTEN_MS] = [700, 2000, 10_000];
const TARGET_MS = 60;
const nowMs = () => performance.timeOrigin + performance.now();
const numbers = (count) => Array.from({ length: count }, (_, n) => n);

const ears = fork(fileURLToPath(new URL('./bench/many-ears.mjs', import.meta.url)));
const heard = [];
const answers = [];
ears.on('message', (message) => {
  if (message.hz === undefined) answers.shift()(message);
  else heard.push(message);
});
const ask = (question) => {
  const answer = new Promise((resolve) => answers.push(resolve));
  ears.send(question);
  return answer;
};
ears.send({ hears: [WAITING_HZ, ...AGENTS_HZ], waits: WAITING_HZ });
const { ports } = await ask({ open: WAITING, customerHz: CUSTOMER_HZ });

const customer = await FarParty.open();
const agents = await Promise.all(numbers(AGENTS).map(() => FarParty.open()));
customer.onInvite = (call) => {
  const port = ports.shift();
  call.respond(200, 'OK', { sdp: customer.rtp.sdp.replace(/m=audio \d+/, `m=audio ${port}`) });
  ears.send({ talk: { port, to: Number(/^m=audio (\d+)/m.exec(call.offer)[1]) } });
};

const folder = await mkdtemp(join(tmpdir(), 'dialback-bench-'));
await writeFile(join(folder, 'waiting.wav'), wav(tone(WAITING_HZ, 80_000)));
const lines = (of, line) => numbers(of).map(line).join('\n');
const serves = (agent, queue) => agent % QUEUES === queue || (agent + 1) % QUEUES === queue;
await writeFile(
  join(folder, 'dialback.yaml'),
  `${engineYaml()}
trunks: [{ name: far, uri: "sip:127.0.0.1:${customer.port}", maxConcurrentCalls: 1000, maxCallsPerSecond: 30 }]
agents:
${lines(AGENTS, (n) => `  a${n}: { uri: "${agents[n].uri}", startsAs: not-ready }`)}
queues:
${lines(
  QUEUES,
  (n) =>
    `  q${n}: { wrapUpMs: 500, agents: [${numbers(AGENTS)
      .filter((agent) => serves(agent, n))
      .map((agent) => `{ name: a${agent} }`)
      .join(', ')}] }`,
)}
media: { directory: "${folder}" }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
services:
${lines(
  QUEUES,
  (n) =>
    `  s${n}: { queue: q${n}, _cpd_enable: false, _max_dial_attempts: 1, _treatment_waiting_for_agent: waiting.wav }`,
)}
`,
);
const dialback = await startDialback(await loadConfig(join(folder, 'dialback.yaml')), silentLog);
const call = async (method, path, body) => {
  const answer = await fetch(`${dialback.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
};

const row = (what, ...cells) => console.log([what.padEnd(52), ...cells].join('  '));
const ms = (value) => `${(value ?? NaN).toFixed(0)} ms`;
const delays = [];
let served = 0;
function answersCalls(n) {
  const party = agents[n];
  party.onInvite = (invite) => {
    invite.respond(180, 'Ringing');
    setTimeout(() => {
      const fromMs = performance.now();
      const fromWallMs = nowMs();
      invite.answer();
      party.rtp.sendTone(invite.offer, AGENTS_HZ[n]);
      setTimeout(() => {
        const packet = party.rtp.packets.find(
          ({ atMs, samples }) => atMs >= fromMs && toneShare(samples, CUSTOMER_HZ) > 0.6,
        );
        const there = heard.find(({ hz, atMs }) => hz === AGENTS_HZ[n] && atMs >= fromWallMs);
        if (packet && there) delays.push(Math.max(packet.atMs - fromMs, there.atMs - fromWallMs));
        served += 1;
        invite.bye();
        party.rtp.stopSending();
        party.rtp.packets.length = 0;
      }, TALK_MS);
    }, RINGS_MS);
  };
}

console.log(`${load()}; ${WAITING} customers, ${QUEUES} queues, ${AGENTS} agents`);
for (let n = 0; n < WAITING; n += 1) {
  await call('POST', `/genesys/1/service/callback/s${n % QUEUES}`, {
    _customer_number: `+1212${5_550_000 + n}`,
  });
}
const limitMs = 30_000 + WAITING * 500;
const untilMs = performance.now() + limitMs;
let waiting = 0;
while (waiting < WAITING && performance.now() < untilMs) {
  await sleep(1000);
  ({ waiting } = await ask({ look: true }));
}
row('hear the waiting treatment', `${waiting} of ${WAITING}`);
const counts = await dialback.counts();
row('endpoints while nobody is called', String(counts.endpoints));
ears.send({ measure: true });
await sleep(LISTEN_MS);
const alone = await ask({ look: true });
row(
  `packets of the treatment apart, ${LISTEN_MS / 1000} s`,
  ...[0.5, 0.99, 0.999, 1].map((share) => ms(percentile(alone.pauses, share))),
  `${alone.framesWithout} frames without it`,
);
for (let n = 0; n < AGENTS; n += 1) {
  answersCalls(n);
  await call('PUT', `/v1/agents/a${n}`, { state: 'ready' });
}
const servedByMs = performance.now() + 30_000 + (WAITING / AGENTS) * 10_000;
while (served < waiting && performance.now() < servedByMs) await sleep(500);
const meanwhile = await ask({ look: true });
row(
  'the same while agents are called and answer',
  ...[0.5, 0.99, 0.999, 1].map((share) => ms(percentile(meanwhile.pauses, share))),
  `${meanwhile.framesWithout - alone.framesWithout} frames without it`,
);
const median = percentile(delays, 0.5);
row('answers, both heard each other', `${served}, ${delays.length}`);
row('200 OK to both hearing each other, median and p95', ms(median), ms(percentile(delays, 0.95)));
await sleep(3000);
const left = Object.entries(await dialback.counts()).filter(
  ([kind, count]) => count !== 0 && /endpoints|dialogs|invites|taps|sessions|queue/i.test(kind),
);
row('left when all are served', left.length === 0 ? 'nothing' : JSON.stringify(left));
console.log(load());
await dialback.stop(0);
for (const party of [customer, ...agents]) party.close();
ears.disconnect();
await once(ears, 'exit');
await rm(folder, { recursive: true, force: true });
const isGood = waiting === WAITING && delays.length === WAITING && left.length === 0;
exit(isGood && median < TARGET_MS ? 0 : 1);
