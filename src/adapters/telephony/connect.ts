/**
 * Connects one site: a drachtio server for signalling and a FreeSWITCH for media, real or embedded,
 * and hands them out behind the ports. Reconnects both by itself; what was in the air on a lost
 * connection is told as lost. It does not choose between sites or servers.
 */
import type { Clock, Log, OrphanEnd, OrphanLeg, Telephony } from '../../ports.js';
import type { WireMessage } from '../../report/trail.js';
import { type Connection, ConnectionKeeper } from './connection-keeper.js';
import { containKnownRejections } from './contained-rejections.js';
import { type Deadlines, DEFAULT_DEADLINES } from './deadlines.js';
import { connectDrachtio, type DrachtioAddress } from './drachtio-connection.js';
import { describeError } from './errors.js';
import {
  connectFreeswitch,
  type FreeswitchConnection,
  type FreeswitchOptions,
} from './freeswitch-connection.js';
import { FreeswitchMediaServer } from './media-server.js';
import { DrachtioSipAgent } from './sip-agent.js';
import { newSrf } from './srf-types.js';
import { WireWatch } from './wire-watch.js';

export interface TelephonyOptions {
  readonly drachtio: DrachtioAddress;
  readonly freeswitch: Omit<FreeswitchOptions, 'profile'> & { readonly profile?: string };
  readonly log: Log;
  readonly clock: Clock;
  readonly deadlines?: Partial<Deadlines>;
}

/** The profile name drachtio-fsmrf and the drachtio images agree on. */
const DEFAULT_PROFILE = 'drachtio_mrf';

/**
 * Connects both servers.
 * @throws TelephonyError with a code DRACHTIO_* or FREESWITCH_* within `deadlines.connectMs` each;
 * nothing is left open then
 */
export async function connectTelephony(options: TelephonyOptions): Promise<Telephony> {
  const site = new Site(options);
  try {
    await site.start();
    return site;
  } catch (thrown) {
    await site.close();
    throw thrown;
  }
}

class Site implements Telephony {
  readonly sip: DrachtioSipAgent;
  readonly media: FreeswitchMediaServer;
  readonly #signalling: ConnectionKeeper<Connection>;
  readonly #mediaLink: ConnectionKeeper<FreeswitchConnection>;
  readonly #stateHandles: ((isUp: boolean, why: string) => void)[] = [];
  readonly #release: () => void;
  readonly #wire: WireWatch;
  #closing: Promise<void> | undefined;

  constructor(options: TelephonyOptions) {
    const { clock, log } = options;
    const deadlines = { ...DEFAULT_DEADLINES, ...options.deadlines };
    const shared = { clock, log, deadlines };
    const keeper = { clock, log, pauseMaxMs: deadlines.reconnectMaxMs };
    const srf = newSrf();
    srf.on('error', (error) =>
      log.debug({ why: describeError(error) }, 'drachtio connection error'),
    );
    const freeswitch = {
      ...options.freeswitch,
      profile: options.freeswitch.profile ?? DEFAULT_PROFILE,
    };

    this.#wire = new WireWatch(clock);
    this.#release = containKnownRejections(log);
    this.#signalling = new ConnectionKeeper<Connection>({
      ...keeper,
      name: 'drachtio',
      connect: () =>
        connectDrachtio(srf, options.drachtio, clock, deadlines.connectMs, (frame) =>
          this.#wire.frame(frame),
        ),
      onUp: () => this.#report(log, 'drachtio', undefined),
      onDown: (why) => {
        this.sip.loseAll(`connection to drachtio lost: ${why}`);
        this.#report(log, 'drachtio', why);
      },
    });
    this.#mediaLink = new ConnectionKeeper<FreeswitchConnection>({
      ...keeper,
      name: 'FreeSWITCH',
      connect: () => connectFreeswitch(srf, freeswitch, clock, deadlines),
      onUp: ({ facts }) => {
        const tap = facts.hasAudioFork ? 'unicast (mod_audio_fork is there, not used)' : 'unicast';
        log.info({ tap, sip: facts.sipAddress }, 'connected to the media server');
        void this.media.killOrphans();
        this.#report(log, 'FreeSWITCH', undefined);
      },
      onDown: (why) => {
        this.media.loseAll();
        this.#report(log, 'FreeSWITCH', why);
      },
    });
    this.sip = new DrachtioSipAgent({
      ...shared,
      srf,
      isConnected: () => this.#signalling.current !== undefined,
    });
    this.media = new FreeswitchMediaServer({
      ...shared,
      connection: () => this.#mediaLink.current,
    });
  }

  async start(): Promise<void> {
    await this.#signalling.start();
    await this.#mediaLink.start();
  }

  onStateChange(handle: (isUp: boolean, why: string) => void): void {
    this.#stateHandles.push(handle);
  }

  async endOrphan(leg: OrphanLeg): Promise<OrphanEnd> {
    if (leg.endpointId !== undefined) await this.media.endOrphan(leg.endpointId);
    return this.sip.endOrphan(leg);
  }

  servers(): { name: string; isUp: boolean }[] {
    return [
      { name: 'drachtio', isUp: this.#signalling.current !== undefined },
      { name: 'FreeSWITCH', isUp: this.#mediaLink.current !== undefined },
    ];
  }

  counts(): Readonly<Record<string, number>> {
    return { ...this.sip.counts(), ...this.media.counts(), watchedCalls: this.#wire.count };
  }

  watchWire(callId: string, handle: (message: WireMessage) => void): () => void {
    return this.#wire.watch(callId, handle);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stateHandles.length = 0;
    await this.sip.close();
    await this.media.close();
    await this.#mediaLink.close();
    await this.#signalling.close();
    this.#release();
  }

  #report(log: Log, server: string, lostWhy: string | undefined): void {
    const isUp = lostWhy === undefined;
    const why = isUp ? `${server} connected` : `${server} lost: ${lostWhy}`;
    if (isUp) log.info({ server }, 'server connected');
    else log.warn({ server, why: lostWhy }, 'server lost');
    for (const handle of this.#stateHandles) handle(isUp, why);
  }
}
