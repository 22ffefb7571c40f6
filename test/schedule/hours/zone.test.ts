import assert from 'node:assert/strict';
import fc from 'fast-check';
import { IANAZone } from 'luxon';
import { isZoneName, zoneNamed } from '../../../src/schedule/hours/zone.js';

const NAMES = ['Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC'];
const FROM_MS = Date.UTC(2020, 0, 1);
const TO_MS = Date.UTC(2040, 0, 1);

describe('A zone', () => {
  it('says what the runtime says, however close instants are to each other', () => {
    const instant = fc.integer({ min: FROM_MS, max: TO_MS });
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        instant,
        fc.integer({ max: 120_000 }),
        (name, at, by) => {
          const asked = IANAZone.create(name);
          for (const atMs of [at, at + (by % 60_000), at - 1, at]) {
            assert.equal(zoneNamed(name).offsetMs(atMs), asked.offset(atMs) * 60_000);
          }
        },
      ),
    );
  });

  it('changes its clocks at the very millisecond', () => {
    const summerMs = Date.UTC(2026, 2, 29, 1);
    const berlin = zoneNamed('Europe/Berlin');
    assert.equal(berlin.offsetMs(summerMs - 1), 3_600_000);
    assert.equal(berlin.offsetMs(summerMs), 7_200_000);
  });

  it('is forgotten when somebody brings names in all their spellings', () => {
    const berlin = zoneNamed('Europe/Berlin');
    const places = [1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13];
    for (let spelling = 0; spelling < 1100; spelling += 1) {
      const letters = [...'America/Denver'];
      for (const [bit, place] of places.entries()) {
        if ((spelling >> bit) & 1) letters[place] = letters[place]?.toUpperCase() ?? '';
      }
      assert.ok(isZoneName(letters.join('')));
    }
    assert.notEqual(zoneNamed('Europe/Berlin'), berlin);
    assert.equal(zoneNamed('Europe/Berlin').offsetMs(FROM_MS), berlin.offsetMs(FROM_MS));
  });

  it('asks the runtime once for a minute, which takes long', () => {
    const { prototype } = IANAZone;
    const descriptor = Object.getOwnPropertyDescriptor(prototype, 'offset');
    assert.ok(descriptor);
    let asked = 0;
    Object.defineProperty(prototype, 'offset', {
      ...descriptor,
      value(this: IANAZone, atMs: number): number {
        asked += 1;
        return (descriptor.value as (this: IANAZone, atMs: number) => number).call(this, atMs);
      },
    });
    try {
      const zone = zoneNamed('America/Denver');
      for (let second = 0; second < 60; second += 1) zone.offsetMs(TO_MS + second * 1000);
    } finally {
      Object.defineProperty(prototype, 'offset', descriptor);
    }
    assert.equal(asked, 1);
  });
});
