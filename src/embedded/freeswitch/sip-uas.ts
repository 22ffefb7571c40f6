/**
 * The SIP side of the media server: takes the INVITEs that drachtio-fsmrf sends (with an offer, or
 * without one, in which case the answer comes in the ACK), answers them, keeps the dialogs, and
 * sends the BYE when a channel ends here.
 *
 * INVITEs from anybody else are 404: this is no general SIP server, and a channel nobody controls
 * would be a leak.
 * Source: RFC 3261 sections 12 to 15; RFC 3725 for 3pcc; RFC 3264.
 */

import { randomInt } from 'node:crypto';
import { SipMessage, addressUri, parseSipUri, splitAddressList } from '../sip/message.js';
import type { IncomingRequest, LogFunction, ServerTransaction, SipStack } from '../sip/stack.js';
import { FRAME_MS } from '../rtp/pacer.js';
import { uriHop } from '../sip/uri.js';
import type { RtpSession } from '../rtp/session.js';
import type { ChannelFacts } from './channel-data.js';
import { answerDirection, parseRemoteAudio, writeSdp, type MediaDirection } from './sdp.js';

/** Each of them is in every event of the channel. */
const PRIVATE_HEADERS_MAX = 20;
const OFFERED_DTMF_PAYLOAD_TYPE = 101;

/** One leg: the dialog, its media description, and what the channel tells about both. */
export class MediaLeg {
  readonly callId: string;
  readonly userAgent: string;
  localSdp = '';
  remoteSdp = '';
  /** True until the peer has answered our own offer. */
  isAwaitingAnswer = false;
  onPeerMedia: (() => void) | undefined;
  /** The peer has ended the dialog, or never acknowledged it. */
  onEnded: ((wasByPeer: boolean) => void) | undefined;
  readonly #privateHeaders: readonly (readonly [name: string, value: string])[];
  readonly #sessionId = Math.floor(Date.now() / 1000);
  #version = this.#sessionId;
  #direction: MediaDirection = 'sendrecv';
  #payloadTypes: readonly (0 | 8)[] = [0, 8];
  #dtmfPayloadType: number | undefined = OFFERED_DTMF_PAYLOAD_TYPE;
  #packetMs = FRAME_MS;
  #remoteMedia: { host: string; port: number } | undefined;

  constructor(
    readonly invite: SipMessage,
    readonly rtp: RtpSession,
    readonly outboundSocket: string,
  ) {
    this.callId = invite.get('Call-ID') ?? '';
    this.userAgent = invite.get('User-Agent') ?? '';
    this.#privateHeaders = invite.headers
      .filter(([name]) => /^x-/i.test(name))
      .slice(0, PRIVATE_HEADERS_MAX);
  }

  facts(): ChannelFacts {
    return {
      callId: this.callId,
      userAgent: this.userAgent,
      outboundSocket: this.outboundSocket,
      fromUri: addressUri(this.invite.get('From') ?? '').replace(/^sips?:/, ''),
      localSdp: this.localSdp,
      remoteSdp: this.remoteSdp,
      localMedia: { host: this.rtp.host, port: this.rtp.port },
      remoteMedia: this.#remoteMedia,
      codecName: this.#payloadTypes[0] === 8 ? 'PCMA' : 'PCMU',
      dtmfPayloadType: this.#dtmfPayloadType,
      privateHeaders: this.#privateHeaders,
    };
  }

  /** Describes what we can do, for a peer that left the offer to us. */
  offer(): string {
    this.isAwaitingAnswer = true;
    this.rtp.offeredDtmfPayloadType = this.#dtmfPayloadType;
    return this.#describe(this.rtp.port);
  }

  /**
   * Takes the peer's description and starts sending there.
   * @returns our answer, or undefined when there is nothing in it that we can serve
   */
  accept(sdp: string): string | undefined {
    const audio = parseRemoteAudio(sdp);
    const [payloadType] = audio?.payloadTypes ?? [];
    if (!audio || payloadType === undefined) return undefined;
    this.isAwaitingAnswer = false;
    // drachtio-srf answers an offer that nobody wants yet with the offer itself: nothing is agreed.
    if (audio.host === this.rtp.host && audio.port === this.rtp.port) return this.localSdp;
    this.#direction = answerDirection(audio.direction);
    this.#payloadTypes = [payloadType];
    this.#dtmfPayloadType = audio.dtmfPayloadType;
    this.#packetMs = audio.packetMs;
    const { host, port, dtmfPayloadType, packetMs } = audio;
    this.rtp.remote(host, port, payloadType, dtmfPayloadType, packetMs);
    this.rtp.isSending = this.#direction === 'sendrecv' || this.#direction === 'sendonly';
    this.remoteSdp = sdp;
    this.#remoteMedia = { host, port };
    this.onPeerMedia?.();
    return this.#describe(this.rtp.port);
  }

