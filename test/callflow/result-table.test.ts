import assert from 'node:assert/strict';
import { Flow, WITH_PLUGIN } from './flow-fixture.js';

describe('What the result table says of attempts to come', () => {
  it('ends the callback at once with never-again, attempts left or not', () => {
    const flow = new Flow().due().refused('no-answer', 'never-again');
    assert.equal(flow.last.row, 'failure.never-again');
    assert.deepEqual(flow.state.name === 'ended' && flow.state.reason, 'FAIL_CALL_TO_CUSTOMER');
  });

  it('dials an invalid number again with retry-later, as often as any', () => {
    const flow = new Flow().due().refused('sit-invalid-number', 'retry-later');
    assert.equal(flow.last.row, 'sit.retry');
    flow.dialed('sit-invalid-number');
    assert.equal(flow.last.row, 'sit.permanent', 'it holds for the attempt it was said of');
    const limited = new Flow({ maxDialAttempts: 1 }).due().refused('busy', 'retry-later');
    assert.equal(limited.last.row, 'retry.limit');
  });

  it('leaves it to a plugin where one is asked', () => {
    const flow = new Flow(WITH_PLUGIN).due().refused('busy', 'never-again');
    assert.equal(flow.last.row, 'busy.plugin');
  });
});
