/**
 * What the application needs from the outside, and nothing of how it is done. `adapters/` implements
 * these with drachtio, FreeSWITCH, SQLite and the system clock; tests with fakes and a virtual clock.
 *
 * Rules every implementation keeps: a promise always settles; expected telephony outcomes are values;
 * `close`, `bye`, `stop` may be called twice and never reject; no callback follows an end that was told.
 */
import type { CpdOptions, Profile } from './cpd/options.js';
import type { CpdEvent } from './cpd/types.js';
import type { InviteCredentials, PlainRequest, Realms, RequestOutcome } from './plain-request.js';
import type { WireMessage } from './report/trail.js';

export type { PlainRequest, Realms, RequestOutcome };
export type CancelCause = 'ring-timeout' | 'taken-elsewhere';

/** Wall clock and timers in one place, so that tests own time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** @returns a function that cancels the timer. */
  after(delayMs: number, run: () => void): () => void;
}

export interface Random {
  /** A fresh RFC 4122 UUID. */
  uuid(): string;
  /** Uniform in [0, 1). */
  fraction(): number;
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

// --- signalling -----------------------------------------------------------------------------

export interface InviteRequest {
  /** Request-URI, already validated. */
  readonly uri: string;
  /** Our own Call-ID, on disk before the INVITE leaves. */
  readonly callId: string;
  readonly localSdp: string;
  /** The endpoint whose SDP that is: the INVITE leaves by its site. */
  readonly endpointId?: string;
  /** User part and display name of From. */
  readonly callerId?: string;
  readonly callerName?: string;
  /** From is `anonymous@anonymous.invalid` (RFC 3323); who calls stands in P-Asserted-Identity, if anywhere. */
  readonly isAnonymous?: boolean;
  /** Provisional responses may come reliably, and are acknowledged with PRACK (RFC 3262). */
  readonly isReliable?: boolean | undefined;
  /** Outbound proxy the request is sent to, a SIP URI. */
  readonly proxyUri?: string;
  readonly auth?: InviteCredentials;
  readonly headers?: Readonly<Record<string, string>>;
  /** Offers a session timer of so long (RFC 4028), which the signalling server keeps; 90 s and up. */
  readonly sessionExpiresMs?: number | undefined;
  /** Whoever answers is told that they may send us on by REFER. */
  readonly mayRefer?: boolean;
}

export interface InviteFailure {
  readonly kind: 'failed';
  /** 300..699; 408 and 503 may be made locally by the server in use. */
  readonly status: number;
  readonly reason: string;
  /** From `Reason: Q.850;cause=`. */
  readonly q850Cause?: number;
  readonly retryAfterMs?: number;
  /** URIs of a 3xx, best first (RFC 3261 8.1.3.4). */
  readonly contacts?: readonly string[];
  /** Of a 422: the shortest session timer that is taken (RFC 4028 5). */
  readonly minSessionMs?: number;
  /** In which credentials were given. */
  readonly realms?: Realms;
  /** Header fields by lower-case name, without control characters. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type InviteOutcome =
  | { readonly kind: 'answered'; readonly dialog: SipDialog }
  | InviteFailure
  /** We cancelled; a 200 that crossed the CANCEL is ended by the adapter. */
  | { readonly kind: 'cancelled' }
  /** It could not be sent, the signalling server went away, or the answer is of no use (`isOfFarSide`). */
  | { readonly kind: 'error'; readonly why: string; readonly isOfFarSide?: true };

/**
 * What another process needs to end a leg after the crash of the one that made it. Plain data, kept
 * in the store; only the telephony adapter reads it.
 */
export interface LegIdentity {
  /** The signalling server's name for an INVITE of ours, as long as that has no final response. */
  readonly transactionId: string;
  readonly localTag: string;
  /** Of a call that came to us: the far side's tag, by which the signalling server names the dialog. */
  readonly dialogTag?: string;
  /** The site whose signalling server has it. */
  readonly site?: string;
  /** Present once answered: what a request inside the dialog is made of (RFC 3261 12.1.2). */
  readonly answered?: {
    readonly from: string;
    readonly to: string;
    readonly cseq: number;
    /** Remote target, a SIP URI. */
    readonly target: string;
    /** First hop, a SIP URI, when it is not the target. */
    readonly via?: string;
  };
}

/** Hears what one call of ours has on the wire, for the ledger of legs. */
export interface LegListener {
  /** Before the INVITE. */
  onEndpoint(endpointId: string): void;
  onIdentity(identity: LegIdentity): void;
  /** Nothing of it is in the air any more; may come more than once. */
  onOver(): void;
}

/** A leg whose process died. */
export interface OrphanLeg {
  readonly callId: string;
  readonly endpointId?: string;
  readonly identity?: LegIdentity;
}

/** `unknown`: nobody can tell whether it still rings; its number has to wait. */
export type OrphanEnd = 'ended' | 'unknown';

export interface OutgoingCall {
  readonly callId: string;
  /** Whenever there is more to know of the leg: sent, challenged, answered. Before the outcome. */
  onIdentity(handle: (identity: LegIdentity) => void): void;
  /** Provisional responses above 100; `sdp` when there is early media. */
  onProvisional(handle: (response: { status: number; sdp?: string }) => void): void;
  /** Settles exactly once. */
  readonly outcome: Promise<InviteOutcome>;
  /** Who answers an offer of the far side before its answer (UPDATE); nobody: 488. */
  onOffer?(answer: (sdp: string) => Promise<string>): void;
  /** CANCEL with a Reason header, of normal clearing when nothing else is said; the outcome follows. */
  cancel(reason: string, cause?: CancelCause): void;
  /**
   * Present once the signalling server was lost with the leg up or ringing, or said nothing more of it.
   * Resolves when it has been ended after all, or cannot be in the air any more: minutes, maybe.
   */
  readonly orphanEnd?: Promise<void> | undefined;
}

export type DialogEnd =
  /** BYE from the far side. */
  | 'remote'
  /** We ended it. */
  | 'local'
  /** The signalling server or its connection went away: nobody can send the BYE now. */
  | 'lost';

/** What became of a re-INVITE of ours. */
export type ReinviteOutcome =
  | { readonly kind: 'answered'; readonly remoteSdp: string }
  /** The session goes on as it was (RFC 3261 14.1). */
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  | { readonly kind: 'error'; readonly why: string };

/** What became of a REFER. */
export type ReferOutcome =
  /** Whom it was referred to has answered. */
  | { readonly kind: 'transferred'; readonly status: number }
  /** The far side would not, or whom it called would not. The call is still ours. */
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  /**
   * It was taken, and nothing more was heard in time. `later` resolves should whom it was referred to
   * answer after all; it may never do so.
   */
  | { readonly kind: 'unknown'; readonly why: string; readonly later?: Promise<void> };

/** A REFER of the far side: one of the two says what becomes of it. */
export interface AskedReferral {
  /** A SIP URI, as the far side wrote it. */
  readonly target: string;
  refuse(status: number): void;
  /** Accepts it. @returns what tells the far side how it stands; a final status is the last */
  follow(): (status: number, reason: string) => void;
}

/** What becomes of a new offer: our answer, or `pending` when it has to come again a little later (491). */
export type OfferAnswer = string | { readonly kind: 'pending' };

/** One confirmed SIP dialog. */
export interface SipDialog {
  readonly callId: string;
  /** The latest that was agreed on. */
  readonly remoteSdp: string;
  /** What a BYE from another process would need (stored, for orphans after a crash). */
  readonly identity: { readonly localTag: string; readonly remoteTag: string };
  /** Header fields of the far side's 200 OK, by lower-case name, without control characters. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** Reason header of the far side's BYE (RFC 3326). */
  readonly endReason?: string | undefined;
  onEnded(handle: (how: DialogEnd) => void): void;
  readonly hasEnded: boolean;
  /**
   * Who answers a new offer of the far side (hold, resume, another address): the media endpoint.
   * A rejection refuses the offer; the call goes on as it was. Where we were asked for the offer, it is
   * given the far side's answer to that.
   */
  onOffer(answer: (sdp: string) => Promise<OfferAnswer>): void;
  /** The far side asked for T.38 and was refused: it is a fax machine. */
  onFax(handle: () => void): void;
  /** Who judges a REFER of the far side; without it, it is told 405. */
  onRefer(handle: (referral: AskedReferral) => void): void;
  /** Re-INVITE with another session description of ours: to the other side directly, or back. */
  reinvite(localSdp: string): Promise<ReinviteOutcome>;
  /**
   * Asks the far side to call `target` (a SIP URI) instead of us, and waits for what comes of it.
   * The dialog stays; end it with `bye` once transferred.
   * @param limitMs for all of it: the far side lets somebody's phone ring
   */
  refer(target: string, limitMs: number): Promise<ReferOutcome>;
  /** BYE with a Reason header. Resolves when answered, failed or timed out. */
  bye(reason: string): Promise<void>;
}

export interface SipAgent {
  invite(request: InviteRequest): OutgoingCall;
  /** A request without a call, by whichever site is up. */
  request(request: PlainRequest): Promise<RequestOutcome>;
  readonly isConnected: boolean;
}

// --- media ----------------------------------------------------------------------------------

/** `playedMs`: what was heard, by the media server's count of samples; not known of every end. */
export type PlayEnd =
  | { readonly kind: 'ended'; readonly playedMs?: number }
  /** Stopped by us. */
  | { readonly kind: 'stopped'; readonly playedMs?: number }
  /** `why` begins with a code: PLAY_NOT_FOUND, PLAY_NO_SOUND, PLAY_ERROR, PLAY_REFUSED, ENDPOINT_ENDED. */
  | { readonly kind: 'failed'; readonly why: string };

export interface Playback {
  readonly done: Promise<PlayEnd>;
  /** Resolves when the sound has stopped. */
  stop(): Promise<void>;
}

/** Ways for a media server to hand out what the customer says, best first. */
export type TapKind = 'audio_fork' | 'recording' | 'unicast';

/** Where a call's audio is wanted. All ways end at the same listener; the endpoint takes one. */
export interface TapTarget {
  /** Address the sockets are bound to; 0.0.0.0 is every address of ours. */
  readonly host: string;
  /** Opens a UDP socket, instead of the one before: L16 8 kHz mono, 20 ms a packet. @returns its port */
  openPort(): Promise<number>;
  /** WebSocket server for mod_audio_fork; the path belongs to this call and is a secret. */
  readonly fork: { readonly port: number; readonly path: string };
  /** Reads a headerless L16 recording of this host as it grows, and takes its name away. */
  follow(path: string): void;
  /** mod_audio_fork has connected, or the recording is open. */
  onReached(handle: () => void): void;
}

export interface AudioTap {
  readonly kind: TapKind;
  /** Whether it goes on while a file plays; only then can a verdict be revised later. */
  readonly hearsWhilePlaying: boolean;
  stop(): Promise<void>;
}

export interface PlayOrder {
  readonly loop: boolean;
  readonly isGapless?: boolean;
  /** Any key of the far side ends it, as if stopped, without a word from us. */
  readonly stopsAtKey?: boolean | undefined;
}

export interface MediaEndpoint {
  readonly id: string;
  /** Which media server has it. */
  readonly server?: string | undefined;
  readonly localSdp: string;
  /** Gives it the far side's SDP; again on a later answer. @throws Error, `isOfFarSide` for one of no use */
  connect(remoteSdp: string): Promise<void>;
  /** Takes a new offer of the far side. @returns the answer */
  answer(offerSdp: string): Promise<string>;
  /**
   * Plays files (absolute paths as the media server sees them, or URLs), one at a time, once or until
   * stopped. `isGapless`: as one list, in which a file that is missing after all is passed over silently.
   */
  play(files: readonly string[], options: PlayOrder): Playback;
  /** It reads out text, given as `say:WORDS` in place of a file; not in a loop with others. */
  readonly canSpeak?: boolean | undefined;
  /** Sends the customer's audio to a listener, by the best way this media server knows. */
  tap(to: TapTarget): Promise<AudioTap>;
  /** Records the far side (left) and what it hears (right) as WAV. @param path as the media server sees it */
  record(path: string): Promise<void>;
  /** Ends that recording, if there is one; what it holds is kept. Never rejects. */
  stopRecording(): Promise<void>;
  /**
   * Records what comes from the far side alone, headerless L16 of 8 kHz, readable as it grows. Absent when
   * its files are not ours. @param path absolute. @returns what ends it; it may be called twice, never rejects
   */
  readonly recordFarSide?: ((path: string) => Promise<() => Promise<void>>) | undefined;
  /** Keys of the far side (RFC 4733), also while a file plays. @param durationMs of the press */
  onDigit(handle: (digit: string, durationMs: number) => void): void;
  /** What plays here is ended by it, without a silence in between. */
  bridge(other: MediaEndpoint): Promise<void>;
  unbridge(): Promise<void>;
  /**
   * For an answered call, bridged, held or neither: ends the endpoint (`onEnded`) once no RTP has come from the
   * far side for this long, at most a quarter later.
   */
  watchMedia(silenceMaxMs: number): void;
  /** The media server ended the endpoint by itself. */
  onEnded(handle: () => void): void;
  readonly hasEnded: boolean;
  close(): Promise<void>;
}

export interface EndpointWish {
  /** An endpoint that the new one is going to be bridged with. */
  readonly beside?: MediaEndpoint | undefined;
  /** SRTP (RFC 4568), and nothing else. */
  readonly isSecure?: boolean | undefined;
}

/** What the media servers that can be used now take together; Infinity: no limit is known. */
export interface SetUpLimits {
  /** New calls a second, as configured, and as the servers have it themselves. */
  readonly maxPerSecond: number;
  /** Calls being set up at a time, as configured. */
  readonly maxInProgress: number;
  readonly maxSessions: number;
  readonly freeSessions: number;
  /** CPU time the busiest server's machine has to spare, 0..100. */
  readonly idleCpuPercent: number;
}

export interface MediaServer {
  /** @throws Error when none can be had within the adapter's deadline; `isUnasked`: no server was asked */
  createEndpoint(wish?: EndpointWish): Promise<MediaEndpoint>;
  /**
   * This endpoint is likely to be bridged: what can be done ahead is, from now on. The endpoint of the first who is
   * called beside it is joined with it, mute, under a sound that loops; who is called next gets the same one.
   */
  expectBridge?(endpoint: MediaEndpoint): void;
  /** Undefined: nothing is known of any limit. */
  readonly setUpLimits?: SetUpLimits | undefined;
  /** An endpoint for a new call can be had. */
  readonly isConnected: boolean;
}

/** Signalling and media of all sites, connected. */
export interface Telephony {
  readonly sip: SipAgent;
  readonly media: MediaServer;
  /** Infrastructure went away or came back. */
  onStateChange(handle: (isUp: boolean, why: string) => void): void;
  /** Ends a leg of a dead process: its channel, and its INVITE or dialog. Never rejects. */
  endOrphan(leg: OrphanLeg): Promise<OrphanEnd>;
  /** Tells every SIP message with this Call-ID, as it was sent or received. @returns a function that ends it */
  watchWire(callId: string, handle: (message: WireMessage) => void): () => void;
  /** Every server this telephony uses, by a name of ours, and whether it can be used now. */
  servers(): readonly { readonly name: string; readonly isUp: boolean }[];
  /** Live endpoints, dialogs, invites, taps: all zero when nothing is in the air. */
  counts(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

// --- call progress analysis -------------------------------------------------------------------

/** The detector listening to one call; it binds the tap's socket itself. */
export interface CallAnalysis extends TapTarget {
  onEvent(handle: (event: CpdEvent) => void): void;
  /** The call was answered: from now on people and machines are told apart. */
  answered(): void;
  close(): Promise<unknown>;
}

export interface AnalysisRequest extends Partial<Pick<CpdOptions, 'timing' | 'appAmd' | 'gvp'>> {
  readonly id: string;
  /** Name of the callback's service. */
  readonly service?: string;
  readonly profile: Profile;
  readonly country?: string;
  /** Indecision after the answer ends here. */
  readonly postConnectTimeoutMs: number;
  /** Silence after the answer ends here: whoever answered must not hear nothing for longer. */
  readonly silenceTimeoutMs: number;
}

export interface CallAnalyser {
  open(request: AnalysisRequest): Promise<CallAnalysis>;
}
