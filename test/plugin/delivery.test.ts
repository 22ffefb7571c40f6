import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import type { FetchAnswer, FetchOrder } from '../../src/holder/fetcher.js';
import { deliver } from '../../src/plugin/delivery.js';
import { sign } from '../../src/plugin/webhook/signature.js';
import { settle } from '../fakes/fake-telephony.js';

const answer = (status: number, headers: Record<string, string> = {}): FetchAnswer => ({
  kind: 'answer',
  status,
  headers,
  body: Buffer.alloc(0),
  url: 'http://h/',
});
const failed = (code: 'FETCH_UNREACHABLE' | 'FETCH_TOO_LARGE' | 'FETCH_TOO_MANY'): FetchAnswer => ({
  kind: 'failed',
  code,
  why: 'the test said so',
});

describe('delivery to a plugin elsewhere', () => {
  /** @returns when each try was made, and what came of it, once it is over or the clock has run so far */
  async function run(answers: readonly FetchAnswer[], ttlMs = 120_000, abortAtMs = Infinity) {
    const clock = virtualClock();
    const startMs = clock.nowMs();
    const triedAtMs: number[] = [];
    const orders: FetchOrder[] = [];
    const giveUp = new AbortController();
    let end: FetchAnswer | undefined;
    void deliver(
      {
        clock,
        fetcher: {
          fetch: (order) => {
            triedAtMs.push(clock.nowMs() - startMs);
            orders.push(order);
            return Promise.resolve(answers[triedAtMs.length - 1] ?? answer(503));
          },
        },
      },
      {
        url: 'http://h/',
        untilMs: startMs + ttlMs,
        signal: giveUp.signal,
        freshHeaders: () => ({ n: String(triedAtMs.length) }),
      },
    ).then((found) => (end = found));
    for (let passedMs = 0; passedMs < 60_000 && !end; passedMs += 250) {
      await settle();
      if (passedMs >= abortAtMs) giveUp.abort();
      await clock.advance(250);
    }
    await settle();
    return { triedAtMs, end, orders, clock };
  }

  it('tries again with growing pauses what may pass, six times at most', async () => {
    const { triedAtMs, end } = await run([]);
    assert.deepEqual(triedAtMs, [0, 500, 1500, 3500, 7500, 15_500]);
    assert.deepEqual(end?.kind === 'answer' && end.status, 503);
  });

  it('stops at the first answer that is final', async () => {
    const { triedAtMs, end, orders } = await run([failed('FETCH_UNREACHABLE'), answer(200)]);
    assert.deepEqual(triedAtMs, [0, 500]);
    assert.equal(end?.kind, 'answer');
    assert.deepEqual(
      orders.map(({ headers }) => headers?.['n']),
      ['0', '1'],
      'headers with the time in them are made anew',
    );
  });

  it('does not try again what would fail again', async () => {
    assert.equal((await run([answer(400)])).triedAtMs.length, 1);
    assert.equal((await run([answer(307)])).triedAtMs.length, 1);
    assert.equal((await run([failed('FETCH_TOO_LARGE')])).triedAtMs.length, 1);
  });

  it('does not count as a try what was not sent, because too many were on their way', async () => {
    const inLine = Array.from({ length: 20 }, () => failed('FETCH_TOO_MANY'));
    const { triedAtMs, end } = await run([...inLine, answer(200)]);
    assert.equal(triedAtMs.length, 21);
    assert.equal(end?.kind, 'answer');
    const never = Array.from({ length: 500 }, () => failed('FETCH_TOO_MANY'));
    const late = await run(never, 5000);
    assert.equal(late.end?.kind, 'failed');
    assert.ok((late.triedAtMs.at(-1) ?? 0) <= 5000);
  });

  it('waits as long as it is told, but not past the time to live', async () => {
    const told = await run([answer(503, { 'retry-after': '3' }), answer(200)]);
    assert.deepEqual(told.triedAtMs, [0, 3000]);
    const late = await run([], 2000);
    assert.deepEqual(late.triedAtMs, [0, 500, 1500]);
    assert.deepEqual(
      late.orders.map(({ timeoutMs }) => timeoutMs),
      [2000, 1500, 500],
    );
  });

  it('ends at once when it is given up, without a timer left', async () => {
    const { triedAtMs, clock } = await run([], 120_000, 1000);
    assert.deepEqual(triedAtMs, [0, 500]);
    assert.equal(clock.pendingCount, 0);
  });

  it('is signed over the time and the body', () => {
    const mac = createHmac('sha256', 'secret').update('1700000000.{"a":1}').digest('hex');
    assert.equal(sign('{"a":1}', 'secret', 1_700_000_000_999), `t=1700000000,v1=${mac}`);
  });
});
