/**
 * New offers of the far side inside a dialog (re-INVITE, or UPDATE with SDP): hold, resume, another
 * address, another codec, a session refresh, T.38. drachtio-srf would answer all of them with our
 * latest SDP as it is, and throws on one without a body; here the media server is asked, so that what
 * we answer is what it does. What cannot be served is refused with 488 and the call goes on as it was
 * (RFC 3261 14.2); what crosses an offer of ours is to come again later: 491. A re-INVITE without SDP
 * asks for our offer; its answer comes in the ACK and is served like an offer.
 *
 * It would also say 200 to a REFER that nobody follows, and the far side would hang up on a transfer that
 * never comes: what is not served in a dialog is refused here, 405; a REFER goes to whoever judges it.
 */
import type { Log, OfferAnswer } from '../../ports.js';
import { isOffering } from './dialog-requests.js';
import { containedRequest } from './contained.js';
import { describeError } from './errors.js';
import { inOurName, readFarSdp } from './session-description.js';
import { ALLOWED_METHODS } from './sip-headers.js';
import type { DialogView, ReplyView, SipMessageView } from './srf-types.js';

export interface ReofferHost {
  readonly log: Log;
  /** @returns the media server's answer; undefined while nobody has taken the dialog */
  answer(sdp: string): Promise<OfferAnswer> | undefined;
  onFax(): void;
  /** @returns false when nobody follows one */
  refer(request: SipMessageView, response: ReplyView): boolean;
}

const SDP_TYPE = { 'Content-Type': 'application/sdp' };
/** RFC 3261 20.43. */
const WARNING = { Warning: '305 dialback "Incompatible media format"' };

/**
 * Offers of one call that wait for the media server. RFC 3261 14.2 allows the far side one at a time; some are
 * hasty, and who sends more means harm.
 */
const WAITING_MAX = 8;
const AGAIN_LATER = { 'Retry-After': '5' };

const NOT_SERVED: ReadonlySet<string> = new Set(['REFER', 'MESSAGE', 'PUBLISH']);

/** Directions that an answer to a hold has. */
const HELD = /^a=(?:recvonly|inactive)/gm;

/** Takes the offers of a dialog from drachtio-srf; every other request is left to it. */
export function takeReoffers(leg: DialogView, host: ReofferHost): void {
  const handle = leg.handle.bind(leg);
  // One after the other: an answer that overtook another would leave the two sides apart.
  let queue: Promise<void> = Promise.resolve();
  let waiting = 0;
  /** The far side's description before it asked for an offer of ours, until it answers. */
  let asked: string | undefined;
  leg.handle = containedRequest(host.log, 'a request in a call', (request, response) => {
    const { method = '', body = '' } = request;
    if (method === 'REFER' && host.refer(request, response)) return;
    if (NOT_SERVED.has(method)) {
      host.log.info({ method }, 'not served inside a call: refused');
      return response.send(405, { headers: { Allow: ALLOWED_METHODS } });
    }
    const isOffer = method === 'INVITE' || (method === 'UPDATE' && body !== '');
    if (isOffer) {
      if (waiting >= WAITING_MAX) return response.send(500, { headers: AGAIN_LATER });
      asked = body === '' ? leg.remote.sdp : undefined;
      waiting += 1;
      queue = queue.then(() => reply(leg, host, request, response)).finally(() => (waiting -= 1));
      return;
    }
    // drachtio-srf keeps the SDP of an ACK as the far side's.
    handle(request, response);
    if (method !== 'ACK' || asked === undefined) return;
    const isNew = body !== '' && body !== asked;
    asked = undefined;
    if (isNew) queue = queue.then(() => take(leg, host, body));
  });
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
    if (typeof body !== 'string') return response.send(491);
    const contact = leg.local.contact;
    const headers = contact === undefined ? SDP_TYPE : { ...SDP_TYPE, Contact: contact };
    response.send(200, { body, headers });
  } catch (thrown) {
    host.log.warn({ why: describeError(thrown) }, 'a new offer of the far side was not served');
    if (leg.connected) response.send(488, { headers: WARNING });
  }
}

/** What the far side answered to an offer it had asked for. It cannot be refused any more. */
async function take(leg: DialogView, host: ReofferHost, answer: string): Promise<void> {
  try {
    const reading = readFarSdp(answer, leg.local.sdp);
    if (reading.kind !== 'audio') throw new Error('no audio that could be served');
    const served = await host.answer(answer);
    if (typeof served === 'object') throw new Error('another offer is being settled');
  } catch (thrown) {
    host.log.warn({ why: describeError(thrown) }, 'an answer of the far side was not served');
  }
}

/** @returns our SDP, or undefined for what is refused */
async function answerTo(
  leg: DialogView,
  host: ReofferHost,
  offer: string,
): Promise<OfferAnswer | undefined> {
  const ours = leg.local.sdp;
  if (offer === leg.remote.sdp) return ours;
  if (offer.trim() === '') {
    // Who held us asks in order to resume: what we offer is all we can do (RFC 6337 5.2.5).
    leg.local.sdp = inOurName(ours.replace(HELD, 'a=sendrecv'), ours);
    return leg.local.sdp;
  }
  const reading = readFarSdp(offer, ours);
  if (reading.kind === 'fax') {
    host.onFax();
    return undefined;
  }
  if (reading.kind === 'unusable') {
    host.log.info({ code: reading.fault, why: reading.why }, 'a new offer was refused');
    return undefined;
  }
  const served = await (host.answer(offer) ?? ours);
  if (typeof served !== 'string') return served;
  const answer = inOurName(served, ours);
  leg.remote.sdp = offer;
  leg.local.sdp = answer;
  return answer;
}
