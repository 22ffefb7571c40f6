/** A session as the pool sees it, from the request to start it to its end. */
import { DEFAULT_LIMITS } from '../limits.js';
import type { ScxmlEvent } from '../session/event.js';
import type { SessionEnd, SessionObserver } from '../session/host.js';

/** A session in a thread, from the request to start it. */
export interface PooledSession {
  readonly id: string;
  /** Settles once, whatever happens. */
  readonly ended: Promise<SessionEnd>;
  /** After the end it does nothing. */
  send(event: ScxmlEvent): void;
  /** Ends it, running its onexit handlers; `ended` follows. */
  terminate(): void;
}

/** The way to its thread. */
export interface SessionLine {
  send(event: ScxmlEvent): void;
  terminate(): void;
}

export class RunningSession implements PooledSession {
  readonly id: string;
  readonly observer: SessionObserver;
  /** What its page is known by. */
  readonly page: string;
  readonly ended: Promise<SessionEnd>;
  readonly #onEnded: (end: SessionEnd) => void;
  #resolve: (end: SessionEnd) => void = () => undefined;
  #hasEnded = false;
  #line: SessionLine | undefined;
  /** Told while its page was not there yet. */
  readonly #early: ScxmlEvent[] = [];

  /** @param onEnded before anybody else hears of it */
  constructor(
    id: string,
    observer: SessionObserver,
    page: string,
    onEnded: (end: SessionEnd) => void,
  ) {
    this.id = id;
    this.observer = observer;
    this.page = page;
    this.#onEnded = onEnded;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** It has a thread now. */
  seat(line: SessionLine): void {
    this.#line = line;
    for (const event of this.#early.splice(0)) line.send(event);
  }

  send(event: ScxmlEvent): void {
    if (this.#hasEnded) return;
    if (this.#line) return this.#line.send(event);
    this.#early.push(event);
    if (this.#early.length > DEFAULT_LIMITS.queuedEvents)
      this.end({
        kind: 'limit',
        code: 'SCXML_QUEUE_FULL',
        message: 'too many events before the start',
      });
  }

  terminate(): void {
    if (this.#hasEnded) return;
    if (this.#line) this.#line.terminate();
    else this.end({ kind: 'terminated' });
  }

  end(end: SessionEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#early.length = 0;
    this.#onEnded(end);
    this.#resolve(end);
    this.observer.ended?.(end);
  }
}
