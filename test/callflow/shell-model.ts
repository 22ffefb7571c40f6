/**
 * A small model of what the outside has in the air, built from the commands alone. It complains about
 * commands that make no sense, and is compared with what the flow's context believes.
 */
import assert from 'node:assert/strict';
import type { Command, Event, State } from '../../src/callflow/vocabulary.js';

export class ShellModel {
  readonly legs = new Set<string>();
  /** Play id to leg id. */
  readonly plays = new Map<string, string>();
  readonly timers = new Map<string, string>();
  readonly queues = new Set<string>();
  readonly routes = new Set<string>();
  /** Plugins and pages that hold a token. */
  readonly holders = new Map<string, 'plugin' | 'vxml'>();
  /** Those that have replied: a reply that was refused leaves the token where it is. */
  readonly #replied = new Set<string>();
  bridgedWith: string | undefined;
  dialCount = 0;
  openAttempts = 0;
  endReports = 0;

  /** Things that begin or end by themselves, before the flow hears of them. */
  hear(event: Event): void {
    switch (event.type) {
      case 'answered':
        this.legs.add(event.legId);
        break;
      case 'attempt-result':
        if (event.legUp) this.legs.add(event.legId);
        else this.#endLeg(event.legId);
        break;
      case 'customer-hung-up':
      case 'leg-lost':
        this.#endLeg(event.legId);
        break;
      case 'treatment-ended':
      case 'play-failed':
        this.plays.delete(event.playId);
        break;
      case 'agent-answered':
        this.queues.add(event.queueId);
        break;
      case 'agent-failed':
      case 'agent-hung-up':
        this.queues.delete(event.queueId);
        break;
      case 'route-done':
        this.routes.add(event.routeId);
        break;
      case 'route-failed':
        this.routes.delete(event.routeId);
        break;
      case 'route-transferred':
        // Whoever we have called ourselves and are connected with was not called by REFER.
        if (this.bridgedWith !== event.routeId) this.routes.delete(event.routeId);
        break;
      case 'conversation-ended':
        this.#endFarSide();
        break;
      case 'plugin-reply':
        if (this.holders.get(event.holderId) === 'plugin') this.#replied.add(event.holderId);
        break;
      case 'plugin-failed':
        if (this.holders.get(event.holderId) === 'plugin') this.holders.delete(event.holderId);
        break;
      case 'vxml-result':
      case 'vxml-failed':
        if (this.holders.get(event.holderId) === 'vxml') this.holders.delete(event.holderId);
        break;
      default:
        if ('timerId' in event) this.#fire(event.timerId);
    }
  }

