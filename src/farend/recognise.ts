/**
 * Which known sounds were really heard? Compares a recording with sound files, sample by sample:
 * the proof that a treatment reached the customer is its sound in the customer's ear, never a flag
 * in a program. Pure.
 *
 * Made for what a telephone line does to a file: G.711, a gain, a few lost packets, a play stopped
 * early, a file that loops. Not made for sounds mixed with each other, nor for another speed or
 * pitch.
 */
import { findLags, halveRate } from './alignment.js';

const RATE_HZ = 8000;
const FRAME_MS = 20;
const FRAME = (RATE_HZ * FRAME_MS) / 1000;

/** Frames quieter than this share of a sound's own level, or than some G.711 steps, say nothing. */
const QUIET_RATIO = 0.1;
const QUIET_RMS = 12;
/** A frame agrees from this correlation on: the sound is then at least 2.5 dB under any noise. */
const FRAME_AGREES = 0.6;
/** Rough pass at half the rate, where the lag may be half a sample off. */
const ROUGH_AGREES = 0.4;
/** A lost packet is a weaker contradiction than another sound. */
const LOST_PENALTY = 0.5;
/** Ten frames that agree in phase are no chance; shorter sounds need 60 % of themselves. */
const HEARD_FRAMES_MIN = 10;
const HEARD_SHARE_MIN = 0.6;
const AGREEING_SHARE_MIN = 0.7;
/** Two sine tones of which only one is there still reach 0.75. */
const SCORE_MIN = 0.8;
/** Two stretches of one sound belong to one play when neither time nor position jumps more. */
const JOIN_MS = 400;
const OVERLAP_MAX = 0.25;

export interface Sound {
  readonly name: string;
  /** 8 kHz, 16 bit, mono. */
  readonly pcm: Int16Array;
}

export interface Recognised {
  readonly name: string;
  /** From the start of the recording. */
  readonly startMs: number;
  readonly endMs: number;
  /** Correlation of the recording with the sound over that stretch, 0.8 to 1. */
  readonly score: number;
  /** How much of the sound was heard: 0.3 when it was stopped early, 1.4 when it looped. */
  readonly heardFraction: number;
}

/** One stretch of the recording that follows one sound without a jump; in samples. */
interface Stretch {
  readonly sound: number;
  readonly from: number;
  readonly to: number;
  /** Position in the sound that lies at `from`. */
  readonly soundFrom: number;
  readonly score: number;
  readonly agreeing: number;
}

/**
 * @param recording what was heard: 8 kHz, aligned in time, lost packets as zeros
 * @param candidates the sounds to look for; empty or silent ones are never found
 * @returns every play found, in order of time. Loops and plays that follow their own end within
 * 400 ms count as one play. Shorter stretches than 200 ms are not reported.
 */
export function recognise(
  recording: Int16Array,
  candidates: readonly Sound[],
): readonly Recognised[] {
  const rough = halveRate(recording);
  const roughSounds = candidates.map((candidate) => halveRate(candidate.pcm));
  const lags = findLags(rough, roughSounds);
  const found: Stretch[] = [];
  candidates.forEach((candidate, sound) => {
    const roughSound = roughSounds[sound]!;
    for (const lag of lags[sound]!) {
      if (!compare(rough, roughSound, lag, FRAME / 2, ROUGH_AGREES)) continue;
      const exact = bestLag(recording, candidate.pcm, 2 * lag);
      const match = compare(recording, candidate.pcm, exact, FRAME, FRAME_AGREES);
      if (match) found.push({ sound, ...match });
    }
  });
  const plays = joinPlays(withoutRivals(found), candidates);
  return plays.map(({ stretch, heardSamples }) => ({
    name: candidates[stretch.sound]!.name,
    startMs: toMs(stretch.from),
    endMs: toMs(stretch.to),
    score: stretch.score,
    heardFraction: heardSamples / candidates[stretch.sound]!.pcm.length,
  }));
}

