/**
 * One INVITE from the request to its single outcome. Handles what RFC 3261 9.1 and the libraries leave
 * to the application: a CANCEL before the request is known to be sent, a 200 that crosses the CANCEL,
 * a signalling server that says nothing, and one that goes away.
 */
import type {
  CancelCause,
  Clock,
  InviteOutcome,
  InviteRequest,
  LegIdentity,
  Log,
  OutgoingCall,
} from '../../ports.js';
import { contained } from './contained.js';
import { answerChallenges, hopTo } from './credentials.js';
import { takeEarlyUpdates } from './early-update.js';
import type { Deadlines } from './deadlines.js';
import { describeError } from './errors.js';
import { answeredIdentity, ringingIdentity } from './leg-identity.js';
import { failureOf, isAnswer } from './invite-failure.js';
import type { LostLeg } from './lost-legs.js';
import { endOrphanLeg } from './orphan-leg.js';
import { readFarSdp } from './session-description.js';
import { checked, inviteHeaders, reasonHeader } from './sip-headers.js';
import type {
  AnswerView,
  DialogView,
  SentInvite,
  SipMessageView,
  SipResponseView,
  SrfView,
} from './srf-types.js';
import type { SipDialog } from '../../ports.js';

export interface InviteContext {
  readonly srf: SrfView;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  /** Name of the site it leaves by. */
  readonly site: string;
  /** Wraps a dialog that is now ours to end. */
  adopt(leg: DialogView, earlySdp: string | undefined): SipDialog;
  /** Called when nothing of the INVITE is in the air any more; once more by what comes later still. */
  onGone(invite: OutgoingInvite): void;
}

/** Provisional responses, or parties of a fork, that are remembered. */
const MAX_EARLY = 8;

const FAULT = 'internal error';

/** A leg that may be up or ringing though its outcome is told. */
interface Orphan {
  readonly end: Promise<void>;
  readonly settle: () => void;
  stopTimer: () => void;
}

function newOrphan(): Orphan {
  let settle = (): void => undefined;
  const end = new Promise<void>((resolve) => (settle = resolve));
  return { end, settle, stopTimer: () => undefined };
}

type Provisional = { status: number; sdp?: string };

export class OutgoingInvite implements OutgoingCall {
  readonly callId: string;
  readonly outcome: Promise<InviteOutcome>;
  readonly #provisionalHandles: ((response: Provisional) => void)[] = [];
  readonly #early: Provisional[] = [];
  readonly #identityHandles: ((identity: LegIdentity) => void)[] = [];
  #identity: LegIdentity | undefined;
  /** Somebody behind the trunk has answered, if only with 180. */
  #isReached = false;
  #orphan: Orphan | undefined;
  readonly #offer: string;
  /** In which credentials are given. */
  readonly #realms: Map<string, string>;
  #settle!: (outcome: InviteOutcome) => void;
  #isSettled = false;
  #sent: SentInvite | undefined;
  /** SDP of provisional responses by To tag: a forked call has one for each party that rings. */
  readonly #earlySdps = new Map<string, string>();
  /** Our offer has its answer already, in a reliable response. */
  #hasEarlyAnswer = false;
  #adopted: SipDialog | undefined;
  #answerOffer: ((sdp: string) => Promise<string>) | undefined;
  #cancelReason: string | undefined;
  #cancelCause: CancelCause | undefined;
  #cancelTimer: () => void;

