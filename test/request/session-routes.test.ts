import assert from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { virtualClock, type VirtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { SessionService } from '../../src/plugin/embedded/session-service.js';
import type { SessionEnvironment } from '../../src/plugin/embedded/orchestrated-session.js';
import { createApi } from '../../src/request/callback-api.js';
import { makeEnvironment, page, PAGE_URL } from '../plugin/embedded/bed.js';
import { configOf } from './test-config.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const PAGE = page(`<datamodel><data id="seen" expr="[]"/></datamodel>
  <state id="first"><transition event="go" target="second"/>
    <transition event="told HTTP"><assign location="_data.seen" expr="[_event.name, _event.data, _event.origintype, _event.raw]"/></transition>
    <transition event="what"><session:response requestid="_event.sendid"><param name="seen" expr="_data.seen"/></session:response></transition></state>
  <state id="second"><transition event="ask">
    <session:response requestid="_event.sendid" type="'positive'" resultcode="202">
      <param name="sum" expr="Number(_event.data.a) + Number(_data.b)"/></session:response></transition>
    <transition event="refuse"><ws:response requestid="_event.sendid" type="'negative'"/></transition>
    <transition event="over" target="end"/></state><final id="end"/>`);

const YAML = 'services: { sales: {} }';

describe('the REST paths of the Orchestration Server', () => {
  let clock: VirtualClock;
  let environment: SessionEnvironment;
  let service: SessionService;
  let api: FastifyInstance;
  let store: CallbackStore;

  async function build(yaml = YAML): Promise<FastifyInstance> {
    clock = virtualClock();
    environment = await makeEnvironment({ pages: { [PAGE_URL]: PAGE } }, clock, []);
    service = new SessionService(environment);
    return createApi({
      store,
      config: await configOf(yaml),
      clock,
      random: { uuid: () => 'u', fraction: () => 0 },
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      poke: () => undefined,
      cancelLive: () => false,
      isReady: () => true,
      sessions: service,
    });
  }

  before(async () => {
    store = await openSqliteStore({ file: ':memory:' });
  });
  after(() => store.close());
  beforeEach(async () => {
    api = await build();
  });
  afterEach(() => api.close());

  async function start(payload = `src=${encodeURIComponent(PAGE_URL)}&b=40`): Promise<string> {
    const answer = await api.inject({
      method: 'POST',
      url: '/scxml/session/start',
      headers: FORM,
      payload,
    });
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json<{ sessionid: string }>().sessionid;
  }

  const post = (url: string, payload = '') =>
    api.inject({ method: 'POST', url, headers: FORM, payload });

  it('start, look at, send events to, and end a session', async () => {
    const id = await start();
    const path = `/scxml/session/${id}`;
    const query = async () =>
      (await api.inject({ method: 'GET', url: `${path}/query` })).json<object>();
    assert.deepEqual(await query(), { sessionid: id, src: PAGE_URL, states: ['first'] });
    assert.equal((await post(`${path}/event/go`)).statusCode, 200);
    await clock.advance(0);
    assert.deepEqual(await query(), { sessionid: id, src: PAGE_URL, states: ['second'] });
    assert.equal((await post(`${path}/terminate`)).statusCode, 200);
    await clock.advance(0);
    for (const gone of ['event/go', 'terminate', 'query', 'request/ask'])
      assert.equal((await post(`${path}/${gone}`)).statusCode, 404, gone);
    assert.equal(service.startedCount, 0);
  });

  it('wait for the answer to a request', async () => {
    const id = await start();
    await api.inject({ method: 'GET', url: `/scxml/session/${id}/event/go?x=1` });
    const asked = await post(`/scxml/session/${id}/request/ask`, 'a=2');
    assert.equal(asked.statusCode, 202);
    assert.deepEqual(asked.json(), { sum: 42 });
    assert.equal((await post(`/scxml/session/${id}/request/refuse`)).statusCode, 500);
    const ended = await post(`/scxml/session/${id}/request/over`);
    assert.equal(ended.statusCode, 404, 'a session that ends answers nobody');
  });

  it('do not wait for ever', async () => {
    const id = await start();
    const asked = post(`/scxml/session/${id}/request/nothing`);
    await clock.advance(0);
    await clock.advance(30_000);
    assert.equal((await asked).statusCode, 504);
  });

  it('take events where the Basic HTTP processor says that the session is', async () => {
    const id = await start();
    await post(`/scxml/session/${id}`, '_scxmleventname=go');
    await clock.advance(0);
    assert.deepEqual(service.query(id)?.states, ['second']);
    const absent = await post('/scxml/session/absent', '_scxmleventname=go');
    assert.equal(absent.statusCode, 404);
    const wrong = await post(`/scxml/session/${id}`, '_scxmleventname=%0D%0A');
    assert.equal(wrong.statusCode, 400);
  });

  for (const [what, type, body, name, data] of [
    ['a form', FORM['content-type'], '_scxmleventname=told&a=1', 'told', { a: '1' }],
    ['a text', 'text/plain', 'hello', 'HTTP.POST', 'hello'],
    ['what has no type that we know', 'application/x-own', '<a/>', 'HTTP.POST', '<a/>'],
  ] as const)
    it(`give the page ${what} as the specification has it, and no key of whoever sent it`, async () => {
      const id = await start();
      const headers = { 'content-type': type, authorization: 'Bearer secret' };
      const url = `/scxml/session/${id}`;
      const sent = await api.inject({ method: 'POST', url, headers, payload: body });
      assert.equal(sent.statusCode, 200, sent.body);
      const asked = await post(`${url}/request/what`);
      assert.deepEqual(asked.json(), {
        seen: [
          name,
          data,
          'http://www.w3.org/TR/scxml/#BasicHTTPEventProcessor',
          `POST ${url} HTTP/1.1\r\ncontent-type: ${type}\r\n\r\n${body}`,
        ],
      });
    });

  it('give the page what came with the start, typed as it came', async () => {
    const answer = await api.inject({
      method: 'POST',
      url: '/scxml/session/start',
      payload: { src: PAGE_URL, b: 40 },
    });
    const { sessionid } = answer.json<{ sessionid: string }>();
    await post(`/scxml/session/${sessionid}/event/go`);
    const asked = await post(`/scxml/session/${sessionid}/request/ask`, 'a=1');
    assert.deepEqual(asked.json(), { sum: 41 });
  });

  for (const [what, payload, code] of [
    ['no page', 'b=1', 'CBD_REQUEST_MISSING_KEY'],
    ['a page that is not there', 'src=http://plugins.test/none', 'CBD_REQUEST_OPTION'],
    ['a start in the future', `src=${PAGE_URL}&idealtime=99999999999999`, 'CBD_REQUEST_OPTION'],
  ] as const) {
    it(`refuse ${what}`, async () => {
      const answer = await post('/scxml/session/start', payload);
      assert.equal(answer.statusCode, 400);
      assert.equal(answer.json<{ code: string }>().code, code);
    });
  }

  it('refuse more sessions than one process should run for others', async () => {
    for (let i = 0; i < 100; i++) await start();
    const answer = await post('/scxml/session/start', `src=${PAGE_URL}`);
    assert.equal(answer.json<{ code: string }>().code, 'CBD_REQUEST_QUEUE_FULL');
    await service.stop();
    assert.equal(service.runningCount, 0);
  });

  it('end a session that nobody ends after a day', async () => {
    await start();
    await clock.advance(24 * 3_600_000);
    await clock.advance(0);
    assert.equal(service.startedCount, 0);
  });

  it('are open to whoever has a key, and to nobody else', async () => {
    await api.close();
    api = await build(`http: { apiKeys: [ { name: web, key: 0123456789abcdef } ] }\n${YAML}`);
    const headers = { ...FORM, 'x-api-key': '0123456789abcdef' };
    const url = '/scxml/session/start';
    const payload = `src=${PAGE_URL}`;
    assert.equal(
      (await api.inject({ method: 'POST', url, headers: FORM, payload })).statusCode,
      401,
    );
    assert.equal((await api.inject({ method: 'POST', url, headers, payload })).statusCode, 200);
    const event = { method: 'POST', url: '/scxml/session/s1/event/go' } as const;
    assert.equal((await api.inject(event)).statusCode, 401);
  });
});
