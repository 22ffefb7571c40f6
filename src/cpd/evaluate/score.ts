/**
 * Compares what the detector said with what the clips are: shares right and their intervals, what else
 * each class was taken for, and how long a decision took. One set of outcomes is one profile.
 */
import type { Expectation, LabelledClip } from './labels.js';
import type { ClipOutcome } from './outcome.js';
import {
  clusterBootstrap,
  quantile,
  wilson,
  type GroupedHit,
  type Interval,
} from './statistics.js';
import type { Verdict } from '../types.js';

/** A clip and what one profile said about it. */
export interface Judged {
  readonly clip: LabelledClip;
  readonly outcome: ClipOutcome;
}

/** A share with its two intervals: clips taken as independent, and drawn by source group. */
export interface Share {
  readonly hits: number;
  readonly count: number;
  /** 0 to 1; null when nothing was counted. */
  readonly share: number | null;
  readonly wilson: Interval;
  readonly clustered: Interval;
}

/** Of one class, or of one source group in it. */
export interface ClassScore {
  readonly className: string;
  readonly clips: number;
  readonly groups: number;
  /** Right at the first verdict, and in the end. */
  readonly first: Share;
  readonly final: Share;
  /** Called machine in the end. */
  readonly machineInTheEnd: Share;
  /** Called human, machine or fax in the end: a party where there may be none. */
  readonly partyInTheEnd: Share;
  /** What the wrong ones were taken for, in the end: word to count. */
  readonly takenFor: Readonly<Record<string, number>>;
}

/** Of times in ms; null without any. */
export interface Latency {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
}

export interface BeepScore {
  /** The first report of a clip with a beep is that beep. */
  readonly found: Share;
  readonly falseBefore: Share;
  /** A beep was reported where there is none. */
  readonly falseOnHuman: Share;
  readonly falseOnBeeplessMachine: Share;
  readonly falseOnTones: Share;
  readonly falseOnMusicAndNoise: Share;
}

export interface ToneScore {
  /** Busy and reorder told apart from all else, by whichever of the two words. */
  readonly busyFamily: Share;
  /** The kinds whose meaning is agreed on: IC, VC, RO, NC. */
  readonly sitKind: Share;
  /** A tone was reported on speech, music, noise, announcements or silence. */
  readonly falseTones: Share;
}

export interface EvaluationScore {
  readonly classes: readonly ClassScore[];
  readonly realVoicemail: Share;
  readonly beep: BeepScore;
  readonly tones: ToneScore;
  readonly latencies: {
    /** First verdicts "human" that are right, after the end of the utterance. */
    readonly humanAfterUtterance: Latency;
    /** Final verdicts "machine" that are right, after the onset of speech. */
    readonly machineAfterOnset: Latency;
    /** Beeps found, reported after their end. */
    readonly beepAfterEnd: Latency;
    /** Greetings' ends, said after the labelled end. */
    readonly greetingEndAfterEnd: Latency;
    readonly faxAfterToneStart: Latency;
    readonly busyAndReorderAfterToneStart: Latency;
    readonly ringbackAfterToneStart: Latency;
    /** After the end of the third tone, of the kinds whose lengths are known. */
    readonly sitAfterThirdTone: Latency;
  };
}

/** A report this long after a beep's end is of something else. ms */
const BEEP_LATE_MS = 1500;
const SHORT_SEGMENT_MS = 274;
const LONG_SEGMENT_MS = 380;
/** Length of the three tones together. ms; source: Bellcore, as for the matcher itself */
const SIT_LENGTH_MS: Readonly<Record<string, number>> = {
  IC: 2 * SHORT_SEGMENT_MS + LONG_SEGMENT_MS,
  VC: SHORT_SEGMENT_MS + 2 * LONG_SEGMENT_MS,
  RO: SHORT_SEGMENT_MS + 2 * LONG_SEGMENT_MS,
  NC: 3 * LONG_SEGMENT_MS,
  ITU: 3 * 330,
};
const SIT_VERDICTS: Readonly<Record<string, Verdict>> = {
  IC: 'sit-intercept',
  VC: 'sit-vacant',
  RO: 'sit-reorder',
  NC: 'sit-no-circuit',
};
const BUSY_FAMILY: ReadonlySet<Verdict> = new Set(['busy', 'reorder', 'busy-or-congestion']);
const PARTIES: ReadonlySet<Verdict> = new Set(['human', 'machine', 'fax']);
const TONE_EXPECTATIONS: ReadonlySet<Expectation> = new Set([
  'busy',
  'reorder',
  'ringback',
  'sit',
  'fax',
]);

