/**
 * A shell that is fair: it answers every command sooner or later, in virtual time, with an outcome drawn
 * from a seed. It measures what a person on the line would hear.
 */
import assert from 'node:assert/strict';
import { callStateOfAnswer, isAnswered, type AnswerWord } from '../../src/callflow/call-state.js';
import type { ServiceOptions } from '../../src/callflow/service-options.js';
import { initialState, transition } from '../../src/callflow/treatment-flow.js';
import type { Command, Event, State } from '../../src/callflow/vocabulary.js';
import { replyOf, type EventBody } from './flow-fixture.js';
import { ShellModel } from './shell-model.js';

const SECOND_MS = 1000;
/** How long it takes to find out that a sound cannot be played. */
export const PLAY_FAILURE_MS = 50;
/** Far more than the longest honest callback takes. */
const EVENTS_MAX = 5000;

const ANSWERS: readonly AnswerWord[] = [
  'human',
  'human',
  'human',
  'machine',
  'fax',
  'busy',
  'no-answer',
  'sit',
  'silence',
  'unknown',
  'error',
];

const REPLIES = [
  { action: 'cancel', message: 'OK' },
  { action: 'retry', message: 'OK' },
  { action: 'retry', message: 'OK', delay: 1 },
  { action: 'route_to_agent', message: 'OK' },
  { action: 'route_to_rp', message: '8999' },
].map(replyOf);

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly event: EventBody;
}

export interface FairRun {
  readonly state: State;
  readonly dialCount: number;
  readonly eventCount: number;
  /** Longest time a person on the line heard nothing. */
  readonly silenceMaxMs: number;
  /** A comfort sound could not be played, so that no promise about silence can be kept. */
  readonly isComfortBroken: boolean;
}

export class FairShell {
  readonly #model = new ShellModel();
  /** Sounds that are asked for and never heard. */
  readonly #failing = new Set<string>();
  #due: Due[] = [];
  #nowMs = 0;
  #order = 0;
  #state: State = initialState();
  #silentSinceMs: number | undefined;
  #silenceMaxMs = 0;
  #isComfortBroken = false;
  readonly #draw: (below: number) => number;

  constructor(
    private readonly service: ServiceOptions,
    seed: number,
  ) {
    this.#draw = randomFrom(seed);
  }

  run(): FairRun {
    this.#later(0, { type: 'due' });
    let eventCount = 0;
    while (this.#state.name !== 'ended') {
      const next = this.#takeNext();
      assert.ok(next, `nothing more happens in ${JSON.stringify(this.#state)}`);
      eventCount += 1;
      assert.ok(eventCount < EVENTS_MAX, `it goes in circles: ${JSON.stringify(this.#state)}`);
      this.#step(next);
    }
    this.#model.compare(this.#state);
    const { dialCount } = this.#model;
    const silenceMaxMs = this.#silenceMaxMs;
    const isComfortBroken = this.#isComfortBroken;
    return { state: this.#state, dialCount, eventCount, silenceMaxMs, isComfortBroken };
  }

  #step({ atMs, event }: Due): void {
    this.#nowMs = atMs;
    this.#isComfortBroken ||=
      event.type === 'play-failed' && this.#state.context.playing?.treatment === 'comfort';
    this.#model.hear({ ...event, atMs });
    const step = transition(this.#state, this.#seen({ ...event, atMs }), this.service);
    this.#state = step.state;
    for (const command of step.commands) {
      this.#model.perform(command);
      this.#answer(command);
    }
    this.#model.compare(this.#state);
    this.#listen();
  }

  /** Now and then the hours are found closed. */
  #seen(event: Event): Event {
    const isDial =
      event.type === 'due' || event.type === 'retry-due' || event.type === 'agent-near';
    if (!isDial || !this.service.isTimeLimited || this.#draw(3) > 0) return event;
    return { ...event, closed: { forMs: this.#seconds(40_000), why: 'it is night' } };
  }

  #answer(command: Command): void {
    switch (command.type) {
      case 'dial':
        return this.#answerDial(command.legId);
      case 'play':
        return this.#answerPlay(command);
      case 'start-timer':
        return this.#later(command.afterMs, timerEvent(command));
      case 'postpone': {
        const { timerId, forMs } = command;
        return this.#later(forMs, { type: 'retry-due', timerId });
      }
      case 'start-plugin':
      case 'start-vxml':
        return this.#answerHolder(command);
      case 'queue': {
        if (command.legId === undefined) return this.#answerAhead(command.queueId);
        return this.#answerQueue(command.queueId);
      }
      case 'call-agent':
        return this.#answerQueue(command.queueId);
      case 'route': {
        const { routeId } = command;
        const outcome = this.#draw(4);
        if (outcome > 1) this.#later(this.#seconds(20), { type: 'route-done', routeId });
        else if (outcome > 0)
          this.#later(this.#seconds(20), { type: 'route-transferred', routeId });
        else this.#later(this.#seconds(20), { type: 'route-failed', routeId, why: 'busy' });
        return;
      }
      case 'bridge':
        return this.#later(this.#seconds(60), { type: 'conversation-ended' });
      default:
        return;
    }
  }

  #answerDial(legId: string): void {
    const answer = ANSWERS[this.#draw(ANSWERS.length)] ?? 'human';
    const afterMs = this.#seconds(30);
    const callState = callStateOfAnswer(answer);
    const legUp = isAnswered(answer);
    if (legUp) this.#later(afterMs - 1, { type: 'answered', legId });
    this.#later(afterMs, { type: 'attempt-result', legId, callState, legUp });
    this.#later(afterMs + this.#seconds(9), { type: 'greeting-ended', legId, heardBeep: true });
    if (!legUp) return;
    if (this.#draw(4) === 0) {
      this.#later(afterMs + this.#seconds(90), { type: 'customer-hung-up', legId });
    }
    if (this.#draw(6) === 0) {
      const callState = this.#draw(2) === 0 ? 9 : 17;
      this.#later(afterMs + this.#seconds(9), { type: 'verdict-revised', legId, callState });
    }
    if (this.#draw(10) === 0) {
      this.#later(afterMs + this.#seconds(90), { type: 'leg-lost', legId, cause: 'media' });
    }
  }

  #answerQueue(queueId: string): void {
    const afterMs = this.#seconds(20);
    if (this.#draw(4) === 0)
      this.#later(afterMs - 1, { type: 'agent-missed', queueId, why: 'busy' });
    if (this.#draw(4) === 0) {
      this.#later(afterMs - 3, { type: 'early-media', queueId, isHeard: true });
      this.#later(afterMs - 2, { type: 'early-media', queueId, isHeard: this.#draw(2) === 0 });
    }
    const isFound = this.#draw(3) > 0;
    if (isFound) this.#later(afterMs, { type: 'agent-answered', queueId });
    else this.#later(afterMs, { type: 'agent-failed', queueId, why: 'busy' });
  }

  #answerAhead(queueId: string): void {
    this.#later(this.#seconds(40), { type: 'agent-near', queueId, why: 'free' });
    if (this.#draw(3) === 0) {
      this.#later(this.#seconds(60), { type: 'agent-failed', queueId, why: 'gone' });
    }
  }

  #answerPlay({ playId, loop }: Extract<Command, { type: 'play' }>): void {
    if (this.#draw(5) === 0) {
      this.#failing.add(playId);
      this.#later(PLAY_FAILURE_MS, { type: 'play-failed', playId, why: 'missing' });
    } else if (!loop) this.#later(this.#seconds(10), { type: 'treatment-ended', playId });
  }