  constructor(
    request: InviteRequest,
    private readonly context: InviteContext,
  ) {
    this.callId = request.callId;
    this.#offer = request.localSdp;
    this.#realms = new Map(Object.entries(request.auth?.realms ?? {}));
    this.outcome = new Promise((resolve) => (this.#settle = resolve));
    const { clock, deadlines } = context;
    this.#cancelTimer = clock.after(deadlines.requestMs, () =>
      this.#giveUp('drachtio does not answer'),
    );
    this.#launch(request);
  }

  onProvisional(handle: (response: Provisional) => void): void {
    this.#provisionalHandles.push(this.#contained('a provisional response', handle));
    for (const response of this.#early.splice(0)) handle(response);
  }

  onOffer(answer: (sdp: string) => Promise<string>): void {
    this.#answerOffer = answer;
  }

  onIdentity(handle: (identity: LegIdentity) => void): void {
    this.#identityHandles.push(handle);
    if (this.#identity) handle(this.#identity);
  }

  get orphanEnd(): Promise<void> | undefined {
    return this.#orphan?.end;
  }

  cancel(reason: string, cause?: CancelCause): void {
    if (this.#isSettled || this.#cancelReason !== undefined) return;
    this.#cancelReason = reason;
    this.#cancelCause = cause;
    if (this.#sent) this.#sendCancel();
  }

  /** The connection to drachtio is going: what somebody else needs to end the leg. Called before `lose`. */
  becomeLost(): LostLeg {
    const { callId } = this;
    const identity = this.#identity;
    this.#orphan ??= newOrphan();
    this.#orphan.stopTimer();
    return { callId, ...(identity && { identity }), settle: this.#orphan.settle };
  }

  /** We close: the ledger keeps a leg of which nobody knows, for the next process. */
  forget(): void {
    this.#orphan?.stopTimer();
  }

  /** The connection to drachtio is gone. */
  lose(why: string): void {
    this.#finish({ kind: 'error', why });
    this.context.onGone(this);
  }

  /** Every throw on the way to the wire becomes the outcome, once whoever calls us holds us. */
  #launch(request: InviteRequest): void {
    const failed = (thrown: unknown): void => queueMicrotask(() => this.#failed(thrown));
    try {
      const proxy = hopTo(request.uri, request.proxyUri);
      this.context.srf.createUAC(
        checked('sip-uri', request.uri),
        {
          headers: inviteHeaders(request),
          localSdp: request.localSdp,
          proxy: proxy === undefined ? undefined : checked('sip-uri', proxy),
          auth:
            request.auth &&
            answerChallenges(request.auth, () => this.#mayLearn(request), this.#realms),
        },
        {
          cbRequest: this.#contained('an INVITE on its way', (error: unknown, sent) => {
            if (!error && sent) this.#onSent(sent);
          }),
          cbProvisional: this.#contained('a provisional response', (response) =>
            this.#onProvisional(response),
          ),
        },
        contained(
          ...([this.context.log, 'an answer'] as const),
          (error: unknown, leg?: DialogView) => (leg ? this.#answered(leg) : failed(error)),
          { callId: this.callId, onThrown: (thrown, _error, leg) => this.#abandon(thrown, leg) },
        ),
      );
    } catch (thrown) {
      failed(thrown);
    }
  }

  #contained<Values extends readonly unknown[]>(
    what: string,
    handle: (...values: Values) => void,
  ): (...values: Values) => void {
    return contained(this.context.log, what, handle, { callId: this.callId });
  }

  /** A fault of ours at the answer: the far side is in a call of which nobody knows. */
  #abandon(thrown: unknown, leg: DialogView | undefined): void {
    this.#failed(thrown);
    if (this.#adopted) void this.#adopted.bye(FAULT);
    else if (leg) void leg.destroy({ headers: reasonHeader(FAULT) }).catch(() => undefined);
  }

  #mayLearn({ auth }: InviteRequest): boolean {
    return auth?.realms === undefined && !this.#isReached && !this.#isSettled;
  }

  #onSent(sent: SentInvite): void {
    this.#sent = sent;
    takeEarlyUpdates(sent, {
      ...{ log: this.context.log, offer: this.#offer },
      isAnswered: () => this.#hasEarlyAnswer,
      answer: (sdp, update) => this.#answerUpdate(sdp, update),
    });
    this.#identify(ringingIdentity(sent));
    const { clock, deadlines } = this.context;
    this.#cancelTimer();
    if (this.#cancelReason !== undefined) return this.#sendCancel();
    this.#cancelTimer = clock.after(deadlines.inviteMs, () =>
      this.cancel('no answer', 'ring-timeout'),
    );
  }

  #sendCancel(): void {
    const { clock, deadlines, log } = this.context;
    this.#cancelTimer();
    // A callee that never answered anything keeps drachtio from sending the CANCEL (RFC 3261 9.1);
    // the caller does not wait for the transaction to time out.
    this.#cancelTimer = clock.after(deadlines.cancelMs, () => {
      this.#mayStillBeUp();
      this.#finish({ kind: 'cancelled' });
    });
    try {
      const headers = reasonHeader(this.#cancelReason ?? '', this.#cancelCause);
      this.#sent?.cancel({ headers }, (error) => {
        if (error) log.debug({ callId: this.callId, why: describeError(error) }, 'CANCEL refused');
      });
    } catch (thrown) {
      log.debug({ callId: this.callId, why: describeError(thrown) }, 'CANCEL not sent');
    }
  }

  /**
   * Whoever called goes on, but a far side from which no final response came may have answered all the
   * same: it sends its 200 for 64 * T1 (RFC 3261 13.3.1.4), and for as long we wait for ours (9.1).
   */
  #mayStillBeUp(): void {
    if (this.#orphan) return;
    const orphan = newOrphan();
    const { clock, deadlines } = this.context;
    // drachtio forgets an INVITE whose far side has sent a BYE before its answer, and says nothing more.
    orphan.stopTimer = clock.after(deadlines.finalResponseMs, () => {
      orphan.settle();
      this.context.onGone(this);
    });
    this.#orphan = orphan;
  }

