/**
 * A media endpoint on FreeSWITCH behind the `MediaEndpoint` port. Sees to what FreeSWITCH does not:
 * one playback at a time, no sound cut by a tap, no tap on a channel that plays, an end that is told
 * once, and a channel that is gone after `close` even when the media server does not answer BYEs.
 */
import { isLoopbackHost } from '../../config/build-parts.js';
import type {
  AudioTap,
  MediaEndpoint,
  Playback,
  PlayEnd,
  PlayOrder,
  TapTarget,
} from '../../ports.js';
import type { Channel } from './channel.js';
import { type BridgeHost, ChannelBridge, SETTLE_MAX_MS } from './channel-bridge.js';
import { recordConversation, recordFarSide, type StopRecording } from './channel-recording.js';
import { ChannelTap, type TapMeans } from './channel-tap.js';
import { channelVariables } from './channel-variables.js';
import { CoveringSound } from './covering-sound.js';
import type { Deadlines } from './deadlines.js';
import { describeError, TelephonyError } from './errors.js';
import { type MediaView, seenBy } from './media-view.js';
import { MediaWatch } from './media-watch.js';
import { coverOf, playChannel } from './play-channel.js';
import { ChannelPlayback } from './playback.js';
import { refuseSounds } from './refuse-sounds.js';
import { SPOKEN, spokenName } from './spoken.js';
import { isReadableSdp } from './session-description.js';
import { isEncrypted, keyOf, secureOffer, takeKey } from './secure-media.js';
import { checked } from './sip-headers.js';

export interface EndpointContext extends Pick<BridgeHost, 'clock' | 'log' | 'bridgesAhead'> {
  readonly deadlines: Deadlines;
  readonly server: string;
  readonly tapMeans: TapMeans;
  /** mod_flite is loaded. */
  readonly canSpeak?: boolean | undefined;
  /** Where the media server sees our files, when that is not where they are. */
  readonly mediaView?: MediaView | undefined;
  /** `uuid_kill` past the channel's own connection; must not reject. */
  kill(uuid: string): Promise<void>;
  onGone(endpoint: FreeswitchEndpoint): void;
}

/** Of a bridge whose other side is silent something is sent all the same, which a sound can cover. */
const SILENCE_WHEN_BRIDGED = ['bridge_generate_comfort_noise', '-1'] as const;
const SILENCE = 'silence_stream://-1';
const DIALOG_ENDS_MS = 1000;

