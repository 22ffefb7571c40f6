/**
 * Whom a COMMIT gave to this process, should its answer never come: then the callbacks may be ours and
 * no session has them. Each transaction that gives some out marks them with a number of its own, and
 * what nobody heard of is found by it.
 */

/** In `is_left`: a dead process left it, and no session has it yet. Marks are above. */
export const LEFT = 1;

export interface Giving {
  /** Of the transaction. */
  readonly mark: number;
  /** Marks of those whose answer never came. */
  readonly unheard: readonly number[];
}

export class GivenOut {
  #last = LEFT;
  readonly #unheard = new Set<number>();

  /** For a transaction that is about to begin. */
  next(): Giving {
    this.#last += 1;
    return { mark: this.#last, unheard: [...this.#unheard] };
  }

  /** Nobody knows whether it was committed. */
  lose({ mark }: Giving): void {
    this.#unheard.add(mark);
  }

  /** What was unheard has been given out again, and that was heard. */
  found({ unheard }: Giving): void {
    for (const mark of unheard) this.#unheard.delete(mark);
  }
}
