import assert from 'node:assert/strict';
import { SetUpRate } from '../../src/dial/set-up-rate.js';

/** A media server of the test: so long does a set-up take while so many begin a second. */
type Server = (perSecond: number) => number;

/** Lets `seconds` pass with as many set-ups as the rate allows, somebody waiting all the time. */
function drive(rate: SetUpRate, from: number, seconds: number, server: Server, isBusy = false) {
  let nowMs = from;
  while (nowMs < from + seconds * 1000) {
    nowMs += 1000 / rate.perSecond;
    rate.started();
    rate.usedUp();
    rate.took('endpoint', server(rate.perSecond), nowMs, isBusy);
  }
  return nowMs;
}

const quick: Server = () => 10;
/** Ten milliseconds until 30 a second, then longer and longer. */
const carries30: Server = (perSecond) => 10 + Math.max(0, perSecond - 30) * 40;

describe('SetUpRate', () => {
  it('rises by leaps while set-ups stay quick', () => {
    const rate = new SetUpRate();
    drive(rate, 0, 8, quick);
    assert.ok(rate.perSecond > 40, `${rate.perSecond} after 8 s`);
  });

  it('rises no faster than by a quarter a second: what a call costs comes after its set-up', () => {
    const rate = new SetUpRate();
    let nowMs = 0;
    for (let second = 0; second < 8; second += 1) {
      const before = rate.perSecond;
      nowMs = drive(rate, nowMs, 1, quick);
      assert.ok(rate.perSecond <= before * 1.4, `${rate.perSecond} after ${before}`);
    }
  });

  it('rises one by one once set-ups take noticeably longer, slow or not', () => {
    const rate = new SetUpRate();
    let nowMs = drive(rate, 0, 4, quick);
    nowMs = drive(rate, nowMs, 1, () => 80);
    const before = rate.perSecond;
    drive(rate, nowMs, 5, () => 80);
    assert.ok(rate.perSecond > before && rate.perSecond <= before + 6, `${rate.perSecond}`);
  });

  it('hears of a slow server by any part of a set-up', () => {
    for (const phase of ['endpoint', 'tap', 'connect'] as const) {
      const rate = new SetUpRate();
      rate.took(phase, 10, 0, false);
      for (let n = 1; n <= 20; n += 1) rate.took(phase, 500, n * 100, false);
      assert.ok(rate.perSecond < 10, phase);
    }
  });

  it('does not rise while nobody has to wait', () => {
    const rate = new SetUpRate();
    const before = rate.perSecond;
    for (let nowMs = 0; nowMs < 20_000; nowMs += 500) {
      rate.started();
      rate.took('endpoint', 10, nowMs, false);
    }
    assert.equal(rate.perSecond, before);
  });

  it('rises one by one when the server has no CPU time to spare', () => {
    const rate = new SetUpRate();
    const before = rate.perSecond;
    drive(rate, 0, 4, quick, true);
    assert.ok(rate.perSecond > before && rate.perSecond <= before + 5, `${rate.perSecond}`);
  });

  it('finds what a server carries and stays there', () => {
    const rate = new SetUpRate();
    let nowMs = drive(rate, 0, 10, carries30);
    const seen: number[] = [];
    for (let second = 0; second < 60; second += 1) {
      nowMs = drive(rate, nowMs, 1, carries30);
      seen.push(rate.perSecond);
    }
    const mean = seen.reduce((sum, one) => sum + one, 0) / seen.length;
    assert.ok(mean > 22 && mean < 36, `mean ${mean}`);
    assert.ok(Math.max(...seen) < 45, `at most ${Math.max(...seen)}`);
  });

  it('halves when a set-up fails, down to one a second', () => {
    const rate = new SetUpRate();
    const before = rate.perSecond;
    rate.failed(0);
    rate.failed(100);
    rate.failed(500);
    assert.equal(rate.perSecond, before / 2, 'once for all that failed at a time');
    for (let nowMs = 1000; nowMs < 60_000; nowMs += 500) rate.failed(nowMs);
    assert.equal(rate.perSecond, 1);
  });

  it('is not slowed by single hold-ups, as of a disk', () => {
    const rate = new SetUpRate();
    let count = 0;
    drive(rate, 0, 40, () => ((count += 1) % 8 === 0 ? 900 : 15));
    assert.ok(rate.perSecond > 100, `${rate.perSecond} a second`);
  });

  it('is back soon after a server was slow for two seconds', () => {
    const rate = new SetUpRate();
    let nowMs = drive(rate, 0, 5, carries30);
    const before = rate.perSecond;
    nowMs = drive(rate, nowMs, 2, () => 400);
    assert.ok(rate.perSecond < before / 2, `${rate.perSecond} of ${before} while it is slow`);
    drive(rate, nowMs, 8, quick);
    assert.ok(rate.perSecond > before * 0.7, `${rate.perSecond} of ${before} a second`);
  });

  it('stays where it was lowered to while set-ups are still slow now and then', () => {
    const rate = new SetUpRate();
    let nowMs = drive(rate, 0, 3, quick);
    nowMs = drive(rate, nowMs, 1, () => 400);
    let count = 0;
    const lowered = rate.perSecond;
    drive(rate, nowMs, 10, () => ((count += 1) % 4 === 0 ? 400 : 10));
    assert.ok(rate.perSecond <= lowered, `${rate.perSecond} after ${lowered}`);
  });

  it('takes a slower server for what is usual, instead of staying at one a second for ever', () => {
    const rate = new SetUpRate();
    let nowMs = drive(rate, 0, 2, quick);
    nowMs = drive(rate, nowMs, 60, () => 400);
    drive(rate, nowMs, 400, () => 400);
    assert.ok(rate.perSecond > 5, `${rate.perSecond} a second`);
  });

  it('knows what is usual for each server: one that is far away does not slow the others', () => {
    const rate = new SetUpRate();
    const farMs = { endpoint: 800, tap: 400 };
    let nowMs = 0;
    for (let count = 0; count < 600; count += 1) {
      nowMs += 1000 / rate.perSecond;
      rate.started();
      rate.usedUp();
      const isFar = count % 2 === 0;
      for (const phase of ['endpoint', 'tap'] as const) {
        rate.took(phase, isFar ? farMs[phase] : 5, nowMs, false, isFar ? 'far' : 'near');
      }
    }
    assert.ok(rate.perSecond > 40, `${rate.perSecond} a second`);
    const expected = Math.ceil(rate.perSecond * 0.5);
    assert.equal(rate.inProgressMax, expected, 'half a second: in the mean it takes longer');
  });

  it('is slowed by any server that gets slower than it was', () => {
    const rate = new SetUpRate();
    let nowMs = drive(rate, 0, 3, quick);
    const before = rate.perSecond;
    for (let count = 0; count < 20; count += 1) {
      nowMs += 100;
      rate.took('endpoint', 10, nowMs, false, 'quick');
      rate.took('endpoint', count < 5 ? 10 : 500, nowMs, false, 'loaded');
    }
    assert.ok(rate.perSecond < before, `${rate.perSecond} after ${before}`);
  });

  it('forgets a server that is gone, and a part of set-ups that none comes to any more', () => {
    for (const phase of ['endpoint', 'connect'] as const) {
      const rate = new SetUpRate();
      let nowMs = drive(rate, 0, 2, quick);
      for (let count = 0; count < 40; count += 1) {
        nowMs += 100;
        rate.took(phase, count === 0 ? 10 : 900, nowMs, false, 'gone');
      }
      const lowered = rate.perSecond;
      drive(rate, nowMs, 60, quick);
      assert.ok(rate.perSecond > lowered * 4, `${phase}: ${rate.perSecond} after ${lowered}`);
    }
  });

  it('is not misled by a wall clock that was set', () => {
    const rate = new SetUpRate();
    let nowMs = drive(rate, 3_600_000, 2, quick);
    rate.took('endpoint', -3_600_000, nowMs - 3_600_000, false);
    nowMs = drive(rate, nowMs - 3_600_000, 2, quick);
    rate.took('endpoint', 3_600_000, nowMs + 3_600_000, false);
    assert.ok(rate.perSecond > 10, `${rate.perSecond}`);
  });

  it('lets as many be in progress as have time to end soon, by what is usual', () => {
    const rate = new SetUpRate();
    assert.equal(rate.inProgressMax, 4, 'never fewer');
    drive(rate, 0, 12, quick);
    assert.equal(rate.inProgressMax, Math.ceil(rate.perSecond * 0.15), 'of a quick server');
    const distant = new SetUpRate();
    drive(distant, 0, 12, () => 80);
    assert.equal(distant.inProgressMax, Math.ceil(distant.perSecond * 0.32), 'four times 80 ms');
    const slow = new SetUpRate();
    drive(slow, 0, 12, () => 400);
    assert.equal(slow.inProgressMax, Math.ceil(slow.perSecond * 0.5), 'half a second at most');
  });
});
