/**
 * Where plugins reach us over HTTP: every plugin session has a place here, found by an id and opened by
 * a token of 128 random bits. A token is compared in constant time; the place is remembered for a while
 * after its end, so that a late reply is told apart from a forged one.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../ports.js';
import type { CallControl } from './call-control.js';
import type { ReplyAnswer } from './plugin-runner.js';

/** What can be done at a place. */
export interface DeskVisitor {
  readonly callbackId: string;
  reply(raw: unknown): ReplyAnswer;
  /** Of its call, when it was given one. */
  readonly control: Pick<CallControl, 'perform'> | undefined;
}

export interface DeskPlace {
  /** Takes the reply. */
  readonly replyUrl: string;
  /** Under it stand `play`, `stop`, `collect` and the others. */
  readonly callUrl: string;
  /** The session is over; what comes now is too late. */
  close(): void;
}

export interface ReplyDeskDeps {
  readonly clock: Clock;
  /** 128 random bits or more as text for a URL. */
  newToken(): string;
  /** The API as plugins reach it, without a trailing slash. */
  baseUrl(): string;
}

/** `over`: the token fits, and the session has ended. */
export type DeskFinding = { readonly visitor: DeskVisitor } | 'over' | 'unknown';

const REMEMBERED_MAX = 10_000;
const REMEMBERED_MS = 60 * 60 * 1000;
const NOBODY = createHash('sha256').update('nobody').digest();

interface Entry {
  readonly digest: Buffer;
  visitor: DeskVisitor | undefined;
  closedAtMs: number;
}

export class ReplyDesk {
  readonly #entries = new Map<string, Entry>();
  /** Closed ones, the oldest first. */
  readonly #closed: string[] = [];

  constructor(private readonly deps: ReplyDeskDeps) {}

  /** Sessions that may reply. */
  get openCount(): number {
    return this.#entries.size - this.#closed.length;
  }

  open(sessionId: string, visitor: DeskVisitor): DeskPlace {
    const token = this.deps.newToken();
    const entry: Entry = { digest: digestOf(token), visitor, closedAtMs: 0 };
    this.#entries.set(sessionId, entry);
    const base = `${this.deps.baseUrl()}/plugin/${sessionId}/${token}`;
    return {
      replyUrl: `${base}/reply`,
      callUrl: `${base}/call`,
      close: () => this.#close(sessionId, entry),
    };
  }

  find(sessionId: string, token: string): DeskFinding {
    const entry = this.#entries.get(sessionId);
    // Compared in any case, so that the time tells nothing.
    const fits = timingSafeEqual(entry?.digest ?? NOBODY, digestOf(token));
    if (!entry || !fits) return 'unknown';
    return entry.visitor ? { visitor: entry.visitor } : 'over';
  }

  #close(sessionId: string, entry: Entry): void {
    if (entry.visitor === undefined) return;
    const nowMs = this.deps.clock.nowMs();
    entry.visitor = undefined;
    entry.closedAtMs = nowMs;
    this.#closed.push(sessionId);
    for (;;) {
      const [oldest] = this.#closed;
      const closedAtMs = this.#entries.get(oldest ?? '')?.closedAtMs ?? nowMs;
      const isKept = this.#closed.length <= REMEMBERED_MAX && nowMs - closedAtMs < REMEMBERED_MS;
      if (oldest === undefined || isKept) return;
      this.#closed.shift();
      this.#entries.delete(oldest);
    }
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