/** The rough lag is good to about a sample of half the rate; this finds the exact one. */
function bestLag(recording: Int16Array, sound: Int16Array, near: number): number {
  let best = near;
  let highest = -Infinity;
  for (let lag = near - 3; lag <= near + 3; lag++) {
    let sum = 0;
    const end = Math.min(sound.length, recording.length - lag);
    for (let i = Math.max(0, -lag); i < end; i++) sum += sound[i]! * recording[i + lag]!;
    if (sum <= highest) continue;
    highest = sum;
    best = lag;
  }
  return best;
}

interface FrameSums {
  /** Energy of the sound, of the recording, and their product, per frame. */
  readonly sound: Float64Array;
  readonly heard: Float64Array;
  readonly cross: Float64Array;
}

type Match = Omit<Stretch, 'sound'>;

/** Lays the sound over the recording at one lag and finds the stretch that agrees best. */
function compare(
  recording: Int16Array | Float64Array,
  sound: Int16Array | Float64Array,
  lag: number,
  frame: number,
  agreesFrom: number,
): Match | undefined {
  const first = Math.max(0, -lag);
  const end = Math.min(sound.length, recording.length - lag);
  const count = Math.floor((end - first) / frame);
  if (count <= 0) return undefined;
  const sums = sumFrames(recording, sound, lag, first, count, frame);
  const quiet = Math.max(QUIET_RMS ** 2 * frame, QUIET_RATIO ** 2 * meanEnergy(sound) * frame);
  const weights = sums.cross.map((cross, i) => {
    if (sums.sound[i]! < quiet) return 0;
    if (sums.heard[i] === 0) return -LOST_PENALTY;
    return cross >= agreesFrom * Math.sqrt(sums.sound[i]! * sums.heard[i]!) ? 1 : -1;
  });
  const best = heaviestRun(weights);
  if (!best) return undefined;
  const judged = judge(sums, weights, best, countLoud(sound, quiet, frame), agreesFrom);
  if (!judged) return undefined;
  // The quiet edges of a sound belong to it when everything loud up to them was heard.
  const from = weights.subarray(0, best.from).some((w) => w !== 0) ? best.from : 0;
  const to = weights.subarray(best.to).some((w) => w !== 0) ? best.to : count;
  const soundFrom = first + from * frame;
  const soundTo = to === count ? end : first + to * frame;
  return { ...judged, from: soundFrom + lag, to: soundTo + lag, soundFrom };
}

function sumFrames(
  recording: Int16Array | Float64Array,
  sound: Int16Array | Float64Array,
  lag: number,
  first: number,
  count: number,
  frame: number,
): FrameSums {
  const sums = {
    sound: new Float64Array(count),
    heard: new Float64Array(count),
    cross: new Float64Array(count),
  };
  for (let f = 0; f < count; f++) {
    let own = 0;
    let heard = 0;
    let cross = 0;
    const end = first + (f + 1) * frame;
    for (let i = first + f * frame; i < end; i++) {
      const x = sound[i]!;
      const y = recording[i + lag]!;
      own += x * x;
      heard += y * y;
      cross += x * y;
    }
    sums.sound[f] = own;
    sums.heard[f] = heard;
    sums.cross[f] = cross;
  }
  return sums;
}

/** @returns the run of frames whose weights have the largest sum (Kadane), if that is above 0 */
function heaviestRun(weights: Float64Array): { from: number; to: number } | undefined {
  let best = 0;
  let run: { from: number; to: number } | undefined;
  let sum = 0;
  let from = 0;
  weights.forEach((weight, i) => {
    if (sum <= 0) {
      sum = 0;
      from = i;
    }
    sum += weight;
    if (sum <= best) return;
    best = sum;
    run = { from, to: i + 1 };
  });
  return run;
}

