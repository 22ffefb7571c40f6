import assert from 'node:assert/strict';
import { zonesOfNumber } from '../../../src/schedule/hours/number-zones.js';
import { isZoneName } from '../../../src/schedule/hours/zone.js';
import table from '../../../src/schedule/hours/number-zones.json' with { type: 'json' };

const fixed = (e164: string, country?: string) =>
  zonesOfNumber(e164, { country, isGeographic: true });
const mobile = (e164: string, country?: string) =>
  zonesOfNumber(e164, { country, isGeographic: false });

describe('the zones of a number', () => {
  it('takes an area code where numbers have one', () => {
    assert.deepEqual(fixed('+12125550100', 'US'), { zones: ['America/New_York'], by: 'area' });
    assert.deepEqual(fixed('+18085550100', 'US'), { zones: ['Pacific/Honolulu'], by: 'area' });
    assert.deepEqual(fixed('+61255053000', 'AU').zones, ['Australia/Lord_Howe']);
  });

  it('takes every zone of the country for a number without a place', () => {
    const { zones, by } = mobile('+61412345678', 'AU');
    assert.equal(by, 'country');
    for (const zone of ['Australia/Perth', 'Australia/Sydney', 'Australia/Darwin']) {
      assert.ok(zones.includes(zone), zone);
    }
    assert.ok(!zones.includes('Indian/Christmas'));
    assert.deepEqual(mobile('+4915112345678', 'DE').zones, ['Europe/Berlin']);
  });

  it('does not take a neighbour who shares the country code', () => {
    const { zones } = mobile('+15005550100', 'US');
    assert.ok(zones.includes('Pacific/Honolulu'));
    assert.ok(!zones.includes('America/Jamaica'));
    assert.deepEqual(mobile('+77011234567', 'KZ').zones, ['Asia/Almaty']);
    assert.ok(mobile('+79161234567', 'RU').zones.includes('Asia/Kamchatka'));
  });

  it('says that nobody knows where a satellite telephone is', () => {
    assert.deepEqual(mobile('+881612345678'), { zones: [], by: 'unknown' });
    assert.deepEqual(mobile('+80012345678'), { zones: [], by: 'unknown' });
  });

  it('has only zones that the runtime knows', () => {
    const names = [...Object.values(table.countries), ...Object.keys(table.prefixes)];
    const zones = new Set(names.flatMap((list) => list.split(' ')));
    assert.ok(zones.size > 200);
    assert.deepEqual(
      [...zones].filter((zone) => !isZoneName(zone)),
      [],
    );
  });
});
