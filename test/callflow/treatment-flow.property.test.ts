import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { CallState } from '../../src/callflow/call-state.js';
import { DECISION_TABLE } from '../../src/callflow/decision-table.js';
import { matrixRows } from '../../src/callflow/matrix.js';
import type { ServiceOptions } from '../../src/callflow/service-options.js';
import { initialState, transition } from '../../src/callflow/treatment-flow.js';
import type { Context, Event, State, TimerName } from '../../src/callflow/vocabulary.js';
import { FairShell, PLAY_FAILURE_MS } from './fair-shell.js';
import { replyOf, serviceWith } from './flow-fixture.js';
import { anyService } from './service-arbitrary.js';
import { ShellModel } from './shell-model.js';

const REPLIES = [
  { action: 'cancel', message: 'OK' },
  { action: 'cancel', message: 'interaction_deleted' },
  { action: 'retry', message: '0k', delay: 5, customer_number: '555-2336' },
  { action: 'route_to_agent', message: 'ok', customer_number_prefix: 91 },
  { action: 'route_to_rp', message: '8999' },
].map(replyOf);

const TIMERS: readonly TimerName[] = [
  'retry',
  'plugin-ttl',
  'agent-wait',
  'agent-retry',
  'ahead-wait',
  'life',
  'human-silence',
  'message-wait',
  'conversation',
];

/** Numbers that make one event: which, with which id, with which particulars. */
interface Draw {
  readonly kind: number;
  readonly id: 'current' | 'old' | 'unknown';
  readonly choice: number;
}

const anyDraw: fc.Arbitrary<Draw> = fc.record({
  kind: fc.nat(1000),
  id: fc.oneof(
    { weight: 12, arbitrary: fc.constant('current' as const) },
    { weight: 2, arbitrary: fc.constant('old' as const) },
    { weight: 1, arbitrary: fc.constant('unknown' as const) },
  ),
  choice: fc.nat(1000),
});

const CALL_STATES: readonly CallState[] = [
  0, 0, 0, 9, 9, 17, 6, 7, 8, 12, 16, 26, 28, 32, 3, 41, 33,
];

const AFTERWARDS = [
  'never-again',
  'retry-later',
  'paused',
  'no-trunk',
  'not-written',
  'no-endpoint',
] as const;

/** Ids that were once real, so that an event can be late. */
class Ids {
  readonly #seen = new Map<string, Set<string>>();

  pick(kind: string, current: string | undefined, { id, choice }: Draw): string {
    const seen = this.#seen.get(kind) ?? new Set<string>();
    this.#seen.set(kind, seen);
    if (current !== undefined) seen.add(current);
    if (id === 'current' && current !== undefined) return current;
    const old = [...seen].filter((one) => one !== current);
    if (id === 'unknown' || old.length === 0) return `${kind}-of-nobody`;
    return old[choice % old.length] ?? '';
  }
}

/** An event for something that is in the air, or, with an old or unknown id, any event at all. */
function eventOf(draw: Draw, context: Context, ids: Ids): Event {
  const all = [
    ...legEvents(draw, context, ids),
    ...holderEvents(draw, context, ids),
    ...farSideEvents(draw, context, ids),
    ...TIMERS.map((timer) => ({
      isAwaited: context.timers[timer] !== undefined,
      event: timerEvent(timer, ids.pick(timer, context.timers[timer], draw)),
    })),
    { isAwaited: context.attempt === 0, event: { type: 'due', atMs: 0 } as const },
    { isAwaited: draw.choice % 20 === 0, event: cancelled(draw) },
  ];
  const awaited = all.filter(({ isAwaited }) => isAwaited);
  const pool = draw.id === 'current' && awaited.length > 0 ? awaited : all;
  return pool[draw.kind % pool.length]?.event ?? { type: 'due', atMs: 0 };
}

interface Candidate {
  readonly isAwaited: boolean;
  readonly event: Event;
}