function judge(
  sums: FrameSums,
  weights: Float64Array,
  run: { readonly from: number; readonly to: number },
  loudCount: number,
  agreesFrom: number,
): { readonly score: number; readonly agreeing: number } | undefined {
  let agreeing = 0;
  let loud = 0;
  let own = 0;
  let heard = 0;
  let cross = 0;
  for (let i = run.from; i < run.to; i++) {
    if (weights[i]! > 0) agreeing++;
    if (weights[i] !== 0) loud++;
    if (sums.heard[i] === 0) continue;
    own += sums.sound[i]!;
    heard += sums.heard[i]!;
    cross += sums.cross[i]!;
  }
  const needed = Math.min(HEARD_FRAMES_MIN, Math.ceil(HEARD_SHARE_MIN * loudCount));
  if (agreeing < needed || agreeing < AGREEING_SHARE_MIN * loud) return undefined;
  const score = cross / Math.sqrt(own * heard);
  // At half the rate a lag half a sample off costs correlation, as it does in the frames.
  const scoreMin = agreesFrom === FRAME_AGREES ? SCORE_MIN : agreesFrom;
  return score >= scoreMin ? { score: Math.min(1, score), agreeing } : undefined;
}

function countLoud(sound: Int16Array | Float64Array, quiet: number, frame: number): number {
  let count = 0;
  for (let start = 0; start + frame <= sound.length; start += frame) {
    let energy = 0;
    for (let i = start; i < start + frame; i++) energy += sound[i]! * sound[i]!;
    if (energy >= quiet) count++;
  }
  return Math.max(1, count);
}

function meanEnergy(sound: Int16Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < sound.length; i++) sum += sound[i]! * sound[i]!;
  return sum / sound.length;
}

/** A moment belongs to one sound: the stretch with more evidence keeps it. In order of time. */
function withoutRivals(found: readonly Stretch[]): readonly Stretch[] {
  const strongest = [...found].sort((a, b) => b.agreeing * b.score - a.agreeing * a.score);
  const kept: Stretch[] = [];
  for (const stretch of strongest) {
    const isRival = kept.some((other) => {
      const shared = Math.min(stretch.to, other.to) - Math.max(stretch.from, other.from);
      const shorter = Math.min(stretch.to - stretch.from, other.to - other.from);
      return shared > OVERLAP_MAX * shorter;
    });
    if (!isRival) kept.push(stretch);
  }
  return kept.sort((a, b) => a.from - b.from);
}

interface Play {
  readonly stretch: Stretch;
  readonly heardSamples: number;
}

/** Joins what a loop, or a pause in the stream, has cut into stretches. */
function joinPlays(stretches: readonly Stretch[], candidates: readonly Sound[]): readonly Play[] {
  const plays: Play[] = [];
  let before: Stretch | undefined;
  for (const stretch of stretches) {
    const play = plays.at(-1);
    const length = stretch.to - stretch.from;
    if (play && before && follows(before, stretch, candidates[stretch.sound]!.pcm.length)) {
      const heardSamples = play.heardSamples + length;
      const score =
        (play.stretch.score * play.heardSamples + stretch.score * length) / heardSamples;
      plays[plays.length - 1] = {
        stretch: { ...play.stretch, to: stretch.to, score },
        heardSamples,
      };
    } else {
      plays.push({ stretch, heardSamples: length });
    }
    before = stretch;
  }
  return plays;
}

function follows(before: Stretch, next: Stretch, soundLength: number): boolean {
  if (before.sound !== next.sound) return false;
  const joinMax = (JOIN_MS * RATE_HZ) / 1000;
  if (next.from - before.to > joinMax) return false;
  const reached = before.soundFrom + (before.to - before.from);
  const jump = (((next.soundFrom - reached) % soundLength) + soundLength) % soundLength;
  return Math.min(jump, soundLength - jump) <= joinMax;
}

function toMs(samples: number): number {
  return Math.round((samples * 1000) / RATE_HZ);
}
