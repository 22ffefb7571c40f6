/**
 * Credentials as drachtio-srf asks for them, once for each challenge. By itself it remembers only until
 * the next response that it has answered one: a far side that sends 183 and then 401 would be given the
 * same password without end. RFC 3261 22.1: credentials that were refused are not sent again, unless
 * their nonce was merely stale.
 */
import type { SipMessageView } from './srf-types.js';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Called with what was sent and its 401 or 407. */
export type Challenged = (
  request: Pick<SipMessageView, 'has'>,
  response: Pick<SipMessageView, 'get'> & { readonly status: number },
  answer: (error: Error | null, username?: string, password?: string) => void,
) => void;

/** Nonces that may turn out stale for one request. */
const STALE_MAX = 1;

/** @returns what answers the challenges of one call or request */
export function answerChallenges({ username, password }: Credentials): Challenged {
  let staleCount = 0;
  return (request, response, answer) => {
    const [sent, challenge] =
      response.status === 407
        ? ['Proxy-Authorization', 'Proxy-Authenticate']
        : ['Authorization', 'WWW-Authenticate'];
    if (!request.has(sent)) {
      staleCount = 0;
      return answer(null, username, password);
    }
    const isStale = /\bstale\s*=\s*"?true/i.test(response.get(challenge) ?? '');
    if (!isStale || staleCount >= STALE_MAX)
      return answer(new Error('the credentials are refused'));
    staleCount += 1;
    answer(null, username, password);
  };
}

/**
 * The next hop as drachtio-srf has to be told it. It sends credentials to the address that asked for them,
 * by the `transport` that it reads in proxy or URI, and by UDP where there is none: what went out by TLS
 * because of `sips:` would follow in clear, keys of SRTP included.
 * @returns undefined: as the request-URI says
 */
export function hopTo(uri: string, proxyUri: string | undefined): string | undefined {
  const [, place, parameters = ''] =
    /^sips:(?:[^@]*@)?([^;?]+)([^?]*)/i.exec(proxyUri ?? uri) ?? [];
  if (place === undefined) return proxyUri;
  // RFC 3261 26.2.2: `sips:` is TLS, whatever its `transport` is.
  return `sips:${place}${parameters.replace(/;transport=[^;]*/gi, '')};transport=tls`;
}
