import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import type { FastifyInstance } from 'fastify';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { registerCancelCommand } from '../../src/cli/cancel-command.js';
import type { Log } from '../../src/ports.js';
import { createApi } from '../../src/request/callback-api.js';
import type { CancelledNumber } from '../../src/request/number-routes.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { HOUR_MS, NOON_MS, someCallback } from '../adapters/store/fixtures.js';
import { configOf } from './test-config.js';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const NUMBER = '+442079460123';
const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q }
services: { sales: {}, support: { _default_country: GB } }
`;

describe('Cancelling by number', () => {
  let store: CallbackStore;
  let api: FastifyInstance;
  let told: [string, string][];
  let refusedNumber: object | undefined;

  beforeEach(async () => {
    store = await openSqliteStore({ file: ':memory:' });
    told = [];
    api = createApi({
      store,
      config: await configOf(YAML),
      clock: virtualClock(NOON_MS),
      random: { uuid: () => randomUUID(), fraction: () => 0 },
      log: silent,
      poke: () => undefined,
      cancelLive: (id, by) => told.push([id, by]) > 0,
      isReady: () => true,
    });
  });
  afterEach(async () => {
    await api.close();
    await store.close();
    refusedNumber = undefined;
  });

  const cancel = async (written: string, payload?: object): Promise<CancelledNumber> => {
    const url = `/v1/numbers/${encodeURIComponent(written)}/cancel`;
    const answer = await api.inject({ method: 'POST', url, ...(payload && { payload }) });
    if (answer.statusCode >= 400) refusedNumber = answer.json<object>();
    return answer.json<CancelledNumber>();
  };
  const accepted = async (id: string, changes: Parameters<typeof someCallback>[0] = {}) => {
    await store.accept(someCallback({ id, customerNumber: NUMBER, ...changes }));
  };

  it('ends what is scheduled and queued, stops what is dialled, leaves conversations alone', async () => {
    await accepted('talking');
    await store.claimDue(NOON_MS, 1);
    await store.commit('talking', { record: { state: 'PROCESSING' } }, { durable: true });
    await accepted('dialled', { serviceName: 'support' });
    await store.claimDue(NOON_MS, 1);
    await accepted('queued');
    await accepted('scheduled', { desiredAtMs: NOON_MS + HOUR_MS });
    await accepted('of somebody else', { customerNumber: '+442079460124' });
    const { numbers, callbacks, hasMore } = await cancel(NUMBER);
    assert.deepEqual([numbers, hasMore], [[NUMBER], false]);
    const byId = [...callbacks].sort((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual(byId, [
      { id: 'dialled', service: 'support', was: 'QUEUED', became: 'stopped' },
      { id: 'queued', service: 'sales', was: 'QUEUED', became: 'cancelled' },
      { id: 'scheduled', service: 'sales', was: 'SCHEDULED', became: 'cancelled' },
      { id: 'talking', service: 'sales', was: 'PROCESSING', became: 'too-late' },
    ]);
    assert.deepEqual(told, [['dialled', 'customer']]);
    assert.equal((await store.get('dialled'))?.cancelRequested, 'customer');
    assert.equal((await store.get('queued'))?.reason, 'CANCELLED');
    assert.equal((await store.get('of somebody else'))?.state, 'QUEUED');
  });

  it('reads the number as the services do, of one service only when told to', async () => {
    await accepted('a', { serviceName: 'support' });
    await accepted('b');
    const { callbacks } = await cancel('020 7946 0123', { service: 'support', by: 'admin' });
    assert.deepEqual(
      callbacks.map(({ id }) => id),
      ['a'],
    );
    assert.equal((await store.get('a'))?.reason, 'CANCELLED_BY_ADMIN');
    assert.deepEqual((await cancel(NUMBER)).callbacks.length, 1);
    assert.deepEqual((await cancel(NUMBER)).callbacks, []);
  });

  it('refuses what is no number, and a service that is none', async () => {
    await cancel('sip:bob@example.com');
    const faultOf = (problem: unknown) => {
      const { code, field, value } = problem as Record<string, unknown>;
      return { code, field, value };
    };
    assert.deepEqual(faultOf(refusedNumber), {
      ...{ code: 'CBD_REQUEST_NUMBER_UNPARSABLE', field: 'number', value: 'sip:bob@example.com' },
    });
    await cancel(NUMBER, { service: 'constructor' });
    assert.deepEqual(faultOf(refusedNumber), {
      ...{ code: 'CBD_REQUEST_UNKNOWN_SERVICE', field: 'service', value: 'constructor' },
    });
  });

  it('is a command', async () => {
    await accepted('a');
    const server = await api.listen({ host: '127.0.0.1', port: 0 });
    const out: string[] = [];
    const run = async (...more: string[]) => {
      const program = new Command();
      const exit = (code: number) => out.push(`exit ${code}`);
      registerCancelCommand(program, { out: (l) => out.push(l), err: (l) => out.push(l), exit });
      await program.parseAsync(['cancel', '--server', server, ...more], { from: 'user' });
    };
    await run('--number', NUMBER);
    await run('--number', NUMBER);
    await run('--number', 'nobody');
    assert.deepEqual(out, [
      'a sales was QUEUED: cancelled',
      `no open callback for ${NUMBER}`,
      'CBD_REQUEST_NUMBER_UNPARSABLE: This is no telephone number.',
      'exit 1',
    ]);
  });
});
