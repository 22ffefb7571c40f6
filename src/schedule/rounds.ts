/**
 * Work that is looked for again and again: a round, then sleep until the next one is due or somebody
 * pokes. One round at a time; a poke during a round means another one at once. Who is in no hurry pokes
 * within a time, and any round that begins until then is theirs.
 */
import type { Clock } from '../ports.js';

export class Rounds {
  #isRunning = false;
  #rounds: Promise<void> | undefined;
  /** Something changed since the latest round began. */
  #isPoked = false;
  #cancelSleep = (): void => undefined;
  /** Ends the wait of those in no hurry; undefined: there are none. */
  #cancelWait: (() => void) | undefined;

  /** @param round must not reject; @returns how long to sleep in milliseconds, 0 = again at once */
  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    private readonly round: () => Promise<number>,
  ) {}

  get isRunning(): boolean {
    return this.#isRunning;
  }

  start(): void {
    this.#isRunning = true;
    this.poke();
  }

  /** Look again now. */
  poke(): void {
    if (!this.#isRunning) return;
    this.#isPoked = true;
    if (this.#rounds !== undefined) return;
    this.#cancelSleep();
    this.#rounds = this.#run();
  }

  /** Look again, so much later at the latest. */
  pokeWithin(ms: number): void {
    if (!this.#isRunning) return;
    this.#cancelWait ??= this.clock.after(ms, () => this.poke());
  }

  /** Begins no round any more. Resolves when the one under way is over. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelSleep();
    this.#endWait();
    await this.#rounds;
  }

  async #run(): Promise<void> {
    let sleepMs = 0;
    while (this.#isRunning && this.#isPoked) {
      this.#isPoked = false;
      this.#endWait();
      sleepMs = await this.round();
      if (sleepMs <= 0) this.#isPoked = true;
    }
    this.#rounds = undefined;
    if (this.#isRunning) this.#cancelSleep = this.clock.after(sleepMs, () => this.poke());
  }

  #endWait(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }
}
