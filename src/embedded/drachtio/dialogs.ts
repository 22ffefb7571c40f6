/**
 * The dialogs of the server, found by id (the application's way), by Call-ID (a request that names
 * an existing one) and by Call-ID with both tags (the network's way).
 */
import { headerParam, type SipMessage } from '../sip/message.js';
import type { Dialog } from './dialog.js';

export class Dialogs {
  readonly #byId = new Map<string, Dialog>();
  readonly #byCallId = new Map<string, Dialog>();

  get size(): number {
    return this.#byId.size;
  }

  add(dialog: Dialog): void {
    this.#byId.set(dialog.id, dialog);
    this.#byCallId.set(dialog.callId, dialog);
  }

  /**
   * Forgets a dialog; INVITEs of the peer still unanswered in it end with 487 (RFC 3261 section
   * 15.1.2), and a 2xx of ours is no longer repeated.
   */
  remove(dialog: Dialog): void {
    dialog.cancelSessionTimer();
    if (this.#byId.get(dialog.id) === dialog) this.#byId.delete(dialog.id);
    if (this.#byCallId.get(dialog.callId) === dialog) this.#byCallId.delete(dialog.callId);
    for (const invite of dialog.incomingInvites) {
      invite.respond(487);
      invite.acknowledge();
    }
    dialog.incomingInvites.clear();
  }

  /** The server stops: calls stay, but nobody is left to refresh them. */
  cancelSessionTimers(): void {
    for (const dialog of this.#byId.values()) dialog.cancelSessionTimer();
  }

  has(dialog: Dialog): boolean {
    return this.#byId.get(dialog.id) === dialog;
  }

  byId(id: string): Dialog | undefined {
    return this.#byId.get(id);
  }

  byCallId(callId: string): Dialog | undefined {
    return this.#byCallId.get(callId);
  }

  /** The dialog of a request from the network; both tags must be right. */
  ofRequest(request: SipMessage): Dialog | undefined {
    const { callId } = request;
    const ours = request.tagOf('To');
    const theirs = request.tagOf('From');
    for (const idTag of [ours, theirs]) {
      const dialog = this.#byId.get(`${callId};from-tag=${idTag ?? ''}`);
      if (!dialog) continue;
      const tags = [dialog.localAddress, dialog.remoteAddress].map((a) => headerParam(a, 'tag'));
      if (tags[0] === ours && tags[1] === theirs) return dialog;
    }
    return undefined;
  }
}
