/**
 * The embedded media server: the part of FreeSWITCH that drachtio-fsmrf drives, on the protocols it
 * speaks. SIP calls from drachtio-fsmrf become channels; each channel calls its application back on
 * the event socket; applications connect to the event socket themselves for commands that concern
 * no channel.
 *
 * It serves one machine: event sockets are opened to loopback addresses only (unless allowed), the
 * secret travels in clear, and what it does not implement it refuses in FreeSWITCH's own words.
 */

import { randomUUID } from 'node:crypto';
import { connect, createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Gates } from '../gates.js';
import { sharedPacer } from '../rtp/pacer.js';
import type { PortRange } from '../rtp/rtp-port.js';
import { RtpSession } from '../rtp/session.js';
import { RejectionLog } from '../rejection-log.js';
import { CountingScheduler, systemScheduler } from '../sip/scheduler.js';
import type { IncomingRequest, LogFunction, SipStack } from '../sip/stack.js';
import { API_NAMES, runApi, type ApiContext } from './apis.js';
import { APPLICATION_TABLE } from './apps.js';
import { Channel, type ChannelHost } from './channel.js';
import { ESL_COMMANDS, EslConnection, type ApiReply, type EventFields } from './esl.js';
import { MediaLeg, SipUas } from './sip-uas.js';
import { FILE_FORMATS, SoundFiles } from './sound-files.js';

/** How the server is made. The SIP stack is the caller's: it starts and stops it. */
export interface FreeSwitchOptions {
  readonly stack: SipStack;
  /** Address and port of the event socket; port 0 takes any free one. */
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Address that RTP binds and announces. */
  readonly rtpHost: string;
  readonly rtpPortRange?: PortRange;
  /** Where relative sound files live; the working directory when left out. */
  readonly soundsDirectory?: string | undefined;
  /** Lets event sockets and taps go to other hosts than this one. */
  readonly allowRemoteApplications?: boolean;
  /** False leaves mod_audio_fork out, as a stock FreeSWITCH does; true by default. */
  readonly audioFork?: boolean;
  readonly onLog?: LogFunction;
  /** For tests. */
  readonly gates?: { readonly esl: Gates; readonly rtp: Gates } | undefined;
}

/** All zero when no call is up and nobody is connected. */
export interface FreeSwitchStats {
  readonly channels: number;
  readonly rtpSessions: number;
  readonly timers: number;
  readonly sockets: number;
}

/** Everything that is implemented, for comparison with what is asked of it. */
export const FREESWITCH_SUBSET = {
  apis: API_NAMES,
  applications: [...APPLICATION_TABLE.keys()],
  fileFormats: FILE_FORMATS,
  callCommands: ['execute', 'unicast'],
  eslCommands: ESL_COMMANDS,
} as const;

const HEARTBEAT_MS = 20_000;
const CHANNELS_MAX = 1000;
const CONNECTIONS_MAX = 64;
const CONNECT_WITHIN_MS = 5000;

/** See the head of this file. */
export class FreeSwitchServer {
  readonly #channels = new Map<string, Channel>();
  readonly #legs = new Map<Channel, MediaLeg>();
  readonly #connections = new Set<EslConnection>();
  readonly #pending = new Set<Socket>();
  readonly #server: Server;
  readonly #uas: SipUas;
  readonly #channelHost: ChannelHost;
  readonly #onLog: LogFunction;
  readonly #scheduler = new CountingScheduler(systemScheduler);
  readonly #rejections: RejectionLog;
  readonly #coreUuid = randomUUID();
  readonly #startedAtMs = Date.now();
  #eventSequence = 0;
  #sessionCount = 0;
  #openLegs = 0;
  #heartbeat: NodeJS.Timeout | undefined;
  #port = 0;

