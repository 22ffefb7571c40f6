/**
 * What happens now, for those who look on: the latest events in a ring, and whoever listens. Nothing
 * here is kept: what has to reach somebody is a notice (`notifier.ts`).
 */

/** As it is shown; `service` decides who may see it, absent = everybody. */
export interface LiveEvent {
  readonly type: string;
  readonly service?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface NumberedEvent extends LiveEvent {
  /** `RUN-N`: N counts from 1 within a run of the service. */
  readonly id: string;
}

const KEPT_MAX = 2000;

export class EventStream {
  readonly #kept: NumberedEvent[] = [];
  readonly #listeners = new Set<(event: NumberedEvent) => void>();
  #count = 0;

  /** @param run names this run of the service, so that a number of another one is known as such */
  constructor(private readonly run: string) {}

  get listenerCount(): number {
    return this.#listeners.size;
  }

  publish(event: LiveEvent): void {
    this.#count += 1;
    const numbered = { ...event, id: `${this.run}-${this.#count}` };
    this.#kept.push(numbered);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    for (const listener of this.#listeners) listener(numbered);
  }

  /**
   * @param lastId the latest event that the listener knows
   * @returns what came after it; undefined when that is not kept any more
   */
  since(lastId: string): readonly NumberedEvent[] | undefined {
    const [run, text = ''] = lastId.split(/-(?=\d+$)/);
    const last = Number(text);
    const isOfNow = run === this.run && Number.isSafeInteger(last) && last <= this.#count;
    const first = this.#count - this.#kept.length;
    if (!isOfNow || last < first) return undefined;
    return this.#kept.slice(last - first);
  }

  /** @returns what ends it */
  listen(listener: (event: NumberedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
