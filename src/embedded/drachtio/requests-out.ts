/**
 * Requests that applications send: outside dialogs, inside them, and CANCEL; and what becomes of
 * their responses. The rules are drachtio-server's: 100 is not passed on, only a 200 (or a reliable
 * provisional) makes an INVITE's dialog, a failure is acknowledged here.
 */
import { randomUUID } from 'node:crypto';
import { SipMessage, type SipAddress } from '../sip/message.js';
import type { Scheduler } from '../sip/scheduler.js';
import type { SipStack } from '../sip/stack.js';
import type { ClientTransaction, ResponseInfo } from '../sip/transaction.js';
import { ControlError, appHeadersInDialog, completeRequest, nextHop } from './app-message.js';
import type { ControlClient } from './control-client.js';
import { callerDialog, dialogId, type Dialog } from './dialog.js';
import type { Dialogs } from './dialogs.js';
import { tellFromNetwork, tellRequestSent, tellUnsolicited } from './messages-out.js';
import type { CancelRequest, DialogRequest, NewRequest } from './protocol.js';
import { MIN_SE_SECONDS, SessionTimers } from './session-timers.js';

/** A request of an application that has no final response yet. */
interface PendingRequest {
  readonly id: string;
  readonly client: ControlClient;
  readonly request: SipMessage;
  readonly dialogId: string;
  transaction?: ClientTransaction;
  /** The dialog it was sent in, or the one it has formed. */
  dialog?: Dialog;
  readonly inDialog: boolean;
  isCancelled: boolean;
  /** The dialog ended meanwhile: nothing more is passed on. */
  isMuted: boolean;
  lastRSeq: number;
}

export class RequestsOut {
  readonly timers: SessionTimers;
  readonly #pending = new Map<string, PendingRequest>();

  constructor(
    readonly stack: SipStack,
    readonly dialogs: Dialogs,
    scheduler: Scheduler,
  ) {
    this.timers = new SessionTimers(scheduler, {
      refresh: (dialog, seconds) => this.#onTimer(dialog, () => this.#refresh(dialog, seconds)),
      expire: (dialog) => this.#onTimer(dialog, () => this.endDialog(dialog, SESSION_EXPIRED)),
    });
  }

  get size(): number {
    return this.#pending.size;
  }

