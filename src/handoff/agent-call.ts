/**
 * The second leg of a hand-off: one INVITE to a queue's, an agent's or a route point's SIP address
 * with a media endpoint of its own. Answered, it waits to be bridged; the customer goes on hearing
 * the waiting treatment until then. Early media of the far side is not passed
 * on unless it is asked for.
 */
import type {
  CancelCause,
  InviteRequest,
  LegListener,
  MediaEndpoint,
  OutgoingCall,
  SipDialog,
  Telephony,
} from '../ports.js';
import type { FarCall } from './queue-search.js';
import { screen, type Screening } from './screening.js';

export interface AgentCallListener extends LegListener {
  /** It has all that it needs, and its INVITE leaves. */
  onPlaced?(): void;
  /** Rings. `hasMedia`: with early media, which is not heard unless taken. */
  onRinging?(hasMedia: boolean): void;
  /** Answered on the wire; it is screened once this has resolved, and heard by nobody meanwhile. */
  onPickedUp?(): Promise<void> | void;
  onAnswered(): void;
  /**
   * Not answered, refused or broken. Exclusive with `onAnswered`.
   * @param isOurs our own servers failed, not the far side
   * @param status SIP's, when the far side refused
   */
  onFailed(why: string, isOurs: boolean, status?: number): void;
  /** After `onAnswered`: the far side left, or was lost. */
  onHungUp(): void;
}

export interface AgentCallRequest extends Omit<InviteRequest, 'localSdp' | 'endpointId'> {
  /** The customer's endpoint, with which the far side's is going to be bridged. */
  readonly beside?: MediaEndpoint | undefined;
  /** What the far side goes through before its answer counts; refused is not answered. */
  readonly screening?: Screening | undefined;
  /** Once answered, a far side from which no RTP came for so long is given up. Undefined: never. */
  readonly mediaSilenceMaxMs?: number | undefined;
}

export class AgentCall implements FarCall {
  #endpoint: MediaEndpoint | undefined;
  #invite: OutgoingCall | undefined;
  #dialog: SipDialog | undefined;
  #isAnswered = false;
  #earlySdp: string | undefined;
  #takesEarlyMedia = false;
  #isTakenForAnswered = false;
  #isScreened = false;
  #isWatched = false;
  #connectedSdp: string | undefined;
  #connected: Promise<void> = Promise.resolve();
  #isOver = false;
  #released: Promise<void> = Promise.resolve();
  readonly #placed: Promise<void>;
  readonly #withdrawn = new AbortController();
  #isToldOver = false;

