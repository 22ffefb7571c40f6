// Callbacks created through the API: every check on, answered when they are on the disk. The client has
// a process of its own; what a request costs each of the two is told apart.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/adapters/log.ts';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.ts';
import { sha256Of } from '../../src/config/build-http.ts';
import { CallMetrics } from '../../src/report/call-metrics.ts';
import { createApi } from '../../src/request/callback-api.ts';
import { configOf } from '../../test/request/test-config.ts';

const KEY = 'bench-bench-bench-bench';
const MANY = 1_000_000;
/** Nothing is dialled here: their queues grow. */
export const SERVICES = 20;
const YAML = `
http:
  apiKeys:
    - { name: bench, hash: "sha256:${sha256Of(KEY)}", scopes: ["callbacks:write"], requestsPerMinute: 0 }
officeHours: { all: { timezone: Europe/Berlin, weekly: ["Mon-Sun 00:00-24:00"] } }
queues: { gold: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults:
  queue: gold
  _business_hours_service: all
  _customer_lookup_keys: [_customer_number, account]
  _default_country: US
  _throttle_callbacks_per_service_1: ${MANY}
  _throttle_callbacks_per_service_2: ${MANY}
  _max_queued_callbacks_per_service: ${MANY}
  _enable_in_queue_checking: true
services:
${Array.from({ length: SERVICES }, (_, n) => `  sales-${n}: {}`).join('\n')}
`;

/** @returns requests a second, and milliseconds of processor time for one, ours and the client's */
export async function httpCreates(folder, { count, inFlight }) {
  const store = await openSqliteStore({ file: join(folder, 'http.db') });
  const api = createApi({
    ...{ store, clock: systemClock(), log: silentLog, config: await configOf(YAML) },
    random: { uuid: () => randomUUID(), fraction: () => Math.random() },
    ...{ poke: () => undefined, cancelLive: () => false, isReady: () => true },
    metrics: new CallMetrics(),
  });
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  const client = fork(fileURLToPath(new URL('./http-client.mjs', import.meta.url)), [
    ...[url, KEY, SERVICES],
  ]);
  const ask = async (many) => {
    client.send({ count: many, inFlight });
    const [told] = await once(client, 'message');
    return told;
  };
  await ask(Math.ceil(count / 4));
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const { cpuMs } = await ask(count);
  const seconds = (performance.now() - startedAt) / 1000;
  const used = process.cpuUsage(before);
  client.disconnect();
  await api.close();
  await store.close();
  const ourMs = (used.user + used.system) / 1000 / count;
  return { perSecond: count / seconds, ourMs, clientMs: cpuMs / count };
}
