import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { AttemptDays } from '../../src/dial/attempt-days.js';
import { DialPace, NO_DIALLING_LIMITS } from '../../src/dial/dial-pace.js';
import { dayEndMs } from '../../src/schedule/day-end.js';
import { SERVICE_LIMITS, serviceConfig } from '../fakes/service-config.js';

const START_MS = Date.UTC(2026, 0, 15, 12);

function setUp(dialling: Partial<typeof NO_DIALLING_LIMITS> = {}) {
  const clock = virtualClock(START_MS);
  const load = { total: 0, byService: new Map(), needingByQueue: new Map() };
  const agents = { isFree: true };
  const limits = { ...NO_DIALLING_LIMITS, ...dialling };
  const pace = new DialPace({
    clock,
    dialling: () => limits,
    trunksPerSecond: () => 10,
    load: () => load,
    isRoomForAgent: () => agents.isFree,
  });
  const service = (more: Partial<typeof SERVICE_LIMITS> = {}) => ({
    ...serviceConfig(),
    limits: { ...SERVICE_LIMITS, ...more },
  });
  /** Dials if nothing is in the way. @returns what is */
  const dial = (of = service(), sinceMs = clock.nowMs()) => {
    const hindrance = pace.hindrance(of, sinceMs);
    if (!hindrance) pace.take(of, sinceMs);
    return hindrance?.code;
  };
  return { clock, load, agents, pace, service, dial };
}

describe('DialPace', () => {
  it('limits calls at a time, of a service and of all', () => {
    const { load, service, dial } = setUp({ maxConcurrentCalls: 3 });
    load.byService.set('sales', 2);
    load.total = 2;
    assert.equal(dial(service({ maxConcurrentCalls: 2 })), 'service-calls');
    assert.equal(dial(service({ maxConcurrentCalls: 3 })), undefined);
    load.total = 3;
    assert.equal(dial(service({ maxConcurrentCalls: 9 })), 'all-calls');
  });

  it('limits calls a second, of a service and of all, and says how long', async () => {
    const { clock, pace, service, dial } = setUp({ maxCallsPerSecond: 3 });
    const slow = service({ maxCallsPerSecond: 2 });
    assert.deepEqual([dial(slow), dial(slow), dial(slow)], [undefined, undefined, 'service-rate']);
    await clock.advance(400);
    assert.equal(pace.hindrance(slow, clock.nowMs())?.waitMs, 600);
    assert.deepEqual([dial(), dial()], [undefined, 'all-rate']);
    await clock.advance(600);
    assert.equal(dial(slow), undefined);
  });

  it('waits for an agent, unless one is kept free before the dial', () => {
    const { agents, service, dial } = setUp();
    agents.isFree = false;
    assert.equal(dial(), 'no-agent');
    const { options, ...rest } = service();
    assert.equal(dial({ ...rest, options: { ...options, waitsForAgent: true } }), undefined);
  });

  it('dials those who waited for the start more and more quickly, and others at once', async () => {
    const { clock, pace, dial, service } = setUp({ warmStartMs: 10_000, warmStartAfterMs: 1000 });
    pace.noteOpen(true);
    const sinceMs = START_MS - 60_000;
    const perSecond: number[] = [];
    for (let second = 0; second < 12; second += 1) {
      let count = 0;
      for (let ms = 0; ms < 1000; ms += 10) {
        for (let burst = 0; burst < 20; burst += 1) {
          if (dial(service(), sinceMs) === undefined) count += 1;
        }
        await clock.advance(10);
      }
      perSecond.push(count);
      assert.equal(dial(), undefined, 'who wants to be called now is not held up');
    }
    assert.ok(perSecond[0] === 1 && (perSecond[1] ?? 0) <= 2, String(perSecond));
    assert.ok((perSecond[4] ?? 0) <= 5 && (perSecond[8] ?? 0) <= 9, String(perSecond));
    assert.ok((perSecond[8] ?? 0) > (perSecond[3] ?? 0), String(perSecond));
    assert.ok((perSecond[10] ?? 0) > 100, 'warm');
  });

  it('starts warm again after an outage, and not after a hiccup', async () => {
    const { clock, pace, dial, service } = setUp({ warmStartMs: 10_000, warmStartAfterMs: 5000 });
    pace.noteOpen(true);
    await clock.advance(20_000);
    const outage = async (ms: number) => {
      pace.noteOpen(false);
      const sinceMs = clock.nowMs();
      await clock.advance(ms);
      pace.noteOpen(true);
      return [dial(service(), sinceMs), dial(service(), sinceMs)];
    };
    assert.deepEqual(await outage(4000), [undefined, undefined]);
    assert.deepEqual(await outage(6000), [undefined, 'warm-start']);
  });
});

describe('The days of daily caps', () => {
  it('end at midnight of the zone, also where the clock is changed', () => {
    const at = (iso: string) => Date.parse(iso);
    assert.equal(dayEndMs(at('2026-01-15T12:00Z'), 'UTC'), at('2026-01-16T00:00Z'));
    const berlin = 'Europe/Berlin';
    assert.equal(dayEndMs(at('2026-03-28T23:30Z'), berlin), at('2026-03-29T22:00Z'));
    assert.equal(dayEndMs(at('2026-03-28T22:30Z'), berlin), at('2026-03-28T23:00Z'));
  });

  it('are full until they end, or until the limit is raised', async () => {
    const clock = virtualClock(START_MS);
    const dialling = { ...NO_DIALLING_LIMITS, maxAttemptsPerDay: 9 };
    const days = new AttemptDays(clock, () => dialling);
    const of = (max: number | undefined) => ({
      ...serviceConfig(),
      limits: { ...SERVICE_LIMITS, maxAttemptsPerDay: max },
    });
    const [limit] = days.limitsOf(of(3));
    assert.ok(limit);
    assert.deepEqual([limit.max, limit.endsAtMs], [3, START_MS + 12 * 3_600_000]);
    days.noteFull(of(3), { ok: false, why: 'counter', key: limit.key, endsAtMs: limit.endsAtMs });
    assert.deepEqual(days.closed(of(3)), {
      forMs: 12 * 3_600_000,
      why: 'maxAttemptsPerDay is 3',
    });
    assert.equal(days.closed(of(4)), undefined);
    assert.equal(days.closed(of(undefined)), undefined);
    await clock.advance(12 * 3_600_000);
    assert.equal(days.closed(of(3)), undefined);
  });
});
