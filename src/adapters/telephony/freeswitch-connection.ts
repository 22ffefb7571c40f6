/**
 * One connection to a FreeSWITCH event socket through drachtio-fsmrf, watched: lost when its socket
 * ends or when the server stops answering a ping (a frozen FreeSWITCH keeps its sockets open).
 * The library's own reconnecting is stopped; connection-keeper.ts makes a fresh connection instead,
 * because the library keeps stale reply queues across reconnects and never gives up on a password.
 */
import { tmpdir } from 'node:os';
import Mrf from 'drachtio-fsmrf';
import type { Clock, Log } from '../../ports.js';
import type { TapMeans } from './channel-tap.js';
import type { Connection } from './connection-keeper.js';
import { contained } from './contained.js';
import { type Deadlines, withDeadline } from './deadlines.js';
import type { ApiName } from './engine-commands.js';
import { describeError, TelephonyError } from './errors.js';
import {
  type FreeswitchAddress,
  type FreeswitchFacts,
  probeFreeswitch,
} from './freeswitch-probe.js';
import { type FreeswitchStatus, readStatus } from './freeswitch-status.js';
import { containSocket } from './contained-socket.js';
import { LifeWatch } from './life-watch.js';
import { isPublicAddress } from '../../config/public-address.js';
import type { SrfView } from './srf-types.js';
import { leaveOutUnheard, readByName, writeWhole } from './thrifty-socket.js';

export interface FreeswitchOptions extends FreeswitchAddress {
  /** Address, or address:port, that FreeSWITCH is told for its outbound socket and the tap. */
  readonly advertise?: string;
  /** Address, or address:port, we listen on; default the one FreeSWITCH sees us at. */
  readonly listen?: string;
  /** Lets us listen where the whole Internet can connect. */
  readonly allowPublicListener?: boolean;
  /** `host:port` of its SIP profile as drachtio reaches it, when `sofia status` names another. */
  readonly sipAddress?: string;
  /**
   * How it hands out the customer's audio. `auto`, the default: mod_audio_fork when it is there, else
   * unicast. The others: that, whatever is there; a recording is for a media server on this host.
   */
  readonly audioTap?: 'auto' | 'recording' | 'unicast';
  /** Of its recordings that we read; default the folder for temporary files. */
  readonly recordingFolder?: string;
}

/** drachtio-fsmrf gives a media server one second, which cannot be set, to say where its profile listens. */
const NOT_READY = /not ready, timeout/;

/** @throws TelephonyError FREESWITCH_* within `deadlines.connectMs` */
export async function connectFreeswitch(
  srf: SrfView,
  options: FreeswitchOptions,
  clock: Clock,
  deadlines: Deadlines,
  log: Log,
): Promise<FreeswitchConnection> {
  const facts = await probeFreeswitch(options, clock, deadlines.connectMs);
  const listen = splitAddress(options.listen ?? facts.ourAddress);
  if (isPublicAddress(listen.host) && !options.allowPublicListener) {
    throw new TelephonyError(
      'FREESWITCH_PUBLIC_LISTENER',
      `its event sockets would come to ${listen.host}, where anybody can connect and no password is asked for: set freeswitch.listen to a private address, or freeswitch.allowPublicListener: true behind a firewall`,
    );
  }
  const advertise = options.advertise === undefined ? undefined : splitAddress(options.advertise);
  const connecting = new Mrf(srf).connect({
    address: options.host,
    port: options.port,
    secret: options.secret,
    profile: options.profile,
    listenAddress: listen.host,
    listenPort: listen.port,
    advertisedAddress: advertise?.host,
    advertisedPort: advertise?.port,
  });
  try {
    const server = await withDeadline(clock, deadlines.connectMs, 'connect', connecting);
    if (options.sipAddress !== undefined) server.sip.ipv4.udp.address = options.sipAddress;
    const means = tapMeans(options, facts, advertise?.host);
    return new FreeswitchConnection(server, facts, means, { clock, deadlines, log });
  } catch (thrown) {
    connecting.then(
      (late) => late.disconnect(),
      () => undefined,
    );
    const isLate = thrown instanceof TelephonyError || NOT_READY.test(describeError(thrown));
    const code = isLate ? 'FREESWITCH_TIMEOUT' : 'FREESWITCH_UNREACHABLE';
    throw new TelephonyError(code, `${options.host}:${options.port}: ${describeError(thrown)}`);
  }
}

