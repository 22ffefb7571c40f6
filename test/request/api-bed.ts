/** The API on a store in memory and a virtual clock, for the tests of its paths. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { virtualClock, type VirtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { createApi, type ApiDeps } from '../../src/request/callback-api.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { silentLog } from '../fakes/fake-telephony.js';
import { configOf } from './test-config.js';

export const NOON_MS = Date.UTC(2026, 0, 15, 12);
export const HOUR_MS = 3_600_000;

export type Body = Record<string, unknown>;

export class ApiBed {
  readonly api: FastifyInstance;

  private constructor(
    readonly store: CallbackStore,
    readonly clock: VirtualClock,
    /** `ID BY` of each live callback that was told to end. */
    readonly cancelled: string[],
    private readonly deps: ApiDeps,
  ) {
    this.api = createApi(deps);
  }

  /** As a reload does it. */
  async reconfigure(yaml: string): Promise<void> {
    Object.assign(this.deps, { config: await configOf(yaml) });
  }

  static async open(yaml: string, changes: Partial<ApiDeps> = {}): Promise<ApiBed> {
    const store = await openSqliteStore({ file: ':memory:' });
    const clock = virtualClock(NOON_MS);
    const cancelled: string[] = [];
    const deps = {
      ...{ store, clock, log: silentLog, config: await configOf(yaml) },
      random: { uuid: () => randomUUID(), fraction: () => 0 },
      poke: () => undefined,
      cancelLive: (id: string, by: string) => cancelled.push(`${id} ${by}`) > 0,
      isReady: () => true,
      ...changes,
    };
    return new ApiBed(store, clock, cancelled, deps);
  }

  async close(): Promise<void> {
    await this.api.close();
    await this.store.close();
  }

  get(url: string): Promise<LightMyRequestResponse> {
    return this.api.inject({ method: 'GET', url });
  }

  post(url: string, payload: object): Promise<LightMyRequestResponse> {
    return this.api.inject({ method: 'POST', url, payload });
  }

  /** @returns the id of a callback that was accepted */
  async started(payload: object = {}, service = 'sales'): Promise<string> {
    const url = `/genesys/1/service/callback/${service}`;
    const answer = await this.post(url, { _customer_number: '+15550001234', ...payload });
    assert.equal(answer.statusCode, 200, answer.body);
    return String(answer.json<Body>()['_id']);
  }
}

/** @param fault what has to be said of the part that is wrong */
export function assertGenesysProblem(
  answer: LightMyRequestResponse,
  status: number,
  error: string,
  fault: Body = {},
): void {
  assert.equal(answer.statusCode, status, answer.body);
  const { exception, message, ...rest } = answer.json<Body>();
  assert.match(String(exception), /^com\.genesyslab\.gsg\.[\w.]*Exception\w*$/);
  assert.ok(typeof message === 'string' && message !== '');
  assert.deepEqual(rest, { code: status, error, phrase: STATUS_CODES[status], ...fault });
}
