/**
 * Requests from the network and the applications' responses to them. A request inside a dialog goes
 * to the application that owns it, one outside to the next that wants its verb; nobody to ask means
 * 481 or 503.
 */
import { randomUUID } from 'node:crypto';
import type { SipMessage } from '../sip/message.js';
import type { IncomingRequest, SipStack } from '../sip/stack.js';
import type { ServerTransaction } from '../sip/transaction.js';
import { ControlError, appHeadersInDialog, ownContact, wantedLocalTag } from './app-message.js';
import type { ControlClient } from './control-client.js';
import { calledDialog, contactUri, dialogId, type Dialog } from './dialog.js';
import type { Dialogs } from './dialogs.js';
import { tellFromNetwork, tellResponseSent } from './messages-out.js';
import type { AppResponse } from './protocol.js';
import { endsSubscription, type RequestsOut } from './requests-out.js';
import { answerSessionExpires, MIN_SE_SECONDS, readSessionExpires } from './session-timers.js';

/** A request that an application has yet to answer. */
interface OfferedRequest {
  readonly client: ControlClient;
  readonly request: IncomingRequest;
  readonly transaction: ServerTransaction;
  readonly dialog?: Dialog;
}

/** Methods that may start something; others outside a dialog have lost theirs. */
const OFFERED_OUTSIDE = new Set([
  'INVITE',
  'REGISTER',
  'MESSAGE',
  'OPTIONS',
  'INFO',
  'NOTIFY',
  'SUBSCRIBE',
  'PUBLISH',
  'REFER',
]);
const REFRESHES_SESSION = new Set(['INVITE', 'UPDATE']);
const FORMS_DIALOG = new Set(['INVITE', 'SUBSCRIBE']);

export class RequestsIn {
  readonly #offered = new Map<string, OfferedRequest>();

  constructor(
    readonly stack: SipStack,
    readonly dialogs: Dialogs,
    readonly requestsOut: RequestsOut,
    readonly chooseClient: (verb: string) => ControlClient | undefined,
  ) {}

  get size(): number {
    return this.#offered.size;
  }

  receive(request: IncomingRequest, transaction: ServerTransaction): void {
    if (request.tagOf('To')) this.#receiveInDialog(request, transaction);
    else this.#receiveOutsideDialog(request, transaction);
  }

  /** The first ACK to a 2xx of ours. */
  receiveAck(ack: SipMessage, invite: ServerTransaction): void {
    const dialog = this.dialogs.ofRequest(ack);
    if (!dialog) return;
    dialog.incomingInvites.delete(invite);
    tellFromNetwork(dialog.client, ack, { transactionId: randomUUID(), dialogId: dialog.id });
  }

  /** The application has gone: what it was offered is answered for it. */
  forgetClient(client: ControlClient): void {
    for (const [id, offered] of [...this.#offered]) {
      if (offered.client !== client) continue;
      this.#offered.delete(id);
      offered.transaction.respond(480);
    }
  }

  /** @throws ControlError */
  respond(client: ControlClient, { id, transactionId, message: app }: AppResponse): void {
    const offered = this.#offered.get(transactionId);
    if (!offered) throw new ControlError('Response not sent due to unknown transaction');
    const status = app.status ?? 0;
    if (status < 200 && /\b100rel\b/i.test(app.get('Require') ?? '')) {
      throw new ControlError('not supported by the embedded server');
    }
    const response = offered.transaction.respond(status, {
      reason: app.reason,
      headers: this.#responseHeaders(offered.request, app),
      body: app.body,
      localTag: wantedLocalTag(app),
    });
    if (!response) throw new ControlError('Response not sent due to unknown transaction');
    if (status >= 200) this.#offered.delete(transactionId);
    const dialogId = this.#afterResponse(client, offered, response);
    tellResponseSent(client, id, response, offered.request.source, transactionId, dialogId);
  }

  #responseHeaders(request: IncomingRequest, app: SipMessage): [string, string][] {
    const headers = appHeadersInDialog(app, this.stack);
    const { source } = request;
    const has = (wanted: string): boolean =>
      headers.some(([name]) => name.toLowerCase() === wanted);
    const status = app.status ?? 0;
    const formsDialog = FORMS_DIALOG.has(request.method ?? '');
    if (formsDialog && status >= 200 && status < 300 && !has('contact')) {
      headers.unshift(['Contact', ownContact(this.stack, source)]);
    }
    const expires = request.method === 'INVITE' && answerSessionExpires(request);
    if (expires && status >= 200 && status < 300 && !has('session-expires')) {
      headers.push(['Session-Expires', expires]);
    }
    if (app.body.startsWith('v=0') && !has('content-type')) {
      headers.push(['Content-Type', 'application/sdp']);
    }
    return headers;
  }

