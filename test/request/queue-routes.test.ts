import assert from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { QueueDesk, type CallOffer } from '../../src/handoff/queue-desk.js';
import { createApi } from '../../src/request/callback-api.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { silentLog } from '../fakes/fake-telephony.js';
import { agentPlan, agentQueue, sipQueue, step } from '../handoff/queue/queue-world.js';
import { configOf } from './test-config.js';

const KEY = 'a-key-of-sixteen-characters';

async function open(http = '') {
  const clock = virtualClock();
  const desk = new QueueDesk(
    { clock, log: silentLog },
    {
      agents: [agentPlan('ann'), agentPlan('bob', { startsAs: 'logged-out' })],
      queues: [agentQueue('gold', ['ann', 'bob:2']), sipQueue('pbx', ['support'])],
    },
  );
  const api = createApi({
    store: {} as CallbackStore,
    config: await configOf(`services: {}\n${http}`),
    clock,
    random: { uuid: () => 'id', fraction: () => 0 },
    log: silentLog,
    poke: () => undefined,
    cancelLive: () => false,
    isReady: () => true,
    queues: desk,
  });
  return { api, desk, clock };
}

function join(desk: QueueDesk, requestId: string, call: (offer: CallOffer) => void = () => {}) {
  const ignore = () => undefined;
  desk.join(
    {
      ...{ requestId, service: 'sales', steps: [step('gold')], isAhead: false },
      ...{ priority: 0, priorityIncrement: 0, priorityIncrementIntervalMs: 0 },
      ...{ etaPositions: [], reserveTimeoutMs: 1000, attemptsMax: 5, confirmTimeoutMs: 0 },
    },
    {
      ...{ call, cancel: ignore, onConnect: ignore, onPassMedia: ignore },
      ...{ onMissed: ignore, onFailed: ignore, onNear: ignore },
    },
  );
}

async function ask(api: FastifyInstance, method: 'GET' | 'PUT', url: string, payload?: object) {
  const response = await api.inject({ method, url, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
}

describe('agents and queues over HTTP', () => {
  it('lists the agents with their states and queues', async () => {
    const { api } = await open();
    const { body } = await ask(api, 'GET', '/v1/agents');
    const agents = body.agents as { name: string; state: string; queues: unknown }[];
    assert.deepEqual(
      agents.map(({ name, state, queues }) => [name, state, queues]),
      [
        ['ann', 'ready', [{ queue: 'gold', tier: 1 }]],
        ['bob', 'logged-out', [{ queue: 'gold', tier: 2 }]],
      ],
    );
    assert.equal((await ask(api, 'GET', '/v1/agents/ann')).body.state, 'ready');
  });

  it('logs an agent in and out', async () => {
    const { api, desk } = await open();
    const set = (state: string) => ask(api, 'PUT', '/v1/agents/bob', { state });
    assert.deepEqual((await set('not-ready')).body.state, 'not-ready');
    assert.deepEqual((await set('ready')).body.state, 'ready');
    assert.deepEqual((await set('logged-out')).status, 200);
    assert.equal(desk.agents()[1]?.state, 'logged-out');
  });

  it('shows the reason that was given, and takes none that is too long or has control characters', async () => {
    const { api } = await open();
    const set = (reason: unknown, state = 'not-ready') =>
      ask(api, 'PUT', '/v1/agents/ann', { state, reason });
    assert.equal((await set('lunch, back at 13:00')).body.reason, 'lunch, back at 13:00');
    for (const wrong of ['', 'x'.repeat(101), 'a\r\nb', { a: 1 }]) {
      const { status, body } = await set(wrong);
      assert.equal(status, 400);
      assert.match(JSON.stringify(body), /`reason` has to be a text of at most 100 characters/);
    }
    assert.equal((await ask(api, 'GET', '/v1/agents/ann')).body.reason, 'lunch, back at 13:00');
    assert.equal((await set('not used', 'ready')).body.reason, null);
  });

  it('says what an agent will be who talks, and keeps it through a reload', async () => {
    const { api, desk } = await open();
    let offerId = '';
    join(desk, 'c1', (offer) => (offerId = offer.offerId));
    desk.answered(offerId);
    const { body } = await ask(api, 'PUT', '/v1/agents/ann', { state: 'not-ready' });
    assert.deepEqual([body.state, body.next], ['busy', 'not-ready']);
    desk.configure({ agents: [agentPlan('ann')], queues: [agentQueue('gold', ['ann'])] });
    assert.deepEqual((await ask(api, 'GET', '/v1/agents/ann')).body, body);
    assert.equal((await ask(api, 'GET', '/v1/agents/bob')).status, 404);
    desk.configure({ agents: [], queues: [] });
    const late = await ask(api, 'PUT', '/v1/agents/ann', { state: 'ready' });
    assert.deepEqual([late.status, late.body.code], [409, 'CBD_REQUEST_TOO_LATE']);
    desk.ended(offerId);
    assert.equal((await ask(api, 'GET', '/v1/agents/ann')).status, 404);
    desk.stop();
  });

  it('refuses states and names that it does not know', async () => {
    const { api } = await open();
    for (const payload of [{}, { state: 'busy' }, { state: 1 }, []]) {
      const { status, body } = await ask(api, 'PUT', '/v1/agents/ann', payload);
      assert.deepEqual([status, body.code], [400, 'CBD_REQUEST_OPTION']);
      assert.deepEqual([body.field, body.rule], ['state', 'one of ready, not-ready, logged-out']);
    }
    const agent = await ask(api, 'PUT', '/v1/agents/anm', { state: 'ready' });
    assert.deepEqual(agent, {
      status: 404,
      body: {
        exception: 'com.genesyslab.gsg.services.callback.exceptions.CallbackExceptionNotFound',
        message: 'There is no such agent. Did you mean ann?',
        code: 'CBD_REQUEST_UNKNOWN_AGENT',
        field: 'name',
        value: 'anm',
        rule: 'a name under `agents`',
      },
    });
    assert.equal((await ask(api, 'GET', '/v1/queues/constructor')).status, 404);
  });

  it('shows each queue with its counters', async () => {
    const { api } = await open();
    const { body } = await ask(api, 'GET', '/v1/queues');
    assert.deepEqual(
      (body.queues as { name: string }[]).map(({ name }) => name),
      ['gold', 'pbx'],
    );
    assert.deepEqual((await ask(api, 'GET', '/v1/queues/gold')).body, {
      name: 'gold',
      kind: 'agents',
      waiting: 0,
      ahead: 0,
      longestWaitMs: 0,
      ewtMs: 0,
      agents: { onDuty: 1, free: 1 },
      exits: { served: 0, abandoned: 0, 'gave-up': 0, failed: 0, withdrawn: 0 },
      serviceLevelMs: 20_000,
      serviceLevel: null,
    });
  });

  it('asks for a key where keys are', async () => {
    const { api } = await open(`http: { apiKeys: [{ name: desk, key: ${KEY} }] }\n`);
    assert.equal((await ask(api, 'GET', '/v1/agents')).status, 401);
    assert.equal((await ask(api, 'PUT', '/v1/agents/ann', { state: 'ready' })).status, 401);
    const headers = { authorization: `Bearer ${KEY}` };
    const response = await api.inject({ url: '/v1/queues', headers });
    assert.equal(response.statusCode, 200);
  });
});
