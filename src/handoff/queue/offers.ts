/**
 * The calls to agents and SIP targets. An agent has one of them at most, from the moment it is made
 * until nothing of it is on the wire: only then is the agent free for another.
 */
import type { Agent, Offer, Queue, Request } from './model.js';
import type { Moment } from './moment.js';
import { PassingMap } from './passing-map.js';
import type { Roster } from './roster.js';
import type { CallOffCause, QueueEventBody } from './vocabulary.js';
import { priorityAt } from './waiting-line.js';

/** Not sooner is an agent asked again who could not be: in a call that is not ours, or servers failed. */
const NO_TRY_PAUSE_MIN_MS = 2000;

type Refused = Extract<QueueEventBody, { type: 'refused' }>;

export interface OfferListener {
  /** The first answer that this request gets. */
  onAnswered(offer: Offer, isAssumed: boolean): void;
  /** Not answered; the offer is gone. */
  onMissed(offer: Offer, why: string): void;
  /** The agent was not asked: that is no try, and the offer is gone. */
  onNoTry(offer: Offer): void;
  /** The far side left after its answer. */
  onEnded(offer: Offer): void;
  /** The agent has no call any more. */
  onAgentFree(agent: Agent): void;
}

export class Offers {
  readonly #offers = new PassingMap<string, Offer>();
  /** Their early media are for the customer, who has not been given them yet. */
  readonly #unheard = new Set<Offer>();
  #last = 0;

  constructor(
    private readonly moment: Moment,
    private readonly roster: Roster,
    private readonly listener: OfferListener,
  ) {}

  get count(): number {
    return this.#offers.size;
  }

  /** @param to the agent, whose state changes with it, or a SIP target */
  make(
    request: Request,
    queue: Queue,
    to: { readonly agent: Agent } | { readonly uri: string },
    ringTimeoutMs: number,
  ): void {
    const id = `offer-${(this.#last += 1)}`;
    const agent = 'agent' in to ? to.agent : undefined;
    const offer: Offer = {
      id,
      request,
      queue,
      agent,
      stage: 'calling',
      ringTimeoutMs,
      isPlaced: false,
      isPickedUp: false,
      timer: undefined,
      confirmTimer: undefined,
      answeredAtMs: 0,
    };
    this.#offers.set(id, offer);
    request.offers.add(offer);
    if (agent) {
      agent.offer = offer;
      this.roster.move(agent, 'ringing', this.moment.atMs, `called for ${queue.plan.name}`);
    }
    this.moment.command({
      type: 'call',
      requestId: request.wanted.requestId,
      offerId: id,
      queue: queue.plan.name,
      uri: 'agent' in to ? to.agent.plan.uri : to.uri,
      ...(agent && { agent: agent.plan.name }),
      priority: priorityAt(request, this.moment.atMs),
    });
    this.#limit(offer);
  }

  /** What went before it was our time, not the far side's. */
  placed(offerId: string): void {
    const offer = this.#offers.get(offerId);
    if (offer?.stage !== 'calling' || offer.isPlaced) return;
    offer.isPlaced = true;
    this.#limit(offer);
  }

  /** Nobody needs it any more: the agent is as free as before once it is over. */
  withdraw(offer: Offer, why: string, cause?: CallOffCause): void {
    if (offer.stage === 'off') return;
    const wasAnswered = offer.stage === 'answered';
    this.#callOff(offer, why, cause);
    const { agent } = offer;
    if (!agent) return;
    if (wasAnswered) this.#wrapUp(offer, agent);
    else this.settle(agent, why);
  }

  ringing(offerId: string, hasMedia: boolean): void {
    const offer = this.#offers.get(offerId);
    if (offer?.stage !== 'calling' || !hasMedia || offer.confirmTimer !== undefined) return;
    if (offer.queue.plan.earlyMedia === 'pass') this.#unheard.add(offer);
    const { confirmTimeoutMs } = offer.request.wanted;
    if (confirmTimeoutMs <= 0) return;
    offer.confirmTimer = this.moment.startTimer(confirmTimeoutMs, () =>
      this.#answer(offer, { isAssumed: true }),
    );
  }

  /** At the end of an event, when it is known who else is called: two far sides cannot both be heard. */
  passMedia(): void {
    for (const offer of this.#unheard) {
      const { request, stage, isPickedUp, id: offerId } = offer;
      const isOver = stage !== 'calling' || isPickedUp;
      if (!isOver && request.offers.size > 1) continue;
      this.#unheard.delete(offer);
      const { requestId } = request.wanted;
      if (!isOver) this.moment.command({ type: 'pass-media', requestId, offerId });
    }
  }

  /** It does not ring any more; what comes now has a limit of its own. */
  pickedUp(offerId: string): void {
    const offer = this.#offers.get(offerId);
    if (!offer) return;
    offer.isPickedUp = true;
    this.#stopTimers(offer);
  }

  answered(offerId: string): void {
    const offer = this.#offers.get(offerId);
    if (offer?.stage === 'calling') this.#answer(offer, { isAssumed: false });
  }

