/**
 * The words of call progress detection: what a recording or a live call can turn out to be, and
 * what the detector says while it listens. Data only.
 *
 * Every time is in milliseconds of audio since the first sample the detector was given, missing
 * packets included; it has nothing to do with any clock.
 */

/** Who or what answered. `sit-…` are the special information tones whose meaning is known. */
export type Verdict =
  | 'human'
  | 'machine'
  | 'fax'
  | 'busy'
  | 'reorder'
  | 'sit'
  | 'sit-intercept'
  | 'sit-vacant'
  | 'sit-no-circuit'
  | 'sit-reorder'
  | 'silence'
  | 'unknown';

/** A special information tone: three rising tones before an announcement (ITU-T E.180, 7). */
export type SitVerdict = Extract<Verdict, `sit${string}`>;

/** Tones that have a meaning of their own. `v21` is the preamble of a fax machine's first words. */
export type SignalTone = 'busy' | 'reorder' | SitVerdict | 'ced' | 'cng' | 'v21';

export type CpdEvent =
  /** The far end is being rung; said once, when the first cycle has been heard. */
  | { readonly type: 'ringback'; readonly atMs: number }
  | {
      readonly type: 'tone';
      readonly tone: SignalTone;
      readonly atMs: number;
      readonly frequenciesHz: readonly number[];
    }
  /** `atMs` is where the speech began, a little before the detector could be sure of it. */
  | { readonly type: 'speech-onset'; readonly atMs: number }
  /** `atMs` is when the decision fell; `confidence` is 0 to 1 and not a calibrated probability. */
  | {
      readonly type: 'verdict';
      readonly verdict: Verdict;
      readonly atMs: number;
      readonly reason: string;
      readonly confidence: number;
    }
  /** A verdict taken back: at most once, and only from human to machine or fax. */
  | {
      readonly type: 'revised';
      readonly from: Verdict;
      readonly verdict: Verdict;
      readonly atMs: number;
      readonly reason: string;
    }
  /** `atMs` is where a machine's greeting ended; said at its beep or after a long enough pause. */
  | { readonly type: 'greeting-ended'; readonly atMs: number }
  /** A voicemail's beep; said once it is over, because speaking into it loses the first word. */
  | {
      readonly type: 'beep';
      readonly startMs: number;
      readonly endMs: number;
      readonly frequencyHz: number;
    };

/** One thing the detector noticed, with its numbers; enough to follow a decision by hand. */
export interface TraceEntry {
  readonly atMs: number;
  readonly what: string;
  readonly values: Readonly<Record<string, number | string>>;
}

/** Where detections go. Given to each part of the detector by the detector itself. */
export interface Findings {
  emit(event: CpdEvent): void;
  note(atMs: number, what: string, values: Readonly<Record<string, number | string>>): void;
}
