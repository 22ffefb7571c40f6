/** From what undici and the system throw to a code of ours. */
import type { FetchAnswer, FetchCode } from '../../holder/fetcher.js';

export class FetchFault extends Error {
  constructor(
    readonly code: FetchCode,
    message: string,
  ) {
    super(message);
    this.name = 'FetchFault';
  }
}

const TIMEOUTS = /TIMEOUT|ETIMEDOUT/;
const BROKEN = /^(HPE_|UND_ERR_(HEADERS_OVERFLOW|RES_|RESPONSE|SOCKET|INVALID_RETURN))/;

export function faultOf(thrown: unknown): Extract<FetchAnswer, { kind: 'failed' }> {
  const cause = innermost(thrown);
  if (cause instanceof FetchFault) return { kind: 'failed', code: cause.code, why: cause.message };
  const { name = '', code: word } = cause as { name?: string; code?: unknown };
  const code = typeof word === 'string' ? word : '';
  if (name === 'TimeoutError' || TIMEOUTS.test(code)) {
    return { kind: 'failed', code: 'FETCH_TIMEOUT', why: 'no answer in time' };
  }
  if (name === 'AbortError') return { kind: 'failed', code: 'FETCH_TIMEOUT', why: 'given up' };
  const fault =
    name === 'HTTPParserError' || BROKEN.test(code) ? 'FETCH_BROKEN' : 'FETCH_UNREACHABLE';
  return { kind: 'failed', code: fault, why: code === '' ? name || 'error' : code };
}

function innermost(thrown: unknown): object {
  let cause: object = typeof thrown === 'object' && thrown !== null ? thrown : {};
  for (let depth = 0; depth < 5; depth += 1) {
    const { cause: inner, errors } = cause as { cause?: unknown; errors?: readonly unknown[] };
    const next = inner ?? errors?.[0];
    if (typeof next !== 'object' || next === null || cause instanceof FetchFault) break;
    cause = next;
  }
  return cause;
}
