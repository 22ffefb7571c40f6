import assert from 'node:assert/strict';
import { SessionTrail } from '../../../src/plugin/embedded/session-trail.js';

function written(secret?: string) {
  const lines: string[] = [];
  const trail = new SessionTrail((what, detail = '') => lines.push(`${what} ${detail}`), secret);
  return { lines, trail };
}

describe('the trail of a session', () => {
  it('reads as what happened', () => {
    const { lines, trail } = written();
    trail.step({ sessionId: 's', event: null, exited: [], entered: ['a', 'b'] });
    trail.step({ sessionId: 's', event: 'go', exited: ['b'], entered: ['c'] });
    trail.step({ sessionId: 's', event: 'noted', exited: [], entered: [] });
    trail.log({ sessionId: 's', label: undefined, value: '1' });
    assert.deepEqual(lines, ['state -> a b', 'state b -> c on go', 'event noted', 'log 1']);
  });

  it('never tells where the reply goes', () => {
    const { lines, trail } = written('http://127.0.0.1/plugin/s/token/reply');
    trail.log({
      sessionId: 's',
      label: 'x',
      value: '"to http://127.0.0.1/plugin/s/token/reply now"',
    });
    assert.deepEqual(lines, ['log x: "to (reply url) now"']);
  });

  it('cuts short what never stops', () => {
    const { lines, trail } = written();
    for (let i = 0; i < 1000; i++) trail.line('log', 'x'.repeat(5000));
    assert.equal(lines.length, 250);
    assert.equal(lines[0]?.length, 'log '.length + 200);
    assert.equal(lines.at(-1), 'log further lines are dropped');
  });
});
