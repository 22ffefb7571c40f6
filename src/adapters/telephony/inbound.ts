/**
 * Requests from outside any dialog: OPTIONS are answered with 200, an INVITE as whoever decides says:
 * by 403, 302 or the like within a second or two, or taken.
 */
import type { InboundAnswer, InboundAnswerer, InboundCall } from '../../inbound/inbound-call.js';
import type { Clock, LegListener, Log, SipDialog } from '../../ports.js';
import { contained, containedRequest } from './contained.js';
import { readFarSdp } from './session-description.js';
import { ALLOWED_METHODS, checked } from './sip-headers.js';
import type { InboundRequestView, ReplyView, SrfView } from './srf-types.js';
import { peerName, wireMessage } from './wire-watch.js';

type Accept = (
  request: InboundRequestView,
  response: ReplyView,
  localSdp: string,
  hears: Pick<LegListener, 'onIdentity'>,
) => Promise<SipDialog>;

/** What is compared with an offer. */
const G711 = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
  ...['m=audio 9 RTP/AVP 0 8', ''],
].join('\r\n');
/** Calls being decided about at a time; more are somebody's attack. */
const MAX_AT_ONCE = 50;
const ALLOW = { Allow: ALLOWED_METHODS, Accept: 'application/sdp' };

/** Registers for both at the signalling server, at this connection and every later one. */
export function takeInbound(
  srf: SrfView,
  answerer: () => InboundAnswerer | undefined,
  accept: Accept,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): void {
  let deciding = 0;
  srf.options(
    containedRequest(log, 'OPTIONS', (_request, response) =>
      response.send(200, { headers: ALLOW }),
    ),
  );
  const decide = async (request: InboundRequestView, response: ReplyView): Promise<void> => {
    const answer = answerer();
    if (!answer || deciding >= MAX_AT_ONCE) return response.send(503);
    deciding += 1;
    try {
      const taken: InboundCall['accept'] = (...sdp) => accept(request, response, ...sdp);
      reply(response, await answer(callOf(request, clock.nowMs(), taken, log)));
    } finally {
      deciding -= 1;
    }
  };
  srf.invite(containedRequest(log, 'a call from outside', decide));
}

function reply(response: ReplyView, answer: InboundAnswer): void {
  if (answer.kind === 'taken') return;
  if (answer.kind === 'reject') return response.send(answer.status);
  response.send(302, { headers: { Contact: `<${checked('sip-uri', answer.uri)}>` } });
}

function callOf(
  request: InboundRequestView,
  atMs: number,
  accept: InboundCall['accept'],
  log: Log,
): InboundCall {
  let isCancelled = false;
  const handles: (() => void)[] = [];
  const callId = (request.get('Call-ID') ?? '').slice(0, 128);
  const contain = (handle: () => void) => contained(log, 'CANCEL', handle, { callId });
  request.on('cancel', () => {
    isCancelled = true;
    for (const handle of handles) handle();
  });
  const { body = '' } = request;
  const isWithheld = /\bid\b/i.test(request.get('Privacy') ?? '');
  const asserted = userOf(request.get('P-Asserted-Identity'));
  const number = asserted ?? (isWithheld ? undefined : userOf(request.get('From')));
  return {
    callId,
    number,
    sourceAddress: request.source_address ?? '',
    invite: wireMessage(request.raw ?? '', atMs, '<-', sourceOf(request)),
    offer: readFarSdp(body, G711).kind === 'audio' ? body : undefined,
    onCancelled: (handle) => {
      if (isCancelled) handle();
      else handles.push(contain(handle));
    },
    accept,
  };
}

function sourceOf(request: InboundRequestView): string {
  const { protocol = '', source_address: address = '', source_port: port = '' } = request;
  return peerName(protocol, address, String(port));
}

/** The number in a SIP or tel URI; names, display names and `anonymous` are none. */
function userOf(address = ''): string | undefined {
  const bare = address.replace(/"(?:[^"\\]|\\.)*"/g, '');
  const uri = /<([^>]*)>/.exec(bare)?.[1] ?? bare;
  return /^\s*(?:sips?|tel):(\+?[0-9]{3,20})(?=[@;\s]|$)/i.exec(uri)?.[1];
}
