/**
 * The far sides of one callback: searches in queues, legs to route points, and their bridge with the
 * customer. Each is opened under the id the flow gave it; what becomes of it is told as an event with
 * that id. Dropped, it says nothing any more.
 */
import type { Command, EventBody } from '../callflow/vocabulary.js';
import type { LegLedger } from '../leg-ledger.js';
import type { LegTrail } from '../leg-trail.js';
import type { AskedReferral, Clock, Log, Random, Telephony } from '../ports.js';
import type { MediaFiles } from '../treatment/media-file.js';
import type { TreatmentPlayer } from '../treatment/treatment-player.js';
import { followReferral, type AgentTransfer } from './agent-transfer.js';
import { bridgeAhead } from './bridge-ahead.js';
import { connect, type CustomerCall, type HandoffFacts } from './conversation.js';
import { DeskSearch } from './desk-search.js';
import type { HandedOver, HandoffSettings } from './handed-over.js';
import { LentTransfer, type RunningTransfer, type TransferOrder } from './lent-transfer.js';
import { legWish, withText } from './leg-wish.js';
import { requestIdOf, type QueueDesk } from './queue-desk.js';
import type { QueueExit } from './queue/vocabulary.js';
import { queueWish } from './queue-wish.js';
import type { FarCall, LegWish, FarListener, QueueStanding } from './queue-search.js';
import { recordingPath } from './recording-name.js';
import { RouteCall, type Referral } from './route-call.js';
import { routeTarget } from './route-point.js';
import { routeDestinations } from './route-destinations.js';
import { WaitingCustomer } from './waiting-customer.js';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

export interface CustomerSide {
  readonly call: CustomerCall;
  readonly player: Pick<TreatmentPlayer, 'after' | 'handOver' | 'interject'>;
}

export type { HandedOver, HandoffSettings };

export interface FarSidesContext {
  readonly deps: {
    readonly telephony: Telephony;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    readonly files: MediaFiles;
    readonly desk: QueueDesk;
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
  readonly call: FarCall;
  /** Present for an agent's side: its conversations are recorded where that is asked for. */
  readonly search?: DeskSearch;
  /** Whom it is for; absent while the customer is not on the line yet. */
  customer?: CustomerSide | undefined;
  transfer?: AgentTransfer | undefined;
  /** `heard`: the customer hears it before its answer. */
  stage: 'apart' | 'heard' | 'bridged';
  /** The latest wish to hear it, until the customer is to hear it no longer. */
  wish?: symbol | undefined;
  /** What tells the flow that this far side cannot be had, or not any more. */
  readonly fail: (why: string) => EventBody;
  /** What tells it that the conversation is over. */
  readonly over: EventBody;
}

export class FarSides {
  readonly #open = new Map<string, FarSide>();
  /** The customer for whom somebody is looked for, one call long. */
  #waiting: { readonly customer: CustomerSide; readonly as: WaitingCustomer } | undefined;
  /** Of the plugin or page that holds the customer, the latest. */
  #lent: LentTransfer | undefined;

  constructor(private readonly context: FarSidesContext) {}

