/**
 * Decides between human and machine by timing: a person says a word or two and waits, a machine keeps
 * speaking. The clock starts with the speech, never with the answer, because carriers send seconds of
 * nothing first. Silence, noise and music are never a machine: what the voice model does not believe
 * to be speech counts for nothing.
 *
 * The evidence is one number, the logarithm of the odds of a machine: it grows with every moment of
 * speech and falls with every moment of a pause. Machine at 0 and above; human when the pause has
 * brought it down far enough.
 */
import type { CpdOptions, TimingRule } from './options.js';
import { timingRule } from './options.js';
import type { Reading } from './reading.js';
import type { Measurements } from './spectrum.js';
import type { Verdict } from './types.js';
import type { VoiceActivity } from './voice-activity.js';

export interface Decision {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly confidence: number;
  /** Stable name of the reason; without one, the verdict's word. */
  readonly code?: string;
  /** What the reason is made of. ms, dB or shares, as the names say */
  readonly numbers?: Readonly<Record<string, number>>;
}

/** What a rule hears of the call. One object, overwritten for every hop. */
export interface Heard {
  /** What has been heard since the answer. */
  readonly voice: VoiceActivity;
  /** The newest measurements. */
  readonly measured: Measurements;
  /** How far the audio has come. ms */
  nowMs: number;
  /** When the call was answered, or leaked ringback stopped. ms */
  answeredMs: number;
  /** A tone sounds now, which may be about to explain itself. */
  isToneOpen: boolean;
  /** It, or one that has just ended, may turn out to be a voicemail's beep. */
  mayBeBeep: boolean;
}

/** How a profile decides. Called once for every hop until there is a verdict. */
export interface Rule {
  /** @returns a decision, or null while it is too early */
  decide(heard: Heard): Decision | null;
  /** Writes down how far the evidence has come for each verdict that the rule can give. */
  weigh(heard: Heard, into: Reading): void;
}

/** More than this share of sound without speech is not silence: music, noise. */
const NOISY_SHARE = 0.4;
/** Each second of speech without a pause multiplies the odds of a machine by e squared. */
const ODDS_PER_SECOND = 2;
/**
 * A less likely utterance was none, and nothing is decided by it. Of a word much stays open; who has heard
 * two seconds of speech is sure of it, and music goes on for longer. ms
 */
const LEAST_CREDIBLE_WORD = 0.6;
const LEAST_CREDIBLE_SPEECH = 0.95;
const WORD_MS = 500;
const SURELY_SPEECH_MS = 2000;
/** Who asks again gets a yes in the end: each sound that was no speech doubles the odds against the next, up to so many. */
const MISTAKE_ODDS = 2;
const MOST_MISTAKES = 3;
/** The shortest word has a vowel; what is as short and has none is a click. ms */
const VOWEL_MS = 48;
const LEAST_UNVOICED_MS = 112;
/** From here on there is no doubt; without any belief the pause has to be this much longer. ms */
const BELIEVED = 0.9;
const DOUBT_MS = 900;
/** So much music, and so much of all the sound, is music. ms */
const MUSIC_MS = 2500;
const MUSIC_SHARE = 0.4;

export class AnswerRule implements Rule {
  readonly #options: CpdOptions;
  readonly #timing: TimingRule;

  constructor(options: CpdOptions) {
    this.#options = options;
    this.#timing = timingRule(options);
  }

  decide({ voice, nowMs, answeredMs, isToneOpen, mayBeBeep }: Heard): Decision | null {
    const waitedMs = nowMs - answeredMs;
    if (voice.hasOnset) {
      const decision = this.#judgeSpeech(voice, nowMs) ?? this.#giveUp(voice, waitedMs);
      // A beep is no pause in which somebody waits for an answer.
      return decision?.verdict === 'human' && mayBeBeep ? null : decision;
    }
    if (isToneOpen && waitedMs < this.#options.decisionTimeoutMs) return null;
    return this.#judgeQuiet(voice, waitedMs);
  }

  weigh({ voice, nowMs, answeredMs }: Heard, into: Reading): void {
    if (!voice.hasOnset) {
      into.silence = (nowMs - answeredMs) / this.#options.silenceTimeoutMs;
      return;
    }
    into.human = voice.pauseMs(nowMs) / this.#neededPauseMs(voice.spokenMs, voice.credibility);
    into.machine = voice.spokenMs / this.#timing.machineSpeechMs;
  }

  #judgeSpeech(voice: VoiceActivity, nowMs: number): Decision | null {
    const { spokenMs } = voice;
    const pauseMs = voice.pauseMs(nowMs);
    const neededMs = this.#neededPauseMs(spokenMs, voice.credibility);
    const hasPaused = pauseMs >= neededMs;
    const isLong = spokenMs >= this.#timing.machineSpeechMs;
    if (!hasPaused && !isLong) return null;
    if (!isCredible(voice)) {
      voice.forgetSpeech();
      return null;
    }
    const numbers = {
      speechMs: Math.round(spokenMs),
      pauseMs: Math.round(pauseMs),
      neededPauseMs: Math.round(neededMs),
      machineSpeechMs: this.#timing.machineSpeechMs,
      speechProbability: twoDigits(voice.credibility),
      logOdds: twoDigits(this.#logOdds(spokenMs)),
    };
    return isLong ? this.#machine(spokenMs, numbers) : this.#human(spokenMs, numbers);
  }

  #machine(spokenMs: number, numbers: Readonly<Record<string, number>>): Decision {
    return {
      verdict: 'machine',
      code: 'long-speech',
      reason: `speech for ${round(spokenMs)} ms without a telling pause; a person would have waited for an answer by ${round(this.#timing.machineSpeechMs)} ms`,
      confidence: probability(this.#logOdds(spokenMs) + 1.4),
      numbers,
    };
  }

  #human(spokenMs: number, numbers: Readonly<Record<string, number>>): Decision {
    return {
      verdict: 'human',
      code: 'short-speech-then-pause',
      reason: `speech for ${round(spokenMs)} ms, then a pause of ${numbers['pauseMs']} ms (${numbers['neededPauseMs']} ms is enough after so much speech)`,
      confidence: probability(-this.#logOdds(spokenMs)),
      numbers,
    };
  }

  /** Doubt asks for patience: a dog barks again. */
  #neededPauseMs(spokenMs: number, credibility: number): number {
    const { shortestPauseMs, pausePerSecondMs } = this.#timing;
    const doubt = Math.min(1, Math.max(0, (BELIEVED - credibility) / BELIEVED));
    return shortestPauseMs + (pausePerSecondMs * spokenMs) / 1000 + DOUBT_MS * doubt;
  }

