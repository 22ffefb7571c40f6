import assert from 'node:assert/strict';
import { Faults, type FaultRule } from '../../src/embedded/faults.js';

/** What comes through a gate of the `sip-in` kind while the rules hold. */
function through(rules: readonly FaultRule[], texts: readonly string[]): string[] {
  const faults = new Faults();
  for (const rule of rules) faults.add(rule);
  const { inward } = faults.gates('sip');
  const passed: string[] = [];
  for (const text of texts) {
    inward(
      () => text,
      () => void passed.push(text),
    );
  }
  faults.clear();
  return passed;
}

describe('Fault rules', () => {
  it('touch nothing that they do not match, nor another gate', () => {
    const rules: FaultRule[] = [
      { point: 'sip-in', matches: /^ACK/, action: { kind: 'drop' } },
      { point: 'sip-out', action: { kind: 'drop' } },
    ];
    assert.deepEqual(through(rules, ['INVITE', 'ACK', 'BYE']), ['INVITE', 'BYE']);
  });

  it('treat as many messages as they are told, after those they skip', () => {
    const drop: FaultRule = { point: 'sip-in', skip: 1, times: 2, action: { kind: 'drop' } };
    assert.deepEqual(through([drop], ['1', '2', '3', '4']), ['1', '4']);
  });

  it('repeat a message at once', () => {
    const twice: FaultRule = { point: 'sip-in', times: 1, action: { kind: 'duplicate' } };
    assert.deepEqual(through([twice], ['1', '2']), ['1', '1', '2']);
  });

  it('leave a message to the first of them that matches', () => {
    const rules: FaultRule[] = [
      { point: 'sip-in', matches: /B/, action: { kind: 'duplicate' } },
      { point: 'sip-in', action: { kind: 'drop' } },
    ];
    assert.deepEqual(through(rules, ['A', 'B', 'C']), ['B', 'B']);
  });

  it('hold what they freeze until they end, and count it', () => {
    const faults = new Faults();
    const id = faults.add({ point: 'rtp-out', action: { kind: 'freeze' } });
    const passed: number[] = [];
    const { outward } = faults.gates('rtp');
    for (const n of [1, 2, 3]) {
      outward(
        () => '',
        () => void passed.push(n),
      );
    }
    assert.deepEqual(passed, []);
    assert.equal(faults.end(id), 3);
    assert.deepEqual(passed, [1, 2, 3]);
    assert.equal(faults.end(id), 0);
  });

  it('lose what they have delayed when all of them are cleared', async () => {
    const delay: FaultRule = { point: 'sip-in', action: { kind: 'delay', delayMs: 5 } };
    const passed = through([delay], ['1']);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(passed, []);
  });
});