  /** @returns the dialog's id, '' when the request has none */
  #afterResponse(
    client: ControlClient,
    { request, transaction, dialog }: OfferedRequest,
    response: SipMessage,
  ): string {
    const status = response.status ?? 0;
    const method = request.method ?? '';
    if (dialog) {
      if (status < 300) dialog.refreshTarget(request);
      if (status >= 200 && status < 300) this.#followSession(dialog, request, response);
      if (method === 'INVITE' && status >= 300) dialog.incomingInvites.delete(transaction);
      return this.dialogs.has(dialog) ? dialog.id : '';
    }
    if (!FORMS_DIALOG.has(method)) return '';
    if (status === 200 || (status === 202 && method === 'SUBSCRIBE')) {
      this.#form(client, request, transaction, response);
    }
    return dialogId(request.callId, request.tagOf('From') ?? '');
  }

  #followSession(dialog: Dialog, request: SipMessage, response: SipMessage): void {
    if (!REFRESHES_SESSION.has(request.method ?? '')) return;
    dialog.noteLocalSdp(response);
    this.requestsOut.timers.followRequest(dialog, request);
  }

  #form(
    client: ControlClient,
    request: SipMessage,
    transaction: ServerTransaction,
    response: SipMessage,
  ): void {
    const dialog = calledDialog(client, request, response, this.stack);
    dialog.isConfirmed = true;
    dialog.noteLocalSdp(response);
    this.requestsOut.timers.followAnswer(dialog, response);
    this.dialogs.add(dialog);
    if (request.method === 'INVITE') this.#watchAck(dialog, transaction);
  }

  #watchAck(dialog: Dialog, transaction: ServerTransaction): void {
    dialog.incomingInvites.add(transaction);
    transaction.onAckTimeout = () => {
      if (this.dialogs.has(dialog)) this.requestsOut.endDialog(dialog, 'ACK timeout');
    };
  }

  #receiveInDialog(request: IncomingRequest, transaction: ServerTransaction): void {
    const dialog = this.dialogs.ofRequest(request);
    if (!dialog) {
      transaction.respond(481);
      return;
    }
    if (!dialog.acceptRemoteSeq(request.cseq.seq)) {
      transaction.respond(500);
      return;
    }
    const expires = readSessionExpires(request);
    const isRefresh = REFRESHES_SESSION.has(request.method ?? '');
    if (isRefresh && expires && expires.seconds < MIN_SE_SECONDS) {
      transaction.respond(422, { headers: [['Min-SE', String(MIN_SE_SECONDS)]] });
      return;
    }
    if (request.method === 'BYE' || endsSubscription(dialog, request)) {
      this.requestsOut.muteDialog(dialog);
      this.dialogs.remove(dialog);
    }
    if (!dialog.client.isOpen) {
      transaction.respond(481);
      return;
    }
    if (request.method === 'INVITE') this.#watchAck(dialog, transaction);
    this.#offer({ client: dialog.client, request, transaction, dialog }, dialog.id);
  }

  #receiveOutsideDialog(request: IncomingRequest, transaction: ServerTransaction): void {
    const method = request.method ?? '';
    if (!OFFERED_OUTSIDE.has(method)) {
      transaction.respond(481);
      return;
    }
    if (FORMS_DIALOG.has(method) && contactUri(request) === undefined) {
      transaction.respond(400);
      return;
    }
    const client = this.chooseClient(method.toLowerCase());
    if (!client) {
      transaction.respond(503);
      return;
    }
    const { host, port } = this.stack;
    this.#offer({ client, request, transaction }, '', `${host}|${port}|`);
  }

  #offer(offered: OfferedRequest, dialogIdText: string, receivedOn = ''): void {
    const { client, request, transaction } = offered;
    const transactionId = randomUUID();
    this.#offered.set(transactionId, offered);
    transaction.onTerminated = () => this.#offered.delete(transactionId);
    transaction.onCancel = (cancel) => {
      this.#offered.delete(transactionId);
      offered.dialog?.incomingInvites.delete(transaction);
      tellFromNetwork(client, cancel, {
        transactionId,
        dialogId: dialogId(request.callId, request.tagOf('From') ?? ''),
      });
    };
    tellFromNetwork(client, request, { transactionId, dialogId: dialogIdText, receivedOn });
  }
}