export class FreeswitchConnection implements Connection {
  #onLost: ((why: string) => void) | undefined;
  #onSilence: ((isSilent: boolean) => void) | undefined;
  #over = false;
  #status: FreeswitchStatus | undefined;
  readonly #life: LifeWatch;
  /** Somebody sent on our listener what is no event socket; he has been cut off. */
  onRefused: ((why: string) => void) | undefined;

  constructor(
    readonly server: Mrf.MediaServer,
    readonly facts: FreeswitchFacts,
    readonly tapMeans: TapMeans,
    private readonly context: {
      readonly clock: Clock;
      readonly deadlines: Deadlines;
      readonly log: Log;
    },
  ) {
    const { clock, deadlines, log } = context;
    this.#status = facts.status;
    // Before the library's own listener, so that its first bytes are contained as well.
    server._server?.server.prependListener('connection', (socket) =>
      containSocket(socket, (why) => this.onRefused?.(why)),
    );
    if (server.conn.socket) containSocket(server.conn.socket, (why) => this.#lost(why));
    // Commands are small and follow each other; Nagle and delayed ACK would make one 42 ms instead of 1.
    server.conn.socket?.setNoDelay(true);
    writeWhole(server.conn);
    readByName(server.conn);
    const onOpen = (connection: Mrf.EslConnection): void => {
      connection.socket?.setNoDelay(true);
      writeWhole(connection);
      readByName(connection);
      leaveOutUnheard(connection);
    };
    server._server?.on('connection::open', contained(log, 'an event socket of a channel', onOpen));
    // Tells the library that the end of the connection is ours to handle; it only prints otherwise.
    server.closing = true;
    server.on('error', (error) => this.#lost(describeError(error)));
    server.conn.on('error', (error: Error) => this.#lost(describeError(error)));
    server.conn.on('esl::end', () => this.#lost('connection closed'));
    this.#life = new LifeWatch({
      clock,
      deadlines,
      ask: async () => this.#learn((await server.api('status')) ?? ''),
      onSilence: (isSilent) => this.#onSilence?.(isSilent),
      onDead: () => this.#lost('the media server does not answer'),
    });
    this.#life.start();
  }

  /** Connected, answering, and neither starting nor shutting down. */
  get isResponsive(): boolean {
    return !this.#over && !this.#life.isSilent && this.#status?.isReady !== false;
  }

  /** What it said of itself last, seconds ago at most while it answers. */
  get status(): FreeswitchStatus | undefined {
    return this.#status;
  }

  onLost(handle: (why: string) => void): void {
    this.#onLost = handle;
  }

  /** Called when it stops answering for a moment, and when it answers again. */
  onSilence(handle: (isSilent: boolean) => void): void {
    this.#onSilence = handle;
  }

  /** Called with each new status. */
  onStatus: (status: FreeswitchStatus) => void = () => undefined;

  /** Runs an API command. @throws TelephonyError DEADLINE */
  async api(name: ApiName, ...args: readonly string[]): Promise<string> {
    const { clock, deadlines } = this.context;
    const answer = this.server.api([name, ...args].join(' '));
    return (await withDeadline(clock, deadlines.commandMs, name, answer)) ?? '';
  }

  close(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  #learn(text: string): void {
    const status = readStatus(text);
    if (!status || this.#over) return;
    this.#status = status;
    this.onStatus(status);
  }

  #lost(why: string): void {
    if (this.#over) return;
    this.#end();
    this.#onLost?.(why);
  }

  /** Also stops the library from reconnecting: it looks at `closing` right after telling us. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#life.stop();
    const socket = this.server.conn.socket;
    this.server.disconnect();
    this.server.conn.closing = true;
    this.server.conn.on('error', () => undefined);
    socket?.destroySoon();
  }
}

function tapMeans(
  { audioTap = 'auto', recordingFolder = tmpdir() }: FreeswitchOptions,
  { hasAudioFork, ourAddress }: FreeswitchFacts,
  advertised: string | undefined,
): TapMeans {
  const best = hasAudioFork ? 'audio_fork' : 'unicast';
  return {
    kind: audioTap === 'auto' ? best : audioTap,
    ourAddress: advertised ?? ourAddress,
    unicastFrom: '0.0.0.0',
    recordingFolder,
  };
}

function splitAddress(address: string): { host: string; port?: number } {
  const [, host, port] = /^(\[.*\]|[^:]*|[0-9a-f:]*)(?::(\d{1,5}))?$/i.exec(address) ?? [];
  return {
    host: host?.replace(/[[\]]/g, '') ?? address,
    port: port === undefined ? undefined : Number(port),
  };
}