  /** Now and then nobody answers: the time to live decides. */
  #answerHolder({ holderId, type }: Extract<Command, { holderId: string }>): void {
    const reply =
      REPLIES[this.#draw(REPLIES.length)] ?? replyOf({ action: 'cancel', message: 'OK' });
    const isPage = type === 'start-vxml';
    const afterMs = this.#seconds(150);
    switch (this.#draw(4)) {
      case 0:
        return;
      case 1: {
        const failed = isPage ? 'vxml-failed' : 'plugin-failed';
        return this.#later(afterMs, { type: failed, holderId, why: 'broken' });
      }
      default:
        return this.#later(afterMs, {
          type: isPage ? 'vxml-result' : 'plugin-reply',
          holderId,
          reply,
        });
    }
  }

  /** Notes how long a person on the line has heard nothing. */
  #listen(): void {
    const { leg, playing } = this.#state.context;
    const isPerson = leg?.isUp === true && leg.answeredBy === 'human';
    const isHeard = playing !== undefined && !this.#failing.has(playing.playId);
    const isPassed = this.#state.context.queued?.media === 'passed';
    const isSilent = isPerson && !isHeard && !isPassed && this.#state.name !== 'connected';
    if (this.#silentSinceMs !== undefined) {
      this.#silenceMaxMs = Math.max(this.#silenceMaxMs, this.#nowMs - this.#silentSinceMs);
    }
    this.#silentSinceMs = isSilent ? (this.#silentSinceMs ?? this.#nowMs) : undefined;
  }

  #later(afterMs: number, event: EventBody): void {
    this.#order += 1;
    this.#due.push({ atMs: this.#nowMs + Math.max(0, afterMs), order: this.#order, event });
  }

  /** The earliest; events at the same time in the order they were begun. Stopped timers do not fire. */
  #takeNext(): Due | undefined {
    this.#due.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    for (;;) {
      const next = this.#due.shift();
      if (next === undefined || !('timerId' in next.event)) return next;
      if ([...this.#model.timers.values()].includes(next.event.timerId)) return next;
    }
  }

  #seconds(below: number): number {
    return this.#draw(below * 10) * (SECOND_MS / 10);
  }
}

function timerEvent({ timer, timerId }: Extract<Command, { type: 'start-timer' }>): EventBody {
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
  return { type: types[timer], timerId };
}

/** mulberry32: a small generator of numbers that a seed repeats. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
