/**
 * The far sides of one callback: searches in queues, legs to route points, and their bridge with the
 * customer. Each is opened under the id the flow gave it; what becomes of it is told as an event with
 * that id. Dropped, it says nothing any more.
 */
import type { Command, EventBody } from '../callflow/vocabulary.js';
import type { ServiceConfig } from '../config/config.js';
import type { LegLedger } from '../leg-ledger.js';
import type { LegTrail } from '../leg-trail.js';
import type { Clock, Log, Random, Telephony } from '../ports.js';
import type { MediaFiles, MediaPlaces } from '../treatment/media-file.js';
import type { TreatmentPlayer } from '../treatment/treatment-player.js';
import { attachedHeaders } from './attached-data.js';
import { connect, type CustomerCall, type HandoffFacts } from './conversation.js';
import { QueueRequest } from './queue-request.js';
import type {
  FarCall,
  LegWish,
  QueueListener,
  QueueSearch,
  QueueStanding,
} from './queue-search.js';
import { recordingPath } from './recording-name.js';
import { RouteCall, type Referral } from './route-call.js';
import { routeTarget, type RouteDestinations } from './route-point.js';
import { WaitingCustomer } from './waiting-customer.js';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** The customer, as far as a hand-over needs them. */
export interface CustomerSide {
  readonly call: CustomerCall;
  readonly player: Pick<TreatmentPlayer, 'handOver' | 'interject'>;
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
  readonly places: MediaPlaces;
  readonly service: ServiceConfig;
}

export interface FarSidesContext {
  readonly deps: {
    readonly telephony: Telephony;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    readonly files: MediaFiles;
  };
  readonly callback: HandedOver;
  readonly ledger: LegLedger;
  readonly trail: LegTrail;
  /** Asked each time: an attempt pins them anew. */
  settings(): HandoffSettings;
  post(event: EventBody): void;
  /** The attempt that is made, from 1. */
  attempt(): number;
  /** For the attempt's record. */
  onFacts(facts: HandoffFacts): void;
  /** A clean-up that has to be over before the callback is. */
  cleanUp(work: Promise<unknown>): void;
}

/** An agent's or a route point's side. */
interface FarSide {
  readonly call: FarCall & Pick<QueueSearch, 'standing'>;
  /** Its conversations are recorded where that is asked for. */
  readonly isAgent: boolean;
  isBridged: boolean;
  /** What tells the flow that this far side cannot be had, or not any more. */
  readonly fail: (why: string) => EventBody;
}

export class FarSides {
  readonly #open = new Map<string, FarSide>();
  /** The customer for whom somebody is looked for, one call long. */
  #waiting: { readonly customer: CustomerSide; readonly as: WaitingCustomer } | undefined;

  constructor(private readonly context: FarSidesContext) {}

