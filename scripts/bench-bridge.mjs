// `npm run bench:bridge`: from an agent's 200 OK until customer and agent hear each other, call by
// call, through the whole service; on the embedded engine, and on the servers that DIALBACK_DRACHTIO
// and DIALBACK_FREESWITCH (host:port,secret) name. `-- 50` for 50 calls on each. The far ends stamp what
// they send and hear themselves; a figure holds up to 20 ms of waiting for the next RTP frame.
import { performance } from 'node:perf_hooks';
import { argv, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  engines,
  FarParty,
  load,
  percentile,
  startService,
  toneShare,
} from './bench/far-calls.mjs';

const TARGET_MS = 60;
const COUNT = Number(argv[2]) || 20;
const [WAITING_HZ, CUSTOMER_HZ, AGENT_HZ] = [300, 600, 900];
const AGENT_RINGS_MS = 700;
const TALK_MS = 1000;

/** When this tone is first heard after a moment; undefined: never. */
function onset({ rtp }, toneHz, fromMs) {
  const heard = rtp.packets.filter(({ atMs }) => atMs >= fromMs);
  return heard.find(({ samples }) => toneShare(samples, toneHz) > 0.6)?.atMs;
}

async function measure(engine) {
  const [customer, agent] = [await FarParty.open(), await FarParty.open()];
  const service = await startService({
    ...{ engine, customer, agentUri: agent.uri },
    sound: { name: 'waiting.wav', toneHz: WAITING_HZ, samples: 80_000 },
    options: '_max_dial_attempts: 1',
  });
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
      await service.ask(n);
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
    await service.stop();
    customer.close();
    agent.close();
  }
}

console.log(`${load()}, ${COUNT} calls each`);
let isMet = true;
for (const [name, yaml] of engines()) {
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
console.log(load());
exit(isMet ? 0 : 1);
