/**
 * One SIP dialog as the control protocol names it: its identity, its route, its counters, and the
 * requests that can be built inside it (RFC 3261 section 12). What is said in it is the
 * application's business.
 */
import { addressUri, splitAddressList, type SipAddress } from '../sip/message.js';
import { SipMessage, parseSipUri } from '../sip/message.js';
import type { ClientTransaction, ServerTransaction } from '../sip/transaction.js';
import {
  ControlError,
  appHeadersInDialog,
  fillContentType,
  nextHop,
  ownContact,
  type LocalEnd,
} from './app-message.js';
import type { ControlClient } from './control-client.js';

export interface DialogParts {
  readonly kind: 'invite' | 'subscribe';
  readonly callId: string;
  /** The tag in the id: ours as caller, theirs as called party. */
  readonly idTag: string;
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly remoteTarget: string;
  readonly routeSet: readonly string[];
  readonly localSeq: number;
  readonly remoteSeq: number;
  readonly contact: string;
  /** Where the first message came from. */
  readonly peer: SipAddress | undefined;
  /** What a caller over TCP opened: as long as it is there, our requests use it. */
  readonly connection?: SipAddress | undefined;
}

/** The transaction of an INVITE whose 2xx the application has yet to acknowledge. */
export interface UnacknowledgedInvite {
  readonly seq: number;
  readonly transaction: ClientTransaction;
}

const TARGET_REFRESHING = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'UPDATE', 'NOTIFY']);
const NEEDS_CONTACT = new Set(['INVITE', 'SUBSCRIBE', 'REFER']);

export class Dialog {
  readonly id: string;
  readonly kind: 'invite' | 'subscribe';
  readonly callId: string;
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** Answered: a further 2xx to its INVITE is a fork's. */
  isConfirmed = false;
  /** Cancelled before its 2xx came: the ACK is followed by our BYE. */
  byeAfterAck = false;
  /** Our INVITE that has a 2xx and no ACK. */
  unacknowledged?: UnacknowledgedInvite;
  /** Our re-INVITE without a final response. */
  outgoingInvite?: ClientTransaction;
  /** INVITEs of the peer that the application has not answered, or whose ACK is missing. */
  readonly incomingInvites = new Set<ServerTransaction>();
  /** Our last session description: a refreshing re-INVITE repeats it. */
  localSdp = '';
  /** Running, if the two sides have agreed on one (session-timers.ts). */
  sessionTimer?: { readonly cancel: () => void; readonly areWeRefresher: boolean } | undefined;
  #localSeq: number;
  #remoteSeq: number;
  #remoteTarget: string;
  readonly #routeSet: readonly string[];
  readonly #contact: string;
  readonly #natHop: SipAddress | undefined;
  readonly #connection: SipAddress | undefined;

  constructor(
    readonly client: ControlClient,
    parts: DialogParts,
  ) {
    this.id = dialogId(parts.callId, parts.idTag);
    this.kind = parts.kind;
    this.callId = parts.callId;
    this.localAddress = parts.localAddress;
    this.remoteAddress = parts.remoteAddress;
    this.#localSeq = parts.localSeq;
    this.#remoteSeq = parts.remoteSeq;
    this.#remoteTarget = parts.remoteTarget;
    this.#routeSet = parts.routeSet;
    this.#contact = parts.contact;
    this.#natHop = natHop(parts);
    this.#connection = parts.connection;
  }

  cancelSessionTimer(): void {
    this.sessionTimer?.cancel();
    this.sessionTimer = undefined;
  }

  /** Notes our session description, if there is one in a message of ours. */
  noteLocalSdp({ body }: SipMessage): void {
    if (body.startsWith('v=0')) this.localSdp = body;
  }

