/**
 * sipp as a carrier: one call for each row of the result table, through the whole service. The second
 * trunk answers that everybody is busy, so whoever went on to it is found busy.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callStateOfAnswer } from '../../src/callflow/call-state.js';
import { RESULT_ROWS } from '../../src/dial/result-rows.js';
import { CALLS, CarrierCalls, carrierScenario, type Done } from './carrier-calls.js';
import { hasSipp, startSipp } from './sipp.js';

const BUSY = 6;
/** Beyond what the machine needs at the same time for two commits: the end of one leg, the beginning of the next. */
const ON_TO_ANOTHER_WITHIN_MS = 200;

/** Those that need no more than a status and a cause: the carrier says nothing else. */
const ROWS = RESULT_ROWS.filter(({ when }) => when.header === undefined);

/** A status and a cause that this row decides for, and none before it. */
function exampleOf({ when: { status, q850Cause } }: (typeof RESULT_ROWS)[number]): string {
  // 580 and 433 stand for what no row names.
  const own = status?.[1] === 599 ? 580 : status?.[0];
  const code = own ?? (q850Cause === undefined ? 433 : 480);
  return `+12125${code}${String(q850Cause ?? 0).padStart(3, '0')}`;
}

describe('sipp as a carrier', function () {
  this.timeout(120_000);
  let service: CarrierCalls | undefined;
  let folder: string | undefined;
  const wentOnMs: number[] = [];
  /** Of the machine, right after each call. */
  const commitsMs: number[] = [];
  before(async function () {
    if (!hasSipp()) return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'dialback-carrier-sipp-'));
    const scenario = join(folder, 'carrier.xml');
    const statuses = ROWS.map((row) => Number(exampleOf(row).slice(6, 9)));
    await writeFile(scenario, carrierScenario([...new Set(statuses)]));
    service = await CarrierCalls.open(await startSipp(scenario, {}, CALLS));
  });
  after(async () => {
    await service?.close();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  const called = (number: string): Promise<Done> => {
    assert.ok(service);
    return service.call(number);
  };

  for (const row of ROWS) {
    const goesOn = row.then === 'next-trunk';
    it(`refuses by row ${row.id}: ${goesOn ? 'another trunk' : 'no other trunk'}`, async () => {
      const { attempts, wentOnAfterMs } = await called(exampleOf(row));
      const [attempt] = attempts;
      assert.equal(attempts.length, 1, 'one attempt, whatever was tried within it');
      assert.equal(attempt?.trunk, goesOn ? 'second' : 'first');
      const expected = goesOn ? BUSY : callStateOfAnswer(row.answer ?? 'error');
      assert.equal(attempt?.callState, expected);
      assert.equal(attempt?.tries?.length, goesOn ? 2 : undefined);
      if (!goesOn) return;
      assert.match(attempt?.tries?.[0]?.why ?? '', new RegExp(row.why.slice(0, 12)));
      wentOnMs.push(wentOnAfterMs ?? Infinity);
      commitsMs.push((await service?.twoCommitsMs()) ?? 0);
    });
  }

  it('is left within 200 ms', () => {
    // Nine of ten: the machine that runs the tests may stand still for a moment.
    const ninth = (times: number[]): number =>
      times.sort((a, b) => a - b)[Math.floor(times.length * 0.9)] ?? Infinity;
    const [slow, commits] = [ninth(wentOnMs), ninth(commitsMs)];
    const what = `${wentOnMs.join(' ')}; two commits ${Math.round(commits)} ms`;
    assert.ok(slow <= ON_TO_ANOTHER_WITHIN_MS + commits, what);
  });

  it('is not left for another once a phone rang', async () => {
    const rings = await CarrierCalls.open(await startSipp('carrier-rings.xml', {}, CALLS));
    try {
      const [attempt] = (await rings.call('+12125550100')).attempts;
      assert.deepEqual([attempt?.trunk, attempt?.sipStatus], ['first', 503]);
      assert.ok(attempt?.rangAtMs !== undefined && attempt.postDialDelayMs !== undefined);
      assert.equal(attempt.tries, undefined);
    } finally {
      await rings.close();
    }
  });
});
