/**
 * The server transactions of one endpoint and the matching of requests to them: by branch and
 * sent-by (RFC 3261 section 17.2.3), else by Call-ID, From tag and CSeq, which also finds the
 * INVITE of an ACK to a 2xx, the INVITE of peers that choose a new branch for ACK or CANCEL, and
 * requests that arrive twice by different paths (8.2.2.2).
 */
import type { SipAddress, SipMessage } from './message.js';
import {
  InviteServerTransaction,
  NonInviteServerTransaction,
  type SipServerTransaction,
} from './server-transaction.js';
import type { IncomingRequest } from './stack.js';
import { isReliable, type ServerTransaction, type TransactionHost } from './transaction.js';
import { DEFAULT_PORT, sentBy } from './via.js';

interface Entry {
  readonly transaction: SipServerTransaction;
  readonly callKey: string;
}

/** Who is offered new requests, and the first ACK to each 2xx. */
export interface ServerTransactionUser {
  onRequest(request: IncomingRequest, transaction: ServerTransaction): void;
  onAck(ack: SipMessage, invite: ServerTransaction): void;
}

export class ServerTransactions {
  readonly #byBranch = new Map<string, Entry>();
  readonly #byCall = new Map<string, Entry>();

  constructor(
    readonly host: TransactionHost,
    readonly user: ServerTransactionUser,
    readonly maxCount: number,
  ) {}

  get size(): number {
    return this.#byBranch.size;
  }

  terminateAll(): void {
    for (const { transaction } of [...this.#byBranch.values()]) transaction.terminate();
  }

  /** @returns false if the request was dropped */
  receive(request: IncomingRequest, replyTo: SipAddress): boolean {
    if (request.method === 'ACK') return this.#receiveAck(request);
    const known = this.#byBranch.get(branchKey(request, request.method ?? ''));
    if (known) {
      known.transaction.receiveRetransmission();
      return true;
    }
    if (this.#byBranch.size >= this.maxCount) return false;
    if (request.method === 'CANCEL') {
      this.#receiveCancel(request, replyTo);
      return true;
    }
    const merged = !request.tagOf('To') && this.#byCall.has(callKey(request, request.method ?? ''));
    const transaction = this.#open(request, replyTo);
    if (merged) {
      transaction.respond(482);
      return true;
    }
    this.#offer(request, transaction);
    return true;
  }

  #offer(request: IncomingRequest, transaction: SipServerTransaction): void {
    try {
      this.user.onRequest(request, transaction);
    } catch (error) {
      transaction.respond(500);
      throw error;
    }
  }

  #receiveAck(ack: IncomingRequest): boolean {
    const invite = this.#inviteOf(ack);
    if (!(invite instanceof InviteServerTransaction)) return false;
    if (invite.receiveAck()) this.user.onAck(ack, invite);
    return true;
  }

  #receiveCancel(cancel: IncomingRequest, replyTo: SipAddress): void {
    const invite = this.#inviteOf(cancel);
    this.#open(cancel, replyTo).respond(invite ? 200 : 481);
    if (!invite || invite.isFinal) return; // 9.2: too late, the final response stands
    this.host.call(() => invite.onCancel?.(cancel));
    invite.respond(487);
  }

  #inviteOf(request: SipMessage): SipServerTransaction | undefined {
    const entry =
      this.#byBranch.get(branchKey(request, 'INVITE')) ??
      this.#byCall.get(callKey(request, 'INVITE'));
    return entry?.transaction;
  }

  #open(request: IncomingRequest, replyTo: SipAddress): SipServerTransaction {
    const method = request.method ?? '';
    const key = branchKey(request, method);
    const Kind = method === 'INVITE' ? InviteServerTransaction : NonInviteServerTransaction;
    const transaction = new Kind({
      host: this.host,
      request,
      replyTo,
      replyToInstead: isReliable(replyTo) ? senderAddress(request) : undefined,
      onTerminated: () => this.#forget(key),
    });
    const entry = { transaction, callKey: callKey(request, method) };
    this.#byBranch.set(key, entry);
    if (!this.#byCall.has(entry.callKey)) this.#byCall.set(entry.callKey, entry);
    return transaction;
  }

  #forget(key: string): void {
    const entry = this.#byBranch.get(key);
    if (!entry) return;
    this.#byBranch.delete(key);
    if (this.#byCall.get(entry.callKey) === entry) this.#byCall.delete(entry.callKey);
  }
}

/** Where the sender of a request takes connections (RFC 3261 section 18.2.2). */
function senderAddress(request: IncomingRequest): SipAddress {
  const port = sentBy(request.get('Via') ?? '')?.port ?? DEFAULT_PORT;
  return { ...request.source, port };
}

const MAGIC_COOKIE = 'z9hG4bK';

/**
 * Without the magic cookie, or with nothing after it, a branch identifies nothing: then the call
 * does (17.2.3, last part; RFC 4475 section 3.2.1).
 */
function branchKey(request: SipMessage, method: string): string {
  const { branch } = request;
  const isUnique = branch?.startsWith(MAGIC_COOKIE) && branch.length > MAGIC_COOKIE.length;
  if (!isUnique) return callKey(request, method);
  const sender = sentBy(request.get('Via') ?? '');
  return `${branch}|${sender?.host ?? ''}:${sender?.port ?? ''}|${method}`;
}

function callKey(request: SipMessage, method: string): string {
  return `${request.callId}|${request.tagOf('From') ?? ''}|${request.cseq.seq}|${method}`;
}