  refused({ offerId, why, isOurs, isElsewhere = false }: Refused): void {
    const offer = this.#offers.get(offerId);
    if (!offer) return;
    if (offer.stage !== 'calling') return this.ended(offerId);
    this.#forget(offer);
    const { agent, queue } = offer;
    const wasAsked = !isElsewhere && !isOurs;
    if (wasAsked || !agent || queue.kind !== 'agents') return this.#miss(offer, why, isOurs);
    agent.freeSinceMs = undefined;
    this.pause(agent, Math.max(queue.plan.missPauseMs, NO_TRY_PAUSE_MIN_MS), why);
    this.listener.onNoTry(offer);
  }

  ended(offerId: string): void {
    const offer = this.#offers.get(offerId);
    if (!offer) return;
    const wasAnswered = offer.stage === 'answered';
    this.#forget(offer);
    if (offer.agent && wasAnswered) this.#wrapUp(offer, offer.agent);
    else if (offer.agent) this.settle(offer.agent, 'the call is over');
    if (wasAnswered) this.listener.onEnded(offer);
  }

  over(offerId: string): void {
    const offer = this.#offers.get(offerId);
    if (offer?.stage !== 'off') return;
    this.#forget(offer);
    if (offer.agent) this.settle(offer.agent, 'the call is over');
  }

  /** Puts an agent where they belong when nothing holds them. */
  settle(agent: Agent, why: string): void {
    const { atMs } = this.moment;
    if (agent.reservedFor) return;
    if (agent.offer && agent.offer.stage !== 'off') return;
    const isHeld = agent.offer !== undefined || agent.pauseTimer !== undefined;
    if (agent.wish !== 'ready') {
      agent.freeSinceMs = undefined;
      this.roster.move(agent, agent.wish, atMs, why);
    } else this.roster.move(agent, isHeld ? 'wrap-up' : 'ready', atMs, why);
    if (!isHeld) this.listener.onAgentFree(agent);
  }

  /** Ends a pause before its time. */
  endPause(agent: Agent): void {
    this.moment.stopTimer(agent.pauseTimer);
    agent.pauseTimer = undefined;
  }

  /** Once for making the call, and once for its answer. */
  #limit(offer: Offer): void {
    const { ringTimeoutMs, isPlaced } = offer;
    this.moment.stopTimer(offer.timer);
    if (ringTimeoutMs <= 0) return;
    const what = isPlaced ? 'no answer' : 'our servers did not make the call';
    const why = `${what} in ${ringTimeoutMs / 1000} s`;
    offer.timer = this.moment.startTimer(ringTimeoutMs, () => {
      this.#callOff(offer, why, 'ring-timeout');
      this.#miss(offer, why, !isPlaced);
    });
  }

  #answer(offer: Offer, { isAssumed }: { readonly isAssumed: boolean }): void {
    offer.stage = 'answered';
    offer.answeredAtMs = this.moment.atMs;
    this.#stopTimers(offer);
    const { agent } = offer;
    if (agent) {
      agent.misses = 0;
      agent.answered += 1;
      agent.freeSinceMs = undefined;
      this.roster.move(
        agent,
        'busy',
        this.moment.atMs,
        isAssumed ? 'taken for answered' : 'answered',
      );
    }
    this.listener.onAnswered(offer, isAssumed);
  }

  #miss(offer: Offer, why: string, isOurs: boolean): void {
    const { agent, queue } = offer;
    if (agent && queue.kind === 'agents') {
      const { missesMax, missPauseMs } = queue.plan;
      agent.missed += 1;
      if (!isOurs) agent.misses += 1;
      agent.freeSinceMs = undefined;
      const isTooOften = missesMax > 0 && agent.misses >= missesMax;
      const tooOften = `missed ${agent.misses} calls in a row`;
      if (isTooOften && agent.wish === 'ready') {
        agent.wish = 'not-ready';
        agent.reason = tooOften;
      }
      this.pause(agent, missPauseMs, isTooOften ? tooOften : why);
    }
    this.listener.onMissed(offer, why);
  }

  #wrapUp(offer: Offer, agent: Agent): void {
    const { queue, answeredAtMs } = offer;
    if (queue.kind !== 'agents') return;
    const { wrapUpMs } = queue.plan;
    queue.tally.handling.add(this.moment.atMs - answeredAtMs + wrapUpMs);
    this.pause(agent, wrapUpMs, 'the conversation is over');
  }

  /** For so long the agent is called for nobody. */
  pause(agent: Agent, pauseMs: number, why: string): void {
    this.endPause(agent);
    if (pauseMs > 0) {
      agent.pauseEndsAtMs = this.moment.atMs + pauseMs;
      agent.pauseTimer = this.moment.startTimer(pauseMs, () => {
        agent.pauseTimer = undefined;
        this.settle(agent, 'the pause is over');
      });
    }
    this.settle(agent, why);
  }

  #callOff(offer: Offer, why: string, cause?: CallOffCause): void {
    offer.stage = 'off';
    offer.request.offers.delete(offer);
    this.#stopTimers(offer);
    this.moment.command({ type: 'cancel', offerId: offer.id, why, cause });
  }

  #forget(offer: Offer): void {
    offer.request.offers.delete(offer);
    this.#offers.delete(offer.id);
    this.#unheard.delete(offer);
    this.#stopTimers(offer);
    if (offer.agent?.offer === offer) offer.agent.offer = undefined;
  }

  #stopTimers(offer: Offer): void {
    this.moment.stopTimer(offer.timer);
    this.moment.stopTimer(offer.confirmTimer);
  }
}
