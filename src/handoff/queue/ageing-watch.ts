/**
 * Positions that change with time alone: where customers are kept ahead of the dial and urgency grows at
 * several rates, one may become near without an event. One timer for such a queue looks again.
 */
import type { AgentQueue } from './model.js';
import type { Moment } from './moment.js';

/** How soon it is noticed. */
const LOOK_MS = 1000;

export class AgeingWatch {
  /** Those with a timer. */
  readonly #watched = new Set<AgentQueue>();

  constructor(private readonly moment: Moment) {}

  /** After each event. */
  look(): void {
    for (const queue of this.moment.touched) this.#lookAt(queue);
    for (const queue of this.#watched) this.#lookAt(queue);
  }

  #lookAt(queue: AgentQueue): void {
    const { moment } = this;
    const isNeeded = queue.ahead.size > 0 && queue.line.isAgeing;
    if (isNeeded === (queue.ageingTimer !== undefined)) return;
    if (isNeeded) {
      this.#watched.add(queue);
      queue.ageingTimer = moment.startTimer(LOOK_MS, () => {
        queue.ageingTimer = undefined;
        moment.touched.add(queue);
      });
    } else {
      this.#watched.delete(queue);
      moment.stopTimer(queue.ageingTimer);
      queue.ageingTimer = undefined;
    }
  }
}