  perform(command: Command): void {
    switch (command.type) {
      case 'dial':
        assert.equal(this.legs.size, 0, 'a second customer leg');
        this.legs.add(command.legId);
        this.dialCount += 1;
        this.openAttempts += 1;
        break;
      case 'hang-up':
        this.#endLeg(command.legId);
        break;
      case 'play':
        assert.equal(this.plays.size, 0, 'two sounds at once');
        assert.ok(this.legs.has(command.legId), 'a sound for nobody');
        this.plays.set(command.playId, command.legId);
        break;
      case 'stop-playing':
        this.plays.delete(command.playId);
        break;
      case 'queue':
        assert.equal(this.queues.size, 0, 'two requests for an agent');
        if (command.legId === undefined) assert.equal(this.legs.size, 0, 'ahead of a call that is');
        else assert.ok(this.legs.has(command.legId));
        this.queues.add(command.queueId);
        break;
      case 'pass-media':
        assert.equal(this.plays.size, 0, 'a sound into early media');
        assert.ok(this.legs.has(command.legId));
        assert.ok(this.queues.has(command.queueId), 'media from nowhere');
        break;
      case 'call-agent':
        assert.ok(this.legs.has(command.legId));
        assert.ok(this.queues.has(command.queueId), 'an agent from nowhere');
        break;
      case 'unqueue':
        this.queues.delete(command.queueId);
        break;
      case 'route':
        assert.ok(this.legs.has(command.legId));
        this.routes.add(command.routeId);
        break;
      case 'unroute':
        this.routes.delete(command.routeId);
        break;
      case 'bridge':
        assert.equal(this.plays.size, 0, 'a sound into the conversation');
        assert.ok(this.legs.has(command.legId));
        assert.ok(this.queues.has(command.withId) || this.routes.has(command.withId));
        this.bridgedWith = command.withId;
        break;
      case 'start-plugin':
      case 'start-vxml':
        assert.equal(this.#tokens().length, 0, 'two holders of one call');
        this.holders.set(command.holderId, command.type === 'start-vxml' ? 'vxml' : 'plugin');
        break;
      case 'tell-plugin':
        assert.ok(this.holders.has(command.holderId), 'told somebody who is gone');
        if (command.what === 'revoked') this.holders.delete(command.holderId);
        break;
      case 'start-timer':
      case 'stop-timer':
        this.#changeTimer(command);
        break;
      case 'postpone':
        assert.equal(this.legs.size + this.queues.size, 0, 'given back with something in the air');
        this.timers.set('retry', command.timerId);
        break;
      case 'report':
        if (command.what === 'attempt-ended') this.openAttempts -= 1;
        if (command.what === 'callback-ended') this.endReports += 1;
        break;
    }
  }

  /** What the flow believes must be what is there. */
  compare(state: State): void {
    const { leg, playing, queued, route, holder, timers } = state.context;
    assert.deepEqual([...this.legs], listOf(leg?.legId), 'legs');
    assert.deepEqual([...this.plays.keys()], listOf(playing?.playId), 'plays');
    assert.deepEqual([...this.queues], listOf(queued?.queueId), 'queues');
    assert.deepEqual([...this.routes], listOf(route?.routeId), 'routes');
    assert.deepEqual(Object.fromEntries(this.timers), timers, 'timers');
    if (holder === undefined) assert.deepEqual(this.#tokens(), [], 'holders');
    else assert.ok(this.holders.has(holder.holderId), 'holder');
    const isInAttempt = state.name === 'dialing' || state.name === 'answered';
    assert.equal(this.openAttempts, isInAttempt ? 1 : 0, 'attempts without a report');
    assert.equal(this.endReports, state.name === 'ended' ? 1 : 0, 'callback-ended');
  }

  /** A person on the line hears something, talks, or is watched by the silence guard. */
  checkSilence(state: State): void {
    const { leg } = state.context;
    if (leg?.isUp !== true || leg.answeredBy !== 'human') return;
    const isPassed = state.context.queued?.media === 'passed';
    const isHeard = this.plays.size > 0 || isPassed || state.name === 'connected';
    assert.ok(isHeard || this.timers.has('human-silence'), `dead line in ${state.name}`);
  }

  #changeTimer(command: Extract<Command, { timer: string }>): void {
    if (command.type === 'start-timer') {
      assert.ok(!this.timers.has(command.timer), `timer ${command.timer} runs already`);
      assert.ok(command.afterMs >= 0 && Number.isFinite(command.afterMs));
      this.timers.set(command.timer, command.timerId);
    } else {
      assert.equal(this.timers.get(command.timer), command.timerId, 'stopped another timer');
      this.timers.delete(command.timer);
    }
  }

  #tokens(): string[] {
    return [...this.holders.keys()].filter((holderId) => !this.#replied.has(holderId));
  }

  #fire(timerId: string): void {
    for (const [timer, running] of this.timers) if (running === timerId) this.timers.delete(timer);
  }

  #endLeg(legId: string): void {
    this.legs.delete(legId);
    for (const [playId, on] of this.plays) if (on === legId) this.plays.delete(playId);
  }

  #endFarSide(): void {
    if (this.bridgedWith === undefined) return;
    this.queues.delete(this.bridgedWith);
    this.routes.delete(this.bridgedWith);
  }
}

function listOf(id: string | undefined): string[] {
  return id === undefined ? [] : [id];
}