  #isNoOrphan(): void {
    this.#orphan?.stopTimer();
    this.#orphan?.settle();
  }

  #onProvisional(response: SipResponseView): void {
    if (response.status <= 100) return;
    this.#isReached = true;
    if (this.#isSettled) return;
    // It is reached. How long it may ring is for whoever called to say: a PBX's queue takes its time.
    if (this.#cancelReason === undefined) this.#cancelTimer();
    if (this.#sent && this.#sent.stackTxnId !== this.#identity?.transactionId) {
      this.#identify(ringingIdentity(this.#sent, response));
    }
    const provisional: Provisional = { status: response.status };
    if (response.body) {
      provisional.sdp = response.body;
      this.#hasEarlyAnswer ||= response.has('RSeq');
      if (this.#earlySdps.size < MAX_EARLY)
        this.#earlySdps.set(tagIn(response.get('To')), response.body);
    }
    if (this.#provisionalHandles.length === 0) {
      if (this.#early.length < MAX_EARLY) this.#early.push(provisional);
    }
    for (const handle of this.#provisionalHandles) handle(provisional);
  }

  /** Of the far side's dialog, whose 200 may come without one: the latest is what holds then. */
  #answerUpdate(sdp: string, update: SipMessageView): Promise<string> | undefined {
    if (this.#isSettled) return undefined;
    const served = this.#answerOffer?.(sdp);
    if (served) this.#earlySdps.set(tagIn(update.get('From')), sdp);
    return served;
  }

  #answered(leg: DialogView): void {
    this.#identify(answeredIdentity(leg, this.#sent));
    const dialog = this.context.adopt(leg, this.#earlySdps.get(leg.sip.remoteTag));
    this.#adopted = dialog;
    const why = this.#unwanted(dialog);
    this.#cancelTimer();
    if (why === undefined) {
      this.#finish({ kind: 'answered', dialog });
    } else {
      void dialog.bye(why).finally(() => this.#isNoOrphan());
      this.#finish(
        this.#cancelReason === undefined
          ? { kind: 'error', why, isOfFarSide: true }
          : { kind: 'cancelled' },
      );
    }
    this.context.onGone(this);
  }

  #identify(found: LegIdentity | undefined): void {
    if (!found) return;
    const identity = { ...found, site: this.context.site };
    this.#identity = identity;
    for (const handle of this.#identityHandles) handle(identity);
  }

  /** @returns why a dialog that came is not to be used. */
  #unwanted(dialog: SipDialog): string | undefined {
    if (this.#cancelReason !== undefined) return this.#cancelReason;
    if (this.#isSettled) return 'answered too late';
    // The 200 is acknowledged by now; a call on which nobody could be heard is ended.
    const reading = readFarSdp(dialog.remoteSdp, this.#offer);
    if (reading.kind === 'fax') return 'SDP_NO_AUDIO: answered with T.38 alone';
    return reading.kind === 'unusable' ? `${reading.fault}: ${reading.why}` : undefined;
  }

  #failed(thrown: unknown): void {
    this.#cancelTimer();
    if (!this.#hangsUpUnheard(thrown)) this.#isNoOrphan();
    this.#finish(
      this.#cancelReason === undefined
        ? failureOf(thrown, this.#realms)
        : this.#failedAfterCancel(thrown),
    );
    this.context.onGone(this);
  }

  /**
   * drachtio-srf has acknowledged it, but makes a dialog of 200 alone; the far side is in a call with any
   * 2xx (RFC 3261 13.2.2.4). @returns whether that is so; `orphanEnd` tells its end
   */
  #hangsUpUnheard(thrown: unknown): boolean {
    const { res } = thrown as { res?: AnswerView };
    if (res === undefined || !isAnswer(res)) return false;
    const localTag = this.#identity?.localTag ?? '';
    const found = answeredIdentity({ sip: { localTag }, res }, this.#sent);
    if (!found) return false;
    const orphan = (this.#orphan ??= newOrphan());
    orphan.stopTimer();
    const { callId, context } = this;
    const identity = { ...found, site: context.site };
    void endOrphanLeg({ callId, identity }, context).then(orphan.settle);
    return true;
  }

  /** 487 is the CANCEL's own answer; a callee may still have refused on its own in the same moment. */
  #failedAfterCancel(thrown: unknown): InviteOutcome {
    const outcome = failureOf(thrown, this.#realms);
    const REQUEST_TERMINATED = 487;
    const isRefusal = outcome.kind === 'failed' && outcome.status !== REQUEST_TERMINATED;
    return isRefusal && outcome.status !== 408 ? outcome : { kind: 'cancelled' };
  }

  /** drachtio said nothing about our request; should it come to life later, the call is ended. */
  #giveUp(why: string): void {
    this.#cancelReason ??= why;
    this.#mayStillBeUp();
    this.#finish({ kind: 'error', why });
  }

  #finish(outcome: InviteOutcome): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#cancelTimer();
    this.#provisionalHandles.length = 0;
    this.#settle(outcome);
  }
}

function tagIn(address: string | undefined): string {
  return /;\s*tag=([^;\s>]+)/i.exec(address ?? '')?.[1] ?? '';
}
