import assert from 'node:assert/strict';
import { parseCalibration } from '../../src/cpd/calibration.js';

const problemOf = (value: unknown) => {
  const result = parseCalibration(typeof value === 'string' ? value : JSON.stringify(value));
  return result.ok ? 'fine' : result.problem;
};

describe('a calibration file', () => {
  it('replaces the timing of the profiles it names', () => {
    const profiles = { 'human-first': { machineSpeechMs: 3200 }, balanced: {} };
    const result = parseCalibration(JSON.stringify({ version: 1, profiles }));
    assert.ok(result.ok);
    assert.deepEqual(result.calibration.profiles, profiles);
  });

  it('is refused with what is wrong and what is allowed', () => {
    assert.match(problemOf('{'), /^no JSON/);
    assert.match(problemOf([]), /not an object/);
    assert.match(problemOf({ version: 2, profiles: {} }), /version is 2; this program reads 1/);
    assert.match(problemOf({ version: 1 }), /"profiles" is missing/);
    const of = (profiles: object) => problemOf({ version: 1, profiles });
    assert.match(of({ fast: {} }), /profile "fast"; allowed: human-first/);
    assert.match(of({ balanced: 5 }), /profiles\.balanced: no object/);
    assert.match(of({ balanced: { pauseMs: 5 } }), /"pauseMs"; allowed: machineSpeechMs/);
    assert.match(of({ balanced: { toString: 5 } }), /"toString"; allowed/);
    assert.match(of({ balanced: { machineSpeechMs: 5 } }), /is 5; allowed: 800 to 10000/);
    assert.match(of({ balanced: { machineSpeechMs: '2000' } }), /allowed: 800/);
    assert.match(problemOf(' '.repeat(70_000)), /longer than/);
  });
});
