/**
 * Joins measurements into tone segments: "this frequency, or this pair, from here to here". Bridges
 * short holes, because a media server without a jitter buffer puts silence where a packet is late
 * and answer tones reverse their phase. Gives no tone a meaning.
 */
import { HOP_MS, levelDbOf, powerNear, SILENCE_DB, type Measurements } from './spectrum.js';

/** A hole this long does not end a tone: two lost packets and the windows they spoil. ms */
const HOLE_MS = 64;
/** Shorter blips are not kept. ms */
const SHORTEST_KEPT_MS = 40;
/** Share of the energy that must be in the peak, or in two peaks, for a frame to be a tone. */
const MIN_PURITY = 0.85;
const MIN_PAIR_PURITY = 0.9;
/** A second peak weaker than this (-13 dB) is distortion, not part of a pair. */
const MIN_SECOND_SHARE = 0.05;
/** Nothing that matters is lower; hum and the fundamental of a voice are. Hz */
const LOWEST_HZ = 290;
/** Quieter tones are echoes and crosstalk. dB relative to full scale */
const MIN_LEVEL_DB = -50;
/** So far below the tone of a moment ago it is that tone's echo, in its pause. dB, ms */
const ECHO_DB = 15;
const ECHO_MS = 600;
/** A tone that is held varies by no more. dB */
const LEVEL_RIPPLE_DB = 3;
/** Two tones 40 Hz apart look like one that wanders this far. Hz */
const WANDER_HZ = 45;
/** A lost packet smears the spectrum of the frames around it: so many times further. */
const HOLED_WANDER = 3;
/**
 * A noisy line is never quiet, so a pause is heard where the tone was. What sounds elsewhere counts too, but
 * so much less: in music other notes follow. -5 dB as power
 */
const ELSEWHERE = 10 ** -0.5;
/** Frames at the start of a tone that are not all tone. */
const EDGE_FRAMES = 2;
/** Frames of one segment that are remembered for its statistics: 2 s. */
const MEMORY_FRAMES = 128;

export interface ToneSegment {
  startMs: number;
  endMs: number;
  /** The frequency; of a pair, the lower one. Hz */
  frequencyHz: number;
  /** The higher frequency of a pair, or 0. Hz */
  secondHz: number;
  /** Mean level. dB relative to full scale */
  levelDb: number;
  /** Centre of gravity of the one peak; of two tones too close to be told apart, their middle. Hz */
  centreHz: number;
  /** Standard deviation of that: small for what a generator makes, two beating tones included. Hz */
  centreWobbleHz: number;
  /** Standard deviation of the frequency without the first and last frame. Hz */
  wobbleHz: number;
  /** Standard deviation of the level without the first and last frame. dB */
  unevenDb: number;
  /** Mean share of the energy in its one or two peaks, 0..1. */
  purity: number;
  /** Silence between the previous segment and this one. ms */
  gapBeforeMs: number;
  /** Mean level in that silence, near the tone before it; or 5 dB less than that of everything. dB relative to full scale */
  gapLevelDb: number;
}

export const emptySegment = (): ToneSegment => ({
  startMs: 0,
  endMs: 0,
  frequencyHz: 0,
  secondHz: 0,
  centreHz: 0,
  centreWobbleHz: 0,
  levelDb: SILENCE_DB,
  wobbleHz: 0,
  unevenDb: 0,
  purity: 0,
  gapBeforeMs: 0,
  gapLevelDb: SILENCE_DB,
});

export class ToneTracker {
  /** The tone that sounds now; meaningful while `isOpen`. Its statistics are set when it closes. */
  readonly current = emptySegment();
  isOpen = false;
  /** The newest measurement is part of a tone. */
  isToneFrame = false;
  /** When a tone frame was last seen. ms */
  lastToneAtMs = -1;

  readonly #low = new Float64Array(MEMORY_FRAMES);
  readonly #centre = new Float64Array(MEMORY_FRAMES);
  readonly #high = new Float64Array(MEMORY_FRAMES);
  readonly #level = new Float64Array(MEMORY_FRAMES);
  #frames = 0;
  #pairFrames = 0;
  #meanHz = 0;
  #meanCentreHz = 0;
  #puritySum = 0;
  #previousEndMs = 0;
  #gapPower = 0;
  #gapFrames = 0;
  #loudestDb = SILENCE_DB;
  #loudestAtMs = 0;
  readonly #onClosed: (segment: ToneSegment) => void;

  /** @param onClosed called with each finished segment; the object is reused, so copy what is kept */
  constructor(onClosed: (segment: ToneSegment) => void) {
    this.#onClosed = onClosed;
  }

  /** How long the open tone has lasted, 0 when none is open. ms */
  get openMs(): number {
    return this.isOpen ? this.current.endMs - this.current.startMs : 0;
  }

  /** Mean level since the newest tone ended, as `gapLevelDb`. dB relative to full scale */
  get quietDb(): number {
    return this.#gapFrames > 0 ? levelDbOf(this.#gapPower / this.#gapFrames) : SILENCE_DB;
  }