export class FreeswitchEndpoint implements MediaEndpoint {
  readonly id: string;
  readonly localSdp: string;
  readonly #endHandles: (() => void)[] = [];
  readonly #isReady: Promise<unknown>;
  #playback: ChannelPlayback | undefined;
  /** What `playback_terminators` is; undefined when nobody knows. */
  #stopsAtKey: boolean | undefined = false;
  #parking: Promise<unknown> = Promise.resolve();
  #tap: ChannelTap | undefined;
  #watch: MediaWatch | undefined;
  #stopRecording: StopRecording | undefined;
  #isConnected = false;
  /** The latest change of the far side, done or not; never rejects. */
  #connecting: Promise<unknown> | undefined;
  #remoteSdp = '';
  readonly #isSecure: boolean;
  #farKey: string | undefined;
  readonly #bridge: ChannelBridge<FreeswitchEndpoint>;
  readonly #cover: CoveringSound;
  #lender: { readonly remoteSdp: string; readonly takesBack: () => boolean } | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly context: EndpointContext,
  ) {
    this.id = channel.uuid;
    this.#isSecure = isEncrypted(channel.localSdp);
    this.localSdp = this.#isSecure ? secureOffer(channel.localSdp) : channel.localSdp;
    channel.onEnded(() => this.#ended());
    this.#cover = new CoveringSound(channel);
    this.#bridge = new ChannelBridge({
      ...context,
      channel,
      isConnected: () => this.#isConnected,
      connected: () => this.connected(),
      settled: () => Promise.all([this.#parking, this.#isReady]),
      playback: () => this.#playback,
      isCovered: () => this.#cover.isOn,
      tapDied: () => this.tapDied(),
      parkBoth: () => this.#parkBoth(),
    });
    const variables = channelVariables(context.tapMeans.kind, this.canSpeak);
    // FreeSWITCH runs the applications of a channel in order, so a playback need not wait for this
    // one. A bridge or transfer overtakes it, and on a channel not yet parked runs the dialplan again.
    const isSet = channel.executeQuick('multiset', variables);
    this.#isReady = isSet.catch(() => undefined);
  }

  get hasEnded(): boolean {
    return this.channel.hasEnded;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get server(): string {
    return this.context.server;
  }

  get canSpeak(): boolean {
    return this.context.canSpeak === true;
  }

  onEnded(handle: () => void): void {
    this.#endHandles.push(handle);
  }

  /** 1 for a live tap or a running playback, for the leak check. */
  counts(): { taps: number; playbacks: number } {
    return { taps: this.#tap?.isLive ? 1 : 0, playbacks: this.#playback ? 1 : 0 };
  }

  async connect(remoteSdp: string): Promise<void> {
    // The same again, as in a 183 and its 200, would cost the first words of the treatment.
    if (this.#isConnected && remoteSdp === this.#remoteSdp) return;
    await this.answer(remoteSdp);
  }

  async answer(remoteSdp: string): Promise<string> {
    if (!isReadableSdp(remoteSdp)) {
      throw new TelephonyError('REFUSED_TEXT', 'the far side sent no usable SDP');
    }
    if (isEncrypted(remoteSdp) !== this.#isSecure) {
      const why = this.#isSecure
        ? 'without SRTP, which is wanted'
        : 'with SRTP, which is not spoken';
      throw new TelephonyError('ENDPOINT_SRTP', `the far side answered ${why}`);
    }
    this.#remoteSdp = remoteSdp;
    const modifying = this.#modify(remoteSdp);
    this.#connecting = modifying.catch(() => undefined);
    const answer = await modifying;
    this.#isConnected = true;
    return answer;
  }

  async #modify(remoteSdp: string): Promise<string> {
    const key = keyOf(remoteSdp);
    if (this.#isSecure && key !== this.#farKey) {
      await this.#isReady;
      await takeKey(this.channel, remoteSdp, this.context);
      this.#farKey = key;
    }
    return this.channel.modify(remoteSdp);
  }

  play(ours: readonly string[], order: PlayOrder): Playback {
    const files = ours.map((file) =>
      file.startsWith(SPOKEN) ? spokenName(file) : seenBy(this.context.mediaView, file),
    );
    const refusal = this.#refusePlay() ?? refuseSounds(files, order.loop, this.canSpeak);
    if (refusal !== undefined) return failedPlayback(refusal);
    const previous = this.#playback?.stop();
    const cover = order.loop && order.stopsAtKey !== true ? coverOf(files) : undefined;
    let isCover = false;
    const after = (async () => {
      await Promise.all([previous, this.#parking, this.#connecting, this.unmute()]);
      isCover = cover !== undefined && (await this.#bridge.mayBeCovered());
      // Parked while the sound before ended, perhaps.
      await Promise.all([this.#parking, this.#bridge.joined()]);
    })();
    const playback = new ChannelPlayback(
      playChannel({
        channel: this.channel,
        cover: this.#cover,
        covering: () => (isCover ? cover : undefined),
        prepare: () => this.#endsAtKey(order.stopsAtKey === true),
      }),
      {
        ...this.context,
        files,
        ...order,
        after,
        onSound: () => this.#tap?.soundBegan(),
      },
    );
    this.#playback = playback;
    void playback.done.then((end) => {
      if (end.kind === 'failed') this.context.log.warn({ why: end.why, files }, 'playback failed');
      if (this.#playback === playback) this.#playback = undefined;
    });
    return playback;
  }

  /** The command is carried out before the playback that follows it, so that it is not waited for. */
  async #endsAtKey(isWanted: boolean): Promise<void> {
    if (isWanted === this.#stopsAtKey) return;
    await this.#isReady;
    this.#stopsAtKey = isWanted;
    const terminators = isWanted ? 'any' : 'none';
    const isSet = this.channel.api('uuid_setvar', this.id, 'playback_terminators', terminators);
    isSet.catch(() => (this.#stopsAtKey = undefined));
  }

  /** Before it has a far side FreeSWITCH plays to its own port, and nobody hears it. */
  #refusePlay(): string | undefined {
    if (this.hasEnded) return 'the endpoint ended';
    // One that is being connected is waited for.
    return this.#connecting ? undefined : 'the endpoint has no far side yet';
  }

  async record(path: string): Promise<void> {
    this.#stopRecording = await recordConversation(this.channel, checked('play-file', path));
  }

  async stopRecording(): Promise<void> {
    await this.#stopRecording?.();
  }

  get recordFarSide(): ((path: string) => Promise<() => Promise<void>>) | undefined {
    // It reaches us on loopback: then its disk is ours, too.
    if (!isLoopbackHost(this.context.tapMeans.ourAddress)) return undefined;
    return (path) => recordFarSide(this.channel, checked('play-file', path));
  }

  onDigit(handle: (digit: string, durationMs: number) => void): void {
    this.channel.onDigit(handle);
  }

  async tap(to: TapTarget): Promise<AudioTap> {
    const before = this.#tap;
    // A unicast that a file has killed holds the channel until it is parked anew.
    if (before?.isLive) await before.stop();
    else if (before?.kind === 'unicast') await this.#park();
    const { tapMeans } = this.context;
    if (tapMeans.kind === 'recording') await this.#isReady;
    this.#tap = await ChannelTap.start(
      {
        ...this.context,
        channel: this.channel,
        means: tapMeans,
        park: () => this.#park(),
        isPlaying: () => this.#playback !== undefined,
      },
      to,
    );
    return this.#tap;
  }

  readonly expectBridge = (): void => this.#bridge.expect();

  async otherSide(
    make: () => Promise<FreeswitchEndpoint>,
  ): Promise<FreeswitchEndpoint | undefined> {
    // A tap that holds the channel would end.
    return this.#closing || this.#tap?.kind === 'unicast' ? undefined : this.#bridge.take(make);
  }

  /** See `SpareEndpoint`. */
  async lend(remoteSdp: string, takesBack: () => boolean): Promise<void> {
    await this.connect(remoteSdp);
    const silence = this.channel.api('uuid_displace', this.id, 'start', SILENCE);
    await Promise.all([
      this.channel.api('uuid_setvar', this.id, ...SILENCE_WHEN_BRIDGED),
      this.context.bridgesAhead.learnFrom(silence),
    ]);
    this.#lender = { remoteSdp, takesBack };
  }

  async unmute(): Promise<void> {
    if (!this.#lender) return;
    this.#lender = undefined;
    await this.channel.api('uuid_displace', this.id, 'stop', SILENCE).catch(() => undefined);
  }

  bridge(other: MediaEndpoint): Promise<void> {
    return this.#bridge.connect(other.id, other instanceof FreeswitchEndpoint ? other : undefined);
  }

  unbridge(): Promise<void> {
    return this.#bridge.part();
  }

  watchMedia(silenceMaxMs: number): void {
    this.#watch?.stop();
    if (this.hasEnded || this.#closing) return;
    this.#watch = new MediaWatch({
      clock: this.context.clock,
      silenceMaxMs,
      countPackets: () => this.channel.countPackets(),
      onSilent: () => {
        this.context.log.warn({ endpoint: this.id, silenceMaxMs }, 'no RTP comes: leg given up');
        this.lose();
      },
    });
  }

  async close(): Promise<void> {
    if (this.#closing) return this.#closing;
    const { remoteSdp, takesBack } = this.#lender ?? {};
    if (remoteSdp === this.#remoteSdp && takesBack?.()) {
      this.#endHandles.length = 0;
      return;
    }
    this.#closing = this.#close();
    return this.#closing;
  }

  /** Declares the channel lost: its media server does not answer any more, or nobody speaks on it. */
  lose(): void {
    this.channel.end();
  }

  /** Stops what plays and waits until the channel is parked and quiet. */
  async settle(): Promise<void> {
    await Promise.all([this.#playback?.stop(), this.#parking, this.#isReady]);
  }

  /** Resolves once its far side, as far as it is known, is what it talks to, or cannot be. */
  async connected(): Promise<void> {
    await this.#connecting;
  }

  /** Resolves once somebody else has parked it. */
  parked(): Promise<boolean> {
    return this.channel.nextStart('park', SETTLE_MAX_MS);
  }

  tapDied(): void {
    this.#tap?.soundBegan();
  }

  async #close(): Promise<void> {
    const { log } = this.context;
    const hadEnded = this.hasEnded;
    this.#endHandles.length = 0;
    this.#watch?.stop();
    void this.#playback?.stop();
    try {
      await this.channel.bye();
      if (this.channel.isStuck) await this.context.kill(this.id);
    } catch (thrown) {
      log.debug(
        { endpoint: this.id, why: describeError(thrown) },
        'BYE to the media server failed',
      );
      if (!hadEnded) await this.context.kill(this.id);
    }
    this.channel.end();
  }

  #ended(): void {
    this.#watch?.stop();
    void this.#bridge.release();
    this.#tap?.channelEnded();
    this.context.onGone(this);
    for (const handle of this.#endHandles.splice(0)) handle();
    // The SIP dialog towards the media server is ended as well, should the server have forgotten to.
    this.context.clock.after(DIALOG_ENDS_MS, () => void this.close());
  }

  /**
   * Back to park, which ends unicast and bridge; the endpoint and its event socket survive. By the
   * channel itself: uuid_transfer may hang one that has a unicast, see channel-tap.ts.
   */
  #park(): Promise<void> {
    return this.#parks(() => this.channel.executeQuick('transfer', 'park inline'));
  }

  /** The same with its partner. No unicast outlives a bridge. */
  #parkBoth(): Promise<void> {
    return this.#parks(() => this.channel.api('uuid_transfer', this.id, '-both', 'park', 'inline'));
  }

  #parks(order: () => Promise<unknown>): Promise<void> {
    const joined = this.#bridge.joined();
    const work = (async () => {
      await Promise.all([joined, this.#isReady]);
      this.#bridge.parked();
      const parked = this.channel.nextStart('park', SETTLE_MAX_MS);
      await order();
      await parked;
    })();
    this.#parking = work.catch(() => undefined);
    return work;
  }
}

function failedPlayback(why: string): Playback {
  const end: PlayEnd = { kind: 'failed', why: `PLAY_REFUSED: ${why}` };
  return { done: Promise.resolve(end), stop: () => Promise.resolve() };
}
