/**
 * One FreeSWITCH channel as the rest of this folder sees it: commands that always settle (answer,
 * deadline or the channel's end, whichever is first) and one end. drachtio-fsmrf leaves its promises
 * hanging when a channel is killed, when FreeSWITCH freezes, and on applications it does not know.
 */
import type Mrf from 'drachtio-fsmrf';
import type { Clock, Log } from '../../ports.js';
import { contained } from './contained.js';
import { type Deadlines, withDeadline } from './deadlines.js';
import { finalResponse } from './dialog-requests.js';
import type { ApiName, ApplicationName } from './engine-commands.js';
import { codeOf, TelephonyError } from './errors.js';
import { checked } from './sip-headers.js';
import { hearStarts } from './thrifty-socket.js';

const SAMPLES_PER_MS = 8;
const REQUEST_PENDING = 491;
/** FreeSWITCH cannot speak with who has this description. */
const NOT_ACCEPTABLE = 488;
/** The first pause; each further one is twice as long. */
const CROSSED_PAUSE_MS = 20;

export interface ExecuteResult {
  /** Application-Response. */
  readonly response: string;
  /** Of a playback: how far the latest file was heard; right after a break, too. */
  readonly lastPositionSamples: number | undefined;
  /** Of a playback: a key ended it (`playback_terminators`). */
  readonly isEndedByKey: boolean;
}

