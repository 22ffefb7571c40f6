// How fast VoiceXML pages are on this machine: from the page to its first prompt, with one page at a time
// and with 200 at once, each in a real page thread; keys to the next prompt; memory.
// `npm run bench:vxml`
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../src/adapters/clock/system-clock.ts';
import { createPagePool } from '../src/adapters/vxml/page-pool.ts';
import { SimulatedCall } from '../src/holder/simulated-call.ts';
import { EmbeddedPageRunner } from '../src/vxml/embedded-page-runner.ts';

const AT_ONCE = 200;
const ONE_BY_ONE = 100;
const URL_OF_PAGE = 'http://pages.example.com/confirm.vxml';
const page = readFileSync(new URL('../config/examples/vxml/confirm.vxml', import.meta.url));
const clock = systemClock();

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const most = (values) => Math.max(...values);
const ms = (value) => `${value.toFixed(1)} ms`;

const pool = createPagePool();
await pool.warmUp();
const runner = new EmbeddedPageRunner({
  pool,
  fetcher: {
    fetch: ({ url }) =>
      Promise.resolve({ kind: 'answer', status: 200, headers: {}, body: page, url }),
  },
  readFile: () => Promise.reject(new Error('nothing is recorded')),
  newId: () => 'bench',
});

/** One page to its result, by the key 1. @returns when its prompts began, and when it was over */
function runPage() {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const plays = [];
    const call = new SimulatedCall({
      clock,
      facts: {
        interactionId: 'bench',
        callId: 'bench',
        callState: 0,
        answeredBy: 'human',
        customerNumber: '+447700900123',
        dialedNumber: '+447700900123',
        callerId: undefined,
        requestUri: 'sip:bench',
        sipHeaders: {},
      },
      lengthOf: () => (plays.length === 0 ? 10_000 : 10),
      onAction: (what) => {
        if (what !== 'play') return;
        plays.push(performance.now() - startedAt);
        if (plays.length === 1) setTimeout(() => call.press('1'), 300);
      },
    });
    const run = runner.start(
      {
        url: URL_OF_PAGE,
        call,
        parameters: { _call_state: 0, _dial_attempt: 1, _ttl: 60, _user_data: {} },
        ttlMs: 60_000,
      },
      {
        exited: () => {
          void run.stop('replied');
          resolve({ firstMs: plays[0], afterKeyMs: plays[1] - plays[0] - 300 });
        },
        failed: (code, why) => reject(new Error(`${code}: ${why}`)),
        trail: () => undefined,
      },
    );
  });
}

const single = [];
for (let n = 0; n < ONE_BY_ONE; n++) single.push(await runPage());
const firsts = single.map(({ firstMs }) => firstMs);
const keys = single.map(({ afterKeyMs }) => afterKeyMs);
console.log(`one page at a time (${ONE_BY_ONE}): first prompt ordered after ${ms(median(firsts))}`);
console.log(`  median, ${ms(most(firsts))} at most; next prompt ${ms(median(keys))} after a key`);

const before = process.memoryUsage().rss;
const beganAt = performance.now();
const many = await Promise.all(Array.from({ length: AT_ONCE }, runPage));
const tookMs = performance.now() - beganAt;
const grownMb = (process.memoryUsage().rss - before) / 2 ** 20;
const manyFirst = many.map(({ firstMs }) => firstMs);
console.log(`${AT_ONCE} pages at once: first prompt after ${ms(median(manyFirst))} median,`);
console.log(
  `  ${ms(most(manyFirst))} at most; all through in ${ms(tookMs)}; ${grownMb.toFixed(0)} MB more`,
);
await pool.stop();
