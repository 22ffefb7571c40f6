/**
 * Where nobody takes SIP over TCP. Large requests try it (RFC 3261 section 18.1.1); a peer behind a
 * firewall that swallows the attempt must not cost a delay with each of them.
 */
import type { SipAddress } from './message.js';

const REMEMBERED_MS = 10 * 60_000;
const REMEMBERED_MAX = 1000;

export class TcpRefusals {
  readonly #untilMs = new Map<string, number>();

  /** @param nowMs of a clock that only runs forwards */
  constructor(private readonly nowMs = (): number => performance.now()) {}

  add(peer: SipAddress): void {
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size >= REMEMBERED_MAX && oldest !== undefined) this.#untilMs.delete(oldest);
    this.#untilMs.set(key(peer), this.nowMs() + REMEMBERED_MS);
  }

  has(peer: SipAddress): boolean {
    const untilMs = this.#untilMs.get(key(peer));
    if (untilMs === undefined) return false;
    if (untilMs > this.nowMs()) return true;
    this.#untilMs.delete(key(peer));
    return false;
  }
}

const key = ({ host, port }: SipAddress): string => `${host}|${port}`;