/** The verdict in force when all was said. */
export const finalWord = (outcome: ClipOutcome): Verdict => outcome.revisedTo ?? outcome.verdict;

/** Whether a word is what the clip's label asks for. */
export function isRight(expect: Expectation, word: Verdict): boolean {
  switch (expect) {
    case 'sit':
      return word.startsWith('sit');
    case 'silence_or_noise':
      return word === 'silence' || word === 'noise' || word === 'unknown';
    default:
      return word === expect;
  }
}

export function score(judged: readonly Judged[]): EvaluationScore {
  return {
    classes: scoreBy(judged, ({ clip }) => clip.className),
    realVoicemail: share(
      judged.filter(({ clip }) => clip.isRealVoicemail),
      isFinallyRight,
    ),
    beep: scoreBeeps(judged),
    tones: scoreTones(judged),
    latencies: scoreLatencies(judged),
  };
}

/** One score per key, in the order in which the keys first appear. */
export function scoreBy(judged: readonly Judged[], keyOf: (one: Judged) => string): ClassScore[] {
  const classes = new Map<string, Judged[]>();
  for (const one of judged) {
    const key = keyOf(one);
    const known = classes.get(key);
    if (known) known.push(one);
    else classes.set(key, [one]);
  }
  return [...classes].map(([className, clips]) => scoreClass(className, clips));
}

function scoreClass(className: string, judged: readonly Judged[]): ClassScore {
  const takenFor: Record<string, number> = {};
  for (const one of judged) {
    const word = finalWord(one.outcome);
    if (!isFinallyRight(one)) takenFor[word] = (takenFor[word] ?? 0) + 1;
  }
  return {
    className,
    clips: judged.length,
    groups: new Set(judged.map(({ clip }) => clip.group)).size,
    first: share(judged, ({ clip, outcome }) => isRight(clip.expect, outcome.verdict)),
    final: share(judged, isFinallyRight),
    machineInTheEnd: share(judged, ({ outcome }) => finalWord(outcome) === 'machine'),
    partyInTheEnd: share(judged, ({ outcome }) => PARTIES.has(finalWord(outcome))),
    takenFor,
  };
}

const isFinallyRight = ({ clip, outcome }: Judged): boolean =>
  isRight(clip.expect, finalWord(outcome));

function share(judged: readonly Judged[], isHit: (one: Judged) => boolean): Share {
  const all: GroupedHit[] = judged.map((one) => ({ group: one.clip.group, isHit: isHit(one) }));
  const hits = all.filter((one) => one.isHit).length;
  return {
    hits,
    count: all.length,
    share: all.length === 0 ? null : hits / all.length,
    wilson: wilson(hits, all.length),
    clustered: clusterBootstrap(all),
  };
}

function scoreBeeps(judged: readonly Judged[]): BeepScore {
  const withBeep = judged.filter(({ clip }) => clip.beepMs !== null);
  const without = judged.filter(({ clip }) => clip.beepMs === null);
  const hasBeep = ({ outcome }: Judged): boolean => outcome.beepAtMs !== null;
  const among = (isAmong: (expect: Expectation) => boolean): Share =>
    share(
      without.filter(({ clip }) => isAmong(clip.expect)),
      hasBeep,
    );
  return {
    found: share(withBeep, isBeepFound),
    falseBefore: share(
      withBeep,
      ({ clip, outcome }) => outcome.beepAtMs !== null && outcome.beepAtMs < clip.beepMs!,
    ),
    falseOnHuman: among((expect) => expect === 'human'),
    falseOnBeeplessMachine: among((expect) => expect === 'machine'),
    falseOnTones: among((expect) => TONE_EXPECTATIONS.has(expect)),
    falseOnMusicAndNoise: among((expect) =>
      ['music', 'silence', 'silence_or_noise', 'announcement'].includes(expect),
    ),
  };
}

