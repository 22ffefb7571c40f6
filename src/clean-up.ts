/** Undoing what was set up, in the opposite order. */

/** What is undone at the end, last thing first. */
export class CleanUp {
  readonly #steps: (() => Promise<unknown>)[] = [];

  add<T>(thing: T, undo: (thing: T) => Promise<unknown>): T {
    this.#steps.unshift(() => undo(thing));
    return thing;
  }

  /** Runs every step, whatever the others do. @returns what went wrong */
  async run(): Promise<string[]> {
    const problems: string[] = [];
    for (const step of this.#steps.splice(0)) {
      await step().catch((error: unknown) => problems.push(String(error)));
    }
    return problems;
  }
}
