/**
 * One connection to a FreeSWITCH event socket through drachtio-fsmrf, watched: lost when its socket
 * ends or when the server stops answering a ping (a frozen FreeSWITCH keeps its sockets open).
 * The library's own reconnecting is stopped; connection-keeper.ts makes a fresh connection instead,
 * because the library keeps stale reply queues across reconnects and never gives up on a password.
 */
import Mrf from 'drachtio-fsmrf';
import type { Clock } from '../../ports.js';
import type { Connection } from './connection-keeper.js';
import { type Deadlines, withDeadline } from './deadlines.js';
import type { ApiName } from './engine-commands.js';
import { describeError, TelephonyError } from './errors.js';
import {
  type FreeswitchAddress,
  type FreeswitchFacts,
  probeFreeswitch,
} from './freeswitch-probe.js';
import type { SrfView } from './srf-types.js';

export interface FreeswitchOptions extends FreeswitchAddress {
  /** Address, or address:port, that FreeSWITCH is told for its outbound socket and the tap. */
  readonly advertise?: string;
  /** Address, or address:port, we listen on; default the one FreeSWITCH sees us at. */
  readonly listen?: string;
}

/** @throws TelephonyError FREESWITCH_* within `deadlines.connectMs` */
export async function connectFreeswitch(
  srf: SrfView,
  options: FreeswitchOptions,
  clock: Clock,
  deadlines: Deadlines,
): Promise<FreeswitchConnection> {
  const facts = await probeFreeswitch(options, clock, deadlines.connectMs);
  const listen = splitAddress(options.listen ?? facts.ourAddress);
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
    return new FreeswitchConnection(server, facts, clock, deadlines);
  } catch (thrown) {
    connecting.then(
      (late) => late.disconnect(),
      () => undefined,
    );
    const code = thrown instanceof TelephonyError ? 'FREESWITCH_TIMEOUT' : 'FREESWITCH_UNREACHABLE';
    throw new TelephonyError(code, `${options.host}:${options.port}: ${describeError(thrown)}`);
  }
}

export class FreeswitchConnection implements Connection {
  #onLost: ((why: string) => void) | undefined;
  #over = false;
  #cancelPing: () => void = () => undefined;

  constructor(
    readonly server: Mrf.MediaServer,
    readonly facts: FreeswitchFacts,
    private readonly clock: Clock,
    private readonly deadlines: Deadlines,
  ) {
    // Each command is two small writes; Nagle and delayed ACK would make it 42 ms instead of 1.
    server.conn.socket?.setNoDelay(true);
    server._server?.on('connection::open', (connection) => connection.socket?.setNoDelay(true));
    // Tells the library that the end of the connection is ours to handle; it only prints otherwise.
    server.closing = true;
    server.on('error', (error) => this.#lost(describeError(error)));
    server.conn.on('error', (error: Error) => this.#lost(describeError(error)));
    server.conn.on('esl::end', () => this.#lost('connection closed'));
    this.#pingLater();
  }

  onLost(handle: (why: string) => void): void {
    this.#onLost = handle;
  }

  /** Runs an API command. @throws TelephonyError DEADLINE */
  async api(name: ApiName, ...args: readonly string[]): Promise<string> {
    const answer = this.server.api([name, ...args].join(' '));
    return (await withDeadline(this.clock, this.deadlines.commandMs, name, answer)) ?? '';
  }

  close(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  #pingLater(): void {
    this.#cancelPing = this.clock.after(this.deadlines.pingMs, () => {
      this.api('status').then(
        () => {
          if (!this.#over) this.#pingLater();
        },
        () => this.#lost('the media server does not answer'),
      );
    });
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
    this.#cancelPing();
    const socket = this.server.conn.socket;
    this.server.disconnect();
    this.server.conn.closing = true;
    this.server.conn.on('error', () => undefined);
    socket?.destroySoon();
  }
}

function splitAddress(address: string): { host: string; port?: number } {
  const [, host, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(address) ?? [];
  return { host: host ?? address, port: port === undefined ? undefined : Number(port) };
}
