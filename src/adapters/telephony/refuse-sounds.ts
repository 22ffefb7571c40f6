import { sanitise } from './sanitise.js';
import { SPOKEN } from './spoken.js';

const MAX_SOUNDS = 100;

/** @returns why a media server must not be asked for these; undefined when it may */
export function refuseSounds(
  names: readonly string[],
  loop: boolean,
  canSpeak: boolean,
): string | undefined {
  if (names.length === 0) return 'nothing to play';
  if (names.length > MAX_SOUNDS) return `more than ${MAX_SOUNDS} files`;
  for (const name of names) {
    if (name.startsWith(SPOKEN)) {
      if (!canSpeak) return 'mod_flite is not loaded: text is not spoken';
      if (loop && names.length > 1) return 'text is not spoken in a loop with others';
      continue;
    }
    const result = sanitise('play-file', name);
    if (!result.ok) return result.reason;
  }
  return undefined;
}
