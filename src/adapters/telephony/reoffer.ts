/**
 * New offers of the far side inside a dialog (re-INVITE, or UPDATE with SDP): hold, resume, another
 * address, another codec, a session refresh, T.38. drachtio-srf would answer all of them with our
 * latest SDP as it is, and throws on one without a body; here the media server is asked, so that what
 * we answer is what it does. What cannot be served is refused with 488 and the call goes on as it was
 * (RFC 3261 14.2); what crosses an offer of ours is to come again later: 491.
 */
import type { Log } from '../../ports.js';
import { isOffering } from './dialog-requests.js';
import { describeError } from './errors.js';
import { inOurName, readFarSdp } from './session-description.js';
import type { DialogView, ReplyView, SipMessageView } from './srf-types.js';

export interface ReofferHost {
  readonly log: Log;
  /** @returns the media server's answer; undefined while nobody has taken the dialog */
  answer(sdp: string): Promise<string> | undefined;
  onFax(): void;
}

const SDP_TYPE = { 'Content-Type': 'application/sdp' };
/** RFC 3261 20.43. */
const WARNING = { Warning: '305 dialback "Incompatible media format"' };

/** Takes the offers of a dialog from drachtio-srf; every other request is left to it. */
export function takeReoffers(leg: DialogView, host: ReofferHost): void {
  const handle = leg.handle.bind(leg);
  // One after the other: an answer that overtook another would leave the two sides apart.
  let queue: Promise<void> = Promise.resolve();
  leg.handle = (request, response) => {
    const isOffer =
      request.method === 'INVITE' || (request.method === 'UPDATE' && Boolean(request.body));
    try {
      if (isOffer) queue = queue.then(() => reply(leg, host, request, response));
      else handle(request, response);
    } catch (thrown) {
      host.log.warn({ why: describeError(thrown) }, 'in-dialog request refused');
      response.send(500);
    }
  };
}

/** Never rejects. */
async function reply(
  leg: DialogView,
  host: ReofferHost,
  request: SipMessageView,
  response: ReplyView,
): Promise<void> {
  try {
    if (isOffering(leg)) return response.send(491);
    const body = await answerTo(leg, host, request.body ?? '');
    if (body === undefined) return response.send(488, { headers: WARNING });
    const contact = leg.local.contact;
    const headers = contact === undefined ? SDP_TYPE : { ...SDP_TYPE, Contact: contact };
    response.send(200, { body, headers });
  } catch (thrown) {
    host.log.warn({ why: describeError(thrown) }, 'a new offer of the far side was not served');
    if (leg.connected) response.send(488, { headers: WARNING });
  }
}

/** @returns our SDP, or undefined for what is refused */
async function answerTo(
  leg: DialogView,
  host: ReofferHost,
  offer: string,
): Promise<string | undefined> {
  const ours = leg.local.sdp;
  // Without an offer we make one, the latest that was agreed on (RFC 3261 14.2).
  if (offer.trim() === '' || offer === leg.remote.sdp) return ours;
  const reading = readFarSdp(offer, ours);
  if (reading.kind === 'fax') {
    host.onFax();
    return undefined;
  }
  if (reading.kind === 'unusable') {
    host.log.info({ code: reading.fault, why: reading.why }, 'a new offer was refused');
    return undefined;
  }
  const answer = inOurName(await (host.answer(offer) ?? ours), ours);
  leg.remote.sdp = offer;
  leg.local.sdp = answer;
  return answer;
}
