import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { TrunkBoard, type TrunkPlace } from '../../src/dial/trunk-board.js';
import type { Trunk } from '../../src/dial/trunk.js';
import { testTrunk } from '../fakes/service-config.js';

const trunk = (name: string, more: Partial<Trunk> = {}): Trunk => ({
  ...testTrunk(`sip:${name}`),
  name,
  ...more,
});

function board(trunks: readonly Trunk[], fractions: readonly number[] = [0]) {
  const clock = virtualClock();
  const calls = new Map<string, number>();
  let turn = 0;
  const fraction = () => fractions[turn++ % fractions.length] ?? 0;
  const deps = { clock, random: { fraction }, trunks: () => trunks, callsByTrunk: () => calls };
  return { board: new TrunkBoard(deps), clock, calls };
}

const said = (place: TrunkPlace): string => (place.kind === 'taken' ? place.trunk.name : place.why);

describe('TrunkBoard', () => {
  it('takes the lowest priority number, and the next when that is full', () => {
    const t = board([trunk('b', { priority: 2 }), trunk('a', { maxConcurrentCalls: 1 })]);
    assert.equal(said(t.board.take({})), 'a');
    t.calls.set('a', 1);
    assert.equal(said(t.board.take({})), 'b');
  });

  it('spreads calls among equals by weight', () => {
    const fractions = Array.from({ length: 100 }, (_, index) => [index / 100, 0]).flat();
    const t = board([trunk('a', { weight: 3 }), trunk('b')], fractions);
    const taken = Array.from({ length: 100 }, () => said(t.board.take({})));
    assert.equal(taken.filter((name) => name === 'a').length, 75);
  });

  it('waits for a trunk that has to be dialled evenly instead of going to a dearer one', async () => {
    const t = board([trunk('a', { maxCallsPerSecond: 1 }), trunk('b', { priority: 2 })]);
    assert.equal(said(t.board.take({})), 'a');
    const why = 'maxCallsPerSecond of trunk a is 1';
    assert.deepEqual(t.board.take({}), { kind: 'wait', why, waitMs: 1000 });
    await t.clock.advance(1000);
    assert.equal(said(t.board.take({})), 'a');
  });

  it('waits a moment for the pace of the trunk that is next, before a dearer one is taken', async () => {
    const t = board([
      trunk('a'),
      trunk('b', { maxCallsPerSecond: 1 }),
      trunk('c', { priority: 2 }),
    ]);
    const wish = { tried: ['a'], patienceMs: 150 };
    assert.equal(said(t.board.take(wish)), 'b');
    await t.clock.advance(900);
    const why = 'maxCallsPerSecond of trunk b is 1';
    assert.deepEqual(t.board.take(wish), { kind: 'wait', why, waitMs: 100 });
    await t.clock.advance(100);
    assert.equal(said(t.board.take(wish)), 'b');
    await t.clock.advance(849);
    assert.equal(said(t.board.take(wish)), 'c', '151 ms are too long');
  });

  it('does not make a call wait without end whose first trunk has failed', () => {
    const t = board([
      trunk('a'),
      trunk('b', { maxCallsPerSecond: 1 }),
      trunk('c', { priority: 2 }),
    ]);
    assert.equal(said(t.board.take({ tried: ['a'], patienceMs: 0 })), 'b');
    assert.equal(said(t.board.take({ tried: ['a'], patienceMs: 0 })), 'c');
    assert.deepEqual(t.board.take({ tried: ['a', 'b', 'c'] }), {
      kind: 'none',
      why: 'no other trunk is left',
    });
  });

  it('dials a country by the trunks that may, and by nothing else', () => {
    const t = board([trunk('uk', { allowedCountries: ['GB'] }), trunk('all', { priority: 2 })]);
    assert.equal(said(t.board.take({ country: 'GB' })), 'uk');
    assert.equal(said(t.board.take({ country: 'DE' })), 'all');
    assert.equal(said(t.board.take({})), 'all', 'an unknown country is not known to be allowed');
    const only = board([trunk('uk', { allowedCountries: ['GB'] })]);
    assert.deepEqual(only.board.take({ country: 'DE' }), {
      kind: 'none',
      why: 'no trunk may dial DE',
    });
    assert.deepEqual(board([]).board.take({}), { kind: 'none', why: 'no trunk is configured' });
  });

  it('passes over a trunk that is down until it is up again, and waits when all are', () => {
    const t = board([trunk('a'), trunk('b', { priority: 2 })]);
    t.board.setDown('a', 'OPTIONS are not answered');
    assert.equal(said(t.board.take({})), 'b');
    t.board.setDown('b', 'not registered');
    assert.deepEqual(t.board.take({}), {
      kind: 'wait',
      why: 'trunk a: OPTIONS are not answered; trunk b: not registered',
    });
    t.board.setDown('a', undefined);
    assert.equal(said(t.board.take({})), 'a');
    assert.deepEqual(
      t.board
        .states()
        .map(({ name, isUp, why, callsInSecond }) => [name, isUp, why, callsInSecond]),
      [
        ['a', true, undefined, 1],
        ['b', false, 'not registered', 1],
      ],
    );
  });

  it('leaves a trunk alone for as long as it asks for, 300 s at most, the only one too', async () => {
    const t = board([trunk('a'), trunk('b', { priority: 2 })]);
    t.board.rest('a', 20_000);
    assert.equal(said(t.board.take({})), 'b');
    t.board.rest('b', 90_000);
    assert.deepEqual(t.board.take({}), {
      kind: 'wait',
      why:
        'trunk a: it wants no calls for 20 s (Retry-After); ' +
        'trunk b: it wants no calls for 90 s (Retry-After)',
      waitMs: 20_000,
    });
    const [a] = t.board.states();
    assert.deepEqual([a?.isUp, a?.why], [false, 'it wants no calls for 20 s (Retry-After)']);
    t.board.setDown('a', 'OPTIONS are not answered');
    const { waitMs } = t.board.take({}) as { waitMs?: number };
    assert.equal(waitMs, 90_000, 'nobody knows when that one is back');
    t.board.setDown('a', undefined);
    assert.notEqual(said(t.board.take({})), 'a', 'an answer to OPTIONS does not end it');
    await t.clock.advance(20_000);
    assert.equal(said(t.board.take({})), 'a');
    t.board.rest('a', 86_400_000);
    await t.clock.advance(299_999);
    assert.equal(said(t.board.take({})), 'b');
    await t.clock.advance(1);
    assert.equal(said(t.board.take({})), 'a');
    t.board.rest('a', 0);
    assert.notEqual(said(t.board.take({})), 'a', 'a second at least');
  });

  it('asks a trunk again whose time is over by a clock that was set back', () => {
    const t = board([trunk('a')]);
    t.board.rest('a', 300_000);
    t.clock.setWallClock(t.clock.nowMs() - 3_600_000);
    assert.equal(said(t.board.take({})), 'a');
  });
});
