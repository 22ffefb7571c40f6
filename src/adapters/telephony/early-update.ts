/**
 * UPDATE of the far side before it has answered (RFC 3311). drachtio-srf would answer each with our first
 * offer as it is, asked or not, and none at all once a challenge has been answered: a carrier then waits
 * out its timer and drops the call. Here the media server answers, where there is something to answer.
 */
import type { Log } from '../../ports.js';
import { contained, containedRequest } from './contained.js';
import { describeError } from './errors.js';
import { inOurName, readFarSdp } from './session-description.js';
import type { ReplyView, SentInvite, SipMessageView } from './srf-types.js';

export interface EarlyUpdateHost {
  readonly log: Log;
  readonly offer: string;
  /** Whether our offer has its answer: in a reliable response, and in no other (RFC 3262 5). */
  readonly isAnswered: () => boolean;
  /** @returns the media server's answer; undefined where nobody serves it */
  readonly answer: (sdp: string, update: SipMessageView) => Promise<string> | undefined;
}

/** Takes the UPDATEs of an INVITE that was sent, and of those that answer its challenges. */
export function takeEarlyUpdates(sent: SentInvite, host: EarlyUpdateHost): void {
  const { log } = host;
  const again = (next: SentInvite): void => takeEarlyUpdates(next, host);
  sent.on('authenticate', contained(log, 'a challenge', again));
  // drachtio-srf puts its own listener there right after it has told us of the request.
  queueMicrotask(() => {
    sent.removeAllListeners('update');
    sent.on(
      'update',
      containedRequest(log, 'UPDATE', (update, response) => reply(update, response, host)),
    );
  });
}

async function reply(
  update: SipMessageView,
  response: ReplyView,
  { log, offer, isAnswered, answer }: EarlyUpdateHost,
): Promise<void> {
  const { body = '' } = update;
  try {
    if (body === '') return response.send(200);
    // RFC 3311 5.2: an offer of ours is open.
    if (!isAnswered()) return response.send(491);
    const served = readFarSdp(body, offer).kind === 'audio' ? answer(body, update) : undefined;
    if (served === undefined) return response.send(488);
    const answerBody = inOurName(await served, offer);
    response.send(200, { body: answerBody, headers: { 'Content-Type': 'application/sdp' } });
  } catch (thrown) {
    log.warn({ why: describeError(thrown) }, 'an UPDATE before the answer was not served');
    response.send(488);
  }
}