  constructor(
    private readonly telephony: Telephony,
    private readonly request: AgentCallRequest,
    private readonly listener: AgentCallListener,
  ) {
    this.#placed = this.#place().catch((error: unknown) => {
      this.#fail(error instanceof Error ? error.message : String(error), true);
    });
  }

  /** Present while the far side is up, or heard before its answer. */
  get endpoint(): MediaEndpoint | undefined {
    const isHeard = this.#isAnswered || this.#takesEarlyMedia;
    return isHeard && !this.#isOver ? this.#endpoint : undefined;
  }

  /** Lets what the far side sends before its answer be heard. @returns false when there is nothing */
  async takeEarlyMedia(): Promise<boolean> {
    const [endpoint, sdp] = [this.#endpoint, this.#earlySdp];
    if (!endpoint || sdp === undefined || this.#isOver || this.#isScreened) return false;
    try {
      await this.#connect(endpoint, sdp);
    } catch {
      return false; // An endpoint that is lost says so itself.
    }
    this.#takesEarlyMedia = !this.#isScreened;
    return this.#takesEarlyMedia && !this.#isOver;
  }

  /** Its early media are taken for the answer: from now on it talks to the customer. */
  takeForAnswered(): Promise<boolean> {
    this.#isTakenForAnswered = true;
    return this.takeEarlyMedia();
  }

  /** Present while the far side is up. */
  get dialog(): SipDialog | undefined {
    return this.#isAnswered && !this.#isOver ? this.#dialog : undefined;
  }

  /** Resolves when its endpoint has been given what the far side said last. @throws Error when it cannot be */
  connected(): Promise<void> {
    return this.#connected;
  }

  get address(): string {
    return this.request.uri;
  }

  async releaseMedia(): Promise<void> {
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    await endpoint?.close();
  }

  /** CANCEL or BYE, whatever fits; nothing is reported afterwards. */
  async hangUp(why: string, cause?: CancelCause): Promise<void> {
    this.#isOver = true;
    await this.#release(why, cause);
    // An endpoint or an answer that was on its way is given back by then, too.
    await this.#placed;
    await this.#released;
  }

  async #place(): Promise<void> {
    const { beside, screening: _screening, mediaSilenceMaxMs: _silence, ...request } = this.request;
    const endpoint = await this.telephony.media.createEndpoint({ beside });
    this.#endpoint = endpoint;
    this.listener.onEndpoint(endpoint.id);
    if (this.#isOver) return this.#release('withdrawn');
    endpoint.onEnded(() => this.#onEnded('media endpoint lost'));
    if (endpoint.hasEnded) return this.#onEnded('media endpoint lost');
    const { localSdp, id: endpointId } = endpoint;
    const offered = { ...request, localSdp, endpointId, mayRefer: true };
    this.listener.onPlaced?.();
    this.#invite = this.telephony.sip.invite(offered);
    this.#invite.onIdentity((identity) => this.listener.onIdentity(identity));
    this.#invite.onProvisional(({ sdp }) => this.#onRinging(sdp));
    const outcome = await this.#invite.outcome;
    if (outcome.kind === 'answered') return this.#onAnswered(endpoint, outcome.dialog);
    if (outcome.kind === 'failed') {
      const { status, reason } = outcome;
      this.#fail(`SIP ${status} ${reason}`, false, status);
    } else if (outcome.kind === 'error') this.#fail(outcome.why, outcome.isOfFarSide !== true);
    // Not by us, or we would be over.
    else this.#fail('given up before it rang');
    return undefined;
  }

  async #onAnswered(endpoint: MediaEndpoint, dialog: SipDialog): Promise<void> {
    this.#dialog = dialog;
    if (this.#isOver) return this.#release('withdrawn');
    dialog.onEnded((how) => {
      if (how !== 'local') this.#onEnded('hung up before it was connected');
    });
    // A BYE can be faster than the promise that brought the dialog.
    if (dialog.hasEnded) return this.#onEnded('hung up before it was connected');
    dialog.onOffer((sdp) => endpoint.answer(sdp));
    const connected = this.#connect(endpoint, dialog.remoteSdp);
    // Nobody whispers into a conversation, or ends it for want of a key.
    const screening = this.#isTakenForAnswered ? undefined : this.request.screening;
    if (screening && !(await this.#takesTheCall(endpoint, screening, connected))) return;
    this.#isAnswered = true;
    this.listener.onAnswered();
    // Meanwhile the step is written; a bridge waits for the endpoint by itself.
    await connected.catch(() => this.#onEnded('its media could not be connected'));
    this.#watchMedia(endpoint);
  }

  /** Whoever does not take the call is told and released. */
  async #takesTheCall(
    endpoint: MediaEndpoint,
    screening: Screening,
    connected: Promise<void>,
  ): Promise<boolean> {
    this.#isScreened = true;
    this.#takesEarlyMedia = false;
    await Promise.all([connected, this.listener.onPickedUp?.()]);
    this.#watchMedia(endpoint);
    const refusal = await screen(endpoint, screening, this.#withdrawn.signal);
    if (refusal !== undefined) this.#fail(refusal);
    return !this.#isOver;
  }

  #watchMedia(endpoint: MediaEndpoint): void {
    const { mediaSilenceMaxMs } = this.request;
    if (this.#isWatched || this.#isOver || mediaSilenceMaxMs === undefined) return;
    this.#isWatched = true;
    endpoint.watchMedia(mediaSilenceMaxMs);
  }

  #onRinging(sdp: string | undefined): void {
    if (this.#isOver || this.#dialog) return;
    this.#earlySdp = sdp ?? this.#earlySdp;
    this.listener.onRinging?.(this.#earlySdp !== undefined);
  }

  /** One session description after the other; the same one only once. */
  #connect(endpoint: MediaEndpoint, sdp: string): Promise<void> {
    if (sdp === this.#connectedSdp) return this.#connected;
    this.#connectedSdp = sdp;
    this.#connected = this.#connected.then(() => endpoint.connect(sdp));
    return this.#connected;
  }

  #onEnded(why: string): void {
    if (!this.#isAnswered) return this.#fail(why);
    if (this.#isOver) return;
    this.#isOver = true;
    this.listener.onHungUp();
    void this.#release(why);
  }

  #fail(why: string, isOurs = false, status?: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.listener.onFailed(why, isOurs, status);
    void this.#release(why);
  }

  #release(why: string, cause?: CancelCause): Promise<void> {
    this.#isOver = true;
    this.#withdrawn.abort();
    this.#released = this.#released.then(async () => {
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
    this.listener.onOver();
  }
}
