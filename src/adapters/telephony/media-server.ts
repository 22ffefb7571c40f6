/**
 * The endpoints of one FreeSWITCH: creates them within a deadline of our own, ends those that come too
 * late, refuses those FreeSWITCH would encrypt, and remembers channels it could not end until the media
 * server answers again. Which FreeSWITCH a call gets is media-pool.ts's business.
 */
import type { Clock, Log } from '../../ports.js';
import { BridgesAhead } from './bridges-ahead.js';
import { Channel } from './channel.js';
import { type Deadlines, withDeadline } from './deadlines.js';
import { FreeswitchEndpoint } from './endpoint.js';
import { codeOf, describeError, TelephonyError } from './errors.js';
import type { FreeswitchConnection } from './freeswitch-connection.js';
import type { MediaView } from './media-view.js';
import { OWNER_VARIABLE, type OwnerMark } from './owner-mark.js';
import { isEncrypted, noSrtp, placeholderOffer, SECURE_HEADERS } from './secure-media.js';
import { createWatched } from './watched-creation.js';

export interface MediaServerContext {
  /** Its name, as logs have it. */
  readonly server: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly owner?: OwnerMark | undefined;
  readonly mediaView?: MediaView | undefined;
  connection(): FreeswitchConnection | undefined;
}

/** More orphans than this means that the media server was replaced; older ones are forgotten. */
const MAX_ORPHANS = 1000;
/** Of one endpoint; one that FreeSWITCH gives up costs some 20 ms. */
const TRIES_MAX = 3;

export class FreeswitchMediaServer {
  readonly #endpoints = new Set<FreeswitchEndpoint>();
  readonly #orphans = new Set<string>();
  /** Asked for, whether we still wait or not; one object each, so that a loss forgets them. */
  readonly #pending = new Set<object>();
  readonly #bridgesAhead = new WeakMap<FreeswitchConnection, BridgesAhead>();

  constructor(private readonly context: MediaServerContext) {}

  /** Channels there that are ours, or are about to be. */
  get channelCount(): number {
    return this.#endpoints.size + this.#pending.size;
  }

  get isIdle(): boolean {
    return this.channelCount === 0;
  }