  /** Ends in agent-answered or agent-failed. Without a customer it only holds a place, see `callAgent`. */
  search(command: CommandOf<'queue'>, customer: CustomerSide | undefined): void {
    const { queueId, cpnDigits } = command;
    const { desk, telephony, random } = this.context.deps;
    bridgeAhead(telephony, customer?.call.endpoint, this.context.settings().service.handoff);
    const fail = (why: string): EventBody => ({ type: 'agent-failed', queueId, why });
    const over: EventBody = { type: 'agent-hung-up', queueId };
    const search = new DeskSearch(
      { desk, telephony, random },
      queueWish(this.context.settings().service, command.queue, {
        requestId: requestIdOf(this.context.callback.id, queueId),
        sinceMs: customer && this.#waitingOf(customer).sinceMs,
        isAhead: customer === undefined,
        attemptsMax: command.attemptsMax,
      }),
      (priority) => {
        const { customer } = this.#open.get(queueId) ?? {};
        return { ...this.#presented(cpnDigits, customer, priority), ...this.#screening(customer) };
      },
      {
        onCall: (callId) => this.context.ledger.begin('agent', callId),
        onMissed: (why) => this.context.post({ type: 'agent-missed', queueId, why }),
        onNear: (why) => this.context.post({ type: 'agent-near', queueId, why }),
        onEarlyMedia: async (isHeard) => {
          const apart = isHeard ? undefined : this.#partFrom(queueId);
          this.context.post({ type: 'early-media', queueId, isHeard });
          await apart;
        },
        ...this.#listener(queueId, fail, { answered: { type: 'agent-answered', queueId }, over }),
      },
    );
    this.#open.set(queueId, { call: search, search, customer, fail, over, stage: 'apart' });
  }

  /** The customer for whom a place was held is on the line. */
  callAgent(queueId: string, customer: CustomerSide): void {
    const far = this.#open.get(queueId);
    if (!far?.search) return;
    far.customer = customer;
    this.#waitingOf(customer);
    far.search.customerReady();
  }

  /** Lets the customer hear a far side that has not answered yet, once what plays has stopped. */
  listenIn(queueId: string, customer: CustomerSide): void {
    const far = this.#open.get(queueId);
    if (!far) return;
    this.#waiting?.as.stop();
    const wish = (far.wish = Symbol('heard'));
    const heard = customer.player.handOver(async () => {
      const [ours, theirs] = [customer.call.endpoint, far.call.endpoint];
      if (!ours || !theirs || far.wish !== wish || far.stage !== 'apart') return false;
      await ours.bridge(theirs);
      far.stage = 'heard';
      this.context.trail.note(customer.call.callId, 'early-media', `of ${queueId}`);
      return true;
    });
    heard.catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      this.context.deps.log.warn({ callbackId: this.context.callback.id, why }, 'not heard');
      this.context.post({ type: 'early-media', queueId, isHeard: false });
    });
  }

