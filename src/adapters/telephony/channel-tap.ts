/**
 * What the customer says on one channel, handed to a listener of ours. Three ways, each with its
 * limit (measured on FreeSWITCH 1.10.12):
 * - `audio_fork`: the module of the drachtio project connects to our WebSocket server; it goes on
 *   whatever the channel plays. Its command says +OK before it has connected, so a server of ours that
 *   it cannot reach is noticed here, and unicast takes over.
 * - `recording`: uuid_record of the read side into a file we read as it grows; goes on as well, but
 *   needs our own host. What is said in its first half second comes late, then all is up to date.
 *   Only when asked for.
 * - `unicast`: in every FreeSWITCH, while the channel is parked. A playback kills it for good; the way
 *   to stop it, or to arm it again, is to park the channel anew, by an application of the channel:
 *   uuid_transfer ends the unicast in a thread of its own while the channel's thread notices that the
 *   socket is shut, and ends it, too; both join the unicast's thread, and one of them waits for ever.
 *   That channel answers nothing, nor dies of uuid_kill (5 of 10 channels within 30 stops each).
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AudioTap, Clock, Log, TapKind, TapTarget } from '../../ports.js';
import type { Channel } from './channel.js';
import { describeError, TelephonyError } from './errors.js';
import { checked } from './sip-headers.js';

/** What a media server can do, and how it reaches us. */
export interface TapMeans {
  readonly kind: TapKind;
  /** Our address as the media server sees it. */
  readonly ourAddress: string;
  /** Address on the media server's host that unicast sends from. */
  readonly unicastFrom: string;
  /** Folder of this host that the media server may write into, for recordings. */
  readonly recordingFolder: string;
}

export interface TapHost {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly log: Log;
  readonly means: TapMeans;
  /** Sends the channel back to park. */
  park(): Promise<void>;
  isPlaying(): boolean;
}

/** From the command to the module's connection; it takes some 30 ms. */
const REACHED_WITHIN_MS = 2000;
const ANY_ADDRESS = '0.0.0.0';

export class ChannelTap implements AudioTap {
  #kind: TapKind;
  #isLive = false;
  #file = '';
  /** The module takes no second tap of a name whose connection is still closing. */
  readonly #forkName = `dialback-${randomUUID().slice(0, 8)}`;
  #cancelWatch: () => void = () => undefined;

  private constructor(
    private readonly host: TapHost,
    private readonly target: TapTarget,
  ) {
    this.#kind = host.means.kind;
  }

  /** @throws TelephonyError when the channel ended, or plays and can only be heard while it does not */
  static async start(host: TapHost, target: TapTarget): Promise<ChannelTap> {
    const tap = new ChannelTap(host, target);
    await tap.#start();
    tap.#isLive = !host.channel.hasEnded;
    return tap;
  }

  get kind(): TapKind {
    return this.#kind;
  }

  get hearsWhilePlaying(): boolean {
    return this.#kind !== 'unicast';
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /** A file is heard, or the channel is bridged. */
  soundBegan(): void {
    if (this.#kind === 'unicast') this.#isLive = false;
  }

  channelEnded(): void {
    this.#isLive = false;
    this.#cancelWatch();
  }

  async stop(): Promise<void> {
    this.#cancelWatch();
    if (!this.#isLive) return;
    this.#isLive = false;
    const { channel, log } = this.host;
    try {
      await this.#stop();
    } catch (thrown) {
      if (!channel.hasEnded) {
        log.warn({ endpoint: channel.uuid, why: describeError(thrown) }, 'tap not stopped');
      }
    }
  }

  #start(): Promise<void> {
    switch (this.#kind) {
      case 'audio_fork':
        return this.#fork();
      case 'recording':
        return this.#record();
      case 'unicast':
        return this.#unicast();
    }
  }

  async #stop(): Promise<unknown> {
    const { channel } = this.host;
    switch (this.#kind) {
      case 'audio_fork':
        return channel
          .api('uuid_audio_fork', channel.uuid, 'stop', this.#forkName)
          .catch(unlessGone);
      case 'recording':
        return channel.api('uuid_record', channel.uuid, 'stop', this.#file);
      case 'unicast':
        return this.host.park();
    }
  }

  async #fork(): Promise<void> {
    const { channel, clock } = this.host;
    const { port, path } = this.target.fork;
    const url = `ws://${this.#ourAddress()}:${port}${path}`;
    this.target.onReached(() => this.#cancelWatch());
    this.#cancelWatch = clock.after(REACHED_WITHIN_MS, () => this.#notReached());
    try {
      const how = [url, 'mono', '8000', this.#forkName];
      await channel.api('uuid_audio_fork', channel.uuid, 'start', ...how);
    } catch (thrown) {
      this.#cancelWatch();
      if (!(thrown instanceof TelephonyError) || thrown.code !== 'COMMAND_FAILED') throw thrown;
      await this.#fallBack(describeError(thrown));
    }
  }

  /** Only its log says why: a firewall, or an address of ours it has no route to. */
  #notReached(): void {
    const where = `${this.#ourAddress()}:${this.target.fork.port}`;
    const why = `FreeSWITCH does not connect to our audio listener at ${where}`;
    const { channel, log } = this.host;
    if (channel.hasEnded || !this.#isLive) return;
    this.#fallBack(why).catch((thrown: unknown) => {
      this.#isLive = false;
      log.warn({ endpoint: channel.uuid, why: describeError(thrown) }, 'no audio tap');
    });
  }

  async #fallBack(why: string): Promise<void> {
    const { channel, log } = this.host;
    log.warn({ endpoint: channel.uuid, why }, 'mod_audio_fork failed, unicast takes over');
    this.#kind = 'unicast';
    await this.#unicast();
  }

  /** The channel has the variables RECORD_READ_ONLY and enable_file_write_buffering. */
  async #record(): Promise<void> {
    const { channel, means } = this.host;
    this.#file = join(means.recordingFolder, `dialback-tap-${randomUUID()}.raw`);
    await channel.api('uuid_record', channel.uuid, 'start', checked('play-file', this.#file));
    this.target.follow(this.#file);
  }

  async #unicast(): Promise<void> {
    if (this.host.isPlaying()) {
      throw new TelephonyError('ENDPOINT_BUSY', 'unicast hears nothing while a file plays');
    }
    const port = await this.target.openPort();
    await this.host.channel.sendmsg({
      'call-command': 'unicast',
      'local-ip': this.host.means.unicastFrom,
      // 0 lets the media server's host choose; a port of a stopped tap may still be in use.
      'local-port': '0',
      'remote-ip': this.#ourAddress(),
      'remote-port': String(port),
      transport: 'udp',
    });
  }

  #ourAddress(): string {
    const { host } = this.target;
    return checked('host', host === ANY_ADDRESS ? this.host.means.ourAddress : host);
  }
}

/** The module says so when the listener closed first, which ends the fork as well. */
function unlessGone(thrown: unknown): void {
  if (!/Operation Failed/.test(describeError(thrown))) throw thrown;
}