  owns(endpointId: string): boolean {
    return [...this.#endpoints].some(({ id }) => id === endpointId);
  }

  /**
   * @param limitMs the whole time it may take
   * @param isSecure its media are SRTP
   * @throws TelephonyError FREESWITCH_LOST, ENDPOINT_*, DEADLINE
   */
  async createEndpoint(limitMs: number, isSecure = false): Promise<FreeswitchEndpoint> {
    const connection = this.context.connection();
    if (!connection)
      throw new TelephonyError('FREESWITCH_LOST', 'no connection to the media server');
    const channel = await this.#createUsable(connection, limitMs, isSecure);
    if (channel.hasEnded) throw new TelephonyError('ENDPOINT_ENDED', 'the endpoint ended at once');
    const endpoint = new FreeswitchEndpoint(channel, {
      ...this.context,
      tapMeans: connection.tapMeans,
      bridgesAhead: this.#bridgesAheadOn(connection),
      canSpeak: connection.facts.hasFlite,
      kill: (uuid) => this.#kill(uuid),
      onGone: (gone) => this.#endpoints.delete(gone),
    });
    this.#endpoints.add(endpoint);
    return endpoint;
  }

  /**
   * Makes an endpoint and ends it: SIP to the media server, its event socket to us and its offer.
   * @throws as `createEndpoint`
   */
  async verify(connection: FreeswitchConnection, isSecure = false): Promise<void> {
    const { endpointMs } = this.context.deadlines;
    const channel = await this.#createUsable(connection, endpointMs, isSecure);
    try {
      await channel.bye();
    } catch (thrown) {
      this.context.log.debug({ why: describeError(thrown) }, 'trial endpoint not ended in order');
      await this.#killOn(connection, channel.uuid);
    }
    channel.end();
  }

  counts(): Record<'endpoints' | 'pendingEndpoints' | 'taps' | 'playbacks' | 'orphans', number> {
    const each = [...this.#endpoints].map((endpoint) => endpoint.counts());
    return {
      endpoints: this.#endpoints.size,
      pendingEndpoints: this.#pending.size,
      taps: each.reduce((sum, { taps }) => sum + taps, 0),
      playbacks: each.reduce((sum, { playbacks }) => sum + playbacks, 0),
      orphans: this.#orphans.size,
    };
  }

  /** The media server does not answer: its endpoints are lost, to be killed should it come back. */
  loseAll(): void {
    this.#pending.clear();
    for (const endpoint of [...this.#endpoints]) {
      this.#remember(endpoint.id);
      endpoint.lose();
    }
  }

  /**
   * The signalling server went away: no BYE reaches the media server and no answer to an INVITE comes.
   * Its channels are ended over the event socket.
   */
  async freeAll(): Promise<void> {
    this.#pending.clear();
    await Promise.all(
      [...this.#endpoints].map(async (endpoint) => {
        endpoint.lose();
        await this.#kill(endpoint.id);
      }),
    );
  }

  /** Ends a channel of a process that died; remembered when that fails. Never rejects. */
  endOrphan(uuid: string): Promise<void> {
    return this.#kill(uuid);
  }

  /** Ends every channel with the mark of a process that died. Never rejects. */
  async endOwnedBy(ownerId: string): Promise<void> {
    try {
      await this.context.connection()?.api('hupall', 'NORMAL_CLEARING', OWNER_VARIABLE, ownerId);
    } catch (thrown) {
      this.context.log.warn(
        { why: describeError(thrown) },
        'channels of a dead process may be left',
      );
    }
  }

  /** Called with each new connection: ends the channels that could not be ended before. */
  async killOrphans(): Promise<void> {
    for (const uuid of [...this.#orphans]) {
      this.#orphans.delete(uuid);
      await this.#kill(uuid);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#endpoints].map((endpoint) => endpoint.close()));
  }

  /** Connected anew it may be another version. */
  #bridgesAheadOn(connection: FreeswitchConnection): BridgesAhead {
    const known = this.#bridgesAhead.get(connection);
    const ahead = known ?? new BridgesAhead(this.context.log, connection.facts.sipAddress);
    if (!known) this.#bridgesAhead.set(connection, ahead);
    return ahead;
  }

  async #createUsable(
    connection: FreeswitchConnection,
    limitMs: number,
    isSecure: boolean,
  ): Promise<Channel> {
    const channel = await this.#createInAFewTries(connection, limitMs, isSecure);
    const fault = unusable(channel.localSdp, isSecure);
    if (!fault) return channel;
    channel.bye().catch(() => undefined);
    throw fault;
  }

  /** One given up says nothing of the next, which has another RTP port. */
  async #createInAFewTries(
    connection: FreeswitchConnection,
    limitMs: number,
    isSecure: boolean,
  ): Promise<Channel> {
    const { clock, log } = this.context;
    const startedAtMs = clock.nowMs();
    for (let tries = 1; ; tries += 1) {
      const leftMs = Math.max(1, limitMs - Math.max(0, clock.nowMs() - startedAtMs));
      try {
        return await this.#createChannel(connection, leftMs, isSecure);
      } catch (thrown) {
        if (codeOf(thrown) !== 'ENDPOINT_GIVEN_UP' || tries === TRIES_MAX) throw thrown;
        log.warn({ why: describeError(thrown) }, 'no endpoint, trying once more');
      }
    }
  }

  async #createChannel(
    connection: FreeswitchConnection,
    limitMs: number,
    isSecure: boolean,
  ): Promise<Channel> {
    const { clock, deadlines, log, owner } = this.context;
    const headers = { ...owner?.headers, ...(isSecure && SECURE_HEADERS) };
    const remoteSdp = isSecure ? placeholderOffer(hostOf(connection)) : undefined;
    const options = { headers, ...(remoteSdp !== undefined && { remoteSdp }) };
    const creating = Promise.resolve().then(() => createWatched(connection.server, options));
    const pending = {};
    this.#pending.add(pending);
    let isLate = false;
    creating
      .then(
        (endpoint) => {
          if (!isLate) return;
          log.warn({ endpoint: endpoint.uuid }, 'an endpoint came too late and is ended');
          const channel = new Channel(endpoint, clock, deadlines, log);
          return channel.bye().catch(() => this.#killOn(connection, channel.uuid));
        },
        () => undefined,
      )
      .catch((thrown: unknown) =>
        log.debug({ why: describeError(thrown) }, 'late endpoint not ended'),
      )
      .finally(() => this.#pending.delete(pending));
    try {
      const endpoint = await withDeadline(clock, limitMs, 'new endpoint', creating);
      return new Channel(endpoint, clock, deadlines, log);
    } catch (thrown) {
      isLate = true;
      throw refusal(thrown, connection, isSecure);
    }
  }

  /** Never rejects. */
  async #kill(uuid: string): Promise<void> {
    const connection = this.context.connection();
    if (connection) return this.#killOn(connection, uuid);
    this.context.log.warn({ endpoint: uuid, why: 'no connection' }, 'channel left behind');
    this.#remember(uuid);
  }

  /** Never rejects. */
  async #killOn(connection: FreeswitchConnection, uuid: string): Promise<void> {
    try {
      await connection.api('uuid_kill', uuid);
    } catch (thrown) {
      this.context.log.warn({ endpoint: uuid, why: describeError(thrown) }, 'channel left behind');
      this.#remember(uuid);
    }
  }

