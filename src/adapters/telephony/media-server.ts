/**
 * Media behind the `MediaServer` port: creates endpoints within a deadline of our own, ends those that
 * come too late, refuses those FreeSWITCH would encrypt, and remembers channels it could not end until
 * the media server answers again.
 */
import type { Clock, Log, MediaEndpoint, MediaServer } from '../../ports.js';
import { Channel } from './channel.js';
import { type Deadlines, withDeadline } from './deadlines.js';
import { FreeswitchEndpoint, isEncrypted } from './endpoint.js';
import { describeError, TelephonyError } from './errors.js';
import type { FreeswitchConnection } from './freeswitch-connection.js';

export interface MediaServerContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  connection(): FreeswitchConnection | undefined;
}

/** More orphans than this means that the media server was replaced; older ones are forgotten. */
const MAX_ORPHANS = 1000;

export class FreeswitchMediaServer implements MediaServer {
  readonly #endpoints = new Set<FreeswitchEndpoint>();
  readonly #orphans = new Set<string>();
  #pendingCount = 0;

  constructor(private readonly context: MediaServerContext) {}

  get isConnected(): boolean {
    return this.context.connection() !== undefined;
  }

  async createEndpoint(): Promise<MediaEndpoint> {
    const connection = this.context.connection();
    if (!connection)
      throw new TelephonyError('FREESWITCH_LOST', 'no connection to the media server');
    const channel = await this.#createChannel(connection);
    const fault = unusable(channel.localSdp);
    if (fault) {
      channel.bye().catch(() => undefined);
      throw fault;
    }
    if (channel.hasEnded) throw new TelephonyError('ENDPOINT_ENDED', 'the endpoint ended at once');
    const endpoint = new FreeswitchEndpoint(channel, {
      ...this.context,
      tapAddress: '0.0.0.0',
      kill: (uuid) => this.#kill(uuid),
      onGone: (gone) => this.#endpoints.delete(gone),
    });
    this.#endpoints.add(endpoint);
    return endpoint;
  }

  counts(): Record<'endpoints' | 'pendingEndpoints' | 'taps' | 'playbacks' | 'orphans', number> {
    const each = [...this.#endpoints].map((endpoint) => endpoint.counts());
    return {
      endpoints: this.#endpoints.size,
      pendingEndpoints: this.#pendingCount,
      taps: each.reduce((sum, { taps }) => sum + taps, 0),
      playbacks: each.reduce((sum, { playbacks }) => sum + playbacks, 0),
      orphans: this.#orphans.size,
    };
  }

  /** The media server does not answer: its endpoints are lost, to be killed should it come back. */
  loseAll(): void {
    for (const endpoint of [...this.#endpoints]) {
      this.#remember(endpoint.id);
      endpoint.lose();
    }
  }

  /** Ends a channel of a process that died; remembered when that fails. Never rejects. */
  endOrphan(uuid: string): Promise<void> {
    return this.#kill(uuid);
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

  async #createChannel(connection: FreeswitchConnection): Promise<Channel> {
    const { clock, deadlines, log } = this.context;
    const creating = Promise.resolve().then(() => connection.server.createEndpoint());
    this.#pendingCount += 1;
    let isLate = false;
    creating
      .then(
        (endpoint) => {
          if (!isLate) return;
          log.warn({ endpoint: endpoint.uuid }, 'an endpoint came too late and is ended');
          return new Channel(endpoint, clock, deadlines).bye();
        },
        () => undefined,
      )
      .catch((thrown: unknown) =>
        log.debug({ why: describeError(thrown) }, 'late endpoint not ended'),
      )
      .finally(() => (this.#pendingCount -= 1));
    try {
      const endpoint = await withDeadline(clock, deadlines.endpointMs, 'new endpoint', creating);
      return new Channel(endpoint, clock, deadlines);
    } catch (thrown) {
      isLate = true;
      if (thrown instanceof TelephonyError) throw thrown;
      throw new TelephonyError('ENDPOINT_REFUSED', `no endpoint: ${describeError(thrown)}`);
    }
  }

  /** Never rejects. */
  async #kill(uuid: string): Promise<void> {
    try {
      const connection = this.context.connection();
      if (!connection) throw new TelephonyError('FREESWITCH_LOST', 'no connection');
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

/**
 * @returns why an offer of the media server cannot be used. With SRTP in it FreeSWITCH believes SRTP
 * agreed (drachtio-srf acknowledges with its own SDP) and the customer would hear white noise.
 */
function unusable(localSdp: string): TelephonyError | undefined {
  if (isEncrypted(localSdp)) {
    return new TelephonyError(
      'ENDPOINT_SRTP',
      'FreeSWITCH offers SRTP: set the global variable rtp_secure_media_inbound=forbidden there',
    );
  }
  if (!/^m=audio\s/m.test(localSdp)) {
    return new TelephonyError('ENDPOINT_REFUSED', 'FreeSWITCH offers no audio');
  }
  return undefined;
}
