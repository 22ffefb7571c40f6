/**
 * A media endpoint on FreeSWITCH behind the `MediaEndpoint` port. Sees to what FreeSWITCH does not:
 * one playback at a time, no sound cut by a tap, no tap on a channel that plays, an end that is told
 * once, and a channel that is gone after `close` even when the media server does not answer BYEs.
 */
import { isLoopbackHost } from '../../config/build-parts.js';
import type {
  AudioTap,
  Clock,
  Log,
  MediaEndpoint,
  Playback,
  PlayEnd,
  PlayOrder,
  TapTarget,
} from '../../ports.js';
import type { Channel } from './channel.js';
import { ChannelTap, type TapMeans } from './channel-tap.js';
import { type Deadlines, withDeadline } from './deadlines.js';
import { describeError, TelephonyError } from './errors.js';
import { type MediaView, seenBy } from './media-view.js';
import { MediaWatch } from './media-watch.js';
import { ChannelPlayback } from './playback.js';
import { refuseSounds } from './refuse-sounds.js';
import { SPOKEN, spokenName, VOICE_VARIABLES } from './spoken.js';
import { isReadableSdp } from './session-description.js';
import { isEncrypted, keyOf, secureOffer, takeKey } from './secure-media.js';
import { checked } from './sip-headers.js';

export interface EndpointContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly tapMeans: TapMeans;
  /** mod_flite is loaded. */
  readonly canSpeak?: boolean | undefined;
  /** Where the media server sees our files, when that is not where they are. */
  readonly mediaView?: MediaView | undefined;
  /** `uuid_kill` past the channel's own connection; must not reject. */
  kill(uuid: string): Promise<void>;
  onGone(endpoint: FreeswitchEndpoint): void;
}

/**
 * uuid_bridge and uuid_transfer answer before they are done; it takes a frame or two. A command that
 * meets the channel in between is lost, or hangs it up (an unbridge right after a bridge, for one). On
 * a machine that is full it was seen to take half a second.
 */
const SETTLE_MAX_MS = 2000;
/** A bridge parted sooner than this hung up one side in 3 of 530 tries, later in none of 100. */
const BRIDGE_FIRM_MS = 150;

