/**
 * A request outside any dialog and without a call: REGISTER and OPTIONS. A challenge is answered by
 * drachtio-srf; the outcome is a value, within the limit.
 */
import type { Clock, PlainRequest, RequestOutcome } from '../../ports.js';
import { answerChallenges, hopTo } from './credentials.js';
import { withDeadline } from './deadlines.js';
import { describeError } from './errors.js';
import { checked, plainHeaders } from './sip-headers.js';
import type { SipResponseView, SrfView } from './srf-types.js';

/** Never rejects. */
export async function sendPlain(
  request: PlainRequest,
  { srf, clock }: { readonly srf: SrfView; readonly clock: Clock },
): Promise<RequestOutcome> {
  try {
    const answer = finalAnswer(srf, request);
    const { status, reason, headers } = await withDeadline(
      clock,
      request.limitMs,
      request.method,
      answer,
    );
    return { kind: 'answered', status, reason, headers: plainHeaders(headers) };
  } catch (thrown) {
    return { kind: 'error', why: describeError(thrown) };
  }
}

function finalAnswer(srf: SrfView, request: PlainRequest): Promise<SipResponseView> {
  const { method, uri, proxyUri, auth, from, to, contact, expiresMs } = request;
  const headers: Record<string, string> = {};
  const proxy = hopTo(uri, proxyUri);
  if (from !== undefined) headers['from'] = checked('header-value', from);
  if (to !== undefined) headers['to'] = checked('header-value', to);
  if (contact !== undefined) headers['contact'] = checked('header-value', contact);
  if (expiresMs !== undefined) headers['expires'] = String(Math.ceil(expiresMs / 1000));
  return new Promise((resolve, reject) => {
    const options = {
      method,
      uri: checked('sip-uri', uri),
      headers,
      ...(proxy === undefined ? {} : { proxy: checked('sip-uri', proxy) }),
      ...(auth && { auth: answerChallenges(auth) }),
    };
    srf.app.client.request(options, (error, sent) => {
      if (error) return reject(error);
      sent?.on('response', (response) => {
        if (response.status >= 200) resolve(response);
      });
    });
  });
}
