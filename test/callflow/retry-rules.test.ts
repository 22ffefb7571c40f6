/** `retry`: pauses and limits of single results, beside Genesys' one pause and one counter. */
import assert from 'node:assert/strict';
import type { AnswerWord } from '../../src/callflow/call-state.js';
import { explain } from '../../src/callflow/explain.js';
import { matrixRows } from '../../src/callflow/matrix.js';
import { Flow, serviceWith, WITH_PLUGIN } from './flow-fixture.js';

const pauseMs = (flow: Flow) =>
  flow.commands('start-timer').find(({ timer }) => timer === 'retry')?.afterMs;

describe('rules for single results', () => {
  const rules = {
    busy: { delayMs: 60_000 },
    noAnswer: { delayMs: 600_000 },
    machine: { delayMs: 3_600_000 },
    sit: { delayMs: 7_000 },
    error: { delayMs: 1_000 },
  };

  for (const [answer, wantedMs] of [
    ['busy', 60_000],
    ['no-answer', 600_000],
    ['declined', 600_000],
    ['hung-up', 600_000],
    ['sit', 7_000],
    ['reorder', 7_000],
    ['error', 1_000],
  ] as const) {
    it(`give ${answer} a pause of its own`, () => {
      const flow = new Flow({ retryRules: rules }).dialed(answer);
      assert.equal(pauseMs(flow), wantedMs);
      assert.match(flow.last.because, /retry\.[a-zA-Z]+\.delayMs is/);
      assert.equal(pauseMs(new Flow().dialed(answer)), 300_000);
    });
  }

  it('give a machine its pause, after the message and without one', () => {
    const options = { retryRules: rules };
    assert.equal(pauseMs(new Flow(options).dialed('machine').played()), 3_600_000);
    assert.equal(
      pauseMs(new Flow({ ...options, amDetected: 'drop' }).dialed('machine')),
      3_600_000,
    );
  });

  it('take silence for what silenceAs says', () => {
    const silent = (silenceAs: 'machine' | 'no-answer') =>
      new Flow({ retryRules: rules, silenceAs, answeringMachineTreatment: undefined });
    assert.equal(pauseMs(silent('machine').dialed('silence')), 3_600_000);
    assert.equal(pauseMs(silent('no-answer').dialed('silence')), 600_000);
  });

  it("give way to a reply's delay and to a longer Retry-After", () => {
    const retry = { action: 'retry', message: 'OK' };
    const asked = () => new Flow({ retryRules: rules, ...WITH_PLUGIN }).dialed('busy');
    assert.equal(pauseMs(asked().reply({ ...retry, delay: 5 })), 5_000);
    assert.equal(pauseMs(asked().reply(retry)), 60_000);
    const later = new Flow({ retryRules: rules }).due().result(6, false, 90_000);
    assert.equal(pauseMs(later), 90_000);
    assert.match(later.last.because, /Retry-After/);
  });

  it('end the callback when so many attempts ended alike', () => {
    const flow = new Flow({ maxDialAttempts: 9, retryRules: { busy: { maxAttempts: 2 } } });
    for (const answer of ['busy', 'no-answer', 'error'] as const) {
      assert.equal(flow.dialed(answer).state.name, 'waiting-to-retry', answer);
    }
    flow.dialed('busy');
    assert.equal(flow.last.row, 'retry.result-limit');
    assert.equal(flow.reason, 'FAIL_CALL_TO_CUSTOMER');
    assert.match(flow.last.because, /2 of retry\.busy\.maxAttempts 2 made/);
  });

  it('leave the total limit as it is', () => {
    const flow = new Flow({ maxDialAttempts: 2, retryRules: { busy: { maxAttempts: 5 } } });
    flow.dialed('busy').dialed('busy');
    assert.equal(flow.last.row, 'retry.limit');
  });

  it("do not hold a plugin's own retry, but count its attempts", () => {
    const flow = new Flow({
      maxDialAttempts: 9,
      retryRules: { busy: { maxAttempts: 1 } },
      ...WITH_PLUGIN,
    });
    flow.dialed('busy').reply({ action: 'retry', message: 'OK' });
    assert.equal(flow.state.name, 'waiting-to-retry');
    assert.equal(flow.state.context.results?.busy, 1);
  });

  it('are off by default: nothing is counted', () => {
    const flow = new Flow().dialed('busy').dialed('no-answer');
    assert.equal(flow.state.context.results, undefined);
  });

  it('show in explain, which takes earlier attempts for alike', () => {
    const service = serviceWith({ retryRules: { busy: { delayMs: 9_000, maxAttempts: 2 } } });
    const outcome = (answer: AnswerWord, attempt: number) =>
      explain(service, answer, { attempt }).outcome;
    assert.equal(outcome('busy', 1).retryInMs, 9_000);
    assert.equal(outcome('busy', 2).reason, 'FAIL_CALL_TO_CUSTOMER');
    assert.equal(outcome('no-answer', 2).kind, 'retry');
  });

  it('show in the matrix only where they are used', () => {
    const rows = (options = {}) => matrixRows(serviceWith(options)).rows.map(({ row }) => row);
    assert.ok(!rows().includes('retry.result-limit'));
    assert.ok(!rows({ retryRules: { busy: { delayMs: 1 } } }).includes('retry.result-limit'));
    assert.ok(rows({ retryRules: { busy: { maxAttempts: 1 } } }).includes('retry.result-limit'));
    assert.ok(!rows().includes('dial.closed'));
    assert.ok(rows({ isTimeLimited: true }).includes('dial.closed'));
    const ahead = { waitsForAgent: true, cannotDialBufferMs: 1 };
    assert.ok(rows(ahead).includes('ahead.too-late'));
    assert.ok(!rows({ waitsForAgent: true }).includes('ahead.too-late'));
    assert.ok(!rows({ waitsForAgent: true }).includes('ahead.closed'));
  });
});
