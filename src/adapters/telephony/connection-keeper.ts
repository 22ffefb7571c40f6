/**
 * Keeps one connection alive: connects, tells when it is up, and after a loss tries again with growing
 * pauses. The libraries' own reconnecting is switched off because it never gives up on a wrong
 * secret, retries four times a second then, and cannot be stopped half way.
 */
import type { Clock, Log } from '../../ports.js';
import { contained } from './contained.js';
import { codeOf, describeError, isLasting } from './errors.js';

const FIRST_PAUSE_MS = 250;
const GROWTH = 1.7;

/** One established connection. */
export interface Connection {
  /** Called once when it is lost; not after `close`. */
  onLost(handle: (why: string) => void): void;
  close(): Promise<void>;
}

export interface KeeperOptions<C extends Connection> {
  /** What is connected, for the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly pauseMaxMs: number;
  /** Longest pause after a fault that only a changed configuration ends. */
  readonly lastingPauseMs: number;
  connect(): Promise<C>;
  onUp(this: void, connection: C): void;
  onDown(this: void, why: string): void;
  /** An attempt to connect failed; another one follows. */
  onRefused?(thrown: unknown): void;
}

export class ConnectionKeeper<C extends Connection> {
  #current: C | undefined;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(private readonly options: KeeperOptions<C>) {}

  get current(): C | undefined {
    return this.#current;
  }

  /** Connects for the first time. @throws whatever `connect` throws; no retry follows then. */
  async start(): Promise<void> {
    this.#accept(await this.options.connect());
  }

  /** After a `start` that failed: goes on trying by itself. */
  keepTrying(): void {
    if (!this.#closed && !this.#current && !this.#cancelRetry) this.#retryAfter(FIRST_PAUSE_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    const connection = this.#current;
    this.#current = undefined;
    await connection?.close();
  }

  #accept(connection: C): void {
    if (this.#closed) {
      void connection.close();
      return;
    }
    this.#cancelRetry = undefined;
    this.#current = connection;
    connection.onLost((why) => this.#lost(why));
    contained(this.options.log, `${this.options.name} is up`, this.options.onUp)(connection);
  }

  #lost(why: string): void {
    this.#current = undefined;
    if (this.#closed) return;
    contained(this.options.log, `${this.options.name} is down`, this.options.onDown)(why);
    this.#retryAfter(FIRST_PAUSE_MS);
  }

  #retryAfter(pauseMs: number): void {
    const { clock, log, name, pauseMaxMs, lastingPauseMs } = this.options;
    this.#cancelRetry = clock.after(pauseMs, () => {
      this.options.connect().then(
        (connection) => this.#accept(connection),
        (thrown: unknown) => {
          if (this.#closed) return;
          const limitMs = isLasting(thrown) ? lastingPauseMs : pauseMaxMs;
          const nextMs = Math.min(limitMs, pauseMs * GROWTH);
          const fields = { server: name, code: codeOf(thrown), why: describeError(thrown), nextMs };
          log.warn(fields, 'could not connect');
          this.options.onRefused?.(thrown);
          this.#retryAfter(nextMs);
        },
      );
    });
  }
}
