/**
 * Which thread a page runs in. Whoever runs away holds up those beside it, and takes them along when its
 * thread has to be killed, so the sessions of one page sit together as far as there are threads, nobody
 * is sent to a thread that does not answer, and pages that have held up their thread run apart.
 */
import type { Clock, Log } from '../../../ports.js';
import { Quarantine } from './quarantine.js';

/** Threads at once for pages that have held up one before. */
const APART_THREADS_MAX = 2;

export interface RosterThread {
  readonly isReady: Promise<void>;
  /** Has left a ping unanswered. */
  readonly isSlow: boolean;
  stop(): Promise<void>;
}

export interface RosterOptions<T> {
  /** @param onHoldUp which page has kept the others waiting */
  readonly newThread: (onGone: (why: string) => void, onHoldUp: (page: string) => void) => T;
  /** For pages that nothing is known against, 1..16. */
  readonly threads: number;
  /** What runs there, for the log. */
  readonly what: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log | undefined;
}

export interface Seat<T> {
  readonly thread: T;
  /** The session is over. Once. */
  readonly leave: () => void;
}

/** A thread, and how many sessions of each page are on it. */
interface Row<T> {
  readonly thread: T;
  readonly pages: Map<string, number>;
}

export class ThreadRoster<T extends RosterThread> {
  readonly #options: RosterOptions<T>;
  readonly #rows: Row<T>[] = [];
  readonly #apart: Row<T>[] = [];
  readonly #quarantine: Quarantine;
  #isStopped = false;

  constructor(options: RosterOptions<T>) {
    this.#options = options;
    this.#quarantine = new Quarantine(options.clock);
  }

  /** Threads there are. */
  get size(): number {
    return this.#rows.length + this.#apart.length;
  }

  /** Starts the threads that are missing; without it each starts when a session needs it. */
  async warm(): Promise<void> {
    while (!this.#isStopped && this.#rows.length < this.#options.threads) this.#add(this.#rows);
    await Promise.all(this.#rows.map(({ thread }) => thread.isReady));
  }

  /** A place for a session of that page. */
  enter(page: string): Seat<T> {
    const isApart = this.#quarantine.has(page);
    const row = isApart
      ? this.#choose(this.#apart, APART_THREADS_MAX, page)
      : this.#choose(this.#rows, this.#options.threads, page);
    const { thread, pages } = row;
    pages.set(page, (pages.get(page) ?? 0) + 1);
    const leave = (): void => {
      const left = (pages.get(page) ?? 1) - 1;
      if (left > 0) pages.set(page, left);
      else pages.delete(page);
      if (isApart && pages.size === 0 && remove(this.#apart, row)) void thread.stop();
    };
    return { thread, leave };
  }

  /** Ends every thread. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const rows = [...this.#rows.splice(0), ...this.#apart.splice(0)];
    await Promise.all(rows.map(({ thread }) => thread.stop()));
  }

  #choose(rows: Row<T>[], max: number, page: string): Row<T> {
    if (rows.length < max) return this.#add(rows);
    return rows.reduce((best, one) => (isBetter(one, best, page) ? one : best));
  }

  #add(rows: Row<T>[]): Row<T> {
    const { log, what, newThread } = this.#options;
    const gone = (why: string): void => {
      if (remove(rows, row) && !this.#isStopped) log?.error({ why }, `a ${what} thread ended`);
    };
    const thread = newThread(gone, (page) => {
      log?.warn({ page }, `a ${what} page held up its thread, and runs apart now`);
      this.#quarantine.add(page);
    });
    const row: Row<T> = { thread, pages: new Map() };
    rows.push(row);
    return row;
  }
}

/** One that answers, then the one with the fewest sessions of other pages, then the emptiest. */
function isBetter<T extends RosterThread>(one: Row<T>, best: Row<T>, page: string): boolean {
  const own = ({ pages }: Row<T>): number => pages.get(page) ?? 0;
  const all = ({ pages }: Row<T>): number => [...pages.values()].reduce((sum, n) => sum + n, 0);
  const scores = [one, best].map((row) => [
    Number(row.thread.isSlow),
    all(row) - own(row),
    all(row),
  ]);
  const [mine = [], its = []] = scores;
  const first = mine.findIndex((score, index) => score !== its[index]);
  return first >= 0 && (mine[first] ?? 0) < (its[first] ?? 0);
}

/** @returns whether it was there */
function remove<T>(rows: Row<T>[], row: Row<T>): boolean {
  const index = rows.indexOf(row);
  if (index >= 0) rows.splice(index, 1);
  return index >= 0;
}
