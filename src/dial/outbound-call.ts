/**
 * One attempt on the wire: media endpoint, audio tap, INVITE, ringing, answer, analysis. It has
 * exactly one outcome, reported once; after an outcome with the leg up it goes on to report what
 * becomes of the leg. It decides nothing about the callback: that is the call flow's.
 *
 *   endpoint ─ tap ─ INVITE ─┬─ failed: this trunk, and another is free ─ its INVITE ...
 *                            ├─ failed ───────────────────────────────> outcome, leg down
 *                            ├─ early media: busy, SIT ... ─ CANCEL ──> outcome, leg down
 *                            ├─ ring timeout ─ CANCEL ────────────────> no answer, leg down
 *                            └─ 200 ─ verdict ────────────────────────> outcome, leg up
 *                                   └─ BYE first ─────────────────────> state 5, leg down
 */
import { CALL_STATE, callStateOfAnswer, type CallState } from '../callflow/call-state.js';
import type { AttemptDetail } from '../callflow/vocabulary.js';
import type { CpdEvent, EarlyMediaSound } from '../cpd/types.js';
import type {
  AudioTap,
  CallAnalysis,
  CancelCause,
  DialogEnd,
  InviteFailure,
  InviteOutcome,
  LegListener,
  MediaEndpoint,
  OutgoingCall,
  SipDialog,
} from '../ports.js';
import { answerOfSound, callStateOfVerdict } from './heard-result.js';
import {
  detailOf,
  faultDetail,
  isWithin,
  messageOf,
  partOn,
  partsOf,
  RINGING,
  type InviteParts,
  type NextInvite,
  type OutboundCallDeps,
  type OutboundCallListener,
  type OutboundCallRequest,
  type Turn,
} from './outbound-call-parts.js';
import { judgeFailure, type ResultVerdict } from './sip-result.js';
import type { BrokenOff } from './trunk-tries.js';

/** No verdict is revised later than this after it fell: a person in the queue needs no detector. */
const REVISABLE_MS = 30_000;
/** Time past the detector's own limit after which it is taken for dead. */
const ANALYSIS_GRACE_MS = 3000;

export class OutboundCall {
  #endpoint: MediaEndpoint | undefined;
  #analysis: CallAnalysis | undefined;
  #tap: AudioTap | undefined;
  #invite: OutgoingCall | undefined;
  #dialog: SipDialog | undefined;
  #stopTimer: () => void = () => {};
  #hasResult = false;
  /** What the early media amounts to. */
  #heard: EarlyMediaSound | undefined;
  /** Of the INVITE that is out. */
  #hasRung = false;
  #trunk: string | undefined;
  #callId: string;
  #isSecure = false;
  #leg: LegListener;
  /** We are done with it: nothing is reported any more. */
  #isOver = false;
  #released: Promise<void> | undefined;
  readonly #placed: Promise<void>;
  #isToldOver = false;

