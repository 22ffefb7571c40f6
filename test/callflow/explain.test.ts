import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ANSWER_WORDS, callStateOfAnswer } from '../../src/callflow/call-state.js';
import { rowOf } from '../../src/callflow/decision-table.js';
import { explain, type Explanation } from '../../src/callflow/explain.js';
import { PLUGIN_URL, serviceWith, VXML_URL, WITH_PAGE, WITH_PLUGIN } from './flow-fixture.js';
import { anyService } from './service-arbitrary.js';

const rows = ({ path }: Explanation) => path.map(({ row }) => row);
const NONE = { reason: null, retryInMs: null, destination: null } as const;

describe('explain', () => {
  it('leads a human through the connect treatment to the queue', () => {
    const explained = explain(serviceWith(), 'human', { attempt: 1 });
    assert.deepEqual(rows(explained), ['dial.first', 'human.connect', 'connect.waiting']);
    assert.deepEqual(explained.outcome, {
      ...NONE,
      kind: 'queue',
      state: 'ROUTING',
      destination: 'support',
    });
    const { service, answer, callState, attempt } = explained;
    assert.deepEqual([service, answer, callState, attempt], ['sales', 'human', 0, 1]);
  });

  it('shows that an agent is looked for before the dial', () => {
    const { path, outcome } = explain(serviceWith({ waitsForAgent: true }), 'human', {
      attempt: 1,
    });
    assert.deepEqual(
      path.map(({ row }) => row),
      ['dial.ahead', 'ahead.dial', 'human.connect', 'connect.waiting'],
    );
    assert.match(path[0]?.because ?? '', /_wait_for_agent is true/);
    assert.equal(outcome.kind, 'queue');
  });

  it('stops where a plugin or page decides', () => {
    const plugin = explain(serviceWith(WITH_PLUGIN), 'busy', { attempt: 1 });
    assert.deepEqual(rows(plugin), ['dial.first', 'busy.plugin']);
    const outcome = { ...NONE, kind: 'plugin', state: 'QUEUED', destination: PLUGIN_URL };
    assert.deepEqual(plugin.outcome, outcome);
    const page = explain(serviceWith(WITH_PAGE), 'human', { attempt: 1 });
    assert.deepEqual([page.outcome.kind, page.outcome.destination], ['vxml', VXML_URL]);
  });

  it('says when the next attempt is', () => {
    const { outcome } = explain(serviceWith(), 'busy', { attempt: 2 });
    assert.deepEqual(outcome, { ...NONE, kind: 'retry', state: 'QUEUED', retryInMs: 300_000 });
  });

  it('says how it ends', () => {
    const fax = explain(serviceWith(), 'fax', { attempt: 1 });
    assert.deepEqual(fax.outcome, {
      ...NONE,
      kind: 'end',
      state: 'COMPLETED',
      reason: 'FAIL_FAX_REACHED',
    });
    const last = explain(serviceWith(), 'busy', { attempt: 3 });
    assert.equal(last.outcome.reason, 'FAIL_CALL_TO_CUSTOMER');
    assert.deepEqual(rows(last), ['dial.again', 'retry.limit']);
  });

  it('refuses to dial an attempt beyond the limit', () => {
    const beyond = explain(serviceWith(), 'human', { attempt: 4 });
    assert.deepEqual(rows(beyond), ['dial.limit']);
    assert.equal(beyond.outcome.reason, 'FAIL_CALL_TO_CUSTOMER');
  });

  it('leaves the message on a machine before the retry check', () => {
    const explained = explain(serviceWith(), 'machine', { attempt: 1 });
    assert.deepEqual(rows(explained), ['dial.first', 'machine.message', 'message.retry']);
  });

  it('goes on from a reply', () => {
    const service = serviceWith(WITH_PLUGIN);
    const route = { action: 'route_to_rp', message: '8999' };
    const routed = explain(service, 'human', { attempt: 1, reply: route });
    assert.deepEqual(rows(routed), ['dial.first', 'human.plugin', 'reply.route-point']);
    assert.deepEqual([routed.outcome.kind, routed.outcome.destination], ['route', '8999']);
    const retry = { action: 'retry', message: 'OK', delay: 5 };
    const retried = explain(service, 'busy', { attempt: 1, reply: retry });
    assert.deepEqual([retried.outcome.kind, retried.outcome.retryInMs], ['retry', 5000]);
    const again = explain(service, 'busy', { attempt: 3, reply: retry });
    assert.equal(again.outcome.reason, 'CANCELLED');
  });

  it('shows why a reply is refused, and that the plugin may correct itself', () => {
    const service = serviceWith(WITH_PLUGIN);
    for (const reply of [{ action: 'dance', message: 'OK' }, '{"action":"route_to_agent"}']) {
      const refused = explain(service, 'human', { attempt: 1, reply });
      assert.deepEqual(rows(refused).slice(-1), ['reply.refused']);
      assert.match(refused.path.at(-1)?.because ?? '', /^REPLY_[A-Z_]+: /);
      assert.equal(refused.outcome.kind, 'plugin');
    }
    const noCall = { action: 'route_to_agent', message: 'OK' };
    const refused = explain(service, 'busy', { attempt: 1, reply: noCall });
    assert.match(refused.path.at(-1)?.because ?? '', /^REPLY_NO_CALL: /);
  });

  it('takes an unreadable result of a page for its failure', () => {
    const explained = explain(serviceWith(WITH_PAGE), 'human', { attempt: 1, reply: {} });
    assert.deepEqual(rows(explained).slice(2), ['no-reply.builtin', 'connect.waiting']);
  });

  it('gives each step the box of its row', () => {
    for (const { row, box } of explain(serviceWith(), 'machine', { attempt: 1 }).path) {
      assert.equal(box, rowOf(row).box);
    }
  });

  it('comes to an outcome for every answer under any options', () => {
    const anyReply = fc.constantFrom<unknown>(
      undefined,
      { action: 'cancel', message: 'OK' },
      { action: 'retry', message: 'OK' },
      { action: 'route_to_agent', message: 'OK' },
      { action: 'route_to_rp', message: '8999' },
      { action: 'nonsense' },
    );
    const anyAnswer = fc.constantFrom(...ANSWER_WORDS);
    fc.assert(
      fc.property(anyService, anyAnswer, fc.integer({ min: 1, max: 6 }), anyReply, (...drawn) => {
        const [service, answer, attempt, reply] = drawn;
        const explained = explain(service, answer, { attempt, reply });
        assert.ok(explained.path.length > 0 && explained.path.length < 20);
        assert.equal(explained.callState, callStateOfAnswer(answer));
        const { kind, state, reason, retryInMs } = explained.outcome;
        assert.equal(kind === 'end', reason !== null);
        assert.equal(kind === 'end', state === 'COMPLETED');
        assert.equal(kind === 'retry', retryInMs !== null);
      }),
      { numRuns: 500 },
    );
  });
});
