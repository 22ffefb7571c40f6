/**
 * One event while it is handled: its time, the commands so far, and the queues in which somebody may
 * be served now. Timers go out as commands; what is to be done when one fires stays here.
 */
import type { AgentQueue } from './model.js';
import { PassingMap } from './passing-map.js';
import type { QueueCommand } from './vocabulary.js';

export class Moment {
  /** Of the event being handled. */
  atMs = 0;
  #touched = new Set<AgentQueue>();
  #commands: QueueCommand[] = [];
  readonly #timers = new PassingMap<string, () => void>();
  #lastTimer = 0;

  get touched(): Set<AgentQueue> {
    return this.#touched;
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  command(command: QueueCommand): void {
    this.#commands.push(command);
  }

  /** The event is done. @returns its commands */
  end(): readonly QueueCommand[] {
    const commands = this.#commands;
    this.#commands = [];
    // A cleared set gets a table among the old objects each time.
    this.#touched = new Set();
    return commands;
  }

  startTimer(afterMs: number, run: () => void): string {
    const timerId = `queue-timer-${(this.#lastTimer += 1)}`;
    this.#timers.set(timerId, run);
    this.command({ type: 'start-timer', timerId, afterMs });
    return timerId;
  }

  stopTimer(timerId: string | undefined): void {
    if (timerId === undefined || !this.#timers.delete(timerId)) return;
    this.command({ type: 'stop-timer', timerId });
  }

  /** One that was stopped in the meantime does nothing. */
  fireTimer(timerId: string): void {
    const run = this.#timers.get(timerId);
    this.#timers.delete(timerId);
    run?.();
  }
}
