/** What agents’ phones received, and what the service says of it. */
import assert from 'node:assert/strict';
import type { AgentView } from '../../src/handoff/queue/views.js';
import { until } from './bench.js';
import { atOnce, NOBODY_AT_HOME, Office, slug, WITHIN_MS } from './agents-office.js';

describe('agents and queues on the wire', function () {
  this.timeout(180_000);
  const office = new Office();
  before(() => office.open());
  after(() => office.close());

  it('asks the next agent when the first is busy', async () => {
    const name = 'busy, then the next';
    const callback = await office.request(name);
    await callback.talks();
    assert.deepEqual(
      (await callback.rows()).filter((row) => row.startsWith('agent')),
      ['agent.missed', 'agent.bridge'],
    );
    const [ann, bob] = [await office.agent(name, 'ann'), await office.agent(name, 'bob')];
    assert.deepEqual([ann.state, ann.missesInARow, bob.state], ['wrap-up', 1, 'busy']);
    office.phone(name, 'bob').call.bye();
    assert.equal(await callback.reason(), 'AGENT_CONNECTED');
    assert.equal((await office.agent(name, 'bob')).state, 'wrap-up');
    assert.equal((await office.queue(name)).exits.served, 1);
    assert.match(
      await office.metrics(),
      new RegExp(`dialback_queue_exits_total{queue="${slug(name)}",.*exit="served"} 1`),
    );
    assert.match(
      await office.metrics(),
      new RegExp(`dialback_human_to_agent_seconds_count{service="${slug(name)}"} 1`),
    );
  });

  it('takes the call back from an agent who does not answer in time, and asks the next', async () => {
    const name = 'no answer, then the next';
    const callback = await office.request(name);
    await callback.talks();
    await office.phone(name, 'ann').request('CANCEL');
    office.phone(name, 'bob').call.bye();
    assert.equal(await callback.reason(), 'AGENT_CONNECTED');
  });

  it('rings all, and calls the losers off', async () => {
    const name = 'ring all';
    const callback = await office.request(name);
    const [ann, bob] = [office.phone(name, 'ann'), office.phone(name, 'bob')];
    await Promise.all([ann.request('INVITE'), bob.request('INVITE')]);
    bob.call.answer();
    await callback.talks();
    await ann.request('CANCEL');
    await until(WITHIN_MS, 'the loser to be free again', async () =>
      (await office.agent(name, 'ann')).state === 'ready' ? true : undefined,
    );
    bob.call.bye();
    assert.equal(await callback.reason(), 'AGENT_CONNECTED');
  });

  it('gives up after so many agents in vain', async () => {
    const name = 'max attempts';
    const callback = await office.request(name);
    assert.equal(await callback.reason(), 'FAIL_AGENT_CONNECT');
    assert.equal(office.phone(name, 'ann').requests('INVITE').length, 3);
    assert.equal((await office.queue(name)).exits.failed, 1);
  });

  it('goes on without an agent whose phone dies while it rings', async () => {
    const name = 'dies while ringing';
    const callback = await office.request(name);
    await callback.talks();
    assert.notEqual((await office.agent(name, 'ann')).state, 'ready');
    office.phone(name, 'bob').call.bye();
    assert.equal(await callback.reason(), 'AGENT_CONNECTED');
  });

  it('takes a transfer for done when media flows and no answer comes in time', async () => {
    const name = 'confirm timeout';
    const callback = await office.request(name);
    await callback.talks();
    office.phone(name, 'target').call.respond(480, 'Temporarily Unavailable');
    assert.equal(await callback.reason(), 'AGENT_CONNECTED');
  });

  it('lets early media be heard where the queue says so, and connects at the answer', async () => {
    const name = 'early media passed';
    const callback = await office.request(name);
    await callback.talks();
    const rows = await callback.rows();
    assert.deepEqual(rows.slice(rows.indexOf('early.passed')), ['early.passed', 'agent.bridge']);
    office.phone(name, 'target').call.bye();
    assert.equal(await callback.reason(), 'AGENT_CONNECTED');
  });

  it('goes back to the waiting treatment when the far side that was heard will not answer', async () => {
    const name = 'early media, then refused';
    const callback = await office.request(name);
    await callback.talks();
    const rows = await callback.rows();
    assert.deepEqual(rows.slice(rows.indexOf('early.passed')), [
      'early.passed',
      'early.over',
      'agent.retry',
      'agent.again',
      'early.passed',
      'agent.bridge',
    ]);
    office.phone(name, 'target').call.bye();
    assert.equal(await callback.reason(), 'AGENT_CONNECTED');
    const counters = await office.ask<Record<string, number>>('GET', '/v1/counters');
    assert.equal(counters['treatment-missing'], undefined, 'every sound could be played');
  });

  it('goes on with the waiting treatment through early media otherwise', async () => {
    const name = 'early media ignored';
    const callback = await office.request(name);
    await callback.talks();
    assert.equal((await callback.rows()).includes('early.passed'), false);
    office.phone(name, 'target').call.bye();
    assert.equal(await callback.reason(), 'AGENT_CONNECTED');
  });

  it('serves more customers than there are agents, one call at a time each', async () => {
    const name = 'more customers than agents';
    const numbers = Array.from({ length: 6 }, (_, index) => `+44770090020${index}`);
    const callbacks = await Promise.all(numbers.map((number) => office.request(name, number)));
    const reasons = await Promise.all(callbacks.map((callback) => callback.reason()));
    assert.deepEqual(new Set(reasons), new Set(['AGENT_CONNECTED']));
    for (const who of ['ann', 'bob']) {
      const phone = office.phone(name, who);
      assert.equal(atOnce.get(phone)?.most, 1, `${who} had one call at a time`);
      assert(phone.requests('INVITE').length >= 2, `${who} had a share of them`);
    }
    assert.equal((await office.queue(name)).waiting, 0);
  });

  it('dials the customer only once an agent is kept free', async () => {
    const name = 'agent first';
    const callback = await office.request(name);
    await until(WITHIN_MS, 'the request to wait', async () =>
      (await office.queue(name)).ahead === 1 ? true : undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(office.dials(name), 0);
    await office.set(name, 'ann', 'ready');
    await callback.talks();
    assert.equal(office.dials(name), 1);
    assert.deepEqual((await callback.rows()).slice(0, 3), [
      'dial.ahead',
      'ahead.dial',
      'human.queue',
    ]);
    office.phone(name, 'ann').call.bye();
    assert.equal(await callback.reason(), 'AGENT_CONNECTED');
  });

  it('gives the agent back when the customer does not answer', async () => {
    const callback = await office.request(NOBODY_AT_HOME);
    await until(WITHIN_MS, 'an agent to be kept free', async () =>
      (await office.agent(NOBODY_AT_HOME, 'ann')).state === 'reserved' ? true : undefined,
    );
    assert.equal(await callback.reason(), 'FAIL_CALL_TO_CUSTOMER');
    assert.equal((await office.agent(NOBODY_AT_HOME, 'ann')).state, 'ready');
    assert.equal(office.phone(NOBODY_AT_HOME, 'ann').requests('INVITE').length, 0);
  });

  it('keeps the agents’ states when the configuration is replaced, and knows new ones', async () => {
    const name = 'max attempts';
    await office.set(name, 'ann', 'not-ready');
    const seat = `{ name: ${slug(name)}-ann }`;
    const kind = await office.reload((yaml) =>
      yaml
        .replace(seat, `${seat}, { name: late }`)
        .replace('agents:\n', 'agents:\n  late: { uri: "sip:late@127.0.0.1:9" }\n'),
    );
    assert.equal(kind, 'applied');
    const { agents } = await office.ask<{ agents: readonly AgentView[] }>('GET', '/v1/agents');
    const states = new Map(agents.map((agent) => [agent.name, agent.state]));
    assert.equal(states.get(`${slug(name)}-ann`), 'not-ready');
    assert.equal(states.get('late'), 'ready');
    assert.deepEqual((await office.queue(name)).agents, { onDuty: 1, free: 1 });
  });
});