function legEvents(draw: Draw, context: Context, ids: Ids): Candidate[] {
  const { choice } = draw;
  const { leg, playing } = context;
  const atMs = 0;
  const legId = ids.pick('leg', leg?.legId, draw);
  const playId = ids.pick('play', playing?.playId, draw);
  const callState = CALL_STATES[choice % CALL_STATES.length] ?? 0;
  const legUp = choice % 4 > 0;
  const cause = (['signalling', 'media', 'node'] as const)[choice % 3] ?? 'media';
  const isUp = leg?.isUp === true;
  const isOpen = leg !== undefined && !isUp;
  const isRare = isUp && choice % 8 === 0;
  return [
    { isAwaited: isOpen, event: { type: 'answered', atMs, legId } },
    {
      isAwaited: leg !== undefined,
      event: { type: 'attempt-result', atMs, legId, callState, legUp },
    },
    {
      isAwaited: isOpen,
      event: {
        ...{ type: 'attempt-result', atMs, legId, callState, legUp },
        detail: { afterwards: AFTERWARDS[(choice >> 2) % AFTERWARDS.length] ?? 'never-again' },
      },
    },
    {
      isAwaited: isOpen,
      event: { type: 'attempt-result', atMs, legId, callState: 0, legUp: true },
    },
    {
      isAwaited: isOpen,
      event: { type: 'attempt-result', atMs, legId, callState: 9, legUp: true },
    },
    {
      isAwaited: isUp,
      event: { type: 'verdict-revised', atMs, legId, callState: choice % 2 === 0 ? 9 : 17 },
    },
    {
      isAwaited: leg !== undefined,
      event: { type: 'greeting-ended', atMs, legId, heardBeep: choice % 2 === 0 },
    },
    {
      isAwaited: isRare,
      event: { type: 'customer-hung-up', atMs, legId, ...(choice % 2 === 0 && { wasApart: true }) },
    },
    { isAwaited: isRare, event: { type: 'leg-lost', atMs, legId, cause } },
    { isAwaited: playing !== undefined, event: { type: 'treatment-ended', atMs, playId } },
    { isAwaited: playing !== undefined, event: { type: 'play-failed', atMs, playId, why: 'gone' } },
  ];
}

function holderEvents(draw: Draw, { holder }: Context, ids: Ids): Candidate[] {
  const atMs = 0;
  const holderId = ids.pick('holder', holder?.holderId, draw);
  const reply =
    REPLIES[draw.choice % REPLIES.length] ?? replyOf({ action: 'cancel', message: 'OK' });
  const isPlugin = holder?.kind === 'plugin';
  const isPage = holder?.kind === 'vxml';
  return [
    { isAwaited: isPlugin, event: { type: 'plugin-reply', atMs, holderId, reply } },
    { isAwaited: isPlugin, event: { type: 'plugin-failed', atMs, holderId, why: 'broken' } },
    { isAwaited: isPage, event: { type: 'vxml-result', atMs, holderId, reply } },
    { isAwaited: isPage, event: { type: 'vxml-failed', atMs, holderId, why: 'broken' } },
  ];
}

function farSideEvents(draw: Draw, { queued, route }: Context, ids: Ids): Candidate[] {
  const atMs = 0;
  const queueId = ids.pick('queue', queued?.queueId, draw);
  const routeId = ids.pick('route', route?.routeId, draw);
  const isQueued = queued !== undefined;
  const isRouted = route !== undefined;
  const isReady = queued?.agentIsReady === true;
  const isAhead = queued?.isAhead === true;
  return [
    { isAwaited: isQueued, event: { type: 'agent-answered', atMs, queueId } },
    { isAwaited: isQueued, event: { type: 'agent-failed', atMs, queueId, why: 'busy' } },
    {
      isAwaited: isQueued && draw.choice % 8 === 0,
      event: { type: 'agent-missed', atMs, queueId, why: 'busy' },
    },
    {
      isAwaited: isQueued && draw.choice % 8 === 1,
      event: { type: 'early-media', atMs, queueId, isHeard: draw.choice % 16 === 1 },
    },
    { isAwaited: isAhead, event: { type: 'agent-near', atMs, queueId, why: 'free' } },
    { isAwaited: isReady, event: { type: 'agent-hung-up', atMs, queueId } },
    { isAwaited: isRouted, event: { type: 'route-done', atMs, routeId } },
    { isAwaited: isRouted, event: { type: 'route-failed', atMs, routeId, why: 'busy' } },
    { isAwaited: isRouted, event: { type: 'route-transferred', atMs, routeId } },
    { isAwaited: isReady && draw.choice % 3 === 0, event: { type: 'conversation-ended', atMs } },
  ];
}

function cancelled({ choice }: Draw): Event {
  return { type: 'cancelled', atMs: 0, by: choice % 40 === 0 ? 'admin' : 'customer' };
}

function timerEvent(timer: TimerName, timerId: string): Event {
  const types = {
    retry: 'retry-due',
    'plugin-ttl': 'plugin-timeout',
    'agent-wait': 'agent-wait-expired',
    'agent-retry': 'agent-retry-due',
    'ahead-wait': 'ahead-wait-over',
    life: 'expired',
    'human-silence': 'silence-too-long',
    'message-wait': 'message-wait-over',
    conversation: 'conversation-too-long',
  } as const;
  return { type: types[timer], atMs: 0, timerId };
}

/** Now and then a dial finds the hours closed. */
function atNight(event: Event, { choice }: Draw, { isTimeLimited }: ServiceOptions): Event {
  const isDial = ['due', 'retry-due', 'agent-near', 'agent-retry-due'].includes(event.type);
  if (!isDial || !isTimeLimited || choice % 3 !== 0) return event;
  return { ...event, closed: { forMs: 1000, why: 'it is night' } } as Event;
}

