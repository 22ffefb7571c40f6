// `npm run bench:vxml:calls`: VoiceXML pages on calls, through the whole service: from the moment the page is
// there until the first packet of its first prompt, and from the end packet of a key (RFC 4733) to the last
// packet of the prompt it interrupts. On the embedded engine, and on the servers that DIALBACK_DRACHTIO and
// DIALBACK_FREESWITCH (host:port,secret) name. `-- 50` for 50 calls on each. The far end stamps what it sends and
// hears itself; both figures hold up to 20 ms of waiting for the next RTP frame.
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { argv, cpuUsage, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  engines,
  FarParty,
  load,
  percentile,
  startService,
  toneShare,
} from './bench/far-calls.mjs';

const FIRST_PROMPT_TARGET_MS = 50;
const STOP_TARGET_MS = 80;
const COUNT = Number(argv[2]) || 20;
const PROMPT_HZ = 600;
const PROMPT_SAMPLES = 8000 * 20;
const KEY_MS = 100;
const LISTEN_MS = 700;
const CALL_MAX_MS = 15_000;

const PAGE = `<vxml version="2.1"><form>
  <field name="a" type="digits?length=1"><prompt><audio src="media:prompt.wav"/></prompt></field>
  <block><exit expr="{ action: 'cancel', message: 'OK' }"/></block>
</form></vxml>`;

const isPrompt = ({ samples }) => toneShare(samples, PROMPT_HZ) > 0.6;

/** The page's server, which says when its latest answer was gone. */
async function servePage() {
  const gone = { atMs: NaN };
  const server = createServer((_request, response) => {
    response.on('finish', () => (gone.atMs = performance.now()));
    response.setHeader('content-type', 'application/voicexml+xml').end(PAGE);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/page.vxml`;
  return { url, gone, close: () => server.close() };
}

async function until(find) {
  for (const startedAtMs = performance.now(); performance.now() - startedAtMs < CALL_MAX_MS;) {
    const found = find();
    if (found !== undefined) return found;
    await sleep(5);
  }
  return undefined;
}

async function measure(engine) {
  const customer = await FarParty.open();
  const page = await servePage();
  const service = await startService({
    ...{ engine, customer, agentUri: `sip:nobody@127.0.0.1:${customer.port}` },
    sound: { name: 'prompt.wav', toneHz: PROMPT_HZ, samples: PROMPT_SAMPLES },
    options: `_on_customer_connect_treatment_url: "${page.url}"`,
  });
  const [firsts, stops] = [[], []];
  const before = cpuUsage();
  try {
    for (let n = 0; n < COUNT; n += 1) {
      customer.rtp.packets.length = 0;
      page.gone.atMs = NaN;
      const answered = new Promise((resolve) => {
        customer.onInvite = (call) => {
          call.answer();
          resolve(call);
        };
      });
      await service.ask(n);
      const call = await answered;
      const first = await until(() =>
        customer.rtp.packets.find((packet) => packet.atMs >= page.gone.atMs && isPrompt(packet)),
      );
      if (!first) {
        console.log(`  call ${n + 1}: no prompt was heard`);
        call.bye();
        continue;
      }
      firsts.push(first.atMs - page.gone.atMs);
      await sleep(LISTEN_MS);
      const endedAtMs = await customer.rtp.pressKey(call.offer, '1', KEY_MS);
      await sleep(LISTEN_MS);
      const last = customer.rtp.packets.findLast(isPrompt);
      stops.push(last.atMs - endedAtMs);
      await sleep(200);
    }
    const used = cpuUsage(before);
    return { firsts, stops, cpuMs: (used.user + used.system) / 1000 / COUNT };
  } finally {
    await service.stop();
    customer.close();
    page.close();
  }
}

/** @returns whether the target was met */
function report(what, values, targetMs, needed) {
  const median = percentile(values, 0.5);
  const isMet = values.length === COUNT && needed(values);
  const within = values.filter((value) => value <= targetMs).length;
  const figures = [
    `median ${median?.toFixed(0)} ms`,
    `p95 ${percentile(values, 0.95)?.toFixed(0)} ms`,
    `${within} of ${values.length} within ${targetMs} ms`,
  ];
  console.log(`  ${what.padEnd(22)} ${figures.join('   ')}   ${isMet ? 'met' : 'MISSED'}`);
  return isMet;
}

console.log(`${load()}, ${COUNT} calls each`);
let isMet = true;
for (const [name, yaml] of engines()) {
  const { firsts, stops, cpuMs } = await measure(yaml);
  console.log(`${name} (${cpuMs.toFixed(0)} ms of processor time a call, far end included)`);
  const isFast = (values) => percentile(values, 0.5) < FIRST_PROMPT_TARGET_MS;
  isMet = report('page to first prompt', firsts, FIRST_PROMPT_TARGET_MS, isFast) && isMet;
  const isQuick = (values) => Math.max(...values) <= STOP_TARGET_MS;
  isMet = report('key to silence', stops, STOP_TARGET_MS, isQuick) && isMet;
}
console.log(load());
exit(isMet ? 0 : 1);
