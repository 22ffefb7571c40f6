import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import type { PluginRequest } from '../../../src/plugin/plugin-runner.js';
import { WebhookRunner } from '../../../src/plugin/webhook/webhook-runner.js';
import { settle } from '../../fakes/fake-telephony.js';
import { answer, HeardListener, pluginRequest, ScriptedNetwork } from '../scripted-network.js';

describe('WebhookRunner', () => {
  function start(network: ScriptedNetwork, changes: Partial<PluginRequest> = {}, secret?: string) {
    const clock = virtualClock();
    const listener = new HeardListener();
    const runner = new WebhookRunner({ fetcher: network, clock, secret: () => secret });
    const run = runner.start(pluginRequest(changes), listener);
    return { clock, listener, run };
  }
  const bodies = (network: ScriptedNetwork) =>
    network.orders.map(({ body }) => JSON.parse(String(body)) as Record<string, unknown>);

  it('posts the parameters as JSON, with null for what is undefined', async () => {
    const network = new ScriptedNetwork();
    network.respond = () => answer(202);
    start(network, { callUrl: 'http://us/call' });
    await settle();
    assert.deepEqual(bodies(network), [
      {
        ...pluginRequest().parameters,
        _interaction_id: null,
        _call_url: 'http://us/call',
        event: 'plugin.start',
        attached: false,
      },
    ]);
    assert.equal(network.orders[0]?.maxRedirects, 0);
    assert.equal(network.orders[0]?.headers?.['dialback-signature'], undefined, 'without a secret');
  });

  it('takes the reply out of a 200, and waits for it after a 202 or 204', async () => {
    for (const [status, body, replies] of [
      [200, '{"action":"cancel","message":"OK"}', 1],
      [202, '', 0],
      [204, '', 0],
    ] as const) {
      const network = new ScriptedNetwork();
      network.respond = () => answer(status, body);
      const { listener } = start(network);
      await settle();
      assert.equal(listener.replies.length, replies);
      assert.deepEqual(listener.failures, []);
    }
  });

  it('fails at once on what is no answer and no reply', async () => {
    for (const [response, failure] of [
      [answer(200, ''), /^WEBHOOK_BAD_REPLY: REPLY_NO_ACTION/],
      [answer(401), /^WEBHOOK_REFUSED: .*401/],
      [{ kind: 'failed', code: 'FETCH_NOT_ALLOWED', why: 'no' } as const, /^FETCH_NOT_ALLOWED/],
    ] as const) {
      const network = new ScriptedNetwork();
      network.respond = () => response;
      const { listener } = start(network);
      await settle();
      assert.equal(network.orders.length, 1);
      assert.match(listener.failures.join(), failure);
    }
  });

  it('sends again what may pass, under the same key and a new signature', async () => {
    const network = new ScriptedNetwork();
    network.respond = () => answer(network.orders.length < 3 ? 503 : 202);
    const { clock, listener } = start(network, {}, 'sixteen characters');
    await settle();
    await clock.advance(2500);
    await settle();
    assert.equal(network.orders.length, 3);
    const header = (name: string) => new Set(network.orders.map(({ headers }) => headers?.[name]));
    assert.deepEqual([...header('idempotency-key')], ['session-1-start']);
    assert.equal(header('dialback-signature').size, 2, 'the time of two tries is the same second');
    assert.deepEqual(listener.trailed, ['webhook-retry', 'webhook-retry', 'webhook-answer']);
  });

  it('tells news after the start, and takes a reply out of the answer', async () => {
    const network = new ScriptedNetwork();
    network.respond = ({ body }) =>
      String(body).includes('interaction.deleted')
        ? answer(200, '{"action":"cancel","message":"interaction_deleted"}')
        : answer(202);
    const { run, listener } = start(network);
    run.tell({ what: 'verdict-revised', callState: 9 });
    run.tell({ what: 'hung-up' });
    await settle();
    const told = bodies(network).map(({ event, _call_state }) => [event, _call_state]);
    assert.deepEqual(told, [
      ['plugin.start', 7],
      ['interaction.callstate.changed', 9],
      ['interaction.deleted', 7],
    ]);
    assert.equal(listener.replies.length, 1);
    assert.deepEqual(listener.failures, [], 'a 202 to news is no failure');
  });

  it('gives up what is in the air when it is stopped, and says no more', async () => {
    const network = new ScriptedNetwork();
    network.respond = () => undefined;
    const { run, listener, clock } = start(network);
    await settle();
    run.tell({ what: 'hung-up' });
    await run.stop('timeout');
    assert.equal(network.orders.length, 1);
    assert.deepEqual([listener.failures, listener.replies], [[], []]);
    assert.equal(clock.pendingCount, 0);
  });
});