/** Drives the flow with the draws and checks every promise after every step. */
function drive(
  service: ServiceOptions,
  draws: readonly Draw[],
  isPossible: (event: Event) => boolean = () => true,
  seen = new Set<string>(),
): State {
  let state = initialState();
  const model = new ShellModel();
  const ids = new Ids();
  for (const draw of [{ kind: 0, id: 'current', choice: 1 } as const, ...draws]) {
    const event = atNight(eventOf(draw, state.context, ids), draw, service);
    if (!isPossible(event)) continue;
    const before = JSON.stringify(state);
    const step = transition(state, event, service);
    assert.equal(JSON.stringify(state), before, 'a state was changed');
    seen.add(step.row);
    if (state.name === 'ended') {
      assert.deepEqual(step.commands, []);
      assert.equal(step.state, state);
      continue;
    }
    model.hear(event);
    for (const command of step.commands) model.perform(command);
    state = step.state;
    model.compare(state);
    model.checkSilence(state);
    assert.deepEqual(JSON.parse(JSON.stringify(state)), state, 'a state that JSON cannot hold');
    const counted = model.dialCount - (state.context.brokenOff ?? 0);
    assert.ok(counted <= service.maxDialAttempts, 'a dial too many');
    assert.ok(DECISION_TABLE.some(({ row }) => row === step.row));
  }
  return state;
}

/** Calls that are up when the analysis has heard something, and no analysis where there is none. */
function isConsistent(event: Event, service: ServiceOptions): boolean {
  if (event.type === 'greeting-ended' || event.type === 'verdict-revised') {
    return service.isCpdEnabled;
  }
  if (event.type !== 'attempt-result') return true;
  const isHeard = [9, 17, 28, 32, 33].includes(event.callState);
  if (isHeard && !service.isCpdEnabled) return false;
  return event.legUp === (isHeard || event.callState === 0);
}

const anyDraws = fc.array(anyDraw, { minLength: 1, maxLength: 80 });

describe('the flow under any order of events', () => {
  it('keeps its promises whatever happens, in whatever order, however late', () => {
    fc.assert(
      fc.property(anyService, anyDraws, (service, draws) => void drive(service, draws)),
      { numRuns: 2000 },
    );
  });

  it('keeps them when the configuration changes between two events', () => {
    const anyServices = fc.array(anyService, { minLength: 2, maxLength: 3 });
    fc.assert(
      fc.property(anyServices, anyDraws, (services, draws) => {
        let state = initialState();
        const ids = new Ids();
        for (const [index, draw] of draws.entries()) {
          const service = services[index % services.length] ?? serviceWith();
          const event = eventOf(draw, state.context, ids);
          ({ state } = transition(state, event, service));
          assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gets everywhere: these runs reach the whole table', () => {
    const seen = new Set<string>();
    const services = fc.sample(anyService, { numRuns: 8000, seed: 5 });
    const draws = fc.sample(anyDraws, { numRuns: 8000, seed: 6 });
    services.forEach((service, index) => drive(service, draws[index] ?? [], undefined, seen));
    const missed = DECISION_TABLE.map(({ row }) => row).filter((row) => !seen.has(row));
    // Only a configuration that changes on the way leads there.
    assert.deepEqual(missed, ['dial.limit']);
  });

  it('takes no row that the matrix of the service leaves out', () => {
    fc.assert(
      fc.property(anyService, anyDraws, (service, draws) => {
        const seen = new Set<string>();
        drive(service, draws, (event) => isConsistent(event, service), seen);
        const possible = new Set<string>(matrixRows(service).rows.map(({ row }) => row));
        for (const row of seen) assert.ok(possible.has(row), `${row} is not in the matrix`);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the flow with a fair outside', () => {
  it('ends within the dial attempts, and leaves no person in silence for too long', () => {
    fc.assert(
      fc.property(anyService, fc.nat(), (service, seed) => {
        const run = new FairShell(service, seed).run();
        // Who waits for an agent first, or for hours to open, may wait in vain.
        const mayWaitInVain = service.waitsForAgent || service.isTimeLimited;
        assert.ok(run.dialCount >= (mayWaitInVain ? 0 : 1));
        assert.ok(run.dialCount <= service.maxDialAttempts);
        const { silenceMaxMs, isComfortBroken } = run;
        // At most the connect, plugin's and waiting sound may turn out not to be playable.
        const limitMs = service.humanSilenceMaxMs + 3 * PLAY_FAILURE_MS;
        if (!isComfortBroken) assert.ok(silenceMaxMs <= limitMs, `${silenceMaxMs} ms`);
      }),
      { numRuns: 1500 },
    );
  });
});
