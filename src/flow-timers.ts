/** The timers of one callback: at most one of each name, each firing as the event named beside it. */
import type { Command, EventType, TimerName } from './callflow/vocabulary.js';
import type { Clock } from './ports.js';

const EVENT_OF_TIMER = {
  retry: 'retry-due',
  'plugin-ttl': 'plugin-timeout',
  'agent-wait': 'agent-wait-expired',
  'agent-retry': 'agent-retry-due',
  'ahead-wait': 'ahead-wait-over',
  life: 'expired',
  'human-silence': 'silence-too-long',
  'message-wait': 'message-wait-over',
  conversation: 'conversation-too-long',
} as const satisfies Record<TimerName, EventType>;

/** What a timer becomes when it fires. */
export type TimerEvent = {
  readonly type: (typeof EVENT_OF_TIMER)[TimerName];
  readonly timerId: string;
};

export class FlowTimers {
  readonly #running = new Map<TimerName, { timerId: string; cancel: () => void }>();

  /** @param expiresAtMs the end of the callback's life, milliseconds since the epoch */
  constructor(
    private readonly clock: Clock,
    private readonly expiresAtMs: number,
    private readonly fire: (event: TimerEvent) => void,
  ) {}

  start({ timer, timerId, afterMs }: Extract<Command, { type: 'start-timer' }>): void {
    this.#running.get(timer)?.cancel();
    // A callback's life counts from its desired time, not from its first dial.
    const leftMs = Math.max(0, this.expiresAtMs - this.clock.nowMs());
    const cancel = this.clock.after(timer === 'life' ? Math.min(afterMs, leftMs) : afterMs, () => {
      this.#running.delete(timer);
      this.fire({ type: EVENT_OF_TIMER[timer], timerId });
    });
    this.#running.set(timer, { timerId, cancel });
  }

  /** A timer of that name with another id goes on. */
  stop({ timer, timerId }: Extract<Command, { type: 'stop-timer' }>): void {
    const running = this.#running.get(timer);
    if (running?.timerId !== timerId) return;
    running.cancel();
    this.#running.delete(timer);
  }

  stopAll(): void {
    for (const { cancel } of this.#running.values()) cancel();
    this.#running.clear();
  }
}