  constructor(private readonly options: FreeSwitchOptions) {
    this.#onLog = options.onLog ?? (() => undefined);
    this.#rejections = new RejectionLog(this.#scheduler, this.#onLog);
    this.#server = createServer((socket) => this.#accept(socket));
    this.#channelHost = {
      files: new SoundFiles(options.soundsDirectory ?? '.', this.#onLog),
      onLog: this.#onLog,
      fire: (event) => this.#fire(event),
      onEnded: (channel, cause, wasByPeer) => this.#ended(channel, cause, wasByPeer),
    };
    this.#uas = new SipUas(
      options.stack,
      {
        admit: (invite) => this.#admit(invite),
        established: (leg) => this.#established(leg),
      },
      this.#onLog,
    );
  }

  /** Port of the event socket; 0 before `start`. */
  get eslPort(): number {
    return this.#port;
  }

  /** @throws the socket's error when the event socket cannot be bound */
  async start(): Promise<void> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** Ends every channel and closes every socket. May be called twice. */
  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#rejections.stop();
    for (const channel of [...this.#channels.values()]) {
      channel.hangup('NORMAL_CLEARING', 'shutdown');
    }
    this.#uas.stop();
    for (const socket of this.#pending) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  stats(): FreeSwitchStats {
    const authTimers = [...this.#connections].reduce((sum, { timers }) => sum + timers, 0);
    return {
      channels: this.#channels.size,
      rtpSessions: this.#openLegs,
      timers:
        authTimers +
        this.#scheduler.active +
        this.#pending.size +
        (this.#openLegs > 0 ? sharedPacer.stats().timers : 0),
      sockets: this.#connections.size + this.#pending.size,
    };
  }

  #accept(socket: Socket): void {
    if (this.#connections.size - this.#channels.size >= CONNECTIONS_MAX) {
      return void socket.destroy();
    }
    this.#connections.add(
      new EslConnection(socket, {
        secret: this.options.secret,
        gates: this.options.gates?.esl,
        api: (command, argument) => this.#api(command, argument),
        sendmsg: (uuid, headers) => this.#sendmsg(this.#channels.get(uuid), uuid, headers),
        onClosed: (connection) => this.#connections.delete(connection),
        onRejected: (why) => this.#reject(why),
      }),
    );
  }

  async #admit(invite: IncomingRequest): Promise<number | MediaLeg> {
    const outbound = invite.get('X-esl-outbound') ?? '';
    const address = parseAddress(outbound);
    if (!/^drachtio-fsmrf:\S+$/.test(invite.get('User-Agent') ?? '') || !address) return 404;
    if (!this.#mayConnect(address.host)) {
      this.#onLog('warn', 'event socket to another host refused', { to: outbound });
      return 403;
    }
    if (this.#openLegs >= CHANNELS_MAX) return 503;
    this.#openLegs++;
    const { rtpHost: host, rtpPortRange: portRange, gates } = this.options;
    const rtp = new RtpSession({ host, gates: gates?.rtp, ...(portRange ? { portRange } : {}) });
    rtp.onClosed = () => this.#openLegs--;
    try {
      await rtp.open();
    } catch (error) {
      rtp.close();
      throw error;
    }
    return new MediaLeg(invite, rtp, outbound);
  }

  #mayConnect(host: string): boolean {
    return this.options.allowRemoteApplications === true || host.startsWith('127.');
  }

  #established(leg: MediaLeg): void {
    const channel = new Channel(
      leg.rtp,
      this.#channelHost,
      () => leg.facts(),
      `${leg.outboundSocket} async full`,
    );
    channel.setVariable('send_silence_when_idle', '-1');
    channel.setVariable('hangup_after_bridge', 'false');
    channel.setVariable('park_after_bridge', 'true');
    channel.setVariable('playback_terminators', 'none');
    channel.hasPeerMedia = leg.remoteSdp !== '';
    leg.onPeerMedia = () => (channel.hasPeerMedia = true);
    leg.onEnded = (wasByPeer) =>
      channel.hangup('NORMAL_CLEARING', wasByPeer ? 'peer' : 'application');
    this.#channels.set(channel.uuid, channel);
    this.#legs.set(channel, leg);
    this.#sessionCount++;
    this.#callApplication(channel, leg.outboundSocket);
  }

  /** Opens the channel's own event socket, as the dialplan's `socket` application does. */
  #callApplication(channel: Channel, outbound: string): void {
    const address = parseAddress(outbound);
    if (!address) return channel.hangup('NORMAL_CLEARING', 'application');
    const socket = connect(address.port, address.host);
    this.#pending.add(socket);
    socket.setTimeout(CONNECT_WITHIN_MS, () => socket.destroy());
    const fail = (): void => {
      if (this.#pending.delete(socket)) channel.hangup('NORMAL_CLEARING', 'application');
    };
    socket.once('error', fail);
    socket.once('close', fail);
    socket.once('connect', () => {
      this.#pending.delete(socket);
      socket.setTimeout(0);
      if (channel.hasEnded) return void socket.destroy();
      const connection = new EslConnection(socket, {
        gates: this.options.gates?.esl,
        channelData: () => this.#complete({ 'Event-Name': 'CHANNEL_DATA', ...channel.describe() }),
        api: (command, argument) => this.#api(command, argument),
        sendmsg: (uuid, headers) =>
          this.#sendmsg(uuid === '' ? channel : this.#channels.get(uuid), uuid, headers),
        onRejected: (why) => this.#reject(why),
        onClosed: () => {
          this.#connections.delete(connection);
          channel.lostConnection();
        },
      });
      channel.connection = connection;
      this.#connections.add(connection);
    });
  }

  #ended(channel: Channel, cause: string, wasByPeer: boolean): void {
    const leg = this.#legs.get(channel);
    this.#channels.delete(channel.uuid);
    this.#legs.delete(channel);
    if (leg && !wasByPeer) this.#uas.hangUp(leg, cause);
  }

  #sendmsg(
    channel: Channel | undefined,
    uuid: string,
    headers: ReadonlyMap<string, string>,
  ): string {
    if (!channel) return `-ERR invalid session id [${uuid.slice(0, 100)}]`;
    const command = headers.get('call-command');
    if (command === 'execute') {
      const application = headers.get('execute-app-name') ?? '';
      if (application === '') return '+OK';
      const argument = headers.get('execute-app-arg') ?? '';
      const event = headers.get('event-uuid') ?? randomUUID();
      const isQueued = channel.execute({ application, argument, uuid: event });
      return isQueued ? '+OK' : '-ERR memory error!';
    }
    if (command === 'unicast') this.#startUnicast(channel, headers);
    return '+OK';
  }

  #startUnicast(channel: Channel, headers: ReadonlyMap<string, string>): void {
    const localHost = headers.get('local-ip') ?? '127.0.0.1';
    const remoteHost = headers.get('remote-ip') ?? '127.0.0.1';
    const [localPort, remotePort] = [
      toPort(headers.get('local-port') ?? '8025'),
      toPort(headers.get('remote-port') ?? '8026'),
    ];
    const isUsable =
      isIP(localHost) === 4 &&
      isIP(remoteHost) === 4 &&
      this.#mayConnect(remoteHost) &&
      localPort !== undefined &&
      remotePort !== undefined &&
      remotePort > 0 &&
      (headers.get('transport') ?? 'udp') === 'udp';
    if (isUsable) channel.startUnicast({ localHost, localPort, remoteHost, remotePort });
    else
      this.#onLog('warn', 'unicast refused', { remoteHost, transport: headers.get('transport') });
  }

  #reject(why: string): void {
    this.#rejections.add('event socket command refused', { why });
  }

  #api(command: string, argument: string): ApiReply {
    const { host, port } = this.options.stack;
    const context: ApiContext = {
      channels: this.#channels,
      sipAddress: `${host}:${port}`,
      startedAtMs: this.#startedAtMs,
      sessionsSinceStart: this.#sessionCount,
      channelsMax: CHANNELS_MAX,
      hasAudioFork: this.options.audioFork !== false,
      mayConnect: (remote) => this.#mayConnect(remote),
    };
    return runApi(command, argument, context);
  }

  #beat(): void {
    this.#fire({
      'Event-Name': 'HEARTBEAT',
      'Event-Info': 'System Ready',
      'FreeSWITCH-Version': '1.10.12-embedded',
      'Session-Count': String(this.#channels.size),
      'Max-Sessions': String(CHANNELS_MAX),
      'Session-Per-Sec': '30',
      'Session-Since-Startup': String(this.#sessionCount),
      'Idle-CPU': '50.000000',
    });
  }

  #fire(event: EventFields): void {
    const full = this.#complete(event);
    let json: string | undefined;
    const toJson = (): string => (json ??= JSON.stringify(full));
    for (const connection of this.#connections) connection.offer(full, toJson);
  }

  #complete(event: EventFields): EventFields {
    const now = new Date();
    return {
      'Event-Name': event['Event-Name'] ?? '',
      'Core-UUID': this.#coreUuid,
      'FreeSWITCH-Hostname': 'embedded',
      'FreeSWITCH-Switchname': 'embedded',
      'FreeSWITCH-IPv4': this.options.rtpHost,
      'Event-Date-GMT': now.toUTCString(),
      'Event-Date-Timestamp': String(now.getTime() * 1000),
      'Event-Sequence': String(++this.#eventSequence),
      ...event,
    };
  }
}

/** `ip:port`; names are not resolved. */
function parseAddress(text: string): { host: string; port: number } | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(text);
  const port = toPort(match?.[2] ?? '');
  const host = match?.[1] ?? '';
  return isIP(host) === 4 && port !== undefined && port > 0 ? { host, port } : undefined;
}

function toPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  return port <= 65535 ? port : undefined;
}
