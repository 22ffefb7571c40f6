/**
 * The far sides of one callback: searches in queues, legs to route points, and their bridge with the
 * customer. Each is opened under the id the flow gave it; what becomes of it is told as an event with
 * that id. Dropped, it says nothing any more.
 */
import type { Command, EventBody } from '../callflow/vocabulary.js';
import type { ServiceConfig } from '../config/config.js';
import type { OutboundCall } from '../dial/outbound-call.js';
import type { LegLedger } from '../leg-ledger.js';
import type { LegTrail } from '../leg-trail.js';
import type { Clock, Log, Random, Telephony } from '../ports.js';
import type { TreatmentPlayer } from '../treatment/treatment-player.js';
import { AgentCall } from './agent-call.js';
import { attachedHeaders } from './attached-data.js';
import { QueueRequest } from './queue-request.js';
import type { FarCall, LegWish, QueueListener, QueueSearch } from './queue-search.js';
import { routeTarget, type RouteDestinations } from './route-point.js';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** The customer, as far as a hand-over needs them. */
export interface CustomerSide {
  readonly call: Pick<OutboundCall, 'callId' | 'endpoint' | 'stopListening'>;
  readonly player: Pick<TreatmentPlayer, 'after'>;
}

/** The callback whose customer is handed over. */
export interface HandedOver {
  readonly id: string;
  readonly customerNumber: string;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly userData: Readonly<Record<string, string>>;
}

/** What the configuration says; pinned for an attempt. */
export interface HandoffSettings {
  readonly queues: Readonly<Record<string, { readonly targets: readonly { uri: string }[] }>>;
  readonly routePoints: RouteDestinations['routePoints'];
  readonly service: ServiceConfig;
}

export interface FarSidesContext {
  readonly deps: {
    readonly telephony: Telephony;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
  };
  readonly callback: HandedOver;
  readonly ledger: LegLedger;
  readonly trail: LegTrail;
  /** Asked each time: an attempt pins them anew. */
  settings(): HandoffSettings;
  post(event: EventBody): void;
  /** A clean-up that has to be over before the callback is. */
  cleanUp(work: Promise<unknown>): void;
}

/** An agent's or a route point's side. */
interface FarSide {
  readonly call: FarCall;
  isBridged: boolean;
  /** What tells the flow that this far side cannot be had, or not any more. */
  readonly fail: (why: string) => EventBody;
}

export class FarSides {
  readonly #open = new Map<string, FarSide>();

  constructor(private readonly context: FarSidesContext) {}

  /** Ends in agent-answered or agent-failed. */
  search(command: CommandOf<'queue'>, customer: CustomerSide | undefined): void {
    const { queueId, queue, cpnDigits } = command;
    const fail = (why: string): EventBody => ({ type: 'agent-failed', queueId, why });
    const call = this.#startSearch(queue, this.#presented(cpnDigits, customer), {
      onCall: (callId) => this.context.ledger.begin('agent', callId),
      ...this.#listener(queueId, fail, {
        answered: { type: 'agent-answered', queueId },
        over: { type: 'agent-hung-up', queueId },
      }),
    });
    this.#open.set(queueId, { call, fail, isBridged: false });
  }

  /** Ends in route-done or route-failed. */
  route(command: CommandOf<'route'>, customer: CustomerSide | undefined): void {
    const { routeId, destination, cpnDigits } = command;
    const { deps, ledger } = this.context;
    const { routePoints, service } = this.context.settings();
    const fail = (why: string): EventBody => ({ type: 'route-failed', routeId, why });
    const target = routeTarget(destination, routeDestinations({ routePoints, service }));
    if (target.kind === 'refused') {
      this.context.post(fail(target.why));
      return;
    }
    const callId = deps.random.uuid();
    const request = { uri: target.uri, callId, ...this.#presented(cpnDigits, customer) };
    const call = new AgentCall(deps.telephony, request, {
      ...ledger.begin('route-point', callId),
      ...this.#listener(routeId, fail, {
        answered: { type: 'route-done', routeId },
        over: { type: 'conversation-ended' },
      }),
    });
    this.#open.set(routeId, { call, fail, isBridged: false });
  }

  /** Connects the customer with a far side that has answered, once what plays has stopped. */
  bridge(withId: string, customer: CustomerSide): void {
    const { deps, callback, trail } = this.context;
    const far = this.#open.get(withId);
    if (!far) return;
    const bridged = customer.player.after(async () => {
      await customer.call.stopListening();
      const [ours, theirs] = [customer.call.endpoint, far.call.endpoint];
      // Gone in the meantime: its own event says so.
      if (!ours || !theirs) return;
      await ours.bridge(theirs);
      far.isBridged = true;
      trail.note(customer.call.callId, 'bridge', `with ${withId}`);
    });
    bridged.catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      deps.log.error({ callbackId: callback.id, why }, 'bridge failed');
      this.drop(withId, 'bridge failed');
      this.context.post(far.fail(why));
    });
  }

  /** Whatever its stage; of one that is not open nothing happens. */
  drop(id: string, why = 'no longer needed'): void {
    const far = this.#open.get(id);
    this.#open.delete(id);
    if (far) this.context.cleanUp(far.call.hangUp(why));
  }

  dropAll(why: string): void {
    for (const id of [...this.#open.keys()]) this.drop(id, why);
  }

  /** What stands behind a queue's name looks for somebody, in its own way. */
  #startSearch(queue: string, leg: LegWish, listener: QueueListener): QueueSearch {
    const { telephony, random } = this.context.deps;
    const targets = this.context.settings().queues[queue]?.targets.map(({ uri }) => uri) ?? [];
    return new QueueRequest(telephony, random, { ...leg, targets }, listener);
  }

  /** A far side that leaves before the two were connected has failed: nobody has talked yet. */
  #listener(
    id: string,
    fail: FarSide['fail'],
    events: { readonly answered: EventBody; readonly over: EventBody },
  ): Omit<QueueListener, 'onCall'> {
    const post = (event: EventBody) => this.context.post(event);
    return {
      onAnswered: () => post(events.answered),
      onFailed: (why) => {
        this.drop(id);
        post(fail(why));
      },
      onHungUp: () => {
        const isBridged = this.#open.get(id)?.isBridged ?? false;
        this.drop(id);
        post(isBridged ? events.over : fail('it left before the two were connected'));
      },
    };
  }

  /** Caller id and attached data of a leg towards an agent or route point. */
  #presented(cpnDigits: string | undefined, customer: CustomerSide | undefined): LegWish {
    const { deps, callback } = this.context;
    const { id: callbackId, createdAtMs, userData, customerNumber } = callback;
    const { attachUserData, priority, handoff } = this.context.settings().service;
    const data = { callbackId, createdAtMs, userData, attachUserData, priority, cpnDigits };
    const headers = attachedHeaders({ ...data, nowMs: deps.clock.nowMs() }, handoff.attached);
    return { callerId: cpnDigits ?? customerNumber, headers, beside: customer?.call.endpoint };
  }
}

/** Where a call of this service may be routed to. */
export function routeDestinations({
  routePoints,
  service,
}: Pick<HandoffSettings, 'routePoints' | 'service'>): RouteDestinations {
  const { allowedDestinations, handoff } = service;
  const { numbersTo, transfer } = handoff;
  return { routePoints, allowedDestinations, numbersTo, transfer };
}