  consume(m: Measurements): void {
    const isPair =
      m.purity < 0.97 && m.pairPurity >= MIN_PAIR_PURITY && m.secondShare >= MIN_SECOND_SHARE;
    const low = isPair ? Math.min(m.peakHz, m.secondHz) : m.peakHz;
    this.isToneFrame =
      m.levelDb >= MIN_LEVEL_DB &&
      low >= LOWEST_HZ &&
      (isPair || m.purity >= MIN_PURITY) &&
      !this.#isEcho(m);
    if (!this.isToneFrame) {
      this.#consumeQuiet(m);
      return;
    }
    const high = isPair ? Math.max(m.peakHz, m.secondHz) : 0;
    if (this.isOpen && !this.#continues(low, high, m)) this.close();
    if (!this.isOpen) this.#open(m, low);
    this.#remember(m, low, high);
  }

  /** Ends the open tone, for instance because the audio ended. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#finishStatistics();
    const segment = this.current;
    if (segment.endMs - segment.startMs < SHORTEST_KEPT_MS) return;
    this.#previousEndMs = segment.endMs;
    this.#gapPower = 0;
    this.#gapFrames = 0;
    this.#onClosed(segment);
  }

  #isEcho({ levelDb, atMs }: Measurements): boolean {
    return levelDb < this.#loudestDb - ECHO_DB && atMs - this.#loudestAtMs <= ECHO_MS;
  }

  #consumeQuiet(m: Measurements): void {
    if (this.isOpen && m.atMs - this.lastToneAtMs > HOLE_MS) this.close();
    if (this.isOpen || m.atMs - this.#previousEndMs < 2 * HOP_MS) return;
    const { frequencyHz, secondHz } = this.current;
    const near = powerNear(m, frequencyHz) + (secondHz > 0 ? powerNear(m, secondHz) : 0);
    this.#gapPower += Math.max(near, ELSEWHERE * m.voicePower);
    this.#gapFrames++;
  }

  /** Close pairs beat and their peak wanders, so the tolerance is wide; cadence tells tones apart. */
  #continues(low: number, high: number, m: Measurements): boolean {
    const usual = Math.max(WANDER_HZ, 0.025 * this.#meanHz);
    const tolerance = m.isHoled ? HOLED_WANDER * usual : usual;
    if (Math.abs(low - this.#meanHz) <= tolerance) return true;
    if (high > 0) return Math.abs(high - this.#meanHz) <= tolerance;
    return Math.abs(m.centreHz - this.#meanCentreHz) <= tolerance;
  }

  #open({ atMs, centreHz }: Measurements, low: number): void {
    this.isOpen = true;
    this.#frames = 0;
    this.#pairFrames = 0;
    this.#puritySum = 0;
    this.#meanHz = low;
    this.#meanCentreHz = centreHz;
    this.current.startMs = atMs;
    this.current.gapBeforeMs = atMs - this.#previousEndMs;
    this.current.gapLevelDb = this.quietDb;
  }

  #remember(m: Measurements, low: number, high: number): void {
    const i = this.#frames % MEMORY_FRAMES;
    this.#low[i] = low;
    this.#high[i] = high;
    this.#level[i] = m.levelDb;
    this.#centre[i] = m.centreHz;
    this.#frames++;
    if (high > 0) this.#pairFrames++;
    // The first frames hold the end of whatever was before: the mean starts after them.
    const weight = 1 / Math.max(1, Math.min(this.#frames - EDGE_FRAMES, 16));
    this.#meanHz += weight * (low - this.#meanHz);
    this.#meanCentreHz += weight * (m.centreHz - this.#meanCentreHz);
    this.current.endMs = m.atMs;
    this.current.levelDb = m.levelDb;
    this.current.frequencyHz = this.#meanHz;
    this.current.centreHz = this.#meanCentreHz;
    this.#puritySum += high > 0 ? m.pairPurity : m.purity;
    this.current.purity = this.#puritySum / this.#frames;
    this.lastToneAtMs = m.atMs;
    const isRecent = m.atMs - this.#loudestAtMs <= ECHO_MS;
    if (isRecent && m.levelDb < this.#loudestDb - LEVEL_RIPPLE_DB) return;
    this.#loudestDb = isRecent ? Math.max(m.levelDb, this.#loudestDb) : m.levelDb;
    this.#loudestAtMs = m.atMs;
  }

  #finishStatistics(): void {
    const count = Math.min(this.#frames, MEMORY_FRAMES);
    const isPair = this.#pairFrames * 2 > this.#frames;
    const trim = count > 4 && this.#frames <= MEMORY_FRAMES ? 1 : 0;
    let n = 0;
    let sumHz = 0;
    let sumHz2 = 0;
    let sumHigh = 0;
    let highs = 0;
    let sumDb = 0;
    let sumDb2 = 0;
    let sumCentre = 0;
    let sumCentre2 = 0;
    for (let i = trim; i < count - trim; i++) {
      const isPairFrame = this.#high[i]! > 0;
      if (isPairFrame) {
        sumHigh += this.#high[i]!;
        highs++;
      }
      sumDb += this.#level[i]!;
      sumDb2 += this.#level[i]! ** 2;
      sumCentre += this.#centre[i]!;
      sumCentre2 += this.#centre[i]! ** 2;
      if (isPairFrame !== isPair) continue;
      sumHz += this.#low[i]!;
      sumHz2 += this.#low[i]! ** 2;
      n++;
    }
    const all = count - 2 * trim;
    const hz = n > 0 ? sumHz / n : this.#meanHz;
    const segment = this.current;
    segment.frequencyHz = hz;
    segment.secondHz = isPair && highs > 0 ? sumHigh / highs : 0;
    segment.wobbleHz = n > 0 ? Math.sqrt(Math.max(0, sumHz2 / n - hz * hz)) : 0;
    segment.centreHz = sumCentre / all;
    segment.centreWobbleHz = Math.sqrt(Math.max(0, sumCentre2 / all - segment.centreHz ** 2));
    segment.levelDb = sumDb / all;
    segment.unevenDb = Math.sqrt(Math.max(0, sumDb2 / all - (sumDb / all) ** 2));
  }
}
