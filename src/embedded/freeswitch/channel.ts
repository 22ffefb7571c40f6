/**
 * One channel of the media server: its RTP session, its variables, and the applications it runs.
 * Applications nest as in FreeSWITCH: one that is sent while another runs interrupts it, and the
 * other goes on afterwards. Below them all lies the outermost one, which is where the channel is
 * when nothing else runs: `socket`, `park` after a transfer, or `uuid_bridge`.
 *
 * Everything happens on the 20 ms beat of its media, like in a FreeSWITCH session thread: commands
 * are taken from the queue, breaks take effect, frames go to the bridge partner or the tap.
 */

import { randomUUID } from 'node:crypto';
import { RelaySource } from '../rtp/pcm-source.js';
import type { PlayHandle, RtpSession } from '../rtp/session.js';
import type { LogFunction, LogLevel } from '../sip/stack.js';
import { APPLICATION_TABLE } from './apps.js';
import { describeChannel, type ChannelFacts } from './channel-data.js';
import type { EslConnection, EventFields } from './esl.js';
import { MediaBugs } from './media-bugs.js';
import type { SoundFiles } from './sound-files.js';
import { Unicast, type UnicastTarget } from './unicast.js';

/** What a channel needs of the server. */
export interface ChannelHost {
  readonly files: SoundFiles;
  readonly onLog: LogFunction;
  fire(event: EventFields): void;
  /** The channel is over: BYE unless the peer sent one, and out of all lists. */
  onEnded(channel: Channel, cause: string, wasByPeer: boolean): void;
}

/** Why a channel ends. A kill tears the event socket off before it can tell anything. */
export type HangupBy = 'application' | 'peer' | 'kill' | 'shutdown';

/** Why an application has to end early. */
export type LeaveReason = 'hung-up' | 'torn';

/** One execution of an application. */
export interface Run {
  readonly application: string;
  readonly argument: string;
  readonly uuid: string;
  /** uuid_break. */
  onBreak?: () => void;
  /** The channel goes elsewhere; must lead to `finish` before it returns. */
  onLeave?: (why: LeaveReason) => void;
  /** A key, offered to the innermost application only, which tells the client when it takes it. */
  onDigit?: (digit: string, tell: () => void) => void;
  /** Ends this execution; its event is sent when those it interrupted it by are over, too. */
  finish(response?: string): void;
  readonly isFinished: boolean;
}

interface Outermost {
  readonly application: 'socket' | 'park' | 'uuid_bridge';
  readonly argument: string;
  readonly uuid: string;
}

interface QueuedCommand {
  readonly application: string;
  readonly argument: string;
  readonly uuid: string;
}

const QUEUE_MAX = 100;
const VARIABLES_MAX = 500;
const NESTING_MAX = 20;

/** See the head of this file. */
export class Channel {
  readonly uuid = randomUUID();
  /** The channel's own connection to the application. */
  connection: EslConnection | undefined;
  hangupCause: string | undefined;
  /** True from the first real SDP of a peer on; before, the tap hears digital silence. */
  hasPeerMedia = false;
  /** Recordings and forks. */
  readonly bugs = new MediaBugs();
  /** As long as it is above 0 the channel and whoever it is bridged with do not hear each other. */
  muteCount = 0;
  readonly #variables = new Map<string, string>();
  readonly #runs: Run[] = [];
  readonly #queue: QueuedCommand[] = [];
  readonly #unicast = new Unicast();
  #outermost: Outermost;
  #response: string | undefined;
  #isBreakPending = false;
  #hasEnded = false;
  #hasBeenBridged = false;
  #bridge: { peer: Channel; toUs: RelaySource; handle: PlayHandle } | undefined;

  constructor(
    readonly rtp: RtpSession,
    private readonly host: ChannelHost,
    private readonly facts: () => ChannelFacts,
    socketArgument: string,
  ) {
    this.#outermost = { application: 'socket', argument: socketArgument, uuid: randomUUID() };
    rtp.onFrame = (pcm) => this.#tick(pcm);
    rtp.onSpoken = (pcm) => this.bugs.speak(pcm);
    rtp.onDtmf = (digit, samples) => this.#heardKey(digit, samples);
  }