  /** Of a machine, from the length of the speech alone. */
  #logOdds(spokenMs: number): number {
    return (ODDS_PER_SECOND * (spokenMs - this.#timing.machineSpeechMs)) / 1000;
  }

  #judgeQuiet(voice: VoiceActivity, waitedMs: number): Decision | null {
    const { silenceTimeoutMs, decisionTimeoutMs } = this.#options;
    if (waitedMs < silenceTimeoutMs) return null;
    const share = voice.soundMs / Math.max(1, waitedMs);
    if (isMusic(voice)) return quiet('music', 'music', voice, waitedMs, share);
    if (share <= NOISY_SHARE) return quiet('silence', 'no-speech', voice, waitedMs, share);
    if (waitedMs < decisionTimeoutMs) return null;
    return quiet('noise', 'sound-without-speech', voice, waitedMs, share);
  }

  /** Speech that neither ends nor grows, such as music with a voice-like note now and then. */
  #giveUp(voice: VoiceActivity, waitedMs: number): Decision | null {
    if (waitedMs >= this.#options.silenceTimeoutMs && isMusic(voice)) {
      const share = voice.soundMs / Math.max(1, waitedMs);
      return quiet('music', 'music', voice, waitedMs, share);
    }
    if (waitedMs < this.#options.decisionTimeoutMs + this.#timing.machineSpeechMs) return null;
    return {
      verdict: 'unknown',
      code: 'undecided',
      reason: `undecided after ${round(waitedMs)} ms; ${round(voice.speechMs)} ms of them were like speech`,
      confidence: 0.3,
      numbers: { waitedMs: Math.round(waitedMs), speechMs: Math.round(voice.speechMs) },
    };
  }
}

/** Whether what was taken for speech is speech, rather than a note, a bark or a click. */
export function isCredible(
  voice: Pick<VoiceActivity, 'longestVowelMs' | 'speechMs' | 'credibility' | 'mistakes'>,
): boolean {
  const isClick = voice.longestVowelMs < VOWEL_MS && voice.speechMs < LEAST_UNVOICED_MS;
  const grown = (voice.speechMs - WORD_MS) / (SURELY_SPEECH_MS - WORD_MS);
  const least =
    LEAST_CREDIBLE_WORD +
    (LEAST_CREDIBLE_SPEECH - LEAST_CREDIBLE_WORD) * Math.min(1, Math.max(0, grown));
  const odds = (least / (1 - least)) * MISTAKE_ODDS ** Math.min(MOST_MISTAKES, voice.mistakes);
  return !isClick && voice.credibility >= odds / (1 + odds);
}

function isMusic(voice: VoiceActivity): boolean {
  return voice.musicMs >= MUSIC_MS && voice.musicMs >= MUSIC_SHARE * voice.soundMs;
}

function quiet(
  verdict: 'music' | 'silence' | 'noise',
  code: string,
  voice: VoiceActivity,
  waitedMs: number,
  share: number,
): Decision {
  return {
    verdict,
    code,
    reason: `no speech for ${round(waitedMs)} ms after the answer; ${round(100 * share)} % of the time something above the line's noise (${round(voice.floorDb)} dB), ${round(voice.musicMs)} ms of it music`,
    confidence: verdict === 'silence' ? 0.9 : 0.6,
    numbers: {
      waitedMs: Math.round(waitedMs),
      soundShare: twoDigits(share),
      musicMs: Math.round(voice.musicMs),
      floorDb: Math.round(voice.floorDb),
    },
  };
}

const round = (x: number): string => String(Math.round(x));

const twoDigits = (x: number): number => Math.round(100 * x) / 100;

const probability = (logOdds: number): number => twoDigits(1 / (1 + Math.exp(-logOdds)));