  #remember(uuid: string): void {
    this.#orphans.add(uuid);
    const [oldest] = this.#orphans;
    if (oldest !== undefined && this.#orphans.size > MAX_ORPHANS) this.#orphans.delete(oldest);
  }
}

/** The library's words for what went wrong, as a fault with a code. */
function refusal(
  thrown: unknown,
  { server }: FreeswitchConnection,
  isSecure: boolean,
): TelephonyError {
  if (thrown instanceof TelephonyError) return thrown;
  const why = describeError(thrown);
  // drachtio-fsmrf, 4 s after FreeSWITCH answered an INVITE without opening its socket to us.
  if (/^Connection timeout/.test(why)) {
    const where = `${server.advertisedAddress}:${server.advertisedPort}`;
    return new TelephonyError(
      'ENDPOINT_UNREACHED',
      `FreeSWITCH answered, but its event socket did not reach us at ${where} within 4 s: set freeswitch.advertise to an address of ours that it can connect to`,
    );
  }
  if (isSecure && / 488$/.test(why)) return noSrtp();
  if (/ 503$/.test(why)) {
    return new TelephonyError(
      'ENDPOINT_NO_ROOM',
      'FreeSWITCH takes no more calls (503): its max-sessions or sessions-per-second are used up, or it was paused',
    );
  }
  return new TelephonyError('ENDPOINT_REFUSED', `no endpoint: ${why}`);
}

/** Where FreeSWITCH has its SIP. */
function hostOf({ facts }: FreeswitchConnection): string {
  return facts.sipAddress.replace(/:\d+$/, '');
}

/**
 * @returns why an offer of the media server cannot be used. With SRTP in it FreeSWITCH believes SRTP
 * agreed (drachtio-srf acknowledges with its own SDP) and the customer would hear white noise.
 */
function unusable(localSdp: string, isSecure: boolean): TelephonyError | undefined {
  if (isSecure) return isEncrypted(localSdp) ? undefined : noSrtp();
  if (isEncrypted(localSdp)) {
    return new TelephonyError(
      'ENDPOINT_SRTP',
      'FreeSWITCH offers SRTP: set the global variable rtp_secure_media_inbound=forbidden there (vars.xml)',
    );
  }
  const payloads = /^m=audio\s+\d+\s+\S+\s+(.*)$/m.exec(localSdp)?.[1]?.trim().split(/\s+/);
  if (!payloads) return new TelephonyError('ENDPOINT_REFUSED', 'FreeSWITCH offers no audio');
  if (!payloads.includes('0') && !payloads.includes('8')) {
    return new TelephonyError(
      'ENDPOINT_CODECS',
      `FreeSWITCH offers neither PCMU nor PCMA (payload types ${payloads.slice(0, 8).join(' ')}): add them to inbound-codec-prefs of its SIP profile`,
    );
  }
  return undefined;
}
