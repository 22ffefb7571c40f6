/** What drachtio-srf throws when an INVITE fails, as the plain facts of the response. */
import type { InviteOutcome } from '../../ports.js';
import { describeError } from './errors.js';
import {
  contactsOf,
  parseMinSession,
  parseQ850,
  parseRetryAfter,
  plainHeaders,
} from './sip-headers.js';
import type { SipResponseView } from './srf-types.js';

/** Whether the far side is in a call with this. */
export function isAnswer({ status }: Pick<SipResponseView, 'status'>): boolean {
  return status >= 200 && status <= 299;
}

/**
 * The object itself holds the whole agent and is dropped. For a 200 that it makes no dialog of, without a
 * Contact say, the library has a status of its own, which would be taken for the trunk's.
 * @param realms in which credentials were given
 */
export function failureOf(thrown: unknown, realms: ReadonlyMap<string, string>): InviteOutcome {
  const {
    status: said,
    reason,
    res,
  } = thrown as {
    status?: unknown;
    reason?: unknown;
    res?: SipResponseView;
  };
  const status = res && isAnswer(res) ? res.status : said;
  if (typeof status !== 'number') return { kind: 'error', why: describeError(thrown) };
  return {
    kind: 'failed',
    status,
    reason: typeof reason === 'string' ? reason : '',
    q850Cause: parseQ850(res?.get('Reason')),
    retryAfterMs: parseRetryAfter(res?.get('Retry-After')),
    ...(status < 400 && { contacts: contactsOf(res?.get('Contact')) }),
    ...(realms.size > 0 && { realms: Object.fromEntries(realms) }),
    ...(status === 422 && { minSessionMs: parseMinSession(res?.get('Min-SE')) }),
    headers: plainHeaders(res?.headers),
  };
}