/** Set on each channel, so that a foreign dialplan cannot change what we rely on. */
const CHANNEL_VARIABLES = {
  app_disable_expand_variables: 'true',
  ignore_display_updates: 'true',
  playback_terminators: 'none',
  hangup_after_bridge: 'false',
  park_after_bridge: 'true',
};
/** Of a recording that is read as it grows: the customer alone, every frame at once. */
const TAP_VARIABLES = { RECORD_READ_ONLY: 'true', enable_file_write_buffering: 'false' };

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
  #isConnected = false;
  /** The latest change of the far side, done or not; never rejects. */
  #connecting: Promise<unknown> | undefined;
  #remoteSdp = '';
  readonly #isSecure: boolean;
  #farKey: string | undefined;
  #bridgedAtMs = -Infinity;
  #partner: FreeswitchEndpoint | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly context: EndpointContext,
  ) {
    this.id = channel.uuid;
    this.#isSecure = isEncrypted(channel.localSdp);
    this.localSdp = this.#isSecure ? secureOffer(channel.localSdp) : channel.localSdp;
    const { clock, deadlines, tapMeans } = context;
    channel.onEnded(() => this.#ended());
    const ofTap = tapMeans.kind === 'recording' ? TAP_VARIABLES : {};
    const ofVoice = this.canSpeak ? VOICE_VARIABLES : {};
    const variables = Object.entries({ ...CHANNEL_VARIABLES, ...ofTap, ...ofVoice }).map((pair) =>
      pair.join('='),
    );
    // FreeSWITCH runs the applications of a channel in order, so a playback need not wait for this
    // one. A bridge or transfer overtakes it, and on a channel not yet parked runs the dialplan again.
    const isSet = channel.execute('multiset', `^^^${variables.join('^')}`);
    this.#isReady = withDeadline(clock, deadlines.commandMs, 'multiset', isSet).catch(
      () => undefined,
    );
  }

  get hasEnded(): boolean {
    return this.channel.hasEnded;
  }

  get isConnected(): boolean {
    return this.#isConnected;
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
    const playback = new ChannelPlayback(
      {
        play: async (name) => {
          await this.#endsAtKey(order.stopsAtKey === true);
          return this.channel.execute('playback', name);
        },
        breakPlay: () => this.channel.api('uuid_break', this.id),
        onFileStarted: (handle) => this.channel.onFileStarted(handle),
      },
      {
        ...this.context,
        files,
        ...order,
        after: Promise.all([previous, this.#parking, this.#connecting]),
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
    // One that is being connected is waited for: without CPD the treatment is asked for at the answer.
    return this.#connecting ? undefined : 'the endpoint has no far side yet';
  }

  get canSpeak(): boolean {
    return this.context.canSpeak === true;
  }

  async record(path: string): Promise<void> {
    const file = checked('play-file', path);
    const set = (name: string, value: string) =>
      this.channel.api('uuid_setvar', this.id, name, value);
    // The tap may have asked for the customer alone.
    await Promise.all([set('RECORD_STEREO', 'true'), set('RECORD_READ_ONLY', 'false')]);
    await this.channel.api('uuid_record', this.id, 'start', file);
  }

  get recordFarSide(): ((path: string) => Promise<() => Promise<void>>) | undefined {
    // It reaches us on loopback: then its disk is ours, too.
    if (!isLoopbackHost(this.context.tapMeans.ourAddress)) return undefined;
    return (path) => this.#recordFarSide(checked('play-file', path));
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

  async bridge(other: MediaEndpoint): Promise<void> {
    const partner = other instanceof FreeswitchEndpoint ? other : undefined;
    await Promise.all([this.#connecting, partner?.connected()]);
    // Without a far side the channel counts as on hold; FreeSWITCH then renegotiates in the middle of
    // the bridge, and one in four such channels runs its dialplan again and is hung up (measured).
    if (!this.#isConnected || partner?.isConnected === false) {
      throw new TelephonyError(
        'COMMAND_FAILED',
        'bridge: both endpoints have to be connected first',
      );
    }
    const playback = this.#playback;
    await Promise.all([playback?.giveWay(), this.#parking, this.#isReady, partner?.settle()]);
    const bridged = this.channel.nextStart('uuid_bridge', SETTLE_MAX_MS);
    try {
      await this.channel.api('uuid_bridge', this.id, checked('identifier', other.id));
    } catch (thrown) {
      void playback?.stop();
      throw thrown;
    }
    this.#tap?.soundBegan();
    partner?.tapDied();
    await bridged;
    this.#partner = partner;
    this.#bridgedAtMs = this.context.clock.nowMs();
  }

  async unbridge(): Promise<void> {
    const { clock } = this.context;
    const youngMs = this.#bridgedAtMs + BRIDGE_FIRM_MS - clock.nowMs();
    if (youngMs > 0) await new Promise<void>((resolve) => clock.after(youngMs, resolve));
    // Its park is not in step with ours, and a file it is given before would not be heard.
    const parted = this.#partner?.hasEnded === false ? this.#partner.parked() : undefined;
    this.#partner = undefined;
    await Promise.all([this.#park('-both'), parted]);
  }

  watchMedia(silenceMaxMs: number): void {
    this.#watch?.stop();
    if (this.hasEnded || this.#closing) return;
    this.#watch = new MediaWatch({
      clock: this.context.clock,
      silenceMaxMs,
      countPackets: () => this.#countPackets(),
      onSilent: () => {
        this.context.log.warn({ endpoint: this.id, silenceMaxMs }, 'no RTP comes: leg given up');
        this.lose();
      },
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
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
  parked(): Promise<void> {
    return this.channel.nextStart('park', SETTLE_MAX_MS);
  }

  tapDied(): void {
    this.#tap?.soundBegan();
  }

  /** FreeSWITCH writes its counts into the channel's variables only when it is told to. */
  async #countPackets(): Promise<number> {
    await this.channel.api('uuid_set_media_stats', this.id);
    const count = await this.channel.api('uuid_getvar', this.id, 'rtp_audio_in_packet_count');
    if (!/^\d+$/.test(count.trim())) {
      throw new TelephonyError('COMMAND_FAILED', 'uuid_getvar: no count of packets');
    }
    return Number(count);
  }

  async #recordFarSide(file: string): Promise<() => Promise<void>> {
    const set = (name: string, value: string) =>
      this.channel.api('uuid_setvar', this.id, name, value);
    await Promise.all([
      set('RECORD_STEREO', 'false'),
      ...Object.entries(TAP_VARIABLES).map(([name, value]) => set(name, value)),
    ]);
    await this.channel.api('uuid_record', this.id, 'start', file);
    return async () => {
      // Gone with the channel, or ended already.
      await this.channel.api('uuid_record', this.id, 'stop', file).catch(() => undefined);
    };
  }

  async #close(): Promise<void> {
    const { log } = this.context;
    const hadEnded = this.hasEnded;
    this.#endHandles.length = 0;
    this.#watch?.stop();
    void this.#playback?.stop();
    try {
      await this.channel.bye();
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
    this.#tap?.channelEnded();
    this.context.onGone(this);
    for (const handle of this.#endHandles.splice(0)) handle();
    // The SIP dialog towards the media server is ended as well, should the server have forgotten to.
    const SECOND_MS = 1000;
    this.context.clock.after(SECOND_MS, () => void this.close());
  }

  /**
   * Sends the channel (and its partner) back to park, which ends unicast and bridge; the endpoint and
   * its event socket survive.
   */
  #park(...flags: readonly string[]): Promise<void> {
    const work = (async () => {
      await this.#isReady;
      const parked = this.channel.nextStart('park', SETTLE_MAX_MS);
      await this.channel.api('uuid_transfer', this.id, ...flags, 'park', 'inline');
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
