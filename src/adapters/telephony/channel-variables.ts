/** What is set on each channel at its beginning. */
import { TAP_VARIABLES } from './channel-recording.js';
import type { TapMeans } from './channel-tap.js';
import { VOICE_VARIABLES } from './spoken.js';

/** A foreign dialplan cannot change what we rely on. */
const ALWAYS = {
  app_disable_expand_variables: 'true',
  ignore_display_updates: 'true',
  playback_terminators: 'none',
  hangup_after_bridge: 'false',
  park_after_bridge: 'true',
  // Parking is one, and without this the 70th would end the call.
  max_session_transfers: '1000000',
};

/** @returns the argument of `multiset` */
export function channelVariables(tap: TapMeans['kind'], canSpeak: boolean): string {
  const values = {
    ...ALWAYS,
    ...(tap === 'recording' && TAP_VARIABLES),
    ...(canSpeak && VOICE_VARIABLES),
  };
  const pairs = Object.entries(values).map((pair) => pair.join('='));
  return `^^^${pairs.join('^')}`;
}
