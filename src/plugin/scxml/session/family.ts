/**
 * A session that was started from outside together with all it invoked, directly or not. They share
 * one observer and some bounds, and end together when one of them breaks a
 * limit. Sessions can address each other inside a family only: another customer's is out of reach.
 */
import { LimitError } from '../errors.js';
import type { Dialect } from '../extension.js';
import { REQUEST_CHARS, type Limits } from '../limits.js';
import type { EngineShelf } from '../script/engine-shelf.js';
import { Allowance } from './allowance.js';
import type {
  ExtensionRequest,
  FetchOutcome,
  HttpMessage,
  LogEntry,
  PostOutcome,
  SessionEnd,
  SessionHost,
  SessionObserver,
  TroubleEntry,
} from './host.js';
import type { Session } from './session.js';
import { checkWork } from './turn-guard.js';
import { Work } from './work.js';

export interface FamilyOptions {
  /** The id of the outermost session. */
  readonly id: string;
  readonly host: SessionHost;
  readonly limits: Limits;
  readonly dialects: readonly Dialect[];
  readonly shelf: EngineShelf;
  readonly observer: SessionObserver;
  /** Puts a session that has something to do into the queue of its thread. */
  readonly wake: (session: Session) => void;
}

export class Family {
  readonly id: string;
  readonly host: SessionHost;
  readonly limits: Limits;
  readonly dialects: readonly Dialect[];
  readonly shelf: EngineShelf;
  readonly observer: SessionObserver;
  readonly wake: (session: Session) => void;
  /** What the host told last, JSON text: sessions that are invoked later start with it. */
  facts: string | undefined;
  readonly #sessions = new Map<string, Session>();
  #eventsWithoutInput = 0;
  #fetches = 0;
  readonly work: Work;
  readonly #requests: Allowance;
  #overspent: LimitError | undefined;
  #logLines = 0;
  #hasEnded = false;

  constructor(options: FamilyOptions) {
    this.id = options.id;
    this.host = options.host;
    this.limits = options.limits;
    this.dialects = options.dialects;
    this.shelf = options.shelf;
    this.observer = options.observer;
    this.wake = options.wake;
    const { requests, requestsPerSecond } = this.limits;
    this.work = new Work(this.host.clock, this.limits);
    this.#requests = new Allowance(this.host.clock, requests, requestsPerSecond);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  find(sessionId: string): Session | undefined {
    return this.#sessions.get(sessionId);
  }

  /** @throws LimitError when there is no room for one more, so deep */
  checkRoom(depth: number): void {
    const { invokes, invokeDepth } = this.limits;
    if (this.#sessions.size > invokes)
      throw new LimitError('SCXML_TOO_MANY_INVOKES', `more than ${invokes} invoked sessions`);
    if (depth > invokeDepth)
      throw new LimitError('SCXML_TOO_MANY_INVOKES', `invoked more than ${invokeDepth} deep`);
  }

  add(session: Session): void {
    this.#sessions.set(session.id, session);
  }

  remove(session: Session): void {
    this.#sessions.delete(session.id);
  }

  /** Something came from outside: what follows from it is counted anew. */
  noteInput(): void {
    this.#eventsWithoutInput = 0;
  }

  /** @throws LimitError */
  countEvent(): void {
    const max = this.limits.eventsWithoutInput;
    if (++this.#eventsWithoutInput > max)
      throw new LimitError(
        'SCXML_EXTERNAL_EVENT_LOOP',
        `more than ${max} events that nothing from outside caused`,
      );
    // As many as wait in a queue may all have come from outside.
    if (this.#eventsWithoutInput > this.limits.queuedEvents) {
      this.work.step();
      checkWork(this.work);
    }
  }

  /** @param processorMs what its turns took lately. @throws LimitError when it works too much */
  settle(processorMs: number): void {
    this.work.settle(processorMs);
    checkWork(this.work);
  }

  /** @throws LimitError when there were too many */
  fetch(reference: string, base: string): Promise<FetchOutcome> {
    this.#countFetch();
    return this.host.fetch({ sessionId: this.id, reference, base });
  }

  /** @throws LimitError when there were too many */
  post(message: HttpMessage): Promise<PostOutcome> {
    this.#countFetch();
    return this.host.post({ ...message, sessionId: this.id });
  }

  /** Asks whoever hosts the family. @throws LimitError when it asks too often */
  request(asked: ExtensionRequest): void {
    const count = 1 + Math.floor((asked.data?.length ?? 0) / REQUEST_CHARS);
    if (!this.#requests.spend(count)) {
      const { requests, requestsPerSecond } = this.limits;
      this.#overspent ??= new LimitError(
        'SCXML_TOO_MANY_REQUESTS',
        `more than ${requests} requests at once, ${requestsPerSecond} a second`,
      );
    }
    this.checkRequests();
    this.observer.request?.(asked);
  }

  /** Asked again at the end of a turn: a script can catch what its call of a function throws. @throws LimitError */
  checkRequests(): void {
    if (this.#overspent) throw this.#overspent;
  }

  log(entry: LogEntry): void {
    this.#logLines++;
    if (this.#logLines > this.limits.logLines) return;
    const isLast = this.#logLines === this.limits.logLines;
    this.observer.log?.(
      isLast ? { ...entry, label: 'log', value: '"further lines are dropped"' } : entry,
    );
  }

  trouble(entry: TroubleEntry): void {
    if (++this.#logLines < this.limits.logLines) this.observer.trouble?.(entry);
  }

  #countFetch(): void {
    if (++this.#fetches > this.limits.fetches)
      throw new LimitError('SCXML_TOO_MANY_FETCHES', `more than ${this.limits.fetches} fetches`);
  }

  /** Runs work of one session; whatever it throws ends the family. */
  contain(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    const end: SessionEnd =
      error instanceof LimitError
        ? { kind: 'limit', code: error.code, message: error.message }
        : { kind: 'failed', code: 'SCXML_INTERNAL', message: String(error) };
    for (const session of [...this.#sessions.values()].reverse()) session.drop();
    this.end(end);
  }

  /** The outermost session is over. */
  end(end: SessionEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.observer.ended?.(end);
  }
}