  /** Ends in agent-answered or agent-failed. */
  search(command: CommandOf<'queue'>, customer: CustomerSide | undefined): void {
    const { queueId, queue, cpnDigits } = command;
    const fail = (why: string): EventBody => ({ type: 'agent-failed', queueId, why });
    const wish = { ...this.#presented(cpnDigits, customer), ...this.#screening(customer) };
    const call = this.#startSearch(queue, wish, {
      onCall: (callId) => this.context.ledger.begin('agent', callId),
      ...this.#listener(queueId, fail, {
        answered: { type: 'agent-answered', queueId },
        over: { type: 'agent-hung-up', queueId },
      }),
    });
    this.#open.set(queueId, { call, fail, isAgent: true, isBridged: false });
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
    const call = new RouteCall(
      deps.telephony,
      request,
      {
        onCall: () => ledger.begin('route-point', callId),
        onTransferred: () => {
          this.drop(routeId);
          this.context.onFacts({ transfer: 'referred', connectedTo: target.uri });
          this.context.post({ type: 'route-transferred', routeId });
        },
        onReferFailed: (why) => this.context.onFacts({ transferDetail: why }),
        ...this.#listener(routeId, fail, {
          answered: { type: 'route-done', routeId },
          over: { type: 'conversation-ended' },
        }),
      },
      target.transfer === 'refer' ? this.#referral(customer) : undefined,
    );
    this.#open.set(routeId, { call, fail, isAgent: false, isBridged: false });
  }

  /** Connects the customer with a far side that has answered, once what plays has stopped. */
  bridge(withId: string, customer: CustomerSide): void {
    const { deps, callback, trail } = this.context;
    const far = this.#open.get(withId);
    if (!far) return;
    this.#waiting?.as.stop();
    const { callId } = customer.call;
    const note = (what: string, detail?: string) => trail.note(callId, what, detail);
    const bridged = customer.player.handOver(() =>
      connect(customer.call, far.call, {
        clock: deps.clock,
        media: this.context.settings().service.handoff.media,
        recording: far.isAgent ? this.#recording() : undefined,
        note,
        onFacts: (facts) => {
          if (facts.connectedAtMs !== undefined) {
            far.isBridged = true;
            note('bridge', `with ${withId}`);
          }
          this.context.onFacts(facts);
        },
      }),
    );
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
    this.#waiting?.as.stop();
    for (const id of [...this.#open.keys()]) this.drop(id, why);
  }

  /** What stands behind a queue's name looks for somebody, in its own way. */
  #startSearch(queue: string, leg: LegWish, listener: QueueListener): QueueSearch {
    const { telephony, random } = this.context.deps;
    const targets = this.context.settings().queues[queue]?.targets.map(({ uri }) => uri) ?? [];
    return new QueueRequest(telephony, random, { ...leg, targets }, listener);
  }

  /** Whisper and accept key, and the clock of the wait that they tell of. */
  #screening(customer: CustomerSide | undefined): Pick<LegWish, 'screening'> {
    const { deps } = this.context;
    const { handoff } = this.context.settings().service;
    if (!customer) return {};
    const waiting = this.#waitingOf(customer);
    if (handoff.whisper.length === 0 && handoff.accept.digit === undefined) return {};
    const { accept } = handoff;
    return { screening: { clock: deps.clock, accept, whisper: () => waiting.whisper() } };
  }

  /** One wait, however many searches it takes. */
  #waitingOf(customer: CustomerSide): WaitingCustomer {
    if (this.#waiting?.customer === customer) return this.#waiting.as;
    this.#waiting?.as.stop();
    const { places, service } = this.context.settings();
    const as = new WaitingCustomer(this.context.deps, {
      player: customer.player,
      handoff: service.handoff,
      places,
      endpoint: () => customer.call.endpoint,
      standing: () => this.#standing(),
    });
    this.#waiting = { customer, as };
    return as;
  }

  /** Of the search that is open; none once somebody has answered. */
  #standing(): QueueStanding | undefined {
    for (const { call } of this.#open.values()) {
      if (call.standing) return call.endpoint ? undefined : call.standing();
    }
    return undefined;
  }

  #referral(customer: CustomerSide | undefined): Referral | undefined {
    const dialog = customer?.call.dialog;
    const { referTimeoutMs } = this.context.settings().service.handoff;
    return dialog && { dialog, limitMs: referTimeoutMs };
  }

  #recording(): string | undefined {
    const { service } = this.context.settings();
    const template = service.handoff.recording;
    const { id: callbackId } = this.context.callback;
    const call = { service: service.name, callbackId, attempt: this.context.attempt() };
    return template && recordingPath(template, { ...call, atMs: this.context.deps.clock.nowMs() });
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
    const { attachUserData, priority, handoff, mediaSilenceMaxMs } =
      this.context.settings().service;
    const data = { callbackId, createdAtMs, userData, attachUserData, priority, cpnDigits };
    const headers = attachedHeaders({ ...data, nowMs: deps.clock.nowMs() }, handoff.attached);
    const beside = customer?.call.endpoint;
    return { callerId: cpnDigits ?? customerNumber, headers, beside, mediaSilenceMaxMs };
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
