/**
 * A REFER of the far side inside a call (RFC 3515): somebody who talks to our customer sends them on. It
 * is answered and reported here; whether it is followed is for whoever has the call to say.
 */
import type { AskedReferral, Log } from '../../ports.js';
import { describeError } from './errors.js';
import { checked } from './sip-headers.js';
import type { DialogView, ReplyView, SipMessageView } from './srf-types.js';

/** How long a transfer may be reported for: longer than any telephone rings. s */
const SUBSCRIPTION_S = 300;
const TARGET =
  /^\s*(?:"[^"]{0,200}"\s{0,9}|[^<"]{0,200})<(sips?:[^<>\s]{1,300})>|^\s*(sips?:[^<>;,\s]{1,300})/i;

/**
 * Reads the REFER and hands it on. What cannot be understood gets 400, an attended transfer (Replaces)
 * 501: it joins two calls of the far side's, of which one may be none of ours.
 */
export function takeReferral(
  leg: DialogView,
  request: SipMessageView,
  response: ReplyView,
  handle: (referral: AskedReferral) => void,
  log: Log,
): void {
  const written = request.get('Refer-To') ?? '';
  const [, bracketed, bare] = TARGET.exec(written) ?? [];
  const [target = '', headers = ''] = (bracketed ?? bare ?? '').split('?', 2);
  if (target === '') return response.send(400);
  if (/(?:^|&)replaces=/i.test(headers)) {
    log.info({ callId: leg.sip.callId }, 'an attended transfer is not followed: 501');
    return response.send(501);
  }
  let isSaid = false;
  const say = (status: number): void => {
    if (!isSaid) response.send(status);
    isSaid = true;
  };
  handle({
    target,
    refuse: (status) => say(status),
    follow: () => {
      say(202);
      return (status, reason) => notify(leg, status, reason, log);
    },
  });
}

/** Tells how far it is; the last one ends the subscription. A phone that has hung up is told nothing. */
function notify(leg: DialogView, status: number, reason: string, log: Log): void {
  if (!leg.connected) return;
  const state = status < 200 ? `active;expires=${SUBSCRIPTION_S}` : 'terminated;reason=noresource';
  try {
    leg.request(
      {
        method: 'NOTIFY',
        headers: {
          Event: 'refer',
          'Subscription-State': state,
          'Content-Type': 'message/sipfrag;version=2.0',
        },
        body: `SIP/2.0 ${status} ${checked('log', reason).slice(0, 80)}\r\n`,
      },
      (error) => {
        if (error) log.debug({ why: describeError(error) }, 'NOTIFY of a transfer not sent');
      },
    );
  } catch (thrown) {
    log.debug({ why: describeError(thrown) }, 'NOTIFY of a transfer not sent');
  }
}
