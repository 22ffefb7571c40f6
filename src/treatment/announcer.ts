/** Says something every so often until it is stopped; the pause is counted from the end of the last time. */
import type { Clock } from '../ports.js';

export class Announcer {
  #cancel: () => void = () => {};
  #isStopped = false;

  /** @param say must not reject */
  constructor(
    private readonly clock: Clock,
    private readonly everyMs: number,
    private readonly say: () => Promise<void>,
  ) {
    this.#wait();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #wait(): void {
    if (this.#isStopped) return;
    this.#cancel = this.clock.after(this.everyMs, () => void this.say().then(() => this.#wait()));
  }
}
