import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { initialState } from '../../src/callflow/treatment-flow.js';
import { QueueDesk } from '../../src/handoff/queue-desk.js';
import type { CallbackRecord, CallbackStore } from '../../src/schedule/callback-store.js';
import { silentLog } from '../fakes/fake-telephony.js';
import { agentPlan, agentQueue, step } from '../handoff/queue/queue-world.js';
import { ApiBed, assertGenesysProblem, NOON_MS, type Body } from './api-bed.js';

const YAML = `
queues: { gold: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
services: { sales: { queue: gold }, talk: { queue: gold } }
`;
const { context } = initialState();

describe('where a callback stands', () => {
  let bed: ApiBed;
  let desk: QueueDesk;
  const records = new Map<string, Partial<CallbackRecord>>();

  before(async () => {
    desk = new QueueDesk(
      { clock: virtualClock(NOON_MS), log: silentLog },
      { agents: [agentPlan('ann')], queues: [agentQueue('gold', ['ann'])] },
    );
    const get = (id: string) => Promise.resolve(records.get(id));
    bed = await ApiBed.open(YAML, { queues: desk, store: { get } as unknown as CallbackStore });
    join('cb-1/queue-1');
    join('cb-2/queue-4');
    const queued = { queueId: 'queue-4', agentIsReady: false };
    const flowState = { name: 'waiting-for-agent', isGivingUp: false } as const;
    const record = { serviceName: 'sales', state: 'ROUTING' } as const;
    records.set('cb-2', {
      ...{ id: 'cb-2', ...record, flowState: { ...flowState, context: { ...context, queued } } },
    });
    records.set('cb-3', { id: 'cb-3', serviceName: 'sales', state: 'QUEUED' });
    records.set('cb-4', { id: 'cb-4', serviceName: 'gone', state: 'QUEUED' });
    records.set('cb-5', { id: 'cb-5', serviceName: 'sales', state: 'COMPLETED' });
  });
  after(async () => {
    desk.stop();
    await bed.close();
  });

  function join(requestId: string): void {
    const ignore = () => undefined;
    desk.join(
      {
        ...{ requestId, service: 'sales', steps: [step('gold')], isAhead: false },
        ...{ priority: 0, priorityIncrement: 0, priorityIncrementIntervalMs: 0 },
        ...{ etaPositions: [], reserveTimeoutMs: 1000, attemptsMax: 5, confirmTimeoutMs: 0 },
      },
      {
        ...{ call: ignore, cancel: ignore, onConnect: ignore, onPassMedia: ignore },
        ...{ onMissed: ignore, onFailed: ignore, onNear: ignore },
      },
    );
  }

  const path = (id: string) => `/genesys/1/service/${id}/check-queue-position`;

  it('is said of one in the line, also to clients that ask with POST', async () => {
    const answer = { queue: 'gold', position: 1, ewt: 180 };
    assert.deepEqual((await bed.get(path('cb-2'))).json<Body>(), answer);
    assert.deepEqual((await bed.post(path('cb-2'), {})).json<Body>(), answer);
  });

  it('is behind all others for one that is not in the line yet', async () => {
    const { queue, position } = (await bed.get(path('cb-3'))).json<Body>();
    assert.deepEqual([queue, position], ['gold', 3]);
  });

  it('is nowhere for one that is over, unknown, or has no queue', async () => {
    for (const id of ['cb-4', 'cb-5', 'nobody', 'constructor']) {
      assertGenesysProblem(await bed.get(path(id)), 404, 'CBD_REQUEST_UNKNOWN_CALLBACK', {
        ...{ field: 'id', value: id, rule: 'a callback that waits, of a service with a queue' },
      });
    }
  });
});
