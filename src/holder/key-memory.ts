/** The customer's keys on a held call: to whoever listens, or kept until somebody does. */
import type { DigitPress } from './held-call.js';

const KEPT_MAX = 64;

export class KeyMemory {
  readonly #handlers = new Set<(press: DigitPress) => void>();
  #kept: DigitPress[] = [];

  push(press: DigitPress): void {
    if (this.#handlers.size === 0) {
      if (this.#kept.length < KEPT_MAX) this.#kept.push(press);
      return;
    }
    for (const handle of [...this.#handlers]) handle(press);
  }

  /** @returns a function that ends it */
  listen(handle: (press: DigitPress) => void): () => void {
    const forget = () => void this.#handlers.delete(handle);
    this.#handlers.add(handle);
    while (this.#handlers.has(handle)) {
      const press = this.#kept.shift();
      if (!press) break;
      handle(press);
    }
    return forget;
  }

  flush(): void {
    this.#kept = [];
  }

  close(): void {
    this.flush();
    this.#handlers.clear();
  }
}
