import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import {
  ownReplies,
  SessionDirectory,
  sessionHost,
} from '../../../src/plugin/embedded/session-directory.js';
import type { FetchOrder, Fetcher } from '../../../src/holder/fetcher.js';
import { ReplyDesk } from '../../../src/plugin/reply-desk.js';

const BASE = 'http://127.0.0.1:8080';

function deskWithPlugin() {
  const desk = new ReplyDesk({
    clock: virtualClock(),
    newToken: () => 'secret',
    baseUrl: () => BASE,
  });
  const replies: unknown[] = [];
  const place = desk.open('s1', {
    callbackId: 'c',
    control: undefined,
    reply: (raw) => {
      replies.push(raw);
      return { status: 200, body: { result: 'ok' } };
    },
  });
  return { place, replies, replyAt: ownReplies(desk, () => BASE) };
}

describe('reply addresses of this process', () => {
  it('are found by their whole address only', () => {
    const { place, replies, replyAt } = deskWithPlugin();
    assert.equal(replyAt(place.replyUrl)?.take({ action: 'cancel' }).status, 200);
    assert.deepEqual(replies, [{ action: 'cancel' }]);
    for (const forged of [
      `${BASE}/plugin/s1/guessed/reply`,
      `${BASE}/plugin/s2/secret/reply`,
      `${place.replyUrl}?x`,
      `http://elsewhere.test/plugin/s1/secret/reply`,
      place.callUrl,
    ])
      assert.equal(replyAt(forged), undefined, forged);
  });

  it('say that it is too late when the plugin is over', () => {
    const { place, replyAt } = deskWithPlugin();
    place.close();
    assert.equal(replyAt(place.replyUrl)?.take({}).status, 409);
  });
});

describe('what threads get from the outside', () => {
  const hostThat = (answer: Awaited<ReturnType<Fetcher['fetch']>>) => {
    const orders: FetchOrder[] = [];
    const fetch = (order: FetchOrder) => {
      orders.push(order);
      return Promise.resolve(answer);
    };
    return { orders, host: sessionHost(new SessionDirectory(), { fetch }) };
  };
  const body = Buffer.from('text');

  it('is found relative to the page that asks, wherever that was led to', async () => {
    const url = 'http://plugins.test/b/page.scxml';
    const { orders, host } = hostThat({ kind: 'answer', status: 200, headers: {}, body, url });
    const got = await host.fetch({ sessionId: 's', reference: '../lib/x.js', base: url });
    assert.equal(orders[0]?.url, 'http://plugins.test/lib/x.js');
    assert.deepEqual(got, { kind: 'ok', text: 'text', url });
  });

  it('fails with the code of the network, or with the status', async () => {
    const refused = hostThat({ kind: 'failed', code: 'FETCH_NOT_ALLOWED', why: 'not named' });
    const asked = { sessionId: 's', reference: 'http://a.test/', base: '' };
    assert.deepEqual(await refused.host.fetch(asked), {
      kind: 'failed',
      why: 'FETCH_NOT_ALLOWED: not named',
    });
    const gone = hostThat({
      kind: 'answer',
      status: 410,
      headers: {},
      body,
      url: 'http://a.test/',
    });
    const message = { sessionId: 's', url: 'http://a.test/', contentType: 'text/plain', body: '' };
    assert.deepEqual(await gone.host.post(message), { kind: 'failed', why: 'HTTP 410' });
  });
});
