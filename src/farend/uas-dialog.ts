/**
 * The dialog of a called party: which requests belong to it, and how to address requests of our own
 * (RFC 3261 section 12). It holds no timers and sends nothing.
 */
import {
  addressUri,
  parseSipUri,
  splitAddressList,
  SipMessage,
  type SipAddress,
} from '../embedded/sip/message.js';
import type { IncomingRequest } from '../embedded/sip/stack.js';
import { uriHop } from '../embedded/sip/uri.js';

const MAX_FORWARDS = '70';

export class UasDialog {
  readonly #invite: SipMessage;
  readonly #source: SipAddress;
  readonly #localTag: string;
  readonly #remoteTag: string | undefined;
  readonly #routes: readonly string[];
  #target: string;
  #remoteSeq: number;
  #localSeq = 0;

  constructor(invite: IncomingRequest, localTag: string) {
    this.#invite = invite;
    this.#source = invite.source;
    this.#localTag = localTag;
    this.#remoteTag = invite.tagOf('From');
    this.#routes = splitAddressList(invite.all('Record-Route'));
    this.#target = addressUri(invite.get('Contact') ?? '');
    this.#remoteSeq = invite.cseq.seq;
  }

  /** Key by which `dialogKey` finds it again. */
  get key(): string {
    return joinKey(this.#invite.callId, this.#localTag, this.#remoteTag);
  }

  /**
   * Takes note of a request inside the dialog.
   * @returns false when its CSeq is older than the last one's: to be refused with 500 (12.2.2)
   */
  accept(request: IncomingRequest): boolean {
    const { seq } = request.cseq;
    if (seq < this.#remoteSeq) return false;
    this.#remoteSeq = seq;
    const contact = request.get('Contact');
    if (request.method === 'INVITE' && contact) this.#target = addressUri(contact);
    return true;
  }

  /** A request to the caller without its Via, and the next hop for it. */
  makeRequest(method: string): { readonly message: SipMessage; readonly to: SipAddress } {
    this.#localSeq++;
    const local = this.#invite.get('To') ?? '';
    const message = SipMessage.request(method, this.#target)
      .add('Max-Forwards', MAX_FORWARDS)
      .add('From', `${local};tag=${this.#localTag}`)
      .add('To', this.#invite.get('From') ?? '')
      .add('Call-ID', this.#invite.callId)
      .add('CSeq', `${this.#localSeq} ${method}`);
    for (const route of this.#routes) message.add('Route', route);
    return { message, to: this.#nextHop() };
  }

  /** The first route, or the target; where the INVITE came from when neither is an address. */
  #nextHop(): SipAddress {
    const [route] = this.#routes;
    const uri = parseSipUri(route === undefined ? this.#target : addressUri(route));
    return (uri && uriHop(uri)) ?? this.#source;
  }
}

/** Key of the dialog that a request from the caller belongs to. */
export function dialogKey(request: SipMessage): string {
  return joinKey(request.callId, request.tagOf('To') ?? '', request.tagOf('From'));
}

function joinKey(callId: string, localTag: string, remoteTag: string | undefined): string {
  return `${callId}|${localTag}|${remoteTag ?? ''}`;
}
