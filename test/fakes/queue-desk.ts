/** A queue desk as the configuration `queues: { support: { targets: [...] } }` would make it. */
import { QueueDesk } from '../../src/handoff/queue-desk.js';
import type { QueuePlans } from '../../src/handoff/queue/plans.js';
import type { Clock } from '../../src/ports.js';
import { silentLog } from './fake-telephony.js';

export function supportPlans(...uris: readonly string[]): QueuePlans {
  const targets = uris.map((uri) => ({ uri, ringTimeoutMs: 0 }));
  const rules = { earlyMedia: 'ignore', serviceLevelMs: 20_000 } as const;
  return { agents: [], queues: [{ name: 'support', kind: 'sip', targets, ...rules }] };
}

export function supportDesk(clock: Clock, ...uris: readonly string[]): QueueDesk {
  return new QueueDesk({ clock, log: silentLog }, supportPlans(...uris));
}
