/** The two ways a channel plays: an application that holds it, or a sound that covers its bridge. */
import type { Channel } from './channel.js';
import type { CoveringSound } from './covering-sound.js';
import { codeOf } from './errors.js';
import type { PlayChannel } from './playback.js';

export interface PlayMeans {
  readonly channel: Channel;
  readonly cover: CoveringSound;
  /** The file that is to cover a bridge, if that is how it is played. */
  readonly covering: () => string | undefined;
  /** Before the application. */
  readonly prepare: () => Promise<void>;
}

export function playChannel({ channel, cover, covering, prepare }: PlayMeans): PlayChannel {
  let onStarted = (): void => undefined;
  return {
    play: async (name) => {
      const file = covering();
      if (file !== undefined) {
        const covered = await cover.play(file, () => onStarted()).catch(unlessRefused);
        if (covered) return covered;
      }
      await prepare();
      return channel.execute('playback', name);
    },
    breakPlay: async () => (cover.isOn ? cover.stop() : channel.api('uuid_break', channel.uuid)),
    outlastsBridge: () => cover.isOn,
    onFileStarted: (handle) => {
      onStarted = handle;
      return channel.onFileStarted(handle);
    },
  };
}

/** @returns the one file of a sound that can cover a bridge; a blank would end its name. */
export function coverOf(files: readonly string[]): string | undefined {
  const [only, ...others] = files;
  return only !== undefined && others.length === 0 && /^\/\S+$/.test(only) ? only : undefined;
}

/** It is played in the other way then, which says why it cannot be. */
function unlessRefused(thrown: unknown): undefined {
  const code = codeOf(thrown);
  if (code !== 'COMMAND_FAILED' && code !== 'DEADLINE') throw thrown;
}
