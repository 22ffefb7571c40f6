/**
 * Credentials as drachtio-srf asks for them, once for each challenge. By itself it remembers only until
 * the next response that it has answered one: a far side that sends 183 and then 401 would be given the
 * same password without end. RFC 3261 22.1: credentials that were refused are not sent again, unless
 * their nonce was merely stale.
 *
 * Who asks first is the trunk, and names its realm. Whoever rings or has answered may be anybody, and is
 * heard by the same ways: a challenge that comes later, to our BYE or re-INVITE too, is answered in a realm
 * that is known by then, and in no other.
 */
import type { Credentials } from '../../plain-request.js';
import type { SipMessageView } from './srf-types.js';

/** Called with what was sent and its 401 or 407. */
export type Challenged = (
  request: Pick<SipMessageView, 'has'>,
  response: Pick<SipMessageView, 'get'> & { readonly status: number },
  answer: (error: Error | null, username?: string, password?: string) => void,
) => void;

/** Nonces that may turn out stale for one request. */
const STALE_MAX = 1;

/**
 * @param mayLearn whether a realm that is new may be the trunk's
 * @param realms that are known, one for each of the two headers; learned ones are added
 * @returns what answers the challenges of one call or request
 */
export function answerChallenges(
  { username, password }: Credentials,
  mayLearn = (): boolean => true,
  realms = new Map<string, string>(),
): Challenged {
  let staleCount = 0;
  return (request, response, answer) => {
    const [sent, challenge] =
      response.status === 407
        ? ['Proxy-Authorization', 'Proxy-Authenticate']
        : ['Authorization', 'WWW-Authenticate'];
    const said = response.get(challenge) ?? '';
    const realm = /\brealm\s*=\s*"([^"]*)"/i.exec(said)?.[1] ?? '';
    if (!realms.has(sent) && mayLearn()) realms.set(sent, realm);
    if (realms.get(sent) !== realm) return answer(new Error('not the realm of the trunk'));
    if (!request.has(sent)) {
      staleCount = 0;
      return answer(null, username, password);
    }
    const isStale = /\bstale\s*=\s*"?true/i.test(said);
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
