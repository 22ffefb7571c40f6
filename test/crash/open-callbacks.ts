/** The callbacks that a campaign asks a service for, and which of them are not completed yet. */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;

export class OpenCallbacks {
  readonly accepted: string[] = [];
  readonly #open = new Set<string>();

  /** @param numberOf E.164 for the callback with that index, from 0 */
  constructor(private readonly numberOf: (index: number) => string) {}

  get openCount(): number {
    return this.#open.size;
  }

  /** Asks for callbacks until so many are open. @throws Error when one is refused */
  async fill(url: string, wanted: number): Promise<void> {
    await this.forgetCompleted(url);
    await this.ask(url, wanted - this.#open.size);
  }

  /** Asks for so many more. @throws Error when one is refused */
  async ask(url: string, count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      const response = await fetch(`${url}/genesys/1/service/callback/sales`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ _customer_number: this.numberOf(this.accepted.length) }),
      });
      const { _id: id } = (await response.json()) as { _id?: string };
      if (id === undefined) throw new Error(`callback refused with ${response.status}`);
      this.accepted.push(id);
      this.#open.add(id);
    }
  }

  async forgetCompleted(url: string): Promise<void> {
    for (const id of this.#open) {
      const response = await fetch(`${url}/v1/callbacks/${id}`);
      const { callback } = (await response.json()) as { callback?: { state: string } };
      if (callback?.state === 'COMPLETED') this.#open.delete(id);
    }
  }

  async untilCompleted(url: string, withinMs: number): Promise<void> {
    const giveUpAtMs = performance.now() + withinMs;
    while (this.#open.size > 0 && performance.now() < giveUpAtMs) {
      await sleep(POLL_MS);
      await this.forgetCompleted(url);
    }
  }
}