  /**
   * Takes the sequence number of a request from the peer.
   *
   * @returns false if it is out of order and must be refused (RFC 3261 section 12.2.2)
   */
  acceptRemoteSeq(seq: number): boolean {
    if (seq < this.#remoteSeq) return false;
    this.#remoteSeq = seq;
    return true;
  }

  /** Follows the peer to a new Contact in a request or 2xx that refreshes the target. */
  refreshTarget(message: SipMessage): void {
    if (!TARGET_REFRESHING.has(message.cseq.method)) return;
    this.#remoteTarget = contactUri(message) ?? this.#remoteTarget;
  }

  /** Takes over the counters of the early dialog that this one confirms. */
  continueFrom(early: Dialog): void {
    this.#localSeq = Math.max(this.#localSeq, early.#localSeq);
    this.#remoteSeq = Math.max(this.#remoteSeq, early.#remoteSeq);
  }

  /**
   * Builds the next request of ours in this dialog.
   *
   * @param app what the application wants in it: headers, body, and a request URI that is heeded
   *     unless it is the placeholder
   * @throws ControlError for a body without a type or a target that UDP cannot reach
   */
  nextRequest(
    method: string,
    local: LocalEnd,
    app?: SipMessage,
  ): { message: SipMessage; hop: SipAddress } {
    return this.#build(method, ++this.#localSeq, local, app);
  }

  /** Builds the ACK for our INVITE with that sequence number. */
  ack(seq: number, local: LocalEnd, app?: SipMessage): { message: SipMessage; hop: SipAddress } {
    return this.#build('ACK', seq, local, app);
  }

  #build(
    method: string,
    seq: number,
    local: LocalEnd,
    app?: SipMessage,
  ): { message: SipMessage; hop: SipAddress } {
    const { uri, routes } = this.#route(method, app);
    const message = SipMessage.request(method, uri);
    message.add('Via', local.newVia());
    for (const route of routes) message.add('Route', route);
    message.add('Max-Forwards', '70');
    message.add('From', this.localAddress);
    message.add('To', this.remoteAddress);
    message.add('Call-ID', this.callId);
    message.add('CSeq', `${seq} ${method}`);
    if (NEEDS_CONTACT.has(method) && !app?.has('Contact')) message.add('Contact', this.#contact);
    for (const [name, value] of app ? appHeadersInDialog(app, local) : []) message.add(name, value);
    message.body = app?.body ?? '';
    fillContentType(message);
    const [first] = routes;
    if (this.#connection && local.isConnected(this.#connection)) {
      return { message, hop: this.#connection };
    }
    const hop = this.#natHop ?? nextHop(first === undefined ? uri : addressUri(first));
    return { message, hop };
  }

  /** Request URI and Route headers; a first hop without `lr` routes strictly (12.2.1.1). */
  #route(method: string, app?: SipMessage): { uri: string; routes: readonly string[] } {
    const wanted = app?.uri ?? 'sip:placeholder';
    const ownTarget = method === 'ACK' || wanted.includes('placeholder');
    const uri = ownTarget ? this.#remoteTarget : wanted;
    const [first, ...rest] = this.#routeSet;
    if (first === undefined || parseSipUri(addressUri(first))?.params.has('lr')) {
      return { uri, routes: this.#routeSet };
    }
    return { uri: addressUri(first), routes: [...rest, `<${uri}>`] };
  }
}

/** Dialog ids are `<Call-ID>;from-tag=<tag>`. */
export function dialogId(callId: string, idTag: string): string {
  return `${callId};from-tag=${idTag}`;
}

/**
 * A peer whose Contact is not the address its messages come from sits behind NAT: without a proxy
 * in between, its source address is where it can be reached. So it is when the Contact or the first
 * route leads nowhere: else there would be no way to end the dialog.
 */
function natHop({ routeSet: [first], remoteTarget, peer }: DialogParts): SipAddress | undefined {
  if (first !== undefined) return isReachable(addressUri(first)) ? undefined : peer;
  if (!isReachable(remoteTarget)) return peer;
  return parseSipUri(remoteTarget)?.host === peer?.host ? undefined : peer;
}

function isReachable(uri: string): boolean {
  try {
    nextHop(uri);
    return true;
  } catch (error) {
    if (error instanceof ControlError) return false;
    throw error;
  }
}

/** The URI of the first Contact, if it is a SIP one. */
export function contactUri(message: SipMessage): string | undefined {
  const [contact = ''] = splitAddressList(message.all('Contact').slice(0, 1));
  const uri = addressUri(contact);
  return parseSipUri(uri) ? uri : undefined;
}

/** The route as recorded; one with a hop that is no SIP URI leads nowhere and counts as none. */
function recordedRoute(message: SipMessage): string[] {
  const route = splitAddressList(message.all('Record-Route'));
  return route.every((hop) => parseSipUri(addressUri(hop))) ? route : [];
}

/** The caller's dialog from its INVITE or SUBSCRIBE and the response that forms it (12.1.2). */
export function callerDialog(
  client: ControlClient,
  request: SipMessage,
  response: SipMessage,
): Dialog {
  return new Dialog(client, {
    kind: request.method === 'INVITE' ? 'invite' : 'subscribe',
    callId: request.callId,
    idTag: request.tagOf('From') ?? '',
    localAddress: request.get('From') ?? '',
    remoteAddress: response.get('To') ?? '',
    remoteTarget: contactUri(response) ?? request.uri ?? '',
    routeSet: recordedRoute(response).reverse(),
    localSeq: request.cseq.seq,
    remoteSeq: 0,
    contact: request.get('Contact') ?? '',
    peer: response.source,
  });
}

/** The called party's dialog from the request and our response to it (12.1.1). */
export function calledDialog(
  client: ControlClient,
  request: SipMessage,
  response: SipMessage,
  local: SipAddress,
): Dialog {
  return new Dialog(client, {
    kind: request.method === 'INVITE' ? 'invite' : 'subscribe',
    callId: request.callId,
    idTag: request.tagOf('From') ?? '',
    localAddress: response.get('To') ?? '',
    remoteAddress: request.get('From') ?? '',
    remoteTarget: contactUri(request) ?? '',
    routeSet: recordedRoute(request),
    localSeq: 0,
    remoteSeq: request.cseq.seq,
    contact: response.get('Contact') ?? ownContact(local),
    peer: request.source,
    connection: request.source?.transport === 'tcp' ? request.source : undefined,
  });
}
