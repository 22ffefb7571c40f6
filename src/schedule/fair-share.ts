/**
 * Who is next when several want something that comes one at a time: in the long run each gets in
 * proportion to its weight, and nobody waits for ever (stride scheduling). Who comes anew, or comes
 * back, has saved nothing up. Pure.
 */

/** Names that are not asked for are forgotten beyond this. */
const KNOWN_MAX = 10_000;

export class FairShare {
  /** How much each has had, by its weight. */
  readonly #had = new Map<string, number>();
  #floor = 0;

  /** @returns those that want, the one who is next first */
  inOrder<T extends { readonly name: string }>(wanting: readonly T[]): T[] {
    return [...wanting].sort((a, b) => this.#of(a.name) - this.#of(b.name));
  }

  /** One has got it. */
  got(name: string, weight: number): void {
    const had = this.#of(name);
    // What has been given to the last is what a newcomer starts from.
    this.#floor = Math.max(this.#floor, had);
    if (this.#had.size >= KNOWN_MAX) this.#had.clear();
    this.#had.set(name, had + 1 / weight);
  }

  #of(name: string): number {
    return Math.max(this.#had.get(name) ?? 0, this.#floor - 1);
  }
}
