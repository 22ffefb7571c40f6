/** The API with everything that it can have, on an empty store, for tests of the whole of it. */

import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { QueueDesk } from '../../src/handoff/queue-desk.js';
import { ReplyDesk } from '../../src/plugin/reply-desk.js';
import type { SessionService } from '../../src/plugin/embedded/session-service.js';
import { CallMetrics } from '../../src/report/call-metrics.js';
import { Counters } from '../../src/report/counters.js';
import { createApi, type ApiDeps } from '../../src/request/callback-api.js';
import { configOf } from './test-config.js';

const NOON_MS = Date.UTC(2026, 0, 15, 12);

export const YAML = `
queues: { gold: { agents: [ { name: ann } ] } }
agents: { ann: { uri: "sip:ann@pbx.example" } }
defaults: { queue: gold, _customer_lookup_keys: [_customer_number, account] }
services: { sales: {}, support: {} }
`;

export async function openApi(
  yaml = YAML,
  changes: Partial<ApiDeps> = {},
): Promise<{ api: FastifyInstance; deps: ApiDeps; close: () => Promise<void> }> {
  const clock = virtualClock(NOON_MS);
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const config = await configOf(yaml);
  const store = await openSqliteStore({ file: ':memory:' });
  const desk = new QueueDesk(
    { clock, log, onExit: quiet },
    { agents: Object.values(config.agents), queues: Object.values(config.queues) },
  );
  const random = { uuid: () => randomUUID(), fraction: () => 0 };
  const deps: ApiDeps = {
    ...{ store, clock, log, config, random },
    poke: quiet,
    cancelLive: () => false,
    isReady: () => true,
    version: '1.2.3',
    queues: desk,
    trunks: { states: () => [] },
    counters: new Counters(),
    metrics: new CallMetrics(),
    desk: new ReplyDesk({ clock, newToken: () => randomUUID(), baseUrl: () => '' }),
    sessions: {
      start: () => Promise.resolve({ kind: 'refused', why: 'there is no such page' }),
      raise: () => false,
      receive: () => false,
      request: () => Promise.resolve({ kind: 'gone' }),
      query: () => undefined,
      terminate: () => false,
    } as unknown as SessionService,
    ...changes,
  };
  const api = createApi(deps);
  return {
    api,
    deps,
    close: async () => {
      await api.close();
      desk.stop();
      await store.close();
    },
  };
}
