/**
 * Whether a rhythm of one tone means busy or reorder. Most of the world follows one rule, slow is
 * busy and fast is reorder; the countries that do not are listed here. The frequencies are left out
 * on purpose: they never settle it where the rhythm does not.
 * Source: ITU-T E.180 Supplement 2, "Various tones used in national networks".
 */
import type { Rhythm } from './cadence.js';

/** From here on a rhythm is busy; below it is reorder. Length of its longer part, ms. */
const BUSY_FROM_MS = 272;
const NO_LIMIT_MS = Number.POSITIVE_INFINITY;

/**
 * Countries that differ: the range of the longer part that is busy, ms. Where a network uses one
 * rhythm for both (Brazil, Mexico, Spain), it counts as busy, which is the more common of the two.
 */
const BUSY_RANGE_MS: Readonly<Record<string, readonly [from: number, to: number]>> = {
  BI: [220, NO_LIMIT_MS],
  BR: [220, NO_LIMIT_MS],
  CN: [BUSY_FROM_MS, 600],
  DK: [225, NO_LIMIT_MS],
  EG: [650, NO_LIMIT_MS],
  ES: [175, NO_LIMIT_MS],
  FO: [220, NO_LIMIT_MS],
  GH: [220, 350],
  GN: [175, NO_LIMIT_MS],
  IS: [220, NO_LIMIT_MS],
  KR: [350, NO_LIMIT_MS],
  LA: [600, NO_LIMIT_MS],
  MX: [220, NO_LIMIT_MS],
  NA: [220, NO_LIMIT_MS],
  NP: [215, NO_LIMIT_MS],
  SE: [220, NO_LIMIT_MS],
  SM: [175, NO_LIMIT_MS],
  TH: [320, NO_LIMIT_MS],
};

/** Networks whose busy tone has short bursts in long silences, or bursts that differ. */
const UNEVEN_IS_BUSY = new Set(['PK', 'RS']);

/**
 * @param rhythm what repeated
 * @param country ISO 3166 alpha-2 of the dialled number; unknown countries follow the general rule
 */
export function meaningOfRhythm(
  rhythm: Rhythm,
  country: string | undefined,
): { readonly tone: 'busy' | 'reorder'; readonly because: string } {
  const name = country?.toUpperCase();
  const isUneven = rhythm.offMs > 1.5 * rhythm.onMs;
  if ((isUneven || rhythm.isStepped) && name !== undefined && UNEVEN_IS_BUSY.has(name)) {
    return { tone: 'busy', because: `uneven bursts are busy in ${name}` };
  }
  if (rhythm.isStepped) return { tone: 'reorder', because: 'uneven bursts are congestion' };
  const exception = name === undefined || isUneven ? undefined : BUSY_RANGE_MS[name];
  const [fromMs, toMs] = exception ?? [BUSY_FROM_MS, NO_LIMIT_MS];
  // Short bursts with long silences between them are congestion, as the Swedish 250/750.
  const longerMs = isUneven ? rhythm.onMs : Math.max(rhythm.onMs, rhythm.offMs);
  const tone = longerMs >= fromMs && longerMs <= toMs ? 'busy' : 'reorder';
  if (exception) return { tone, because: `${tone} in ${name}` };
  const where =
    name === undefined ? 'nearly everywhere, and the country is not known' : `in ${name}`;
  return { tone, because: `${tone} ${where}` };
}
