/**
 * A telephony without wires for tests of the session: the test plays the far side. It counts what is
 * alive, so that every test can end with a leak check.
 */
import type {
  AnalysisRequest,
  AskedReferral,
  CallAnalyser,
  CallAnalysis,
  CancelCause,
  DialogEnd,
  EndpointWish,
  InviteFailure,
  InviteOutcome,
  InviteRequest,
  LegIdentity,
  MediaEndpoint,
  OfferAnswer,
  OrphanEnd,
  OrphanLeg,
  OutgoingCall,
  PlayEnd,
  ReferOutcome,
  ReinviteOutcome,
  RequestOutcome,
  SipDialog,
  TapKind,
  TapTarget,
  Telephony,
} from '../../src/ports.js';
import type { WireMessage } from '../../src/report/trail.js';
import type { CpdEvent } from '../../src/cpd/types.js';

type Handler<T extends unknown[]> = (...args: T) => void;

export class FakeDialog implements SipDialog {
  readonly identity = { localTag: 'ours', remoteTag: 'theirs' };
  remoteSdp = 'v=0 remote';
  hasEnded = false;
  endedWith: string | undefined;
  readonly #handlers: Handler<[DialogEnd]>[] = [];
  constructor(
    readonly callId: string,
    private readonly onOver: () => void,
  ) {}
  onEnded(handle: Handler<[DialogEnd]>): void {
    this.#handlers.push(handle);
  }
  /** Who answers a new offer of the far side. */
  offer: ((sdp: string) => Promise<OfferAnswer>) | undefined;
  /** The far side asks for T.38. */
  askForFax: () => void = () => {};
  onOffer(answer: (sdp: string) => Promise<OfferAnswer>): void {
    this.offer = answer;
  }
  onFax(handle: () => void): void {
    this.askForFax = handle;
  }
  /** The far side sends its partner on. */
  askForTransfer: ((referral: AskedReferral) => void) | undefined;
  onRefer(handle: (referral: AskedReferral) => void): void {
    this.askForTransfer = handle;
  }
  /** Session descriptions that we offered by re-INVITE, and what the far side says to one. */
  readonly reinvites: string[] = [];
  onReinvite: (sdp: string) => ReinviteOutcome = () => ({
    kind: 'refused',
    status: 488,
    reason: 'fake',
  });
  reinvite(sdp: string): Promise<ReinviteOutcome> {
    this.reinvites.push(sdp);
    return Promise.resolve(this.onReinvite(sdp));
  }
  /** Where the far side was sent by REFER. */
  readonly referredTo: string[] = [];
  whenReferred: () => Promise<ReferOutcome> = () =>
    Promise.resolve({ kind: 'refused', status: 501, reason: 'fake' });
  refer(target: string): Promise<ReferOutcome> {
    this.referredTo.push(target);
    return this.whenReferred();
  }
  bye(reason: string): Promise<void> {
    if (!this.hasEnded) this.#end('local', reason);
    return Promise.resolve();
  }
  /** The far side hangs up, or the signalling server goes away. */
  end(how: 'remote' | 'lost' = 'remote'): void {
    this.#end(how, how);
  }
  #end(how: DialogEnd, why: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.endedWith = why;
    this.onOver();
    for (const handle of this.#handlers) handle(how);
  }
}

export const RINGING_IDENTITY: LegIdentity = { transactionId: 'transaction', localTag: 'ours' };
export const ANSWERED_IDENTITY: LegIdentity = {
  ...RINGING_IDENTITY,
  answered: { from: '<sip:a>;tag=ours', to: '<sip:b>;tag=theirs', cseq: 1, target: 'sip:b@far' },
};

