/**
 * Ends a leg that a dead process of ours left with the signalling server. drachtio keeps INVITEs and
 * dialogs of an application that has gone and lets any other of its applications name them: a CANCEL
 * by transaction, an ACK or BYE by `<Call-ID>;from-tag=<tag>` (0.9.10, measured). When drachtio has
 * been restarted as well it knows neither; an answered leg is then ended by a BYE made of its tags.
 *
 * A leg that rang when both died cannot be cancelled by anybody: the outcome says `unknown`.
 */
import type { Clock, Log, OrphanEnd, OrphanLeg } from '../../ports.js';
import { type Deadlines, withDeadline } from './deadlines.js';
import { describeError } from './errors.js';
import { checked, reasonHeader } from './sip-headers.js';
import type { RawRequest, SipResponseView, SrfView } from './srf-types.js';

export interface OrphanContext {
  readonly srf: SrfView;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
}

const PAUSE_MS = 100;
/** Above whatever was sent in the dialog since its INVITE. */
const CSEQ_GAP = 1000;
const WHY = 'the caller was restarted';

/** Statuses of a BYE after which the call may still be up: nobody answered, or we are not believed. */
const UNDECIDED = new Set([401, 403, 407, 408, 503]);

/** Ends the SIP side of a leg, within `cancelMs` and a BYE's deadline. Never rejects. */
export async function endOrphanLeg(leg: OrphanLeg, context: OrphanContext): Promise<OrphanEnd> {
  try {
    return await new OrphanCall(leg, context).end();
  } catch (thrown) {
    context.log.warn({ callId: leg.callId, why: describeError(thrown) }, 'orphan leg not ended');
    return 'unknown';
  }
}

type Cancelled =
  /** The INVITE has no final response yet, as far as the server knows. */
  | 'pending'
  /** It has one, or the server never had this INVITE. */
  | 'over';

class OrphanCall {
  constructor(
    private readonly leg: OrphanLeg,
    private readonly context: OrphanContext,
  ) {}

  async end(): Promise<OrphanEnd> {
    const { identity } = this.leg;
    if (!identity) return 'unknown';
    const { clock, deadlines } = this.context;
    const giveUpAtMs = clock.nowMs() + deadlines.cancelMs;
    for (let isFirst = true; clock.nowMs() < giveUpAtMs; isFirst = false) {
      const invite = identity.answered ? 'over' : await this.#cancel(identity.transactionId);
      const bye = await this.#byeInDialog(identity.dialogTag ?? identity.localTag, {
        isAcknowledged: identity.answered !== undefined,
        isAnswerKnown: invite === 'over',
      });
      if (bye !== 'no-dialog') return bye;
      if (identity.answered) return await this.#byeByIdentity(identity.answered);
      // Over at the first look may also mean that the server was restarted and knows nothing.
      if (invite === 'over') return isFirst ? 'unknown' : 'ended';
      await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
    }
    return 'unknown';
  }

  async #cancel(stackTxnId: string): Promise<Cancelled> {
    const headers = reasonHeader(WHY);
    const uri = 'sip:placeholder';
    try {
      await this.#send({ method: 'CANCEL', uri, stackTxnId, headers });
      return 'pending';
    } catch (thrown) {
      // Other refusals mean that a 200 came and nobody acknowledged it.
      return /unknown transaction/i.test(describeError(thrown)) ? 'over' : 'pending';
    }
  }

  /**
   * A 200 that comes between ACK and BYE would get a BYE and no ACK: no dialog now is no dialog. Once
   * the INVITE is over no 200 can come, and a refused ACK may mean that the dead process sent it.
   */
  async #byeInDialog(
    dialogTag: string,
    { isAcknowledged, isAnswerKnown }: { isAcknowledged: boolean; isAnswerKnown: boolean },
  ): Promise<OrphanEnd | 'no-dialog'> {
    const stackDialogId = `${checked('sip-call-id', this.leg.callId)};from-tag=${dialogTag}`;
    if (!isAcknowledged) {
      const isSent = await this.#acknowledge(stackDialogId);
      if (!isSent && !isAnswerKnown) return 'no-dialog';
    }
    try {
      return await this.#bye({ method: 'BYE', stackDialogId, headers: reasonHeader(WHY) });
    } catch (thrown) {
      if (isUnknownDialog(thrown)) return 'no-dialog';
      throw thrown;
    }
  }

  /** @returns false when there is no such dialog, or its ACK was sent before: drachtio says the same */
  async #acknowledge(stackDialogId: string): Promise<boolean> {
    try {
      await this.#send({ method: 'ACK', stackDialogId, headers: {} });
      return true;
    } catch (thrown) {
      return !isUnknownDialog(thrown);
    }
  }

  #byeByIdentity({
    from,
    to,
    cseq,
    target,
    via,
  }: NonNullable<NonNullable<OrphanLeg['identity']>['answered']>): Promise<OrphanEnd> {
    return this.#bye({
      method: 'BYE',
      uri: checked('sip-uri', target),
      ...(via === undefined ? {} : { proxy: checked('sip-uri', via) }),
      headers: {
        from: checked('header-value', from),
        to: checked('header-value', to),
        'call-id': checked('sip-call-id', this.leg.callId),
        cseq: `${cseq + CSEQ_GAP} BYE`,
        ...reasonHeader(WHY),
      },
    });
  }

  /** @throws Error when drachtio refuses to send it */
  async #bye(request: RawRequest): Promise<OrphanEnd> {
    const { clock, deadlines } = this.context;
    const answered = new Promise<SipResponseView>((resolve, reject) => {
      this.#send(request, resolve).catch(reject);
    });
    const { status } = await withDeadline(clock, deadlines.byeMs, 'BYE', answered);
    return UNDECIDED.has(status) ? 'unknown' : 'ended';
  }

  /** Resolves when drachtio has sent it. @throws Error with drachtio's words */
  #send(request: RawRequest, onResponse?: (response: SipResponseView) => void): Promise<void> {
    const { clock, deadlines, srf } = this.context;
    const sent = new Promise<void>((resolve, reject) => {
      srf.app.client.request(request, (error, message) => {
        if (error) return reject(error);
        if (onResponse) message?.on('response', onResponse);
        resolve();
      });
    });
    return withDeadline(clock, deadlines.requestMs, request.method, sent);
  }
}

function isUnknownDialog(thrown: unknown): boolean {
  // Without a Contact there is no route; the last is what drachtio answers to an ACK, guessing that the call was refused.
  return /unable to find (?:dialog|route)|ACK for non-success/i.test(describeError(thrown));
}
