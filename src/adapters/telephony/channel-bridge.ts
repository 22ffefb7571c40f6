/**
 * Whom one channel is bridged with: made when it is asked for, or ahead of that (spare-side.ts), in which
 * case a sound that covers it has only to end. A bridge made ahead that is not there any more is made anew.
 */
import type { Clock, Log } from '../../ports.js';
import type { BridgesAhead } from './bridges-ahead.js';
import type { Channel } from './channel.js';
import { describeError, TelephonyError } from './errors.js';
import type { ChannelPlayback } from './playback.js';
import { checked } from './sip-headers.js';
import { type SpareEndpoint, SpareSide } from './spare-side.js';

/** The endpoint on the other side, as far as it is ours to see to. */
export interface BridgePartner extends SpareEndpoint {
  readonly isConnected: boolean;
  connected(): Promise<void>;
  settle(): Promise<void>;
  parked(): Promise<unknown>;
  tapDied(): void;
  /** Undoes what `lend` has done to it; never rejects. */
  unmute(): Promise<void>;
}

export interface BridgeHost {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly log: Log;
  readonly bridgesAhead: BridgesAhead;
  /** Its own far side is known. */
  isConnected(): boolean;
  /** Resolves once it is, as far as that is under way; never rejects. */
  connected(): Promise<void>;
  /** Resolves once nothing is under way that a bridge must not meet. */
  settled(): Promise<unknown>;
  playback(): ChannelPlayback | undefined;
  /** What plays goes on while the channel is bridged. */
  isCovered(): boolean;
  tapDied(): void;
  /** Parks this channel and the one that it is bridged with. */
  parkBoth(): Promise<void>;
}

/**
 * uuid_bridge and uuid_transfer answer before they are done; it takes a frame or two. A command that
 * meets the channel in between is lost, or hangs it up (an unbridge right after a bridge, for one). On
 * a machine that is full it was seen to take half a second.
 */
export const SETTLE_MAX_MS = 2000;
/** A bridge parted sooner than this hung up one side in 3 of 530 tries, later in none of 100. */
const BRIDGE_FIRM_MS = 150;

export class ChannelBridge<T extends BridgePartner> {
  #bridgedAtMs = -Infinity;
  #partner: T | undefined;
  #spare: SpareSide<T> | undefined;
  #isExpected = false;
  #isNeverMute: Promise<boolean> | undefined;

  constructor(private readonly host: BridgeHost) {}

  /** From now on a loop is to be played so that a bridge can be made under it. */
  expect(): void {
    if (this.host.bridgesAhead.areRefused) return;
    this.#isExpected = true;
    this.#isNeverMute ??= isNeverMute(this.host.channel);
  }

  /** Before a loop that could cover a bridge. Never rejects. @returns whether it would be heard */
  async mayBeCovered(): Promise<boolean> {
    if (!this.#isExpected) return false;
    return (await this.#spare?.join()) === true || (await this.#isNeverMute) === true;
  }

  /**
   * The other side, joined under the loop that plays, or the next one.
   * @returns undefined when no bridge is expected, or somebody has it. @throws what `make` throws
   */
  async take(make: () => Promise<T>): Promise<T | undefined> {
    const { channel, clock, log, bridgesAhead } = this.host;
    if (!this.#isExpected || bridgesAhead.areRefused || channel.hasEnded) return undefined;
    if (this.#spare?.isOver !== false) {
      this.#spare = new SpareSide<T>({
        clock,
        make,
        join: (endpoint) => this.#join(endpoint.id, endpoint),
        part: () => this.host.parkBoth(),
        mayPart: () => this.host.playback() === undefined || this.host.isCovered(),
        onFailed: (thrown) => log.debug({ why: describeError(thrown) }, 'bridge not made ahead'),
      });
    }
    const taken = await this.#spare.take();
    if (taken && this.host.isCovered()) void this.#spare.join();
    return taken;
  }

  /** Resolves once no bridge is being made ahead: a command in between would be lost. */
  async joined(): Promise<void> {
    await this.#spare?.joined();
  }

  /** @param partner the same endpoint when it is ours. @throws TelephonyError COMMAND_FAILED, DEADLINE */
  async connect(otherId: string, partner: T | undefined): Promise<void> {
    const spare = this.#spare;
    const isThere = await spare?.isJoinedWith(otherId);
    const heard = Promise.all([partner?.connected(), partner?.unmute()]);
    if (!isThere || !(await this.#uncover(otherId))) await this.#connectAnew(otherId, partner);
    await heard;
    this.#isExpected = false;
    this.#spare = undefined;
    void spare?.release();
    this.#partner = partner;
    this.#bridgedAtMs = this.host.clock.nowMs();
  }

  async part(): Promise<void> {
    const { clock } = this.host;
    const youngMs = this.#bridgedAtMs + BRIDGE_FIRM_MS - clock.nowMs();
    if (youngMs > 0) await new Promise<void>((resolve) => clock.after(youngMs, resolve));
    // Its park is not in step with ours, and a file it is given before would not be heard.
    const parted = this.#partner?.hasEnded === false ? this.#partner.parked() : undefined;
    this.#partner = undefined;
    await Promise.all([this.host.parkBoth(), parted]);
  }

  /** The channel is parked: there is no bridge any more. */
  parked(): void {
    this.#spare?.parted();
  }

  /** The channel is gone. */
  async release(): Promise<void> {
    await this.#spare?.release();
  }

  /** Ends the sound that covers the bridge. @returns whether there is a bridge */
  async #uncover(otherId: string): Promise<boolean> {
    const { channel } = this.host;
    // First, as commands wait for one another.
    const stopped = this.host.playback()?.stop();
    const to = await channel.api('uuid_getvar', channel.uuid, 'bridge_to').catch(() => '');
    await stopped;
    return to.trim() === otherId;
  }

  async #connectAnew(otherId: string, partner: T | undefined): Promise<void> {
    await Promise.all([this.host.connected(), partner?.connected()]);
    // Without a far side the channel counts as on hold; FreeSWITCH then renegotiates in the middle of
    // the bridge, and one in four such channels runs its dialplan again and is hung up (measured).
    if (!this.host.isConnected() || partner?.isConnected === false) {
      throw new TelephonyError(
        'COMMAND_FAILED',
        'bridge: both endpoints have to be connected first',
      );
    }
    const playback = this.host.playback();
    await Promise.all([playback?.giveWay(), partner?.settle()]);
    try {
      await this.#join(otherId, partner);
    } catch (thrown) {
      void playback?.stop();
      throw thrown;
    }
  }

  /** @returns whether the bridge has begun */
  async #join(otherId: string, partner: T | undefined): Promise<boolean> {
    const { channel } = this.host;
    await this.host.settled();
    const bridged = channel.nextStart('uuid_bridge', SETTLE_MAX_MS);
    await channel.api('uuid_bridge', channel.uuid, checked('identifier', otherId));
    this.host.tapDied();
    partner?.tapDied();
    return bridged;
  }
}

/**
 * A sound over a parked channel is heard only where that sends something anyway, which the dialplan decides
 * (`send_silence_when_idle`): FreeSWITCH reads it when the channel is parked first, before we could set it.
 * Source: switch_ivr_park in switch_ivr.c of FreeSWITCH 1.10.12.
 */
async function isNeverMute(channel: Channel): Promise<boolean> {
  const silence = channel.api('uuid_getvar', channel.uuid, 'send_silence_when_idle');
  return /^-?[1-9]/.test(await silence.catch(() => ''));
}