  get files(): SoundFiles {
    return this.host.files;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get bridgePeer(): Channel | undefined {
    return this.#bridge?.peer;
  }

  log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void {
    this.host.onLog(level, message, fields);
  }

  variable(name: string): string | undefined {
    return this.#variables.get(name);
  }

  /** An undefined or empty value removes it. @returns false when there are too many */
  setVariable(name: string, value: string | undefined): boolean {
    if (value === undefined || value === '') this.#variables.delete(name);
    else if (this.#variables.size < VARIABLES_MAX || this.#variables.has(name)) {
      this.#variables.set(name, value);
    } else return false;
    return true;
  }

  /** All that FreeSWITCH tells about a channel in events and dumps. */
  describe(): EventFields {
    const application = this.#runs[this.#runs.length - 1] ?? this.#outermost;
    return describeChannel(this.facts(), {
      uuid: this.uuid,
      hangupCause: this.hangupCause,
      application: application.application,
      applicationData: application.argument,
      rtp: this.rtp.stats(),
      variables: this.#variables,
    });
  }

  /** Sends an event about this channel. */
  fire(name: string, fields: EventFields = {}): void {
    this.host.fire({ 'Event-Name': name, ...this.describe(), ...fields });
  }

  /** Queues an application for the next beat. @returns false when too many wait */
  execute(command: QueuedCommand): boolean {
    if (this.#hasEnded || this.#queue.length >= QUEUE_MAX) return false;
    this.#queue.push(command);
    return true;
  }

  /** Ends what is heard. Lost when nothing runs, or when another application starts first. */
  break(): void {
    this.#isBreakPending = true;
  }

  /** Sends received audio to a UDP address while the channel is parked; see unicast.ts. */
  startUnicast(target: UnicastTarget): void {
    this.#unicast.start(target);
  }

  /** Marks the channel as hung up without ending it yet: the hangup application reports first. */
  beginHangup(cause: string): void {
    this.hangupCause ??= cause;
  }

  hangup(cause: string, by: HangupBy): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const isBridged = this.#bridge !== undefined;
    this.#leaveBridge();
    this.hangupCause ??= cause;
    this.#queue.length = 0;
    if (by === 'kill' && !isBridged && !this.#hasBeenBridged) this.connection?.close(this.uuid);
    this.#leaveRuns(by === 'application' ? 'hung-up' : 'torn');
    this.#finishOutermost();
    this.#fireBasic('CHANNEL_CALLSTATE', {
      'Channel-State': 'CS_HANGUP',
      'Channel-Call-State': 'HANGUP',
      'Original-Channel-Call-State': 'ACTIVE',
      'Channel-Call-State-Number': '7',
    });
    this.#unicast.stop();
    const { packetsIgnored: count } = this.rtp.stats();
    if (count > 0) this.host.onLog('debug', 'RTP packets ignored', { channel: this.uuid, count });
    this.bugs.removeAll();
    this.rtp.close();
    this.host.onEnded(this, this.hangupCause, by === 'peer');
    this.connection?.close(this.uuid);
  }

  /** The application's connection is gone: as without `linger`, the channel goes with it. */
  lostConnection(): void {
    this.connection = undefined;
    if (this.#hasEnded) return;
    if (this.#outermost.application !== 'socket') return;
    const last = this.#runs[0];
    if (!last) return this.hangup('NORMAL_CLEARING', 'application');
    this.#queue.length = 0;
  }

  /** uuid_transfer ... park inline: ends everything and parks. A tap can be started afresh then. */
  parkAnew(): void {
    if (this.#hasEnded) return;
    this.#leaveBridge();
    this.#leaveRuns('torn');
    if (this.hasEnded) return; // its application's connection was gone, and this was the last run
    this.#finishOutermost();
    this.#unicast.stop();
    for (const [from, to] of [
      ['ACTIVE', 'RINGING'],
      ['RINGING', 'ACTIVE'],
    ] as const) {
      this.#fireBasic('CHANNEL_CALLSTATE', {
        'Original-Channel-Call-State': from,
        'Channel-Call-State': to,
      });
    }
    this.#enterOutermost({ application: 'park', argument: '', uuid: randomUUID() });
  }

  /** Connects the audio of two channels, both ways. Both leave what they do. */
  static bridge(a: Channel, b: Channel): void {
    if (a === b || a.#hasEnded || b.#hasEnded) return;
    for (const channel of [a, b]) {
      channel.#leaveBridge();
      channel.#leaveRuns('torn');
      channel.#finishOutermost();
      channel.#unicast.stop();
    }
    for (const [channel, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      const toUs = new RelaySource();
      channel.#bridge = { peer, toUs, handle: channel.rtp.play(toUs) };
      channel.#hasBeenBridged = true;
      channel.setVariable('bridge_to', peer.uuid);
      channel.#enterOutermost({
        application: 'uuid_bridge',
        argument: peer.uuid,
        uuid: randomUUID(),
      });
    }
  }

  #leaveBridge(): void {
    const bridge = this.#bridge;
    if (!bridge) return;
    this.#bridge = undefined;
    bridge.handle.stop();
    this.setVariable('bridge_to', undefined);
    bridge.peer.#leaveBridge(); // park_after_bridge: the partner stays, silent
  }

