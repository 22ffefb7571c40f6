/**
 * One call to a scripted party: the SIP side of it as RFC 3261 wants a careful user agent to be,
 * and the stage on which the script is performed. It ends exactly once, and then holds no timer,
 * port or transaction any more except what the SIP stack still needs to repeat a last response.
 */
import type { Scheduler } from '../embedded/sip/scheduler.js';
import type { Gates } from '../embedded/gates.js';
import { parseSipUri, addressUri, type SipMessage } from '../embedded/sip/message.js';
import type { IncomingRequest, ServerTransaction, SipStack } from '../embedded/sip/stack.js';
import { CallMedia } from './call-media.js';
import type { EndedBy, HeardCall, LadderStep } from './heard-call.js';
import {
  needsMedia,
  type PersonaScript,
  type Rejection,
  type Utterance,
} from './persona-script.js';
import { runScript, type Stage } from './script-runner.js';
import { synthesise } from './tones.js';
import { UasDialog } from './uas-dialog.js';

export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO';

/** What a call needs from the party that received it. */
export interface CallHost {
  readonly stack: SipStack;
  readonly scheduler: Scheduler;
  readonly rtpHost: string;
  readonly rtpGates?: Gates;
  readonly recordMaxMs: number;
  /** Samples of a sound file that a script names; rejects when it is missing. */
  sound(file: string): Promise<Int16Array>;
  onStep(call: ScriptedCall, step: LadderStep): void;
  onEnded(call: ScriptedCall): void;
  onFault(call: ScriptedCall, error: unknown): void;
}

export interface CallCast {
  readonly persona: string;
  readonly script: PersonaScript;
}

type Phase = 'ringing' | 'answered' | 'confirmed' | 'ended';

const LADDER_MAX = 500;
const DTMF_MAX = 128;
/** Headers by which a caller attaches data to a call. */
const DATA_HEADER =
  /^(?:x-|p-)|^(?:user-to-user|diversion|privacy|user-agent|alert-info|call-info)$/i;
const DATA_HEADERS_MAX = 60;

export class ScriptedCall implements Stage {
  readonly dialog: UasDialog;
  readonly #startedAtMs = performance.now();
  readonly #startedAtEpochMs = Date.now();
  readonly #media: CallMedia;
  readonly #ladder: LadderStep[] = [];
  readonly #wakeUps = new Set<() => void>();
  #phase: Phase = 'ringing';
  #sdp: string | undefined;
  #awaitsAnswerSdp = false;
  #answeredAtMs: number | undefined;
  #endedAtMs: number | undefined;
  #endedBy: EndedBy | undefined;
  #recordingAtMs: number | undefined;
  #finalRecording: Int16Array | undefined;
  #dtmf = '';
  #byeAnswered = Promise.resolve();

