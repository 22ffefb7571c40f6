/**
 * Attached data as a page sees them: its own values, of any type, within the room that there is for the
 * data of a callback. The page is told of them with every event, so that they may not grow for ever.
 */
import { ATTACHED_CHARS_MAX, ATTACHED_KEYS_MAX } from '../../holder/attached-values.js';

export class UserData {
  readonly #values = new Map<string, unknown>();
  readonly #chars = new Map<string, number>();

  /** @param given with the request: stay, however many there are */
  constructor(given: Readonly<Record<string, unknown>>) {
    for (const [key, value] of Object.entries(given)) this.#set(key, value);
  }

  get values(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#values);
  }

  /**
   * @param values JSON values; null takes a key away
   * @returns those that have changed something; what there is no room for is left out
   */
  change(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const fitting = Object.entries(values).filter(([key, value]) => this.#fits(key, value));
    return Object.fromEntries(fitting);
  }

  #fits(key: string, value: unknown): boolean {
    const [before, beforeChars] = [this.#values.get(key), this.#chars.get(key)];
    this.#values.delete(key);
    this.#chars.delete(key);
    if (value === null) return true;
    this.#set(key, value);
    const chars = [...this.#chars.values()].reduce((sum, one) => sum + one, 0);
    if (this.#values.size <= ATTACHED_KEYS_MAX && chars <= ATTACHED_CHARS_MAX) return true;
    this.#values.delete(key);
    this.#chars.delete(key);
    if (beforeChars !== undefined) this.#set(key, before);
    return false;
  }

  #set(key: string, value: unknown): void {
    this.#values.set(key, value);
    this.#chars.set(key, key.length + (JSON.stringify(value) ?? '').length);
  }
}
