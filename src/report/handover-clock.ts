/** From the moment a human is known to be there to the agent's voice. */
import type { State } from '../callflow/vocabulary.js';

export class HandoverClock {
  #humanSinceMs: number | undefined;

  /** @returns how long it took, once an agent and the customer have just been connected */
  note(before: State, state: State, atMs: number): number | undefined {
    const isHuman = state.context.leg?.answeredBy === 'human';
    if (!isHuman) this.#humanSinceMs = undefined;
    else this.#humanSinceMs ??= atMs;
    const isNew = state.name === 'connected' && before.name !== 'connected';
    if (!isNew || state.to !== 'agent' || this.#humanSinceMs === undefined) return undefined;
    return atMs - this.#humanSinceMs;
  }
}