function isBeepFound({ clip, outcome }: Judged): boolean {
  const { beepAtMs } = outcome;
  if (beepAtMs === null || clip.beepMs === null) return false;
  return beepAtMs >= clip.beepMs && beepAtMs <= (clip.beepEndMs ?? clip.beepMs) + BEEP_LATE_MS;
}

function scoreTones(judged: readonly Judged[]): ToneScore {
  const family = judged.filter(({ clip }) => ['busy', 'reorder'].includes(clip.expect));
  const kinds = judged.filter(({ clip }) => (clip.sitKind ?? '') in SIT_VERDICTS);
  const toneless = judged.filter(
    ({ clip }) => !TONE_EXPECTATIONS.has(clip.expect) && clip.phase !== 'pre+post',
  );
  return {
    busyFamily: share(family, ({ outcome }) => BUSY_FAMILY.has(outcome.verdict)),
    sitKind: share(
      kinds,
      ({ clip, outcome }) => outcome.verdict === SIT_VERDICTS[clip.sitKind ?? ''],
    ),
    falseTones: share(toneless, ({ outcome }) => outcome.tones.length > 0),
  };
}

function scoreLatencies(judged: readonly Judged[]): EvaluationScore['latencies'] {
  const firstRight = judged.filter(({ clip, outcome }) => isRight(clip.expect, outcome.verdict));
  const expecting = (...words: Expectation[]): Judged[] =>
    firstRight.filter(({ clip }) => words.includes(clip.expect));
  const afterStart = ({ clip, outcome }: Judged): number | null =>
    clip.speechOnMs === null ? null : outcome.decidedAtMs - clip.speechOnMs;
  const machines = judged.filter(
    (one) => one.clip.expect === 'machine' && isFinallyRight(one) && one.clip.speechOnMs !== null,
  );
  return {
    humanAfterUtterance: latency(expecting('human'), ({ clip, outcome }) =>
      clip.greetingEndMs === null ? null : outcome.decidedAtMs - clip.greetingEndMs,
    ),
    machineAfterOnset: latency(
      machines,
      ({ clip, outcome }) => (outcome.revisedAtMs ?? outcome.decidedAtMs) - clip.speechOnMs!,
    ),
    beepAfterEnd: latency(judged.filter(isBeepFound), ({ clip, outcome }) =>
      clip.beepEndMs === null ? null : outcome.beepAtMs! - clip.beepEndMs,
    ),
    greetingEndAfterEnd: latency(machines, ({ clip, outcome }) =>
      outcome.greetingEndSaidAtMs === null || clip.greetingEndMs === null
        ? null
        : outcome.greetingEndSaidAtMs - clip.greetingEndMs,
    ),
    faxAfterToneStart: latency(expecting('fax'), afterStart),
    busyAndReorderAfterToneStart: latency(expecting('busy', 'reorder'), afterStart),
    ringbackAfterToneStart: latency(expecting('ringback'), afterStart),
    sitAfterThirdTone: latency(expecting('sit'), ({ clip, outcome }) => {
      const lengthMs = SIT_LENGTH_MS[clip.sitKind ?? ''];
      if (lengthMs === undefined || clip.speechOnMs === null) return null;
      return outcome.decidedAtMs - clip.speechOnMs - lengthMs;
    }),
  };
}

function latency(judged: readonly Judged[], of: (one: Judged) => number | null): Latency {
  const times = judged.map(of).filter((ms) => ms !== null);
  times.sort((a, b) => a - b);
  return { count: times.length, p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
}
