/**
 * Log lines about what was refused. Each refusal gets a line, until there are more in a second than
 * anybody reads: the rest of that second becomes one line with their number, so that a flood of
 * rubbish never becomes a flood of log lines.
 */
import type { LogFunction } from './sip/stack.js';
import type { Scheduler } from './sip/scheduler.js';

const WINDOW_MS = 1000;
const LINES_PER_WINDOW = 5;

/** See the head of this file. Its timer runs for a second after a refusal, and ends with `stop`. */
export class RejectionLog {
  #lines = 0;
  #unsaid = 0;
  #cancelWindow: (() => void) | undefined;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly onLog: LogFunction,
  ) {}

  /** @param message a fixed sentence */
  add(message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#cancelWindow ??= this.scheduler.schedule(WINDOW_MS, () => this.#close());
    if (this.#lines >= LINES_PER_WINDOW) {
      this.#unsaid++;
      return;
    }
    this.#lines++;
    this.onLog('warn', message, fields);
  }

  /** Says what has not been said yet. */
  stop(): void {
    this.#cancelWindow?.();
    this.#close();
  }

  #close(): void {
    if (this.#unsaid > 0) this.onLog('warn', 'further input refused', { count: this.#unsaid });
    this.#lines = 0;
    this.#unsaid = 0;
    this.#cancelWindow = undefined;
  }
}
