// `npm run bench:bridge`: from an agent's 200 OK until customer and agent hear each other, call by
// call, through the whole service; on the embedded engine, and on the servers that DIALBACK_DRACHTIO
// and DIALBACK_FREESWITCH (host:port,secret) name. `-- 50` for 50 calls on each. The far ends stamp what
// they send and hear themselves; a figure holds up to 20 ms of waiting for the next RTP frame.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { argv, env, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch } from 'undici';
import { silentLog } from '../src/adapters/log.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { startDialback } from '../src/main.ts';

// As mocha loads them: the G.711 library of the tests is no ES module.
const require = createRequire(import.meta.url);
const { FarParty } = require('../test/sip/far-party.ts');
const { tone, toneShare, wav } = require('../test/sip/far-rtp.ts');

const TARGET_MS = 60;
const COUNT = Number(argv[2]) || 20;
const [WAITING_HZ, CUSTOMER_HZ, AGENT_HZ] = [300, 600, 900];
const AGENT_RINGS_MS = 700;
const TALK_MS = 1000;

const percentile = (list, share) =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))];

function serversYaml() {
  const address = (text) => {
    const [, host, port, secret] = /^([^:,]+):(\d+),(.*)$/.exec(text) ?? [];
    return `{ host: "${host}", port: ${port}, secret: "${secret}" }`;
  };
  const { DIALBACK_DRACHTIO: drachtio, DIALBACK_FREESWITCH: freeswitch } = env;
  if (!drachtio || !freeswitch) return undefined;
  return `engine: servers\ndrachtio: ${address(drachtio)}\nfreeswitch: [${address(freeswitch)}]\n`;
}

/** When this tone is first heard after a moment; undefined: never. */
function onset({ rtp }, toneHz, fromMs) {
  const heard = rtp.packets.filter(({ atMs }) => atMs >= fromMs);
  return heard.find(({ samples }) => toneShare(samples, toneHz) > 0.6)?.atMs;
}

async function measure(engineYaml) {
  const folder = await mkdtemp(join(tmpdir(), 'dialback-bench-'));
  const [customer, agent] = [await FarParty.open(), await FarParty.open()];
  await writeFile(join(folder, 'waiting.wav'), wav(tone(WAITING_HZ, 80_000)));
  const file = join(folder, 'dialback.yaml');
  await writeFile(
    file,
    `${engineYaml}
trunks: [{ name: far, uri: "sip:127.0.0.1:${customer.port}" }]
queues: { support: { targets: [{ uri: "${agent.uri}" }] } }
media: { directory: "${folder}" }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
services:
  sales: { queue: support, _cpd_enable: false, _max_dial_attempts: 1 }
`,
  );
  const dialback = await startDialback(await loadConfig(file), silentLog);
  customer.onInvite = (call) => {
    call.answer();
    customer.rtp.sendTone(call.offer, CUSTOMER_HZ);
  };
  const delays = [];
  try {
    for (let n = 0; n < COUNT; n += 1) {
      const answered = new Promise((resolve) => {
        agent.onInvite = (call) => {
          call.respond(180, 'Ringing');
          setTimeout(() => {
            call.answer();
            const atMs = performance.now();
            agent.rtp.sendTone(call.offer, AGENT_HZ);
            resolve({ call, atMs });
          }, AGENT_RINGS_MS);
        };
      });
      await fetch(`${dialback.url}/genesys/1/service/callback/sales`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ _customer_number: `+1212555${String(1000 + n)}` }),
      });
      const { call, atMs } = await answered;
      await sleep(TALK_MS);
      const times = [onset(customer, AGENT_HZ, atMs), onset(agent, CUSTOMER_HZ, atMs)];
      call.bye();
      if (times.includes(undefined)) console.log(`  call ${n + 1}: not heard`);
      else delays.push(Math.max(...times) - atMs);
      await sleep(200);
      for (const { rtp } of [customer, agent]) {
        rtp.stopSending();
        rtp.packets.length = 0;
      }
    }
    return delays;
  } finally {
    await dialback.stop(0);
    customer.close();
    agent.close();
    await rm(folder, { recursive: true, force: true });
  }
}

console.log(
  `load average ${loadavg()[0].toFixed(1)} on ${cpus().length} cores, ${COUNT} calls each`,
);
let isMet = true;
for (const [name, yaml] of [
  ['embedded engine', 'engine: embedded\n'],
  ['servers', serversYaml()],
]) {
  if (yaml === undefined) {
    console.log(
      `${name.padEnd(16)} not measured: DIALBACK_DRACHTIO and DIALBACK_FREESWITCH are not set`,
    );
    continue;
  }
  const delays = await measure(yaml);
  const median = percentile(delays, 0.5);
  const isGood = delays.length === COUNT && median < TARGET_MS;
  isMet &&= isGood;
  const figures = [
    `median ${median?.toFixed(0)} ms`,
    `p95 ${percentile(delays, 0.95)?.toFixed(0)} ms`,
  ];
  const verdict = `target ${TARGET_MS} ms: ${isGood ? 'met' : 'MISSED'}`;
  console.log(`${name.padEnd(16)} ${[...figures, verdict].join('   ')}`);
}
console.log(`load average ${loadavg()[0].toFixed(1)}`);
exit(isMet ? 0 : 1);
