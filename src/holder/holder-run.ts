/** What a plugin and a VoiceXML page have in common once they run: they are told things, and stopped. */
import type { CallState } from '../callflow/call-state.js';
import type { RevokeCause } from './held-call.js';

/** What happens to the call while it is held. */
export type HolderNews =
  /** The customer hung up: the holder may still reply, `cancel` or `retry` with `interaction_deleted`. */
  | { readonly what: 'hung-up' }
  /** What was taken for a human is a machine (9) or fax (17) after all. */
  | { readonly what: 'verdict-revised'; readonly callState: CallState };

/** A plugin or page that runs. */
export interface HolderRun {
  /** Never throws; after `stop` it does nothing. */
  tell(news: HolderNews): void;
  /**
   * It holds nothing any more. After `replied` it may finish what it is at, without the call and within
   * a second or two; for any other cause it ends now. Resolves when nothing of it is left; never rejects.
   */
  stop(cause: RevokeCause): Promise<void>;
}

/** What one plugin or page may add to its callback's trail. */
const TRAIL_MAX = 300;

/** @returns the same, deaf after so many lines: a page that talks for ever fills no disk */
export function cappedTrail(trail: HolderTrail['trail']): HolderTrail['trail'] {
  let count = 0;
  return (what, detail) => {
    count += 1;
    if (count <= TRAIL_MAX) trail(what, detail);
  };
}

/** What a plugin's or page's own story says, for `trace`: a state entered, a request, a log line. */
export interface HolderTrail {
  trail(what: string, detail?: string): void;
}
