/**
 * Runs the detector over a whole recording and sums up what it said. A recording has no more to say
 * than the call had: where it breaks off before a decision, silence is assumed to follow, for as
 * long as any rule would wait.
 */
import { CpdDetector } from './detector.js';
import type { Hearing } from './hearing.js';
import { resolveOptions, type CpdOptions } from './options.js';
import { emptyReading, type Reading } from './reading.js';
import type { CpdEvent, TraceEntry, Verdict } from './types.js';

export interface ReplayResult {
  /** The verdict in the end, after a revision. */
  readonly verdict: Verdict;
  /** When the verdict in force fell. ms of audio; beyond the recording when silence had to be assumed */
  readonly decidedAtMs: number;
  /** The first verdict, before a revision, and when it fell. */
  readonly first: { readonly verdict: Verdict; readonly atMs: number };
  readonly reason: string;
  readonly confidence: number;
  readonly greetingEndMs: number | null;
  /** When the first beep was reported, which is after its end. ms */
  readonly beepAtMs: number | null;
  readonly beepStartMs: number | null;
  readonly beepEndMs: number | null;
  readonly events: readonly CpdEvent[];
  /** The same events, each with the moment at which it was said. ms of audio */
  readonly heard: readonly { readonly event: CpdEvent; readonly saidAtMs: number }[];
  readonly trace: readonly TraceEntry[];
}

export interface ReplayOptions extends Partial<CpdOptions> {
  /** When the call was answered, ms into the recording; `null`: never, it is all early media. Default 0. */
  readonly answeredAtMs?: number | null;
  /** Stop as soon as nothing can change the verdict: what comes after it, such as a beep, is not asked for. */
  readonly stopsWhenSettled?: boolean;
}

const FRAME_MS = 20;
/** Silence assumed after the end at a time. ms */
const PADDING_STEP_MS = 100;

/**
 * @param samples at the rate the options name
 * @param onReading called after every 20 ms of the recording; the object is reused
 * @param hearing of these samples, when they are judged more than once
 * @throws RangeError when an option is outside its range
 */
export function replay(
  samples: Int16Array,
  options: ReplayOptions = {},
  onReading?: (reading: Reading) => void,
  hearing?: Hearing,
): ReplayResult {
  const { answeredAtMs = 0, stopsWhenSettled = false, ...cpdOptions } = options;
  const resolved = resolveOptions(cpdOptions);
  const heard: { event: CpdEvent; saidAtMs: number }[] = [];
  const detector: CpdDetector = new CpdDetector(
    resolved,
    (event) => heard.push({ event, saidAtMs: Math.round(detector.elapsedMs) }),
    hearing,
  );
  const reading = emptyReading();
  const frameSamples = (resolved.sampleRateHz * FRAME_MS) / 1000;
  for (let start = 0; start < samples.length; start += frameSamples) {
    if (stopsWhenSettled && detector.isSettled) break;
    const atMs = (1000 * start) / resolved.sampleRateHz;
    if (answeredAtMs !== null && atMs >= answeredAtMs) detector.answered();
    detector.push(samples.subarray(start, start + frameSamples));
    if (!onReading) continue;
    detector.read(reading);
    onReading(reading);
  }
  if (answeredAtMs !== null) {
    detector.answered();
    if (!stopsWhenSettled || !detector.isSettled) padUntilDecided(detector, heard, resolved);
  }
  detector.finish();
  return summarise(heard, detector.trace);
}

function padUntilDecided(
  detector: CpdDetector,
  heard: ReplayResult['heard'],
  options: CpdOptions,
): void {
  const mostMs = options.decisionTimeoutMs + options.greetingEndPauseMs;
  for (let padded = 0; padded < mostMs; padded += PADDING_STEP_MS) {
    const waitsForEnd =
      detector.verdict === 'machine' && !heard.some(({ event }) => event.type === 'greeting-ended');
    if (detector.verdict !== null && !waitsForEnd) return;
    detector.gap(PADDING_STEP_MS);
  }
}

function summarise(heard: ReplayResult['heard'], trace: readonly TraceEntry[]): ReplayResult {
  const events = heard.map(({ event }) => event);
  const verdict = events.findLast((event) => event.type === 'verdict');
  if (!verdict) throw new Error('the detector finished without a verdict');
  const revised = events.find((event) => event.type === 'revised');
  const ended = events.find((event) => event.type === 'greeting-ended');
  const beep = events.find((event) => event.type === 'beep');
  const beepSaid = heard.find(({ event }) => event === beep);
  const final = revised ?? verdict;
  return {
    verdict: final.verdict,
    decidedAtMs: final.atMs,
    first: { verdict: verdict.verdict, atMs: verdict.atMs },
    reason: final.reason,
    confidence: verdict.confidence,
    greetingEndMs: ended?.atMs ?? null,
    beepAtMs: beepSaid?.saidAtMs ?? null,
    beepStartMs: beep?.startMs ?? null,
    beepEndMs: beep?.endMs ?? null,
    events,
    heard,
    trace,
  };
}