  constructor(
    private readonly deps: OutboundCallDeps,
    private readonly request: OutboundCallRequest,
    private readonly listener: OutboundCallListener,
  ) {
    this.#trunk = request.trunk;
    this.#callId = request.callId;
    this.#leg = listener;
    this.#placed = this.#dial().catch((error: unknown) => {
      this.#end(CALL_STATE.SystemError, faultDetail(error, this.#endpoint !== undefined));
    });
  }

  /** The customer's media endpoint, for players and bridges; undefined before and after. */
  get endpoint(): MediaEndpoint | undefined {
    return this.#isOver ? undefined : this.#endpoint;
  }

  /** Present while the call is answered. */
  get dialog(): SipDialog | undefined {
    return this.#isOver ? undefined : this.#dialog;
  }

  /** Of the INVITE that is out, or was the last. */
  get callId(): string {
    return this.#callId;
  }

  /** Of the 200 OK; empty before. */
  get answerHeaders(): Readonly<Record<string, string>> {
    return this.#dialog?.answerHeaders ?? {};
  }

  /** Ends the call whatever its stage. Nothing is reported afterwards. */
  async hangUp(why: string): Promise<void> {
    this.#isOver = true;
    await this.#release(why);
    // An endpoint or an answer that was on its way is given back by then, too.
    await this.#placed;
    await this.#released;
  }

  /** The customer's media go elsewhere: the endpoint is given back, the call goes on. */
  async releaseMedia(): Promise<void> {
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    await endpoint?.close();
  }

  /** A file is about to play. A tap that dies of it is given back; any other goes on. */
  async beforePlaying(): Promise<void> {
    if (this.#tap?.hearsWhilePlaying !== true) await this.stopListening();
  }

  /** No more verdicts: the call is bridged, or nothing can be heard any more. */
  async stopListening(): Promise<void> {
    const analysis = this.#analysis;
    const tap = this.#tap;
    this.#analysis = undefined;
    this.#tap = undefined;
    await Promise.allSettled([tap?.stop(), analysis?.close()]);
  }

  async #dial(): Promise<void> {
    const { isSecure, turn } = this.request;
    await this.#send(await this.#open(isSecure), partsOf(this.request), turn);
  }

  /** An endpoint of its own, which is listened to. Its detector is made while the media server makes it. */
  async #open(isSecure: boolean | undefined): Promise<MediaEndpoint> {
    this.#isSecure = isSecure === true;
    const [made, opening] = [this.#makeEndpoint(isSecure), this.#openAnalysis()];
    await Promise.allSettled([made, opening]);
    // Whoever hung up meanwhile has given back what there was then.
    if (this.#isOver) await this.#release('abandoned');
    const endpoint = await made;
    if (this.#isOver) return endpoint;
    const analysis = await opening;
    endpoint.onEnded(() => this.#onMediaLost());
    if (endpoint.hasEnded) this.#onMediaLost();
    else if (analysis) await this.#tapInto(endpoint, analysis);
    return endpoint;
  }

  async #makeEndpoint(isSecure: boolean | undefined): Promise<MediaEndpoint> {
    this.#endpoint = await this.deps.telephony.media.createEndpoint({ isSecure });
    this.#leg.onEndpoint(this.#endpoint.id);
    return this.#endpoint;
  }

  async #send(endpoint: MediaEndpoint, parts: InviteParts, turn?: Turn): Promise<void> {
    if (!this.#isOver) await turn?.();
    if (this.#isOver) return this.#release('abandoned before dialling');
    const { localSdp, id: endpointId } = endpoint;
    const invite = this.deps.telephony.sip.invite({ ...parts, localSdp, endpointId });
    this.#invite = invite;
    const leg = this.#leg;
    invite.onIdentity((identity) => leg.onIdentity(identity));
    invite.onOffer?.((sdp) => endpoint.answer(sdp));
    invite.onProvisional(({ status, sdp }) => this.#onProvisional(endpoint, status, sdp));
    const { ringTimeoutMs } = this.request;
    this.#stopTimer = this.deps.clock.after(ringTimeoutMs, () =>
      this.#end(CALL_STATE.NoAnswer, { cpdReason: `rang ${ringTimeoutMs} ms` }, 'ring-timeout'),
    );
    const outcome = await invite.outcome;
    this.#stopTimer();
    await this.#onOutcome(endpoint, outcome);
  }

  async #openAnalysis(): Promise<CallAnalysis | undefined> {
    const { callId: id, analysis: wanted } = this.request;
    if (!wanted) return undefined;
    const analysis = await this.deps.analyser.open({ id, ...wanted });
    this.#analysis = analysis;
    analysis.onEvent((event) => this.#onHeard(event));
    return analysis;
  }

  /** Without audio the call is still worth making: its verdict will be "unknown". */
  async #tapInto(endpoint: MediaEndpoint, analysis: CallAnalysis): Promise<void> {
    const withoutTap = (error: unknown) =>
      void this.deps.log.warn({ callId: this.#callId, why: messageOf(error) }, 'no audio tap');
    const tap = () => endpoint.tap(analysis).catch(withoutTap);
    const part = partOn(endpoint, () => this.#isOver);
    this.#tap = (await (this.deps.setUps?.run('tap', tap, part) ?? tap())) ?? undefined;
  }

  #onProvisional(endpoint: MediaEndpoint, status: number, sdp: string | undefined): void {
    if (this.#isOver) return;
    this.#hasRung ||= RINGING.has(status);
    this.listener.onRinging(status, sdp !== undefined);
    // Early media: busy tones and information tones are often heard before any final response.
    if (sdp) endpoint.connect(sdp).catch((error: unknown) => this.#note('early media', error));
  }

  async #onOutcome(endpoint: MediaEndpoint, outcome: InviteOutcome): Promise<void> {
    if (outcome.kind === 'answered') return this.#onAnswered(endpoint, outcome.dialog);
    if (outcome.kind === 'failed') return this.#onFailed(endpoint, outcome);
    if (outcome.kind === 'error')
      return this.#end(CALL_STATE.DialError, { cpdReason: outcome.why });
    return undefined; // cancelled: whoever cancelled has reported
  }

  async #onFailed(endpoint: MediaEndpoint, failure: InviteFailure): Promise<void> {
    const [rows, heard, hasRung] = [this.request.resultRows, this.#heard, this.#hasRung];
    const verdict = judgeFailure(failure, { rows, trunk: this.#trunk, heard, hasRung });
    const next = await this.#nextInvite(failure, verdict);
    if (next && 'leg' in next) return this.#isOver ? next.leg.onOver() : this.#goOn(endpoint, next);
    this.#end(verdict.callState, detailOf(failure, verdict, next?.brokenOff));
  }

  /** The former leg has its final answer: it is over before another one begins. */
  async #nextInvite(
    failure: InviteFailure,
    verdict: ResultVerdict,
  ): Promise<NextInvite | BrokenOff | undefined> {
    const { onward } = this.request;
    const isLeft = verdict.then === 'next-trunk' || isWithin(failure);
    if (!onward || this.#isOver || !isLeft) return undefined;
    this.#leg.onOver();
    return onward(failure, verdict);
  }

  async #goOn(former: MediaEndpoint, next: NextInvite): Promise<void> {
    const { parts, trunk, leg, turn, isSecure = false } = next;
    this.#leg = leg;
    this.#trunk = trunk;
    this.#callId = parts.callId;
    this.#heard = undefined;
    if (isSecure === this.#isSecure) {
      leg.onEndpoint(former.id);
      return this.#send(former, parts, turn);
    }
    // One that encrypts cannot stop to, nor begin.
    await Promise.all([this.stopListening(), this.releaseMedia()]);
    return this.#send(await this.#open(isSecure), parts, turn);
  }

  async #onAnswered(endpoint: MediaEndpoint, dialog: SipDialog): Promise<void> {
    this.#dialog = dialog;
    if (this.#isOver) return this.#release('answered after we had given up');
    dialog.onEnded((how) => this.#onDialogEnded(how));
    this.listener.onAnswered(dialog);
    // A BYE can be faster than the promise that brought the dialog.
    if (dialog.hasEnded) return this.#onDialogEnded('remote');
    dialog.onOffer((sdp) => endpoint.answer(sdp));
    dialog.onFax(() => this.#onFax());
    const connect = () => endpoint.connect(dialog.remoteSdp);
    const part = partOn(endpoint, () => this.#isOver);
    await (this.deps.setUps?.run('connect', connect, part) ?? connect());
    const { mediaSilenceMaxMs } = this.request;
    if (!this.#isOver && mediaSilenceMaxMs !== undefined) endpoint.watchMedia(mediaSilenceMaxMs);
    if (this.#isOver || this.#hasResult) return;
    if (!this.request.analysis) {
      this.#result(CALL_STATE.Ok, true, { sipStatus: 200, cpdReason: 'CPD is off' });
      return;
    }
    this.#analysis?.answered();
    const limitMs = this.request.analysis.postConnectTimeoutMs + ANALYSIS_GRACE_MS;
    this.#stopTimer = this.deps.clock.after(limitMs, () => {
      this.#result(CALL_STATE.Unknown, true, { sipStatus: 200, cpdReason: 'no verdict in time' });
    });
  }

  /** No tone is a surer sign than the far side's own request for T.38. */
  #onFax(): void {
    if (this.#isOver) return;
    const why = 'the far side asked for T.38 (fax)';
    if (this.#hasResult) this.listener.onRevised(CALL_STATE.FaxDetected, why);
    else this.#result(CALL_STATE.FaxDetected, true, { sipStatus: 200, cpdReason: why });
  }

  #onHeard(event: CpdEvent): void {
    if (this.#isOver) return;
    this.listener.onHeard(event);
    if (event.type === 'early-media') {
      if (!this.#dialog) this.#onHeardEarly(event.soFar, event.reason);
    } else if (event.type === 'verdict') {
      // One that crossed the answer on its way is about early media, and never overrides an answer.
      if (event.beforeAnswer || !this.#dialog) return;
      const detail = { sipStatus: 200, cpdReason: event.reason };
      this.#result(callStateOfVerdict(event.verdict), true, detail);
    } else if (event.type === 'revised') {
      this.#stopTimer();
      this.listener.onRevised(callStateOfVerdict(event.verdict), event.reason);
    } else if (event.type === 'greeting-ended' || event.type === 'beep') {
      this.listener.onGreetingEnded(event.type === 'beep');
    }
  }

  /** Busy, congestion and information tones end the attempt; the rest waits for what SIP says. */
  #onHeardEarly(sound: EarlyMediaSound, reason: string): void {
    this.#heard = sound;
    const answer = answerOfSound(sound, 'none');
    if (answer) this.#end(callStateOfAnswer(answer), { cpdReason: `early media: ${reason}` });
  }

  #onDialogEnded(how: DialogEnd): void {
    if (this.#isOver || how === 'local') return;
    if (!this.#hasResult) {
      this.#end(how === 'lost' ? CALL_STATE.SystemError : CALL_STATE.RemoteRelease, {
        sipStatus: 200,
        cpdReason: how === 'lost' ? 'signalling lost before a verdict' : 'hung up before a verdict',
        ...this.#farReason(),
      });
      return;
    }
    this.#isOver = true;
    if (how === 'lost') this.listener.onLost('signalling');
    else this.listener.onHungUp(this.#farReason().farReason);
    void this.#release('far side hung up');
  }

  #farReason(): { readonly farReason?: string } {
    const farReason = this.#dialog?.endReason;
    return farReason === undefined ? {} : { farReason };
  }

  #onMediaLost(): void {
    if (this.#isOver) return;
    if (!this.#hasResult) {
      this.#end(CALL_STATE.SystemError, { cpdReason: 'media endpoint lost' });
      return;
    }
    this.#isOver = true;
    this.listener.onLost('media');
    void this.#release('media lost');
  }

  /** The outcome with the leg down: reported, then everything is given back. */
  #end(callState: CallState, detail: AttemptDetail, cause?: CancelCause): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#result(callState, false, detail);
    void this.#release(detail.cpdReason ?? 'attempt over', cause);
  }

  #result(callState: CallState, legUp: boolean, detail: AttemptDetail): void {
    if (this.#hasResult) return;
    this.#hasResult = true;
    this.#stopTimer();
    const audioTap = this.#tap?.kind;
    if (legUp) this.#listenOn(callState);
    this.listener.onResult({
      callState,
      legUp,
      detail: audioTap === undefined ? detail : { ...detail, audioTap },
    });
  }

  /** "Human" may be taken back for a while; a machine's greeting is followed; else nothing is to come. */
  #listenOn(callState: CallState): void {
    if (callState === CALL_STATE.Ok) {
      this.#stopTimer = this.deps.clock.after(REVISABLE_MS, () => void this.stopListening());
    } else if (callState !== CALL_STATE.AnsweringMachineDetected) void this.stopListening();
  }

  /** Gives everything back. An endpoint or dialog that arrives later comes through here again. */
  #release(why: string, cause?: CancelCause): Promise<void> {
    this.#isOver = true;
    this.#stopTimer();
    const before = this.#released ?? Promise.resolve();
    this.#released = before.then(async () => {
      await this.stopListening();
      if (this.#dialog) await this.#dialog.bye(why);
      else this.#invite?.cancel(why, cause);
      await this.#endpoint?.close();
      // A dialog that came too late is released by itself and says so then.
      const isAnswered = (await this.#invite?.outcome)?.kind === 'answered';
      if (isAnswered && !this.#dialog?.hasEnded) return;
      const { orphanEnd } = this.#invite ?? {};
      if (orphanEnd) void orphanEnd.then(() => this.#tellOver());
      else this.#tellOver();
    });
    return this.#released;
  }

  #tellOver(): void {
    if (this.#isToldOver) return;
    this.#isToldOver = true;
    this.#leg.onOver();
  }

  #note(what: string, error: unknown): void {
    this.deps.log.warn({ callId: this.#callId, why: messageOf(error) }, `${what} failed`);
  }
}