  /** Refuses the stream and leaves the media as it is, which is what FreeSWITCH answers. */
  refuse(): string {
    return this.#describe(0);
  }

  #describe(port: number): string {
    this.#version++;
    const sdp = writeSdp({
      host: this.rtp.host,
      port,
      payloadTypes: port === 0 ? [0, 8] : this.#payloadTypes,
      dtmfPayloadType: this.#dtmfPayloadType,
      direction: this.#direction,
      packetMs: this.#packetMs,
      sessionId: this.#sessionId,
      version: this.#version,
    });
    if (port !== 0) this.localSdp = sdp;
    return sdp;
  }
}

/** What the SIP side asks of the server. */
export interface UasHost {
  /** @returns a status to refuse with, or a new leg with its port open */
  admit(invite: IncomingRequest): Promise<number | MediaLeg>;
  /** The leg is answered, and for 3pcc the ACK is here: its application can be called. */
  established(leg: MediaLeg): void;
}

interface Dialog {
  readonly leg: MediaLeg;
  /** Our own address with tag, and the peer's. */
  readonly local: string;
  readonly remote: string;
  readonly routes: readonly string[];
  target: string;
  cseq: number;
  peerCseq: number;
  isEstablished: boolean;
}

/** Q.850 causes for the Reason header of our BYE. */
const CAUSE_CODES: Readonly<Record<string, number>> = {
  NO_ROUTE_DESTINATION: 3,
  NORMAL_CLEARING: 16,
  USER_BUSY: 17,
  CALL_REJECTED: 21,
  DESTINATION_OUT_OF_ORDER: 27,
  NORMAL_TEMPORARY_FAILURE: 41,
};

/** See the head of this file. */
export class SipUas {
  readonly #dialogs = new Map<string, Dialog>();

  constructor(
    private readonly stack: SipStack,
    private readonly host: UasHost,
    private readonly onLog: LogFunction,
  ) {
    stack.onRequest = (request, transaction) => this.#request(request, transaction);
    stack.onAck = (ack) => this.#ack(ack);
  }

