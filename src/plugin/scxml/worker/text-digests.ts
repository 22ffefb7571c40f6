/** SHA-256 of the texts of pages, kept for the latest: a service starts the same few over and over. */
import { createHash } from 'node:crypto';

const KEPT_MAX = 32;

export class TextDigests {
  readonly #kept = new Map<string, string>();

  of(text: string): string {
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(text).digest('base64');
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(text, digest);
    return digest;
  }
}
