/**
 * Text that the media server reads out itself: `playback say:WORDS` (switch_ivr_play_file), with
 * the voice of the channel's variables. Words come from documents, so that of their characters only those are left
 * that mean nothing to FreeSWITCH anywhere: letters, digits and the marks of a sentence.
 */

/** How such a sound begins, towards the adapter and towards FreeSWITCH. */
export const SPOKEN = 'say:';
/** mod_flite's best. */
export const VOICE_VARIABLES = { tts_engine: 'flite', tts_voice: 'slt' };
const WORDS_MAX = 2000;

/** @param sound `say:WORDS` */
export function spokenName(sound: string): string {
  const words = sound
    .slice(SPOKEN.length)
    .replace(/[^\p{L}\p{N}\p{M} .,;?%&+-]+/gu, ' ')
    .replace(/ +/g, ' ');
  return `${SPOKEN}${words.trim().slice(0, WORDS_MAX) || ','}`;
}