  /** @throws ControlError */
  sendNew(client: ControlClient, { id, message: app, routeUri }: NewRequest): void {
    const existing = app.callId ? this.dialogs.byCallId(app.callId) : undefined;
    if (existing) {
      this.#sendInDialog(client, id, existing, app);
      return;
    }
    const target = nextHop(app.uri ?? '');
    if (this.stack.isSelf(target)) throw new ControlError('can not send request to myself');
    const hop = routeUri ? nextHop(withScheme(routeUri)) : target;
    const message = completeRequest(app, this.stack, hop);
    const formsDialog = message.method === 'INVITE' || message.method === 'SUBSCRIBE';
    this.#send(client, id, message, hop, {
      dialogId: formsDialog ? dialogId(message.callId, message.tagOf('From') ?? '') : '',
      inDialog: false,
    });
  }

  /** @throws ControlError */
  sendInDialog(client: ControlClient, { id, dialogId: wanted, message: app }: DialogRequest): void {
    const dialog = this.dialogs.byId(wanted);
    if (!dialog) {
      throw new ControlError(app.method === 'ACK' ? UNWANTED_ACK : UNKNOWN_DIALOG);
    }
    this.#sendInDialog(client, id, dialog, app);
  }

  /** @throws ControlError */
  cancel(client: ControlClient, { id, transactionId, message: app }: CancelRequest): void {
    const pending = this.#pending.get(transactionId);
    if (!pending?.transaction || pending.request.method !== 'INVITE') {
      throw new ControlError(`unable to cancel unknown transaction id: ${transactionId}`);
    }
    pending.isCancelled = true;
    const headers = appHeadersInDialog(app, this.stack).filter(([name]) => name !== 'Contact');
    const cancel = pending.transaction.cancel(headers);
    const sent = { local: this.stack, hop: pending.transaction.destination };
    tellRequestSent(client, id, cancel, sent, randomUUID());
  }

  /** Ends a dialog from our side and tells its application. */
  endDialog(dialog: Dialog, why: string): void {
    this.dialogs.remove(dialog);
    const { message, hop } = dialog.nextRequest('BYE', this.stack);
    message.add('Reason', `SIP;cause=200;text="${why}"`);
    this.stack.request(message, hop, { onResponse: () => undefined });
    tellUnsolicited(dialog.client, message, { local: this.stack, hop }, dialog.id);
  }

  /**
   * A BYE ends the dialog: responses to what was still pending in it are nobody's business. The
   * INVITE that forms the dialog is, even then: its application waits for an outcome.
   */
  muteDialog(dialog: Dialog): void {
    for (const pending of this.#pending.values()) {
      if (pending.inDialog && pending.dialog === dialog) pending.isMuted = true;
    }
  }

  /** A peer whose Contact leads nowhere can be told nothing: its call is forgotten. */
  #onTimer(dialog: Dialog, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      this.dialogs.remove(dialog);
    }
  }

  /** Halfway through the interval: says with a re-INVITE that this call is alive. */
  #refresh(dialog: Dialog, seconds: number): void {
    if (!dialog.client.isOpen) return this.endDialog(dialog, SESSION_EXPIRED);
    const isBusy = dialog.outgoingInvite !== undefined || dialog.incomingInvites.size > 0;
    if (isBusy) return this.timers.arm(dialog, seconds, true);
    const wanted = SipMessage.request('INVITE', 'sip:placeholder')
      .add('Session-Expires', `${seconds};refresher=uac`)
      .add('Min-SE', String(MIN_SE_SECONDS));
    wanted.body = dialog.localSdp;
    const { message, hop } = dialog.nextRequest('INVITE', this.stack, wanted);
    let transaction: ClientTransaction | undefined = undefined; // a failure may come at once
    const onResponse = (response: SipMessage, { retransmission }: ResponseInfo): void => {
      const status = response.status ?? 0;
      if (status < 200 || retransmission) return;
      if (dialog.outgoingInvite === transaction) dialog.outgoingInvite = undefined;
      if (status < 300) {
        const ack = dialog.ack(message.cseq.seq, this.stack);
        transaction?.acknowledge(ack.message, ack.hop);
      }
      if (this.dialogs.has(dialog)) this.#refreshed(dialog, seconds, response);
    };
    transaction = this.stack.request(message, hop, { onResponse });
    if (!transaction.isFinal) dialog.outgoingInvite = transaction;
  }

  #refreshed(dialog: Dialog, seconds: number, response: SipMessage): void {
    const status = response.status ?? 0;
    if (status === 491) return this.timers.arm(dialog, seconds, true); // theirs came in between
    if (status >= 300) return this.endDialog(dialog, SESSION_EXPIRED);
    dialog.refreshTarget(response);
    this.timers.followResponse(dialog, response);
  }

  #sendInDialog(client: ControlClient, id: string, dialog: Dialog, app: SipMessage): void {
    const method = app.method ?? '';
    if (method === 'ACK') {
      this.#sendAck(client, id, dialog, app);
      return;
    }
    if (method === 'CANCEL') throw new ControlError('Server error: CANCEL needs a transaction id');
    if (method === 'BYE') this.#abandonInvite(dialog);
    const { message, hop } = serverError(() => dialog.nextRequest(method, this.stack, app));
    const pending = this.#send(client, id, message, hop, {
      dialogId: dialog.id,
      dialog,
      inDialog: true,
    });
    if (method === 'INVITE') dialog.outgoingInvite = pending.transaction;
  }

  #sendAck(client: ControlClient, id: string, dialog: Dialog, app: SipMessage): void {
    const invite = dialog.unacknowledged;
    if (!invite) throw new ControlError(UNWANTED_ACK);
    const { message, hop: wanted } = serverError(() => dialog.ack(invite.seq, this.stack, app));
    const hop = this.stack.route(message, wanted);
    dialog.unacknowledged = undefined;
    invite.transaction.acknowledge(message, hop);
    dialog.noteLocalSdp(message);
    tellRequestSent(client, id, message, { local: this.stack, hop }, randomUUID());
    if (dialog.byeAfterAck) this.endDialog(dialog, 'ACK-BYE due to cancel race condition');
  }

  /** A BYE overtakes our own re-INVITE: cancel it, and pass none of its responses on. */
  #abandonInvite(dialog: Dialog): void {
    const invite = dialog.outgoingInvite;
    if (!invite || invite.isFinal) return;
    this.muteDialog(dialog);
    invite.cancel();
  }

  #send(
    client: ControlClient,
    id: string,
    request: SipMessage,
    wanted: SipAddress,
    parts: { dialogId: string; dialog?: Dialog; inDialog: boolean },
  ): PendingRequest {
    const pending: PendingRequest = {
      id: randomUUID(),
      client,
      request,
      ...parts,
      isCancelled: false,
      isMuted: false,
      lastRSeq: 0,
    };
    this.#pending.set(pending.id, pending);
    const hop = this.stack.route(request, wanted);
    tellRequestSent(client, id, request, { local: this.stack, hop }, pending.id);
    pending.transaction = this.stack.request(request, hop, {
      onResponse: (response, info) => this.#receive(pending, response, info),
    });
    return pending;
  }

  #receive(pending: PendingRequest, response: SipMessage, info: ResponseInfo): void {
    const status = response.status ?? 0;
    if (status === 100 || info.retransmission) return;
    if (status >= 200) this.#pending.delete(pending.id);
    const known = pending.inDialog
      ? this.#receiveInDialog(pending, response)
      : this.#receiveOutsideDialog(pending, response);
    if (!known || pending.isMuted) return;
    tellFromNetwork(pending.client, response, {
      transactionId: pending.id,
      dialogId: pending.dialogId,
    });
  }

  /** @returns false if the application need not see it */
  #receiveOutsideDialog(pending: PendingRequest, response: SipMessage): boolean {
    const status = response.status ?? 0;
    const { request } = pending;
    if (request.method === 'SUBSCRIBE') {
      if (status === 200 || status === 202) this.#form(pending, response);
      return true;
    }
    if (request.method !== 'INVITE') return true;
    if (status < 200) return this.#receiveProvisional(pending, response);
    if (status >= 300) {
      if (pending.dialog) this.dialogs.remove(pending.dialog); // it was formed by a provisional
      return true;
    }
    if (pending.dialog?.isConfirmed) {
      this.#refuseFork(pending, response);
      return false;
    }
    if (status === 200) this.#answer(pending, response);
    return true;
  }

  /** A reliable provisional makes the dialog, so that the application can send its PRACK. */
  #receiveProvisional(pending: PendingRequest, response: SipMessage): boolean {
    const rseq = Number(response.get('RSeq') ?? 0);
    if (!rseq || !response.tagOf('To')) return true;
    if (rseq <= pending.lastRSeq) return false; // RFC 3262 section 4: a repetition
    pending.lastRSeq = rseq;
    if (!pending.dialog) this.#form(pending, response);
    return true;
  }

  #answer(pending: PendingRequest, response: SipMessage): void {
    const { client, request, transaction } = pending;
    const early = pending.dialog;
    const dialog = this.#form(pending, response);
    if (early) dialog.continueFrom(early);
    dialog.isConfirmed = true;
    dialog.noteLocalSdp(request);
    this.timers.followResponse(dialog, response);
    if (transaction) dialog.unacknowledged = { seq: request.cseq.seq, transaction };
    if (client.isOpen) dialog.byeAfterAck = pending.isCancelled;
    else this.#hangUpUnasked(dialog, 'application disconnected');
  }

  #form(pending: PendingRequest, response: SipMessage): Dialog {
    const dialog = callerDialog(pending.client, pending.request, response);
    pending.dialog = dialog;
    this.dialogs.add(dialog);
    return dialog;
  }

  /** A second called party answered the same INVITE: RFC 3261 section 13.2.2.4 wants ACK and BYE. */
  #refuseFork({ client, request }: PendingRequest, response: SipMessage): void {
    const fork = callerDialog(client, request, response);
    const { message, hop } = fork.ack(request.cseq.seq, this.stack);
    this.stack.send(message, hop);
    const bye = fork.nextRequest('BYE', this.stack);
    this.stack.request(bye.message, bye.hop, { onResponse: () => undefined });
  }

  /** Nobody is left to talk on this call: acknowledge and end it. */
  #hangUpUnasked(dialog: Dialog, why: string): void {
    const invite = dialog.unacknowledged;
    if (invite) {
      const { message, hop } = dialog.ack(invite.seq, this.stack);
      invite.transaction.acknowledge(message, hop);
    }
    this.endDialog(dialog, why);
  }

  #receiveInDialog(pending: PendingRequest, response: SipMessage): boolean {
    const { dialog, request, transaction } = pending;
    const status = response.status ?? 0;
    if (!dialog || status < 200) return true;
    if (request.method === 'INVITE') {
      if (dialog.outgoingInvite === transaction) dialog.outgoingInvite = undefined;
      if (status < 300 && transaction) this.#answerInDialog(pending, dialog, transaction, response);
    } else if (status < 300) {
      dialog.refreshTarget(response);
    }
    if (request.method === 'BYE' || endsSubscription(dialog, request)) this.dialogs.remove(dialog);
    return true;
  }

  #answerInDialog(
    { request, isMuted, client }: PendingRequest,
    dialog: Dialog,
    transaction: ClientTransaction,
    response: SipMessage,
  ): void {
    dialog.refreshTarget(response);
    dialog.noteLocalSdp(request);
    this.timers.followResponse(dialog, response);
    dialog.unacknowledged = { seq: request.cseq.seq, transaction };
    if (!isMuted && client.isOpen) return;
    const { message, hop } = dialog.ack(request.cseq.seq, this.stack);
    dialog.unacknowledged = undefined;
    transaction.acknowledge(message, hop);
  }
}

const SESSION_EXPIRED = 'Session timer expired';
const UNKNOWN_DIALOG = 'Server error: unable to find dialog for dialog id provided';
const UNWANTED_ACK =
  'Server error: ACK for non-success final response is automatically generated by server';

/** Runs a step inside a dialog: drachtio-server words its refusals there differently. */
function serverError<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ControlError) throw new ControlError(`Server error: ${error.message}`);
    throw error;
  }
}

const withScheme = (uri: string): string => (/^sips?:/i.test(uri) ? uri : `sip:${uri}`);

/** The last NOTIFY of a subscription ends its dialog. */
export function endsSubscription(dialog: Dialog, request: SipMessage): boolean {
  const state = request.get('Subscription-State') ?? '';
  return (
    dialog.kind === 'subscribe' && request.method === 'NOTIFY' && /^\s*terminated/i.test(state)
  );
}
