/**
 * uuid_displace: a sound in place of what a channel is told, whatever it is bridged with; with `l` over and
 * over. What the channel says goes on to the other side with `m` only; `m` mixes in FreeSWITCH, here the
 * sound replaces all the same.
 * Source: switch_ivr_async.c and mod_commands.c of FreeSWITCH 1.10.12.
 */

import type { PlayHandle } from '../rtp/session.js';
import type { Channel } from './channel.js';
import type { MediaBug } from './media-bugs.js';
import type { Sound } from './sound-files.js';

const KEY = 'displace:';

/** @returns false when there is no such sound, or it displaces already */
export async function startDisplacement(
  channel: Channel,
  path: string,
  flags: string,
): Promise<boolean> {
  const sound = await channel.files.open(path);
  if (!sound || channel.hasEnded) return false;
  const displacement = new Displacement(channel, path, flags);
  if (!channel.bugs.add(KEY + path, displacement)) return false;
  displacement.begin(sound);
  return true;
}

/** @returns false when nothing of that name displaces */
export function stopDisplacement(channel: Channel, path: string): boolean {
  return channel.bugs.remove(KEY + path);
}

class Displacement implements MediaBug {
  #handle: PlayHandle | undefined;
  #isOver = false;
  readonly #isLoop: boolean;
  readonly #isMixed: boolean;

  constructor(
    private readonly channel: Channel,
    private readonly path: string,
    flags: string,
  ) {
    this.#isLoop = flags.includes('l');
    this.#isMixed = flags.includes('m');
  }

  begin(sound: Sound): void {
    if (!this.#isMixed) this.channel.muteCount += 1;
    this.#play(sound);
  }

  onFrame(): void {
    // Listens to nobody.
  }

  onRemoved(): void {
    this.#isOver = true;
    if (!this.#isMixed) this.channel.muteCount -= 1;
    this.#handle?.stop();
  }

  #play({ source }: Sound): void {
    const onDone = (_position: number, wasBroken: boolean): void => {
      if (!this.#isOver && !wasBroken) void this.#again();
    };
    this.#handle = this.channel.rtp.play(source, onDone, true);
  }

  async #again(): Promise<void> {
    const sound = this.#isLoop ? await this.channel.files.open(this.path) : undefined;
    if (this.#isOver) return;
    if (sound) this.#play(sound);
    else this.channel.bugs.remove(KEY + this.path);
  }
}
