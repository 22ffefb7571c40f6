/**
 * Which thread a page runs in. Whoever runs away holds up those beside it, and takes them along when its
 * thread has to be killed. So a page runs beside others only when one of its sessions has ended well and
 * it has not changed since; until then it is a newcomer, in threads that nobody proven is in. Pages that
 * have held up a thread run apart from both. The sessions of one page sit together as far as there are
 * threads, and there is one for each proven page up to a number, because a page can turn bad afterwards:
 * then it takes along its own. Nobody is sent to a thread that does not answer.
 */
import type { Clock, Log } from '../../../ports.js';
import { Quarantine } from './quarantine.js';

/** Threads at once for pages that nothing is known of; one of them is always there. */
const NEWCOMER_THREADS_MAX = 2;
/** Threads at once for pages that have held up one before. */
const APART_THREADS_MAX = 2;
const PROVEN_MAX = 1000;

export interface RosterThread {
  readonly isReady: Promise<void>;
  /** Has left a ping unanswered. */
  readonly isSlow: boolean;
  stop(): Promise<void>;
}

/** What the roster is told of a thread. */
export interface ThreadNews {
  readonly onGone: (why: string) => void;
  /** Which page has kept the others waiting. */
  readonly onHoldUp: (page: string) => void;
}

export interface RosterOptions<T> {
  readonly newThread: (news: ThreadNews) => T;
  /** For proven pages, 1..16. */
  readonly threads: number;
  /** As many as there are proven pages, but not more than this. Default: `threads`. */
  readonly threadsMax?: number | undefined;
  /** What runs there, for the log. */
  readonly what: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log | undefined;
}

export interface Seat<T> {
  readonly thread: T;
  /** The session is over. Once. @param isWell by itself or from outside, not by what it did or its thread */
  readonly leave: (isWell: boolean) => void;
}

/** A thread, and how many sessions of each page are on it. */
interface Row<T> {
  readonly thread: T;
  /** A session that is sent there need not wait for it. */
  isUp: boolean;
  readonly pages: Map<string, number>;
}

export class ThreadRoster<T extends RosterThread> {
  readonly #options: RosterOptions<T>;
  readonly #rows: Row<T>[] = [];
  readonly #newcomers: Row<T>[] = [];
  readonly #apart: Row<T>[] = [];
  readonly #quarantine: Quarantine;
  /** Pages that a session of ended well, and what they said then; the latest stand at the end. */
  readonly #proven = new Map<string, string>();
  #isStopped = false;

  constructor(options: RosterOptions<T>) {
    this.#options = options;
    this.#quarantine = new Quarantine(options.clock);
  }

  /** Threads there are. */
  get size(): number {
    return this.#rows.length + this.#newcomers.length + this.#apart.length;
  }

  /** Starts the threads that are missing; without it each starts when a session needs it. */
  async warm(): Promise<void> {
    while (!this.#isStopped && this.#rows.length < this.#options.threads) this.#add(this.#rows);
    if (!this.#isStopped && this.#newcomers.length === 0) this.#add(this.#newcomers);
    const rows = [...this.#rows, ...this.#newcomers];
    await Promise.all(rows.map(({ thread }) => thread.isReady));
  }

  /** A place for a session of that page. @param content tells whether the page is still the same */
  enter(page: string, content = ''): Seat<T> {
    const rows = this.#rowsFor(page, content);
    const row = this.#choose(rows, page);
    const { thread, pages } = row;
    pages.set(page, (pages.get(page) ?? 0) + 1);
    const leave = (isWell: boolean): void => {
      const left = (pages.get(page) ?? 1) - 1;
      if (left > 0) pages.set(page, left);
      else pages.delete(page);
      if (isWell) this.#prove(page, content);
      const isToStay = rows === this.#rows || (rows === this.#newcomers && rows.length === 1);
      if (!isToStay && pages.size === 0 && remove(rows, row)) void thread.stop();
    };
    return { thread, leave };
  }

  /** Ends every thread. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const all = [this.#rows, this.#newcomers, this.#apart].flatMap((rows) => rows.splice(0));
    await Promise.all(all.map(({ thread }) => thread.stop()));
  }

  #rowsFor(page: string, content: string): Row<T>[] {
    if (this.#quarantine.has(page)) return this.#apart;
    return this.#proven.get(page) === content ? this.#rows : this.#newcomers;
  }

  #choose(rows: Row<T>[], page: string): Row<T> {
    if (rows === this.#newcomers) {
      const alone = rows.find((row) => !row.thread.isSlow && othersOn(row, page) === 0);
      if (alone) return alone;
    }
    if (rows.length < this.#maxOf(rows)) return this.#add(rows);
    return rows.reduce((best, one) => (isBetter(one, best, page) ? one : best));
  }

  #maxOf(rows: Row<T>[]): number {
    if (rows === this.#rows) return this.#options.threads;
    return rows === this.#apart ? APART_THREADS_MAX : NEWCOMER_THREADS_MAX;
  }

  #prove(page: string, content: string): void {
    this.#proven.delete(page);
    const [oldest] = this.#proven.keys();
    if (this.#proven.size >= PROVEN_MAX && oldest !== undefined) this.#proven.delete(oldest);
    this.#proven.set(page, content);
    const { threads, threadsMax = threads } = this.#options;
    const wanted = Math.min(this.#proven.size, threadsMax);
    const rows = this.#rows.length;
    if (!this.#isStopped && rows >= threads && rows < wanted) this.#add(this.#rows);
  }

  #add(rows: Row<T>[]): Row<T> {
    const { log, what, newThread } = this.#options;
    const thread = newThread({
      onGone: (why) => {
        if (remove(rows, row) && !this.#isStopped) log?.error({ why }, `a ${what} thread ended`);
      },
      onHoldUp: (page) => {
        log?.warn({ page }, `a ${what} page held up its thread, and runs apart now`);
        this.#quarantine.add(page);
        this.#proven.delete(page);
      },
    });
    const row: Row<T> = { thread, pages: new Map(), isUp: false };
    void thread.isReady.then(() => (row.isUp = true));
    rows.push(row);
    return row;
  }
}

/** One that answers, then the one with the fewest sessions of other pages, then the emptiest. */
function isBetter<T extends RosterThread>(one: Row<T>, best: Row<T>, page: string): boolean {
  const own = ({ pages }: Row<T>): number => pages.get(page) ?? 0;
  const scores = [one, best].map((row) => {
    const others = othersOn(row, page);
    return [Number(row.thread.isSlow || !row.isUp), others, others + own(row)];
  });
  const [mine = [], its = []] = scores;
  const first = mine.findIndex((score, index) => score !== its[index]);
  return first >= 0 && (mine[first] ?? 0) < (its[first] ?? 0);
}

/** Sessions of other pages there. */
function othersOn<T>({ pages }: Row<T>, page: string): number {
  return [...pages].reduce((sum, [name, count]) => (name === page ? sum : sum + count), 0);
}

/** @returns whether it was there */
function remove<T>(rows: Row<T>[], row: Row<T>): boolean {
  const index = rows.indexOf(row);
  if (index >= 0) rows.splice(index, 1);
  return index >= 0;
}
