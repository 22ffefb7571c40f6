/**
 * The words of call progress detection: what a recording or a live call can turn out to be, and
 * what the detector says while it listens. Data only.
 *
 * Every time is in milliseconds of audio since the first sample the detector was given, missing
 * packets included; it has nothing to do with any clock.
 */

/**
 * Who or what answered, or, of a call that was not answered, what was heard instead. `sit-…` are the
 * special information tones whose meaning is known. `busy-or-congestion` is a rhythm that some
 * countries use for the one and some for the other, when the country is not known.
 */
export type Verdict =
  | 'human'
  | 'machine'
  | 'fax'
  | 'busy'
  | 'reorder'
  | 'busy-or-congestion'
  | 'sit'
  | 'sit-intercept'
  | 'sit-vacant'
  | 'sit-no-circuit'
  | 'sit-reorder'
  | 'ringback'
  | 'announcement'
  | 'music'
  | 'noise'
  | 'silence'
  | 'unknown';

/** A special information tone: three rising tones before an announcement (ITU-T E.180, 7). */
export type SitVerdict = Extract<Verdict, `sit${string}`>;

/** Busy, and congestion (reorder, fast busy), or either. */
export type BusyVerdict = Extract<Verdict, 'busy' | 'reorder' | 'busy-or-congestion'>;

/** Tones that have a meaning of their own. `v21` is the preamble of a fax machine's first words. */
export type SignalTone = BusyVerdict | SitVerdict | 'ced' | 'cng' | 'v21';

/** What a line carries before the answer. */
export type EarlyMediaSound = Exclude<Verdict, 'human' | 'machine' | 'fax'>;

export type CpdEvent =
  /** The far end is being rung; said once, when the first cycle has been heard. */
  | { readonly type: 'ringback'; readonly atMs: number }
  | {
      readonly type: 'tone';
      readonly tone: SignalTone;
      readonly atMs: number;
      readonly frequenciesHz: readonly number[];
      /** Of `busy-or-congestion`: the likelier first. Absent when the tone has one meaning. */
      readonly candidates?: readonly SignalTone[];
    }
  /**
   * Before the answer, each time something else is heard: what it is now, and what all that was heard
   * so far amounts to (a tone outweighs an announcement, and that outweighs ringback).
   */
  | {
      readonly type: 'early-media';
      readonly now: EarlyMediaSound;
      readonly soFar: EarlyMediaSound;
      readonly atMs: number;
      readonly reason: string;
    }
  /** `atMs` is where the speech began, a little before the detector could be sure of it. */
  | { readonly type: 'speech-onset'; readonly atMs: number }
  /** `atMs` is when the decision fell; `confidence` is 0 to 1 and not a calibrated probability. */
  | {
      readonly type: 'verdict';
      readonly verdict: Verdict;
      readonly atMs: number;
      readonly reason: string;
      /** Stable name of the reason, such as `long-speech`; what is not worth one has the verdict's word. */
      readonly code?: string;
      /** What the reason is made of. ms, dB or shares, as the names say. */
      readonly numbers?: Readonly<Record<string, number>>;
      readonly confidence: number;
      /** Nobody had answered: it is about what the network plays. Absent on every other verdict. */
      readonly beforeAnswer?: true;
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