  #tick(pcm: Int16Array): void {
    this.bugs.hear(pcm);
    this.#takeCommands();
    if (this.#hasEnded) return;
    if (this.#bridge) this.#relay(pcm, this.#bridge.peer);
    else if (this.#runs.length === 0) this.#unicast.send(this.hasPeerMedia ? pcm : pcm.fill(0));
  }

  /** While either side runs an application the bridge is covered by it. */
  #relay(pcm: Int16Array, peer: Channel): void {
    const inBetween = this.#runs.length + peer.#runs.length + this.muteCount + peer.muteCount;
    if (inBetween === 0) peer.#bridge?.toUs.write(pcm);
  }

  #takeCommands(): void {
    if (this.#isBreakPending) {
      this.#isBreakPending = false;
      for (const run of [...this.#runs].reverse()) run.onBreak?.();
    }
    while (!this.#hasEnded) {
      const command = this.#queue.shift();
      if (!command) return;
      this.#isBreakPending = false;
      const depth = this.#runs.length;
      this.#start(command);
      if (this.#runs.length > depth) return; // it waits for something: the next beat nests in it
    }
  }

  #start({ application, argument, uuid }: QueuedCommand): void {
    const program = APPLICATION_TABLE.get(application);
    if (!program || this.#runs.length >= NESTING_MAX) {
      this.host.onLog('warn', 'application refused, channel hung up', { application });
      return this.hangup('DESTINATION_OUT_OF_ORDER', 'application');
    }
    if (this.#runs.length > 0 && program.isLong) {
      this.host.onLog('warn', 'application interrupts another', { application });
    }
    if (program.isLong) this.#unicast.kill();
    this.#response = undefined;
    const run = this.#newRun(application, argument, uuid);
    this.#runs.push(run);
    this.fire('CHANNEL_EXECUTE', applicationFields(run));
    program.run(run, this);
  }

  #newRun(application: string, argument: string, uuid: string): Run {
    const state = { isFinished: false };
    return {
      application,
      argument,
      uuid,
      get isFinished() {
        return state.isFinished;
      },
      finish: (response) => {
        if (state.isFinished) return;
        state.isFinished = true;
        if (response !== undefined) this.#response = response;
        this.#unwind();
      },
    };
  }

  /** Reports what has finished, innermost first; what is interrupted has to wait. */
  #unwind(): void {
    for (let top = this.#runs.at(-1); top?.isFinished; top = this.#runs.at(-1)) {
      this.#runs.pop();
      this.#fireComplete(top);
    }
    const isOrphaned = this.#outermost.application === 'socket' && !this.connection;
    if (isOrphaned && this.#runs.length === 0) this.hangup('NORMAL_CLEARING', 'application');
  }

  #leaveRuns(why: LeaveReason): void {
    for (let top = this.#runs.at(-1); top; top = this.#runs.at(-1)) {
      top.onLeave?.(why);
      if (!top.isFinished) top.finish();
    }
  }

  #enterOutermost(outermost: Outermost): void {
    this.#outermost = outermost;
    this.#response = undefined;
    this.fire('CHANNEL_EXECUTE', applicationFields(outermost));
  }

  #finishOutermost(): void {
    // uuid_bridge is no real application: it begins with an event and ends without one.
    if (this.#outermost.application !== 'uuid_bridge') this.#fireComplete(this.#outermost);
  }

  #fireComplete(run: Pick<Run, 'application' | 'argument' | 'uuid'>): void {
    this.fire('CHANNEL_EXECUTE_COMPLETE', {
      ...applicationFields(run),
      'Application-Response': this.#response ?? '_none_',
    });
  }

  /** Some events leave the variables out. */
  #fireBasic(name: string, fields: EventFields): void {
    const basic = Object.entries(this.describe()).filter(([key]) => !key.startsWith('variable_'));
    this.host.fire({ 'Event-Name': name, ...Object.fromEntries(basic), ...fields });
  }

  #heardKey(digit: string, durationSamples: number): void {
    const tell = (): void => {
      this.#fireBasic('DTMF', {
        'DTMF-Digit': digit,
        'DTMF-Duration': String(durationSamples),
        'DTMF-Source': 'RTP',
      });
    };
    const run = this.#runs.at(-1);
    if (!run) this.#bridge?.peer.rtp.sendDtmf(digit, durationSamples / 8);
    if (run?.onDigit) run.onDigit(digit, tell);
    else tell();
  }
}

function applicationFields(run: Pick<Run, 'application' | 'argument' | 'uuid'>): EventFields {
  return {
    Application: run.application,
    ...(run.argument === '' ? {} : { 'Application-Data': run.argument }),
    'Application-UUID': run.uuid,
  };
}