  /** Ends in route-done or route-failed. */
  route(command: CommandOf<'route'>, customer: CustomerSide | undefined): void {
    const { routeId, destination, cpnDigits } = command;
    const { deps, ledger } = this.context;
    const fail = (why: string): EventBody => ({ type: 'route-failed', routeId, why });
    const target = routeTarget(destination, routeDestinations(this.context.settings()));
    if (target.kind === 'refused') {
      this.context.post(fail(target.why));
      return;
    }
    const over: EventBody = { type: 'conversation-ended' };
    const answered: EventBody = { type: 'route-done', routeId };
    const listener = this.#listener(routeId, fail, { answered, over });
    if (this.#lent?.isKeptFor(target.uri)) {
      const call = this.#lent.takeOver(listener);
      this.#open.set(routeId, { call, customer, fail, over, stage: 'apart' });
      return listener.onAnswered();
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
        ...listener,
      },
      target.transfer === 'refer' ? this.#referral(customer) : undefined,
    );
    this.#open.set(routeId, { call, customer, fail, over, stage: 'apart' });
  }

  /** For whoever holds the customer's call: connects the customer with somebody for a while. */
  transfer(order: TransferOrder, customer: CustomerSide): RunningTransfer {
    const { deps, ledger, trail } = this.context;
    const target = routeTarget(order.destination, routeDestinations(this.context.settings()));
    if (target.kind === 'refused') {
      const end = { kind: 'not-allowed', why: target.why } as const;
      return { done: Promise.resolve(end), stop: () => undefined };
    }
    const callId = deps.random.uuid();
    const { attached } = this.context.settings().service.handoff;
    this.#lent = new LentTransfer(
      {
        ...deps,
        customer: customer.call,
        leg: ledger.begin('route-point', callId),
        cleanUp: (work) => this.context.cleanUp(work),
        note: (what, detail) => trail.note(customer.call.callId, what, detail),
      },
      order,
      {
        ...{ uri: target.uri, callId },
        ...withText(order.userToUser, this.#presented(undefined, customer), attached),
      },
    );
    return this.#lent;
  }

  /** Connects the customer with a far side that has answered, once what plays has stopped. */
  bridge(withId: string, customer: CustomerSide): void {
    const { deps, callback, trail } = this.context;
    const far = this.#open.get(withId);
    if (!far) return;
    this.#waiting?.as.stop();
    const note = (what: string, detail?: string) => trail.note(customer.call.callId, what, detail);
    const bridged = customer.player.handOver(() =>
      connect(customer.call, far.call, {
        clock: deps.clock,
        random: deps.random,
        media: this.context.settings().service.handoff.media,
        isBridged: far.stage === 'heard',
        recording: far.search ? this.#recording() : undefined,
        note,
        onFacts: (facts) => {
          if (facts.connectedAtMs !== undefined) {
            far.stage = 'bridged';
            note('bridge', `with ${withId}`);
          }
          this.context.onFacts(facts);
        },
      }),
    );
    // Not while the two are offered to each other past the media server.
    const settled = bridged.then(() =>
      far.call.dialog?.onRefer((asked) => this.#refer(withId, far, customer, asked)),
    );
    settled.catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      deps.log.error({ callbackId: callback.id, why }, 'bridge failed');
      this.drop(withId, 'bridge failed');
      this.context.post(far.fail(why));
    });
  }

  /** Whatever its stage; of one that is not open nothing happens. */
  drop(
    id: string,
    why = 'no longer needed',
    exit: Exclude<QueueExit, 'served'> = 'withdrawn',
  ): void {
    const far = this.#open.get(id);
    if (!far) return;
    void this.#partFrom(id);
    this.#open.delete(id);
    if (far.transfer) this.context.cleanUp(far.transfer.hangUp(why));
    this.context.cleanUp(far.search ? far.search.hangUp(why, exit) : far.call.hangUp(why));
  }

  /** Who talks to the customer sends them on, where routes may go. */
  #refer(id: string, far: FarSide, customer: CustomerSide, asked: AskedReferral): void {
    if (far.transfer || !customer.call.endpoint) return asked.refuse(603);
    const { deps, ledger, trail } = this.context;
    const target = routeTarget(asked.target, routeDestinations(this.context.settings()));
    far.transfer = followReferral(asked, target, {
      ...{ deps, ledger, settings: this.context.settings() },
      ...{ customer: customer.call, agent: far.call, leg: this.#presented(undefined, customer) },
      note: (what, detail) => trail.note(customer.call.callId, what, detail),
      onTaken: (call) => {
        const taken: FarSide = { ...far, call, search: undefined, transfer: undefined };
        this.#open.set(id, taken);
        call.dialog?.onRefer((again) => this.#refer(id, taken, customer, again));
        this.context.onFacts({ transfer: 'transferred', connectedTo: call.address });
        this.context.cleanUp((far.search ?? far.call).hangUp('transferred'));
      },
      onFailed: () => (far.transfer = undefined),
      onOver: () => {
        // Whom it went to may have sent the customer on in turn.
        if (this.#open.get(id)?.transfer?.agentLeft()) return;
        this.drop(id);
        this.context.post(far.over);
      },
    });
  }

  dropAll(why: string): void {
    this.#waiting?.as.stop();
    for (const id of [...this.#open.keys()]) this.drop(id, why);
    this.#lent?.stop(why);
    if (this.#lent) this.context.cleanUp(this.#lent.dropKept(why));
  }

  /** A far side that was heard before its answer is heard no longer: the customer can be played to. */
  async #partFrom(id: string): Promise<void> {
    const far = this.#open.get(id);
    if (!far?.customer || far.stage === 'bridged' || !far.wish) return;
    const { call, player } = far.customer;
    far.wish = undefined;
    // The player's next sound comes after it.
    const apart = player.after(async () => {
      if (far.stage === 'heard') await call.endpoint?.unbridge();
      if (far.stage !== 'bridged') far.stage = 'apart';
    });
    this.context.cleanUp(apart);
    await apart.catch(() => undefined);
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
    for (const { search } of this.#open.values()) {
      if (search) return search.endpoint ? undefined : search.standing();
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
  ): FarListener {
    const post = (event: EventBody) => this.context.post(event);
    return {
      onAnswered: () => post(events.answered),
      onFailed: (why) => {
        this.drop(id);
        post(fail(why));
      },
      onHungUp: () => {
        const { stage, transfer } = this.#open.get(id) ?? {};
        if (transfer?.agentLeft()) return;
        this.drop(id);
        post(stage === 'bridged' ? events.over : fail('it left before the two were connected'));
      },
    };
  }

  #presented(
    cpnDigits: string | undefined,
    customer: CustomerSide | undefined,
    grownPriority?: number,
  ): LegWish {
    const { deps, callback, trail } = this.context;
    const { service } = this.context.settings();
    const facts = { ...callback, cpnDigits, grownPriority };
    const { callId, endpoint } = customer?.call ?? {};
    const leftOut = (keys: string) => callId && trail.note(callId, 'user-data-left-out', keys);
    return legWish(facts, service, endpoint, deps.clock.nowMs(), leftOut);
  }
}
