/**
 * Finds the timing rule of each profile that costs least on labelled recordings. Three values and a
 * coarse grid, so that a few hundred calls suffice; judged on source groups that were held out, and
 * kept only where that is better than the values the product comes with by more than chance.
 */
import { CALIBRATION_VERSION, TIMING_RANGES, type Calibration } from '../calibration.js';
import { DEFAULT_OPTIONS, timingRule, type Profile, type TimingRule } from '../options.js';
import type { LabelledClip } from './labels.js';
import type { ClipOutcome } from './outcome.js';
import { finalWord } from './score.js';

/** Profiles with a timing rule of their own; the imitations of other products have none to find. */
export const CALIBRATED_PROFILES = ['human-first', 'balanced', 'machine-first'] as const;

type CalibratedProfile = (typeof CALIBRATED_PROFILES)[number];

/** What errors cost in relation to each other: that is what the profiles are. */
const HUMAN_WEIGHTS: Readonly<Record<CalibratedProfile, number>> = {
  'human-first': 10,
  balanced: 3,
  'machine-first': 1,
};
/** Nobody is there, though somebody is: not hung up on, but not served either. */
const MISSED_SHARE = 0.3;
/** A machine known after all was a customer for some seconds. */
const REVISED_SHARE = 0.3;
/** A second of dead air. */
const COST_PER_SECOND = 0.1;
const MOST_COUNTED_MS = 5000;
const FOLDS = 5;

const MACHINE_SPEECH_MS = [1600, 2000, 2400, 2800, 3200, 3600, 4200];
const PAUSE_FACTORS = [0.8, 1, 1.25];
const SLOPES_MS = [60, 120, 180];

/** What was found for one profile. */
export interface ProfileCalibration {
  readonly profile: CalibratedProfile;
  readonly before: TimingRule;
  readonly found: TimingRule;
  /** Mean cost on groups that were held out, with the product's values and with those found without them. */
  readonly heldOutBefore: number;
  readonly heldOutFound: number;
  /** One standard error of the difference, over groups. */
  readonly standardError: number;
  /** Better than chance: it goes into the file. */
  readonly isKept: boolean;
}

/** Every timing rule that is tried for a profile; the product's own comes first. */
export function candidatesOf(profile: Profile): TimingRule[] {
  const own = timingRule({ ...DEFAULT_OPTIONS, profile });
  const grid = MACHINE_SPEECH_MS.flatMap((machineSpeechMs) =>
    PAUSE_FACTORS.flatMap((factor) =>
      SLOPES_MS.map((pausePerSecondMs) => ({
        machineSpeechMs,
        shortestPauseMs: within('shortestPauseMs', Math.round(factor * own.shortestPauseMs)),
        pausePerSecondMs,
      })),
    ),
  );
  return [own, ...grid];
}

/** @returns whether a clip can teach anything: it was answered by a person or a machine */
export const isTeaching = ({ expect, answeredAtMs }: LabelledClip): boolean =>
  answeredAtMs !== null && (expect === 'human' || expect === 'machine');

/**
 * @param clips people and machines, both; see `isTeaching`
 * @param outcomes for each clip the outcome of every candidate, in the order of `candidatesOf`
 */
export function calibrate(
  profile: CalibratedProfile,
  clips: readonly LabelledClip[],
  outcomes: readonly (readonly ClipOutcome[])[],
): ProfileCalibration {
  const candidates = candidatesOf(profile);
  const costs = clips.map((clip, i) =>
    outcomes[i]!.map((outcome) => costOf(clip, outcome, HUMAN_WEIGHTS[profile])),
  );
  const folds = foldsOf(clips);
  const all = clips.map((_, i) => i);
  const differences = new Map<string, number>();
  let before = 0;
  let after = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const best = bestOf(
      clips,
      costs,
      all.filter((i) => folds[i] !== fold),
    );
    for (const i of all.filter((index) => folds[index] === fold)) {
      const weight = weightOf(clips, clips[i]!);
      before += weight * costs[i]![0]!;
      after += weight * costs[i]![best]!;
      const { group } = clips[i]!;
      const difference = weight * (costs[i]![best]! - costs[i]![0]!);
      differences.set(group, (differences.get(group) ?? 0) + difference);
    }
  }
  const standardError = errorOfSum([...differences.values()]);
  return {
    profile,
    before: candidates[0]!,
    found: candidates[bestOf(clips, costs, all)]!,
    heldOutBefore: before,
    heldOutFound: after,
    standardError,
    isKept: before - after > standardError,
  };
}

/** The file, of what is worth keeping. */
export function calibrationOf(
  found: readonly ProfileCalibration[],
  clips: readonly LabelledClip[],
): Calibration {
  const kept = found.filter(({ isKept }) => isKept);
  return {
    version: CALIBRATION_VERSION,
    profiles: Object.fromEntries(kept.map(({ profile, found: timing }) => [profile, timing])),
    trainedOn: { clips: clips.length, groups: new Set(clips.map(({ group }) => group)).size },
  };
}

function costOf(clip: LabelledClip, outcome: ClipOutcome, humanWeight: number): number {
  const { verdict, decidedAtMs } = outcome;
  const final = finalWord(outcome);
  const fromMs = clip.expect === 'human' ? clip.greetingEndMs : clip.speechOnMs;
  const waitedMs = Math.min(MOST_COUNTED_MS, Math.max(0, decidedAtMs - (fromMs ?? decidedAtMs)));
  const waiting = (COST_PER_SECOND * waitedMs) / 1000;
  if (clip.expect === 'human') {
    if (verdict === 'human' && final === 'human') return waiting;
    return waiting + humanWeight * (final === 'machine' ? 1 : MISSED_SHARE);
  }
  if (verdict === 'machine') return waiting;
  return waiting + (final === 'machine' ? REVISED_SHARE : 1);
}

/** People and machines count alike, however many there are of each. */
function weightOf(clips: readonly LabelledClip[], { expect }: LabelledClip): number {
  return 1 / clips.filter((clip) => clip.expect === expect).length;
}

/** Cheapest candidate on some clips; of equals the first, which is the product's own. */
function bestOf(
  clips: readonly LabelledClip[],
  costs: readonly (readonly number[])[],
  some: readonly number[],
): number {
  const count = costs[0]?.length ?? 0;
  const sums = new Float64Array(count);
  for (const expect of ['human', 'machine']) {
    const of = some.filter((i) => clips[i]!.expect === expect);
    for (const i of of) for (let c = 0; c < count; c++) sums[c]! += costs[i]![c]! / of.length;
  }
  let best = 0;
  for (let c = 1; c < count; c++) if (sums[c]! < sums[best]!) best = c;
  return best;
}

/** Groups are dealt out whole, those of one class in turn, so that every fold has people and machines. */
function foldsOf(clips: readonly LabelledClip[]): number[] {
  const foldOfGroup = new Map<string, number>();
  const next = { human: 0, machine: 0 };
  for (const { group, expect } of clips) {
    if (foldOfGroup.has(group)) continue;
    const kind = expect === 'human' ? 'human' : 'machine';
    foldOfGroup.set(group, next[kind]++ % FOLDS);
  }
  return clips.map(({ group }) => foldOfGroup.get(group)!);
}

function errorOfSum(values: readonly number[]): number {
  const count = values.length;
  if (count < 2) return Number.POSITIVE_INFINITY;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return Math.sqrt(count * variance);
}

function within(name: keyof TimingRule, value: number): number {
  const [low, high] = TIMING_RANGES[name];
  return Math.min(high, Math.max(low, value));
}
