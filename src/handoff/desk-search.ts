/**
 * One customer's search for an agent: asks the queue desk, and makes the calls that the desk wants made
 * for this customer, each on a leg of its own. The one whose call is connected is the far side from
 * then on; the others are called off.
 */
import type { CancelCause, MediaEndpoint, Random, SipDialog, Telephony } from '../ports.js';
import { AgentCall } from './agent-call.js';
import type { CallOffer, QueueDesk, Searcher } from './queue-desk.js';
import type { QueueExit, Wanted } from './queue/vocabulary.js';
import type { LegWish, QueueListener, QueueSearch, QueueStanding } from './queue-search.js';

export interface SearchDeps {
  readonly desk: QueueDesk;
  readonly telephony: Telephony;
  readonly random: Random;
}

export class DeskSearch implements QueueSearch, Searcher {
  readonly #calls = new Map<string, AgentCall>();
  /** The call that is connected, or heard before its answer. */
  #far: AgentCall | undefined;
  #isConnected = false;
  readonly #leaving = new Set<Promise<void>>();
  #isOver = false;

  /** @param leg what each call is given, asked when it is made; by the customer's priority by then */
  constructor(
    private readonly deps: SearchDeps,
    private readonly wanted: Wanted,
    private readonly leg: (priority: number) => LegWish,
    private readonly listener: QueueListener,
  ) {
    // Never from inside the caller: it does not hold us yet.
    queueMicrotask(() => {
      if (!this.#isOver) this.deps.desk.join(wanted, this);
    });
  }

  get endpoint(): MediaEndpoint | undefined {
    return this.#far?.endpoint;
  }

  get dialog(): SipDialog | undefined {
    return this.#far?.dialog;
  }

  get address(): string | undefined {
    return this.#far?.address;
  }

  async releaseMedia(): Promise<void> {
    await this.#far?.releaseMedia();
  }

  standing(): QueueStanding {
    const { position = 0, ewtMs } = this.deps.desk.standing(this.wanted.requestId) ?? {};
    // Somebody is being called already: that is no time to speak of waiting.
    if (position === 0 && ewtMs === 0) return {};
    return { expectedWaitMs: ewtMs, ...(position > 0 && { position }) };
  }

  /** The customer for whom the place was held is on the line. */
  customerReady(): void {
    if (!this.#isOver) this.deps.desk.customerReady(this.wanted.requestId);
  }

  async hangUp(why: string, exit: Exclude<QueueExit, 'served'> = 'withdrawn'): Promise<void> {
    this.#isOver = true;
    this.deps.desk.leave(this.wanted.requestId, exit, why);
    await Promise.all(this.#leaving);
  }

  call({ offerId, uri, priority }: CallOffer): void {
    const { telephony, random, desk } = this.deps;
    const callId = random.uuid();
    const request = { ...this.leg(priority), uri, callId };
    const call: AgentCall = new AgentCall(telephony, request, {
      ...this.listener.onCall(callId),
      onPlaced: () => desk.placed(offerId),
      onRinging: (hasMedia) => desk.ringing(offerId, hasMedia),
      onPickedUp: () => {
        desk.pickedUp(offerId);
        return this.#hideScreening(call);
      },
      onAnswered: () => desk.answered(offerId),
      onFailed: (why, isOurs, status) => {
        // One that was taken for answered can still fail: then it has hung up.
        const wasConnected = this.#leave(offerId, why).wasConnected;
        desk.refused(offerId, `${uri}: ${why}`, isOurs, status);
        if (wasConnected) this.listener.onHungUp();
      },
      onHungUp: () => {
        const { wasConnected } = this.#leave(offerId, 'it hung up');
        desk.ended(offerId);
        if (wasConnected) this.listener.onHungUp();
      },
    });
    this.#calls.set(offerId, call);
  }

  cancel(offerId: string, why: string, cause?: CancelCause): void {
    void this.#leave(offerId, why, cause).left.then(() => this.deps.desk.over(offerId));
  }

  onConnect(offerId: string, isAssumed: boolean): void {
    const call = this.#calls.get(offerId);
    this.#far = call;
    this.#isConnected = true;
    if (!isAssumed) return this.listener.onAnswered();
    void call?.takeForAnswered().then((isHeard) => {
      if (this.#isOver) return;
      if (isHeard) return this.listener.onAnswered();
      const why = 'taken for answered, and its media cannot be heard';
      void this.#leave(offerId, why);
      this.deps.desk.ended(offerId);
      this.onFailed(`${call.address}: ${why}`);
    });
  }

  onPassMedia(offerId: string): void {
    const call = this.#calls.get(offerId);
    void call?.takeEarlyMedia().then((isThere) => {
      if (!isThere || this.#isOver || this.#far) return;
      this.#far = call;
      void this.listener.onEarlyMedia(true);
    });
  }

  onMissed(why: string): void {
    this.listener.onMissed(why);
  }

  onFailed(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.listener.onFailed(why);
  }

  onNear(why: string): void {
    this.listener.onNear(why);
  }

  /** What an agent is asked, and how long it takes, is not for the customer, who may hear it already. */
  async #hideScreening(call: AgentCall): Promise<void> {
    if (this.#far !== call || this.#isConnected || this.#isOver) return;
    this.#far = undefined;
    await this.listener.onEarlyMedia(false);
  }

  /**
   * @returns when nothing of it is on the wire any more, and whether it was the far side of a customer
   * who is still there
   */
  #leave(
    offerId: string,
    why: string,
    cause?: CancelCause,
  ): { left: Promise<void>; wasConnected: boolean } {
    const call = this.#calls.get(offerId);
    if (!call) return { left: Promise.resolve(), wasConnected: false };
    this.#calls.delete(offerId);
    const wasFar = this.#far === call;
    if (wasFar) this.#far = undefined;
    if (wasFar && !this.#isConnected && !this.#isOver) void this.listener.onEarlyMedia(false);
    const left = call.hangUp(why, cause);
    this.#leaving.add(left);
    void left.finally(() => this.#leaving.delete(left));
    return { left, wasConnected: wasFar && this.#isConnected && !this.#isOver };
  }
}
