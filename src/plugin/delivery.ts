/**
 * One message to a server that may be busy, slow or away: tried again with growing pauses, as long as
 * somebody waits for what comes of it. What the server itself refuses is not tried again.
 */
import type { FetchAnswer, FetchCode, Fetcher, FetchOrder } from '../holder/fetcher.js';
import type { Clock } from '../ports.js';

export interface DeliveryDeps {
  readonly fetcher: Fetcher;
  readonly clock: Clock;
}

export interface DeliveryOrder extends Omit<FetchOrder, 'signal' | 'timeoutMs'> {
  /** When nobody waits any more, by our clock. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
  /** Made anew for each try, for what has the time in it. */
  readonly freshHeaders?: () => Readonly<Record<string, string>>;
  /** Doing it twice does harm: tried again only when it was certainly not done. Default false. */
  readonly isOnce?: boolean;
  readonly onRetry?: (why: string, afterMs: number) => void;
}

const TRY_MS = 10_000;
const TRIES_MAX = 6;
const FIRST_PAUSE_MS = 500;
const IN_LINE_MS = 200;
/** A request with nothing wrong that may be answered next time. Source: RFC 9110 15.5, 15.6, RFC 6585. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Not done, as far as HTTP can say. */
const NOT_DONE = new Set([429, 503]);
const HOPELESS: ReadonlySet<FetchCode> = new Set([
  ...(['FETCH_BAD_URL', 'FETCH_NOT_ALLOWED', 'FETCH_ADDRESS_REFUSED'] as const),
  ...(['FETCH_BAD_REQUEST', 'FETCH_TOO_LARGE', 'FETCH_TOO_MANY_REDIRECTS'] as const),
]);

/** @returns the first answer that is final, or what the last try came to. Never rejects. */
export async function deliver(deps: DeliveryDeps, order: DeliveryOrder): Promise<FetchAnswer> {
  const { clock, fetcher } = deps;
  const { untilMs, signal, freshHeaders, onRetry, isOnce = false, ...rest } = order;
  for (let tries = 1; ;) {
    const timeoutMs = Math.max(1, Math.min(TRY_MS, untilMs - clock.nowMs()));
    const headers = { ...rest.headers, ...freshHeaders?.() };
    const answer = await fetcher.fetch({ ...rest, headers, timeoutMs, signal });
    // Not sent: many others are on their way to the same server.
    const isInLine = answer.kind === 'failed' && answer.code === 'FETCH_TOO_MANY';
    const isOver = isFinal(answer) || (isOnce && mayBeDone(answer));
    if (signal.aborted || isOver || (tries >= TRIES_MAX && !isInLine)) return answer;
    const backOffMs = FIRST_PAUSE_MS * 2 ** (tries - 1);
    const pauseMs = isInLine ? IN_LINE_MS : Math.max(backOffMs, retryAfterMs(answer));
    if (clock.nowMs() + pauseMs >= untilMs) return answer;
    if (!isInLine) {
      tries += 1;
      onRetry?.(describeAnswer(answer), pauseMs);
    }
    await pause(clock, pauseMs, signal);
    if (signal.aborted) return answer;
  }
}

export function describeAnswer(answer: FetchAnswer): string {
  return answer.kind === 'answer' ? `HTTP ${answer.status}` : `${answer.code}: ${answer.why}`;
}

function isFinal(answer: FetchAnswer): boolean {
  return answer.kind === 'answer' ? !PASSING.has(answer.status) : HOPELESS.has(answer.code);
}

function mayBeDone(answer: FetchAnswer): boolean {
  if (answer.kind === 'answer') return !NOT_DONE.has(answer.status);
  return answer.code === 'FETCH_TIMEOUT' || answer.code === 'FETCH_BROKEN';
}

function retryAfterMs(answer: FetchAnswer): number {
  if (answer.kind !== 'answer') return 0;
  const seconds = /^\d{1,4}$/.exec(answer.headers['retry-after'] ?? '')?.[0];
  return Number(seconds ?? 0) * 1000;
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal.addEventListener('abort', done);
  });
}
