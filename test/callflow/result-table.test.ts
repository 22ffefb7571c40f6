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

describe('An attempt that we break off ourselves', () => {
  const ONE = { maxDialAttempts: 1, retryRules: { sit: { maxAttempts: 1 } } };

  it('goes back to the store when its service is paused, and uses up nothing', () => {
    const flow = new Flow(ONE).due().refused('sit-no-circuit', 'paused');
    assert.equal(flow.state.name, 'waiting-to-retry');
    const [postponed] = flow.commands('postpone');
    assert.equal(postponed?.forMs, 0);
    flow.timer('retry');
    assert.equal(flow.last.row, 'dial.again');
    assert.equal(flow.state.context.attempt, 2, 'an attempt of its own, with its own Call-ID');
    flow.answer('busy');
    assert.equal(flow.last.row, 'retry.limit');
  });

  it('is made again after the pause when no trunk has room, and asks no plugin', () => {
    const flow = new Flow({ ...ONE, ...WITH_PLUGIN, dialRetryMs: 60_000 });
    for (const _time of [1, 2, 3]) {
      if (flow.state.name === 'waiting-to-retry') flow.timer('retry');
      else flow.due();
      flow.refused('sit-invalid-number', 'no-trunk');
      assert.equal(flow.last.row, 'attempt.no-trunk');
      assert.equal(flow.commands('start-timer').at(-1)?.afterMs, 60_000);
    }
    flow.dialed('busy');
    assert.equal(flow.last.row, 'busy.plugin', 'the first result');
    const [asked] = flow.commands('start-plugin');
    assert.equal(asked?.dialAttempt, 1, 'as it is held to _max_dial_attempts');
  });

  it('is made again after the pause when the media server failed before its INVITE', () => {
    const flow = new Flow({ ...ONE, dialRetryMs: 60_000 }).due().refused('error', 'no-endpoint');
    assert.equal(flow.last.row, 'attempt.no-endpoint');
    flow.timer('retry').dialed('busy');
    assert.equal(flow.last.row, 'retry.limit', 'the first that counts');
  });

  it('does not hammer a trunk that fails while no other ever has room, nor for ever', () => {
    const flow = new Flow({ ...ONE, dialRetryMs: 0, ttlMs: 0 });
    for (let time = 1; time <= 10; time += 1) {
      if (flow.state.name === 'waiting-to-retry') flow.timer('retry');
      else flow.due();
      flow.refused('sit-no-circuit', 'no-trunk');
      assert.equal(flow.last.row, 'attempt.no-trunk');
      assert.equal(flow.commands('start-timer').at(-1)?.afterMs, 5000);
    }
    flow.timer('retry').refused('sit-no-circuit', 'no-trunk');
    assert.equal(flow.last.row, 'retry.limit', 'counted as any other');
  });

  it('waits for the end of a pause however often that comes', () => {
    const flow = new Flow(ONE).due();
    for (let time = 1; time <= 20; time += 1) {
      flow.refused('sit-no-circuit', 'paused');
      assert.equal(flow.last.row, 'attempt.paused');
      flow.timer('retry');
    }
  });
});