export class FakeCall implements OutgoingCall {
  readonly outcome: Promise<InviteOutcome>;
  dialog: FakeDialog | undefined;
  cancelledWith: string | undefined;
  cancelCause: CancelCause | undefined;
  /** Answers an offer that comes before the answer. */
  answerOffer: ((sdp: string) => Promise<string>) | undefined;
  /** Set by a test when the signalling server goes away with the leg. */
  orphanEnd: Promise<void> | undefined;
  #settle: (outcome: InviteOutcome) => void = () => {};
  #isSettled = false;
  readonly #handlers: Handler<[{ status: number; sdp?: string }]>[] = [];
  readonly #identityHandlers: Handler<[LegIdentity]>[] = [];
  constructor(
    readonly request: InviteRequest,
    private readonly onDialog: (delta: number) => void,
  ) {
    this.outcome = new Promise((resolve) => (this.#settle = resolve));
  }
  get callId(): string {
    return this.request.callId;
  }
  onOffer(answer: (sdp: string) => Promise<string>): void {
    this.answerOffer = answer;
  }
  onProvisional(handle: Handler<[{ status: number; sdp?: string }]>): void {
    this.#handlers.push(handle);
  }
  onIdentity(handle: Handler<[LegIdentity]>): void {
    this.#identityHandlers.push(handle);
    handle(RINGING_IDENTITY);
  }
  cancel(reason: string, cause?: CancelCause): void {
    if (this.#isSettled) return;
    this.cancelledWith = reason;
    this.cancelCause = cause;
    this.#finish({ kind: 'cancelled' });
  }
  ring(status = 180, sdp?: string): void {
    for (const handle of this.#handlers) handle({ status, sdp });
  }
  answer(): FakeDialog {
    const dialog = new FakeDialog(this.callId, () => this.onDialog(-1));
    this.dialog = dialog;
    this.onDialog(1);
    for (const handle of this.#identityHandlers) handle(ANSWERED_IDENTITY);
    this.#finish({ kind: 'answered', dialog });
    return dialog;
  }
  /** With a description that is of no use. */
  answerInVain(why: string): void {
    this.#finish({ kind: 'error', why, isOfFarSide: true });
  }
  fail(status: number, more: Partial<InviteFailure> = {}): void {
    this.#finish({ kind: 'failed', status, reason: 'refused', ...more });
  }
  #finish(outcome: InviteOutcome): void {
    this.#isSettled = true;
    this.#settle(outcome);
  }
}

export interface FakePlay {
  readonly endpoint: FakeEndpoint;
  readonly files: readonly string[];
  readonly loop: boolean;
  end(how?: PlayEnd): void;
  isPlaying: boolean;
}

export class FakeEndpoint implements MediaEndpoint {
  readonly localSdp = 'v=0 local';
  readonly server: string = 'media';
  hasEnded = false;
  remoteSdp: string | undefined;
  tappedTo: TapTarget | undefined;
  bridgedTo: FakeEndpoint | undefined;
  bridgeCount = 0;
  readonly #handlers: Handler<[]>[] = [];
  constructor(
    readonly id: string,
    private readonly owner: FakeTelephony,
  ) {}
  connect(remoteSdp: string): Promise<void> {
    this.remoteSdp = remoteSdp;
    return Promise.resolve();
  }
  answer(offerSdp: string): Promise<string> {
    this.remoteSdp = offerSdp;
    return Promise.resolve('v=0 answer');
  }
  play(files: readonly string[], { loop }: { loop: boolean }) {
    let settle: (end: PlayEnd) => void = () => {};
    const done = new Promise<PlayEnd>((resolve) => (settle = resolve));
    const play: FakePlay = {
      endpoint: this,
      files,
      loop,
      isPlaying: true,
      end: (how = { kind: 'ended' }) => {
        play.isPlaying = false;
        settle(how);
      },
    };
    this.owner.plays.push(play);
    return {
      done,
      stop: () => {
        play.end({ kind: 'stopped' });
        return Promise.resolve();
      },
    };
  }
  /** Files it records into. */
  readonly recordings: string[] = [];
  isRecording = false;
  stopRecording(): Promise<void> {
    this.isRecording = false;
    return Promise.resolve();
  }
  record(path: string): Promise<void> {
    this.isRecording = true;
    this.recordings.push(path);
    return Promise.resolve();
  }
  /** The far side presses a key. */
  press: (digit: string, durationMs: number) => void = () => {};
  onDigit(handle: (digit: string, durationMs: number) => void): void {
    this.press = handle;
  }
  tap(to: TapTarget) {
    this.tappedTo = to;
    const { tapKind: kind } = this.owner;
    return Promise.resolve({
      kind,
      hearsWhilePlaying: kind !== 'unicast',
      stop: () => {
        this.tappedTo = undefined;
        return Promise.resolve();
      },
    });
  }
  bridge(other: MediaEndpoint): Promise<void> {
    const partner = other as FakeEndpoint;
    if (partner.remoteSdp === undefined) return Promise.reject(new Error('not connected'));
    this.bridgedTo = partner;
    this.bridgeCount += 1;
    for (const play of this.owner.plays) {
      if (play.endpoint === this && play.isPlaying) play.end({ kind: 'stopped' });
    }
    return Promise.resolve();
  }
  unbridge(): Promise<void> {
    this.bridgedTo = undefined;
    return Promise.resolve();
  }
  watchedForMs: number | undefined;
  watchMedia(silenceMaxMs: number): void {
    this.watchedForMs = silenceMaxMs;
  }
  onEnded(handle: Handler<[]>): void {
    this.#handlers.push(handle);
  }
  close(): Promise<void> {
    if (!this.hasEnded) this.#over();
    return Promise.resolve();
  }
  /** The media server takes it away. */
  vanish(): void {
    this.#over();
    for (const handle of this.#handlers) handle();
  }
  #over(): void {
    this.hasEnded = true;
    this.owner.liveEndpoints -= 1;
    for (const play of this.owner.plays) {
      if (play.endpoint === this && play.isPlaying) play.end({ kind: 'stopped' });
    }
  }
}

export class FakeTelephony implements Telephony {
  readonly calls: FakeCall[] = [];
  readonly endpoints: FakeEndpoint[] = [];
  readonly plays: FakePlay[] = [];
  liveEndpoints = 0;
  liveDialogs = 0;
  readonly wishes: EndpointWish[] = [];
  /** Endpoints that are going to be bridged. */
  readonly expected: MediaEndpoint[] = [];
  tapKind: TapKind = 'audio_fork';
  /** Set to make the next endpoints fail. */
  mediaProblem: string | undefined;

  readonly sip = {
    request: (): Promise<RequestOutcome> => Promise.resolve({ kind: 'error', why: 'no wires' }),
    isConnected: true,
    invite: (request: InviteRequest): FakeCall => {
      const call = new FakeCall(request, (delta) => (this.liveDialogs += delta));
      this.calls.push(call);
      return call;
    },
  };
  readonly media = {
    isConnected: true,
    createEndpoint: (wish: EndpointWish = {}): Promise<FakeEndpoint> => {
      this.wishes.push(wish);
      if (this.mediaProblem !== undefined) return Promise.reject(new Error(this.mediaProblem));
      const endpoint = new FakeEndpoint(`endpoint-${this.endpoints.length + 1}`, this);
      this.endpoints.push(endpoint);
      this.liveEndpoints += 1;
      return Promise.resolve(endpoint);
    },
    expectBridge: (endpoint: MediaEndpoint): void => void this.expected.push(endpoint),
  };
  /** Orphans that were to be ended, and what the test says became of them. */
  readonly orphans: OrphanLeg[] = [];
  orphanEnd: (leg: OrphanLeg) => OrphanEnd = () => 'ended';
  endOrphan(leg: OrphanLeg): Promise<OrphanEnd> {
    this.orphans.push(leg);
    return Promise.resolve(this.orphanEnd(leg));
  }
  onStateChange(): void {}
  servers() {
    return [{ name: 'fake', isUp: true }];
  }
  /** Who watches which call; the test plays the wire. */
  readonly watchers = new Map<string, (message: WireMessage) => void>();
  watchWire(callId: string, handle: (message: WireMessage) => void): () => void {
    this.watchers.set(callId, handle);
    return () => this.watchers.delete(callId);
  }
  counts() {
    return { endpoints: this.liveEndpoints, dialogs: this.liveDialogs };
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The detector under the test's control. */
export class FakeAnalysis implements CallAnalysis {
  readonly host = '127.0.0.1';
  openPort(): Promise<number> {
    return Promise.resolve(40000);
  }
  readonly fork = { port: 40001, path: '/secret' };
  isAnswered = false;
  isClosed = false;
  #handle: Handler<[CpdEvent]> = () => {};
  constructor(readonly request: AnalysisRequest) {}
  onEvent(handle: Handler<[CpdEvent]>): void {
    this.#handle = handle;
  }
  follow(): void {}
  onReached(): void {}
  answered(): void {
    this.isAnswered = true;
  }
  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
  say(event: CpdEvent): void {
    if (!this.isClosed) this.#handle(event);
  }
  hearEarly(sound: Extract<CpdEvent, { type: 'early-media' }>['now']): void {
    const reason = 'the test said so';
    this.say({ type: 'early-media', now: sound, soFar: sound, atMs: 1000, reason });
  }
  decide(verdict: Extract<CpdEvent, { type: 'verdict' }>['verdict']): void {
    this.say({ type: 'verdict', verdict, atMs: 1000, reason: 'the test said so', confidence: 1 });
  }
}

export class FakeAnalyser implements CallAnalyser {
  readonly opened: FakeAnalysis[] = [];
  open(request: AnalysisRequest): Promise<FakeAnalysis> {
    const analysis = new FakeAnalysis(request);
    this.opened.push(analysis);
    return Promise.resolve(analysis);
  }
}

export const silentLog = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

/** Lets every promise that is ready settle. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