  constructor(
    readonly host: CallHost,
    readonly cast: CallCast,
    readonly invite: IncomingRequest,
    readonly transaction: ServerTransaction,
  ) {
    this.dialog = new UasDialog(invite, transaction.localTag);
    this.#media = new CallMedia(host, {
      onFirstSound: () => {
        this.#recordingAtMs = this.nowMs();
        this.#note('first RTP received');
      },
      onDtmf: (digit) => {
        if (this.#dtmf.length < DTMF_MAX) this.#dtmf += digit;
        this.#note(`DTMF ${digit} received`);
      },
    });
    transaction.onCancel = () => this.#onCancel();
    transaction.onAckTimeout = () => this.#onAckTimeout();
  }

  /** Performs the script; settles when it is done. Never rejects. */
  async perform(): Promise<void> {
    this.#note('INVITE received');
    try {
      if (needsMedia(this.cast.script)) await this.#media.open();
      await runScript(this.cast.script, this);
    } catch (error) {
      this.host.onFault(this, error);
      this.hangUp();
    }
  }

  // --- the stage ---------------------------------------------------------------------------

  get isOver(): boolean {
    return this.#phase === 'ended';
  }

  get hearsVoice(): boolean {
    return this.#media.recorder.hearsVoice;
  }

  nowMs(): number {
    return Math.round(performance.now() - this.#startedAtMs);
  }

  pause(ms: number): Promise<void> {
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      let cancelTimer: (() => void) | undefined;
      const wake = (): void => {
        cancelTimer?.();
        this.#wakeUps.delete(wake);
        resolve();
      };
      this.#wakeUps.add(wake);
      if (ms !== Infinity) cancelTimer = this.host.scheduler.schedule(ms, wake);
    });
  }

  ring(): void {
    if (this.#phase === 'ringing') this.#respond(180, [this.#contact()]);
  }

  startEarlyMedia(): void {
    if (this.#phase === 'ringing' && this.#describe()) this.#respondWithSdp(183);
  }

  async answer(sdp?: string): Promise<void> {
    if (this.#phase !== 'ringing' || !this.#describe()) return;
    this.#sdp = sdp ?? this.#sdp;
    this.#accept();
    await this.pause(Infinity); // until the ACK, or the end of the call
  }

  reject({ status, reason, headers = [] }: Rejection): void {
    if (this.#phase !== 'ringing') return;
    this.#respond(status, headers, reason);
    this.#end('rejected');
  }

  async say(what: Utterance): Promise<void> {
    const pcm = 'file' in what ? await this.host.sound(what.file) : synthesise(what.tone);
    const name = 'file' in what ? what.file : toneName(what);
    if (this.isOver) return;
    this.#note(`says ${name}`);
    await this.#media.say(pcm);
  }

  press(keys: string): void {
    if (this.isOver) return;
    this.#note(`presses ${keys}`);
    this.#media.press(keys);
  }

  hangUp(): void {
    if (this.#phase === 'ringing') return this.reject({ status: 480 });
    if (this.isOver) return;
    this.#byeAnswered = this.#request('BYE').then(() => undefined);
    this.#end('far-end');
  }

  async refer(to: string): Promise<void> {
    if (this.#phase !== 'confirmed') return;
    const headers = [this.#contact(), ['Refer-To', `<${to}>`]] as const;
    const answered = this.#request('REFER', headers).then((status) => {
      if (!this.isOver) this.#note(`${status} received to REFER`);
    });
    await Promise.race([answered, this.pause(Infinity)]);
    this.#wakeAll();
  }

  vanish(): void {
    this.#note('vanishes');
    this.#end('vanished');
  }

  // --- what the caller does ------------------------------------------------------------------

  /** The ACK to our 200, or to the 200 to a re-INVITE. */
  receiveAck(ack: SipMessage): void {
    if (this.isOver) return;
    this.#note('ACK received');
    if (this.#awaitsAnswerSdp) {
      this.#awaitsAnswerSdp = false;
      if (!this.#media.acceptAnswer(ack.body)) {
        this.#note('no usable SDP in the ACK');
        return this.hangUp();
      }
    }
    if (this.#phase !== 'answered') return;
    this.#phase = 'confirmed';
    this.#wakeAll();
  }

  /** A request inside the dialog. */
  receive(request: IncomingRequest, transaction: ServerTransaction): void {
    if (!this.dialog.accept(request)) {
      transaction.respond(500);
      return;
    }
    this.#note(`${request.method ?? ''} received`);
    switch (request.method) {
      case 'BYE':
        transaction.respond(200);
        if (this.#phase === 'ringing') this.#respond(487);
        return this.#end('caller');
      case 'INVITE':
        return this.#renegotiate(request, transaction);
      case 'NOTIFY':
        this.#note(`told ${request.body.split('\r\n', 1)[0] ?? ''}`);
        transaction.respond(200);
        return;
      case 'OPTIONS':
      case 'INFO':
        transaction.respond(200, { headers: [['Allow', ALLOW]] });
        return;
      default:
        transaction.respond(405, { headers: [['Allow', ALLOW]] });
    }
  }

  /** Ends the call in the proper way, whatever it is doing; settles when a BYE was answered. */
  shutDown(): Promise<void> {
    this.hangUp();
    return this.#byeAnswered;
  }

  get summary(): Pick<HeardCall, 'callId' | 'persona' | 'userPart' | 'fromUser'> {
    return {
      callId: this.invite.callId,
      persona: this.cast.persona,
      userPart: userPartOf(this.invite.uri ?? ''),
      fromUser: userPartOf(addressUri(this.invite.get('From') ?? '')),
    };
  }

  /** What is known by now. The recording is a copy. */
  heard(): HeardCall {
    return {
      ...this.summary,
      headers: dataHeaders(this.invite),
      startedAtEpochMs: this.#startedAtEpochMs,
      ladder: [...this.#ladder],
      ...(this.#answeredAtMs === undefined ? {} : { answeredAtMs: this.#answeredAtMs }),
      ...(this.#endedAtMs === undefined ? {} : { endedAtMs: this.#endedAtMs }),
      ...(this.#endedBy === undefined ? {} : { endedBy: this.#endedBy }),
      ...(this.#recordingAtMs === undefined ? {} : { recordingAtMs: this.#recordingAtMs }),
      recording: this.#finalRecording ?? this.#media.recorder.recording(),
      ...this.#media.counts(),
      dtmf: this.#dtmf,
    };
  }

  /** @returns the final status */
  #request(method: string, headers: readonly (readonly [string, string])[] = []): Promise<number> {
    const { message, to } = this.dialog.makeRequest(method);
    message.headers.unshift(['Via', this.host.stack.newVia()]);
    for (const [name, value] of headers) message.add(name, value);
    const answered = new Promise<number>((resolve) => {
      const onResponse = ({ status = 0 }: SipMessage): void => {
        if (status >= 200) resolve(status);
      };
      this.host.stack.request(message, to, { onResponse });
    });
    this.#note(`${method} sent`);
    return answered;
  }

  #renegotiate(request: IncomingRequest, transaction: ServerTransaction): void {
    if (this.#phase === 'ringing') {
      transaction.respond(500, { headers: [['Retry-After', '1']] }); // 14.2: one offer at a time
      return;
    }
    const sdp = this.#media.describe(request.body);
    if (sdp === undefined) {
      transaction.respond(488);
      this.#note('488 sent');
      return;
    }
    this.#sdp = sdp;
    this.#awaitsAnswerSdp = request.body === '';
    transaction.onAckTimeout = () => this.#onAckTimeout();
    transaction.respond(200, { headers: this.#sdpHeaders(), body: sdp });
    this.#note('200 sent to re-INVITE');
  }

  #onCancel(): void {
    if (this.#phase !== 'ringing') return;
    this.#note('CANCEL received');
    if (this.cast.script.onCancel === 'answer' && this.#describe()) return this.#accept();
    this.#respond(487);
    this.#end('cancelled');
  }

  #onAckTimeout(): void {
    if (this.isOver) return;
    this.#note('no ACK');
    this.hangUp();
  }

  /** Makes our SDP once. @returns false when the offer cannot be used: the call is then refused */
  #describe(): boolean {
    if (this.#sdp !== undefined) return true;
    this.#sdp = this.#media.describe(this.invite.body);
    if (this.#sdp === undefined) {
      this.reject({ status: 488 });
      return false;
    }
    this.#awaitsAnswerSdp = this.invite.body === '';
    return true;
  }

  #accept(): void {
    this.#phase = 'answered';
    this.#answeredAtMs = this.nowMs();
    this.#respondWithSdp(200);
  }

  #respondWithSdp(status: number): void {
    this.#respond(status, this.#sdpHeaders(), undefined, this.#sdp);
  }

  #sdpHeaders(): [string, string][] {
    return [this.#contact(), ['Allow', ALLOW], ['Content-Type', 'application/sdp']];
  }

  #contact(): [string, string] {
    const { host, port } = this.host.stack;
    const user = userPartOf(this.invite.uri ?? '');
    const transport = this.invite.source.transport === 'tcp' ? ';transport=tcp' : '';
    return ['Contact', `<sip:${user === '' ? '' : `${user}@`}${host}:${port}${transport}>`];
  }

  #respond(
    status: number,
    headers: readonly (readonly [string, string])[] = [],
    reason?: string,
    body?: string,
  ): void {
    const pairs = headers.map(([name, value]): [string, string] => [name, value]);
    const sent = this.transaction.respond(status, {
      headers: pairs,
      ...(reason === undefined ? {} : { reason }),
      ...(body === undefined ? {} : { body }),
    });
    if (sent) this.#note(`${status} sent`);
  }

  #note(what: string): void {
    if (this.#ladder.length >= LADDER_MAX) return;
    const step = { atMs: this.nowMs(), what };
    this.#ladder.push(step);
    this.host.onStep(this, step);
  }

  #wakeAll(): void {
    for (const wake of [...this.#wakeUps]) wake();
  }

  #end(endedBy: EndedBy): void {
    if (this.isOver) return;
    this.#phase = 'ended';
    this.#endedBy = endedBy;
    this.#endedAtMs = this.nowMs();
    this.#media.close();
    this.#finalRecording = this.#media.recorder.recording();
    this.#wakeAll();
    this.host.onEnded(this);
  }
}

function toneName({ tone }: Extract<Utterance, { tone: unknown }>): string {
  const hz = tone.segments.flatMap((segment) => segment.hz);
  return `tone ${[...new Set(hz)].join('/')} Hz`;
}

/** User part without parameters; '' when there is none. */
export function userPartOf(uri: string): string {
  const tel = /^tel:([^;?]*)/i.exec(uri);
  return tel?.[1] ?? parseSipUri(uri)?.user?.split(';', 1)[0] ?? '';
}

export function dataHeaders(message: SipMessage): Readonly<Record<string, string>> {
  const found = message.headers.filter(([name]) => DATA_HEADER.test(name));
  return Object.fromEntries(found.slice(0, DATA_HEADERS_MAX));
}
