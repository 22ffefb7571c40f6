import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { SimulatedCall } from '../../../src/holder/simulated-call.js';
import { OrsRunner } from '../../../src/plugin/ors/ors-runner.js';
import type { PluginRequest } from '../../../src/plugin/plugin-runner.js';
import { settle } from '../../fakes/fake-telephony.js';
import { answer, HeardListener, pluginRequest, ScriptedNetwork } from '../scripted-network.js';

describe('OrsRunner', () => {
  function start(
    network: ScriptedNetwork,
    changes: Partial<PluginRequest> = {},
    url = 'http://ors:8000',
  ) {
    const clock = virtualClock();
    const listener = new HeardListener();
    const runner = new OrsRunner({ fetcher: network, clock, url: () => url });
    return { clock, listener, run: runner.start(pluginRequest(changes), listener) };
  }
  const formOf = (network: ScriptedNetwork, index: number) =>
    Object.fromEntries(new URLSearchParams(String(network.orders[index]?.body)));
  const startsWith = (body: string, status = 200) => {
    const network = new ScriptedNetwork();
    network.respond = ({ url }) =>
      url.endsWith('/start') ? answer(status, body) : answer(200, '');
    return network;
  };

  it('starts a session with a form, and sends plugin.start where there is no call', async () => {
    const network = startsWith('ABC123\n');
    start(network);
    await settle();
    assert.deepEqual(network.paths, [
      '/scxml/session/start',
      '/scxml/session/ABC123/event/plugin.start',
    ]);
    const { parameters } = pluginRequest();
    assert.deepEqual(formOf(network, 0), {
      ...parameters,
      src: 'http://plugins.example.com/page.scxml',
      _call_state: '7',
      _interaction_id: 'undefined',
      _user_data: '{"topic":"broad band"}',
      _dial_attempt: '1',
      _ttl: '60',
    });
  });

  it('gives the call by interaction.added and interaction.present', async () => {
    const network = startsWith('{"sessionid":"s-1"}');
    const call = new SimulatedCall({
      clock: virtualClock(),
      facts: {
        interactionId: 'call-1',
        callId: 'call-1',
        callState: 0,
        answeredBy: 'human',
        customerNumber: '+15550100',
        dialedNumber: '+15550100',
        callerId: undefined,
        requestUri: '',
        sipHeaders: {},
      },
    });
    const { run } = start(network, { call, isAssociated: true, callUrl: 'http://us/call' });
    run.tell({ what: 'hung-up' });
    await settle();
    assert.deepEqual(
      network.paths.slice(1).map((path) => path.split('/').at(-1)),
      ['interaction.added', 'interaction.present', 'interaction.deleted'],
    );
    assert.equal(formOf(network, 0)['_call_url'], 'http://us/call');
    assert.equal(formOf(network, 1)['interactionid'], 'call-1');
    assert.equal(formOf(network, 3)['resultof'], 'deletion');
  });

  it('knows the session by whatever the server calls it', async () => {
    for (const body of [
      's-1',
      '"s-1"',
      '{"session_id":"s-1"}',
      '{"sessionId":"s-1"}',
      '{"id":"s-1"}',
    ]) {
      const network = startsWith(body);
      start(network);
      await settle();
      assert.equal(network.paths[1], '/scxml/session/s-1/event/plugin.start', body);
    }
  });

  it('finds the interface under whatever part of its address is configured', async () => {
    for (const path of ['', '/', '/scxml', '/scxml/session', '/scxml/session/start']) {
      const network = startsWith('s');
      start(network, {}, `http://ors:8000/base${path}`);
      await settle();
      assert.equal(network.paths[0], '/base/scxml/session/start', path);
    }
  });

  it('fails when the start is refused, or its answer names no session', async () => {
    for (const [body, status, failure] of [
      ['', 404, /^ORS_REFUSED: .*404/],
      ['', 200, /^ORS_BAD_ANSWER/],
      ['../../admin', 200, /^ORS_BAD_ANSWER/],
      ['{"sessionid":"a/b"}', 200, /^ORS_BAD_ANSWER/],
      ['{"sessionid":7}', 200, /^ORS_BAD_ANSWER/],
    ] as const) {
      const network = startsWith(body, status);
      const { listener } = start(network);
      await settle();
      assert.match(listener.failures.join(), failure, body);
      assert.equal(network.orders.length, 1);
    }
  });

  it('terminates a session that has not replied, and no other', async () => {
    for (const [cause, last] of [
      ['timeout', 'terminate'],
      ['ended', 'terminate'],
      ['replied', 'plugin.start'],
    ] as const) {
      const network = startsWith('s-1');
      const { run, clock } = start(network);
      await settle();
      await run.stop(cause);
      await run.stop(cause);
      run.tell({ what: 'hung-up' });
      await settle();
      assert.equal(network.paths.at(-1)?.split('/').at(-1), last);
      assert.equal(clock.pendingCount, 0);
    }
  });

  it('starts no second session, and sends no event, for an attempt that is decided', async () => {
    const network = startsWith('', 503);
    const { run, clock } = start(network);
    await settle();
    // The page is there, whatever the server says: it has replied.
    const stopped = run.stop('replied');
    await clock.advance(60_000);
    await stopped;
    assert.deepEqual(network.paths, ['/scxml/session/start']);
    assert.equal(clock.pendingCount, 0);
  });

  it('starts again what was certainly not started, and nothing else', async () => {
    const failed = (code: 'FETCH_TIMEOUT' | 'FETCH_BROKEN' | 'FETCH_UNREACHABLE') =>
      ({ kind: 'failed', code, why: code }) as const;
    for (const [first, starts] of [
      [answer(503), 2],
      [answer(429), 2],
      [failed('FETCH_UNREACHABLE'), 2],
      [answer(500), 1],
      [answer(504), 1],
      [failed('FETCH_TIMEOUT'), 1],
      [failed('FETCH_BROKEN'), 1],
    ] as const) {
      const network = new ScriptedNetwork();
      network.respond = () => (network.orders.length === 1 ? first : answer(200, 's-1'));
      const { clock, listener } = start(network);
      await settle();
      await clock.advance(1000);
      const count = network.paths.filter((path) => path.endsWith('/start')).length;
      assert.equal(count, starts, JSON.stringify(first));
      assert.equal(listener.failures.length, 2 - starts);
    }
  });

  it('does not wait for the answer to a start whose page has replied already', async () => {
    const network = new ScriptedNetwork();
    network.respond = () => undefined;
    const { run, listener } = start(network);
    await settle();
    await run.stop('replied');
    assert.deepEqual(listener.failures, []);
    assert.deepEqual(network.paths, ['/scxml/session/start']);
  });

  it('gives up a start that is not answered when it is stopped', async () => {
    const network = new ScriptedNetwork();
    network.respond = () => undefined;
    const { run, listener } = start(network);
    await settle();
    await run.stop('timeout');
    assert.deepEqual(listener.failures, []);
    assert.equal(network.orders.length, 1);
  });
});