export class Channel {
  readonly uuid: string;
  readonly localSdp: string;
  readonly #endHandles = new Set<() => void>();
  #hasEnded = false;
  #hearsStarts = false;
  #isStuck = false;
  /** The latest offer of ours, answered or not; never rejects. */
  #offering: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly endpoint: Mrf.Endpoint,
    private readonly clock: Clock,
    private readonly deadlines: Deadlines,
    private readonly log: Log,
  ) {
    this.uuid = checked('identifier', endpoint.uuid);
    this.localSdp = endpoint.local.sdp ?? '';
    const end = contained(log, 'the end of a channel', () => this.end());
    endpoint.on('destroy', end);
    endpoint.dialog?.on('destroy', end);
    // FreeSWITCH re-INVITEs by itself when a channel is bridged or parked anew. Until the first
    // connect drachtio-srf has nothing to answer with, and FreeSWITCH hangs up on the empty 200.
    if (endpoint.dialog)
      endpoint.dialog.local.sdp ||= `${this.localSdp.trimEnd()}\r\na=recvonly\r\n`;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** A command had no answer in time: FreeSWITCH says 200 to the BYE of a channel that hangs, too. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** @returns a function that forgets the handle. Called at most once, also when we end the channel. */
  onEnded(handle: () => void): () => void {
    this.#endHandles.add(handle);
    return () => void this.#endHandles.delete(handle);
  }

  /** Declares the channel gone; everything pending on it settles now. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const handle of [...this.#endHandles]) handle();
    this.#endHandles.clear();
  }

  /**
   * Runs an API command on the channel's own connection.
   * @returns its text. @throws TelephonyError COMMAND_FAILED when it starts with -ERR or -USAGE,
   * DEADLINE, ENDPOINT_ENDED
   */
  async api(name: ApiName, ...args: readonly string[]): Promise<string> {
    const answer = Promise.resolve().then(() => this.endpoint.api(name, args));
    const event = await this.inTime(name, this.untilEnd(answer));
    const text = event.getBody() ?? '';
    if (/^-(ERR|USAGE)/.test(text)) {
      throw new TelephonyError('COMMAND_FAILED', `${name}: ${text.trim().slice(0, 120)}`);
    }
    return text;
  }

  /**
   * Executes an application and waits for its end, without a deadline (a playback may be long).
   * @returns its result. @throws TelephonyError ENDPOINT_ENDED
   */
  async execute(name: ApplicationName, argument: string): Promise<ExecuteResult> {
    const done = Promise.resolve().then(() => this.endpoint.execute(name, argument));
    const event = await this.untilEnd(done);
    const position = event.getHeader('variable_playback_last_offset_pos');
    return {
      response: event.getHeader('Application-Response') ?? '',
      lastPositionSamples: position === null ? undefined : Number(position),
      isEndedByKey: (event.getHeader('variable_playback_terminator_used') ?? '') !== '',
    };
  }

  /** Executes an application that is over at once. @throws TelephonyError DEADLINE, ENDPOINT_ENDED */
  async executeQuick(name: ApplicationName, argument: string): Promise<void> {
    await this.inTime(name, this.execute(name, argument));
  }

  /** Sends a raw sendmsg. @throws TelephonyError COMMAND_FAILED, DEADLINE, ENDPOINT_ENDED */
  async sendmsg(headers: Readonly<Record<string, string>>): Promise<void> {
    const reply = new Promise<Mrf.EslEvent>((resolve, reject) => {
      const connection = this.endpoint.conn;
      if (!connection) return reject(new TelephonyError('ENDPOINT_ENDED', 'the endpoint ended'));
      connection.sendRecv(`sendmsg ${this.uuid}`, headers, resolve);
    });
    const event = await this.inTime('sendmsg', this.untilEnd(reply));
    const text = event.getHeader('Reply-Text') ?? '';
    if (text.startsWith('-ERR')) throw new TelephonyError('COMMAND_FAILED', `sendmsg: ${text}`);
  }

  /**
   * Re-INVITE towards the media server, one after the other.
   * @returns its answer. @throws TelephonyError DEADLINE, ENDPOINT_ENDED, SDP_REFUSED, COMMAND_FAILED
   */
  async modify(sdp: string): Promise<string> {
    const { clock, deadlines } = this;
    const giveUpAtMs = clock.nowMs() + deadlines.modifyMs;
    const answer = this.#offering.then(() => this.#offer(sdp, giveUpAtMs));
    this.#offering = answer.catch(() => undefined);
    return withDeadline(clock, deadlines.modifyMs, 're-INVITE', this.untilEnd(answer));
  }

  /**
   * FreeSWITCH re-INVITEs by itself, and says 491 to what crosses that until its next tick of 20 ms: for
   * one when uuid_bridge comes before it has taken the description that it has confirmed (measured: in
   * half the bridges made ahead). Who is refused so comes again (RFC 3261 14.1; sooner, as it is near).
   */
  async #offer(sdp: string, giveUpAtMs: number): Promise<string> {
    for (let pauseMs = CROSSED_PAUSE_MS; ; pauseMs *= 2) {
      const { dialog } = this.endpoint;
      if (!dialog || this.#hasEnded) {
        throw new TelephonyError('ENDPOINT_ENDED', 'the endpoint ended');
      }
      dialog.local.sdp = sdp;
      const { contact } = dialog.local;
      const headers: Record<string, string> = contact === undefined ? {} : { Contact: contact };
      const response = await finalResponse(dialog, { method: 'INVITE', body: sdp, headers });
      const { status, reason, body = '' } = response;
      if (status < 300) {
        dialog.remote.sdp = body;
        return body;
      }
      if (status !== REQUEST_PENDING || this.clock.nowMs() + pauseMs >= giveUpAtMs) {
        const code = status === NOT_ACCEPTABLE ? 'SDP_REFUSED' : 'COMMAND_FAILED';
        throw new TelephonyError(code, `re-INVITE: ${status} ${reason}`);
      }
      await new Promise<void>((resolve) => this.clock.after(pauseMs, resolve));
    }
  }

  /**
   * Has FreeSWITCH make the offer, and answers it with this SDP. Resolves when FreeSWITCH is about to,
   * not when it has done so. @throws as `api`
   */
  async renegotiate(sdp: string): Promise<void> {
    const { dialog } = this.endpoint;
    if (!dialog) throw new TelephonyError('ENDPOINT_ENDED', 'the endpoint ended');
    dialog.local.sdp = sdp;
    await this.api('uuid_media_reneg', this.uuid);
  }

  /** Calls `handle` for every key of the far side; FreeSWITCH counts the press in samples. */
  onDigit(handle: (digit: string, durationMs: number) => void): void {
    const pressed = ({ dtmf, duration }: Mrf.Key): void => {
      const samples = Number(duration);
      if (!/^[0-9*#A-D]$/.test(dtmf ?? '')) return;
      handle(dtmf ?? '', Number.isFinite(samples) ? Math.round(samples / SAMPLES_PER_MS) : 0);
    };
    this.endpoint.on('dtmf', contained(this.log, 'a key', pressed));
  }

  /** Calls `handle` whenever FreeSWITCH has opened a file. @returns a function that ends it. */
  onFileStarted(handle: () => void): () => void {
    const listener = contained(this.log, 'a file that begins', () => handle());
    this.endpoint.on('playback-start', listener);
    return () => void this.endpoint.off('playback-start', listener);
  }

  /**
   * Waits until FreeSWITCH begins an application on the channel that a command only ordered, at most
   * `limitMs`; never rejects. @returns whether it has begun
   */
  nextStart(application: 'park' | 'uuid_bridge', limitMs: number): Promise<boolean> {
    const event = `esl::event::CHANNEL_EXECUTE::${this.uuid}`;
    if (!this.#hearsStarts && this.endpoint.conn) hearStarts(this.endpoint.conn);
    this.#hearsStarts = true;
    return new Promise<boolean>((resolve) => {
      const over = (hasBegun: boolean): void => {
        cancel();
        forget();
        this.endpoint.conn?.off(event, listener);
        resolve(hasBegun);
      };
      const listener = (begun: Mrf.EslEvent): void => {
        if (begun.getHeader('Application') === application) over(true);
      };
      const cancel = this.clock.after(limitMs, () => over(false));
      const forget = this.onEnded(() => over(false));
      this.endpoint.conn?.on(event, listener);
    });
  }

  /**
   * FreeSWITCH writes its counts into the channel's variables only when it is told to.
   * @returns RTP packets received. @throws as `api`
   */
  async countPackets(): Promise<number> {
    await this.api('uuid_set_media_stats', this.uuid);
    const count = await this.api('uuid_getvar', this.uuid, 'rtp_audio_in_packet_count');
    if (!/^\d+$/.test(count.trim())) {
      throw new TelephonyError('COMMAND_FAILED', 'uuid_getvar: no count of packets');
    }
    return Number(count);
  }

  /** BYE to the media server. @throws whatever the library throws, TelephonyError DEADLINE */
  async bye(): Promise<void> {
    const { clock, deadlines, endpoint } = this;
    const answer = Promise.resolve().then(() =>
      endpoint.dialog?.connected ? endpoint.dialog.destroy() : undefined,
    );
    await withDeadline(clock, deadlines.byeMs, 'BYE to the media server', answer);
  }

  private async inTime<T>(what: string, answer: Promise<T>): Promise<T> {
    try {
      return await withDeadline(this.clock, this.deadlines.commandMs, what, answer);
    } catch (thrown) {
      this.#isStuck ||= codeOf(thrown) === 'DEADLINE';
      throw thrown;
    }
  }

  private untilEnd<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const over = (): void => reject(new TelephonyError('ENDPOINT_ENDED', 'the endpoint ended'));
      if (this.#hasEnded) over();
      const forget = this.onEnded(over);
      work.then(resolve, reject).finally(forget);
    });
  }
}