  /** Sends a BYE for a leg that ended here, and forgets it. */
  hangUp(leg: MediaLeg, cause: string): void {
    const entry = [...this.#dialogs].find(([, dialog]) => dialog.leg === leg);
    if (!entry) return;
    const [key, dialog] = entry;
    this.#dialogs.delete(key);
    const bye = SipMessage.request('BYE', dialog.target);
    bye.add('Via', this.stack.newVia());
    for (const route of dialog.routes) bye.add('Route', route);
    bye
      .add('Max-Forwards', '70')
      .add('From', dialog.local)
      .add('To', dialog.remote)
      .add('Call-ID', leg.callId)
      .add('CSeq', `${++dialog.cseq} BYE`)
      .add('Reason', `Q.850;cause=${CAUSE_CODES[cause] ?? 16};text="${cause}"`);
    const uri = parseSipUri(addressUri(dialog.routes[0] ?? dialog.target));
    const hop = uri && uriHop(uri);
    if (!hop) return this.onLog('warn', 'no way to send a BYE', { target: dialog.target });
    this.stack.request(bye, hop, { onResponse: () => undefined });
  }

  /** Forgets all dialogs without a word; legs without a channel give their ports back. */
  stop(): void {
    for (const { leg, isEstablished } of this.#dialogs.values()) {
      if (!isEstablished) leg.rtp.close();
    }
    this.#dialogs.clear();
  }

  #request(request: IncomingRequest, transaction: ServerTransaction): void {
    if (request.tagOf('To') !== undefined) return this.#inDialog(request, transaction);
    switch (request.method) {
      case 'INVITE':
        this.#invite(request, transaction).catch((error: unknown) => {
          this.onLog('error', 'call not taken', { error: String(error) });
          transaction.respond(500);
        });
        return;
      case 'OPTIONS':
        transaction.respond(200, { headers: [['Allow', 'INVITE, ACK, BYE, CANCEL, OPTIONS']] });
        return;
      default:
        transaction.respond(501);
    }
  }

  async #invite(request: IncomingRequest, transaction: ServerTransaction): Promise<void> {
    let isCancelled = false;
    transaction.onCancel = () => (isCancelled = true);
    const leg = await this.host.admit(request).catch((error: unknown) => {
      this.onLog('error', 'no media port', { error: String(error) });
      return 503;
    });
    if (typeof leg === 'number') return void transaction.respond(leg);
    const hasOffer = request.body !== '';
    const sdp = isCancelled ? undefined : hasOffer ? leg.accept(request.body) : leg.offer();
    const answer = sdp === undefined ? undefined : this.#answer(request, sdp);
    const response = answer && transaction.respond(200, answer);
    if (!response) {
      transaction.respond(488); // nothing happens when it was cancelled
      return leg.rtp.close();
    }
    const dialog: Dialog = {
      leg,
      local: response.get('To') ?? '',
      remote: request.get('From') ?? '',
      routes: splitAddressList(request.all('Record-Route')),
      target: addressUri(request.get('Contact') ?? request.get('From') ?? ''),
      cseq: randomInt(1, 100_000),
      peerCseq: request.cseq.seq,
      isEstablished: false,
    };
    this.#dialogs.set(dialogKey(leg.callId, transaction.localTag), dialog);
    transaction.onAckTimeout = () => this.#over(dialog, false);
    if (hasOffer) this.#establish(dialog);
  }

  #answer({ source }: IncomingRequest, sdp: string): { headers: [string, string][]; body: string } {
    const transport = source.transport === 'tcp' ? ';transport=tcp' : '';
    return {
      headers: [
        ['Contact', `<sip:mod_sofia@${this.stack.host}:${this.stack.port}${transport}>`],
        ['Content-Type', 'application/sdp'],
      ],
      body: sdp,
    };
  }

  #establish(dialog: Dialog): void {
    if (dialog.isEstablished) return;
    dialog.isEstablished = true;
    this.host.established(dialog.leg);
  }

  #inDialog(request: IncomingRequest, transaction: ServerTransaction): void {
    const key = dialogKey(request.get('Call-ID') ?? '', request.tagOf('To') ?? '');
    const dialog = this.#dialogs.get(key);
    if (!dialog) return void transaction.respond(481);
    if (request.cseq.seq <= dialog.peerCseq) return void transaction.respond(500);
    dialog.peerCseq = request.cseq.seq;
    switch (request.method) {
      case 'BYE':
        this.#dialogs.delete(key);
        transaction.respond(200);
        return this.#over(dialog, true);
      case 'INVITE':
        return this.#reInvite(dialog, request, transaction);
      case 'OPTIONS':
      case 'INFO':
      case 'UPDATE':
        // Session refreshes carry no description; one that does is not understood here.
        return void transaction.respond(request.body === '' ? 200 : 488);
      default:
        return void transaction.respond(501);
    }
  }

  /** A leg that never became a channel has only its port to give back. */
  #over({ leg }: Dialog, wasByPeer: boolean): void {
    if (leg.onEnded) return leg.onEnded(wasByPeer);
    leg.rtp.close();
    if (!wasByPeer) this.hangUp(leg, 'NORMAL_CLEARING');
  }

  #reInvite(dialog: Dialog, request: IncomingRequest, transaction: ServerTransaction): void {
    const { leg } = dialog;
    const contact = request.get('Contact');
    if (contact !== undefined) dialog.target = addressUri(contact);
    if (request.body === '') {
      transaction.respond(200, this.#answer(request, leg.offer()));
    } else if (!request.body.startsWith('v=0')) transaction.respond(488);
    else {
      const sdp = leg.accept(request.body) ?? leg.refuse();
      transaction.respond(200, this.#answer(request, sdp));
    }
  }

  #ack(ack: SipMessage): void {
    const dialog = this.#dialogs.get(dialogKey(ack.get('Call-ID') ?? '', ack.tagOf('To') ?? ''));
    if (!dialog) return;
    if (dialog.leg.isAwaitingAnswer && ack.body !== '') dialog.leg.accept(ack.body);
    this.#establish(dialog);
  }
}

function dialogKey(callId: string, localTag: string): string {
  return `${callId};${localTag}`;
}
