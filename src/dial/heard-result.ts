/**
 * How a SIP outcome and what was heard before it agree, as data. Audio refines what signalling leaves
 * open (480, 404, 503 say little about the customer) and ends an attempt that is still ringing when a
 * tone says that nobody will answer. It never overrides a status or a cause that is precise, nor an
 * answer.
 */
import {
  callStateOfAnswer,
  isAnswerWord,
  type AnswerWord,
  type CallState,
} from '../callflow/call-state.js';
import type { EarlyMediaSound, Verdict } from '../cpd/types.js';

/** `none`: no final response yet. */
export type OpenStatus = 'none' | 404 | 480 | 503;

/** What a sound means with each of the statuses that leave room for it; a missing one decides alone. */
type HeardRow = Readonly<Partial<Record<OpenStatus, AnswerWord>>>;

/**
 * Sounds that say something about the customer or the network. The others (ringback, announcement,
 * music, noise, silence, unknown) leave the decision to the status, and to patience while there is none:
 * an announcement may ask to hold the line.
 */
export const HEARD_RESULTS: Readonly<Partial<Record<EarlyMediaSound, HeardRow>>> = {
  busy: { none: 'busy', 404: 'busy', 480: 'busy', 503: 'busy' },
  reorder: { none: 'reorder', 404: 'reorder', 480: 'reorder', 503: 'reorder' },
  // A busy customer is no reason for 503, and a congested network is.
  'busy-or-congestion': { none: 'busy', 480: 'busy', 503: 'reorder' },
  'sit-intercept': {
    none: 'sit-intercept',
    404: 'sit-intercept',
    480: 'sit-intercept',
    503: 'sit-intercept',
  },
  'sit-vacant': { none: 'sit-vacant', 404: 'sit-vacant', 480: 'sit-vacant', 503: 'sit-vacant' },
  // Gateways answer 404 for routes they cannot find for the moment, too: the tone knows better.
  'sit-reorder': {
    none: 'sit-reorder',
    404: 'sit-reorder',
    480: 'sit-reorder',
    503: 'sit-reorder',
  },
  'sit-no-circuit': {
    none: 'sit-no-circuit',
    404: 'sit-no-circuit',
    480: 'sit-no-circuit',
    503: 'sit-no-circuit',
  },
  // Most of the world plays one and the same SIT before every announcement: 404 and 503 say more.
  sit: { none: 'sit', 480: 'sit' },
};

/**
 * @param sound what all the early media amounts to
 * @param status final response, or `none` while the call is still ringing
 * @returns the answer that the sound stands for with this status; undefined: the status decides alone
 */
export function answerOfSound(
  sound: EarlyMediaSound,
  status: number | 'none',
): AnswerWord | undefined {
  return HEARD_RESULTS[sound]?.[status as OpenStatus];
}

/** The call state that a verdict stands for once the call is answered. */
export function callStateOfVerdict(verdict: Verdict): CallState {
  if (isAnswerWord(verdict)) return callStateOfAnswer(verdict);
  // Ringback, music, noise: something is there, and it is not known what.
  return callStateOfAnswer(verdict === 'busy-or-congestion' ? 'busy' : 'unknown');
}
