/**
 * What the detector said about one clip, in the words of the evaluation. Everything comes from the
 * events of a replay, the same that a live call gets.
 */
import type { ReplayResult } from '../replay.js';
import type { CpdEvent, Verdict } from '../types.js';

/** Times are ms from the start of the clip; beyond its end where silence was assumed to follow. */
export interface ClipOutcome {
  /** The first verdict, and when it fell. */
  readonly verdict: Verdict;
  readonly decidedAtMs: number;
  /** What it was taken back for; null when it was not. */
  readonly revisedTo: Verdict | null;
  readonly revisedAtMs: number | null;
  /** Where the greeting ended, and when that was known. */
  readonly greetingEndMs: number | null;
  readonly greetingEndSaidAtMs: number | null;
  /** When the first beep was reported; it starts and ends before. */
  readonly beepAtMs: number | null;
  readonly beepStartMs: number | null;
  readonly beepEndMs: number | null;
  /** Tones of the network and of fax machines that were reported, with ringback. */
  readonly tones: readonly { readonly tone: string; readonly atMs: number }[];
  readonly reason: string;
  /** 0 to 1, of the first verdict. */
  readonly confidence: number;
}

/**
 * @param result of a replay
 * @param answeredAtMs when the call was answered; null: never
 */
export function outcomeOf(result: ReplayResult, answeredAtMs: number | null): ClipOutcome {
  const events = result.heard;
  const verdicts = events.filter(({ event }) => event.type === 'verdict');
  const first =
    verdicts.find(({ event }) => event.type === 'verdict' && event.atMs >= (answeredAtMs ?? 0)) ??
    verdicts.at(-1);
  const verdict = first?.event.type === 'verdict' ? first.event : null;
  const revised = pick(events, 'revised');
  const ended = pick(events, 'greeting-ended');
  const beep = pick(events, 'beep');
  const heardAtMs = verdict?.beforeAnswer ? firstHeardMs(events, verdict.verdict) : null;
  return {
    verdict: verdict?.verdict ?? 'unknown',
    decidedAtMs: heardAtMs ?? verdict?.atMs ?? 0,
    revisedTo: revised?.event.verdict ?? null,
    revisedAtMs: revised?.event.atMs ?? null,
    greetingEndMs: ended?.event.atMs ?? null,
    greetingEndSaidAtMs: ended?.saidAtMs ?? null,
    beepAtMs: beep?.saidAtMs ?? null,
    beepStartMs: beep?.event.startMs ?? null,
    beepEndMs: beep?.event.endMs ?? null,
    tones: events.flatMap(({ event, saidAtMs }) => {
      if (event.type === 'tone') return [{ tone: event.tone, atMs: saidAtMs }];
      return event.type === 'ringback' ? [{ tone: 'ringback', atMs: saidAtMs }] : [];
    }),
    reason: revised?.event.reason ?? verdict?.reason ?? 'nothing was said',
    confidence: verdict?.confidence ?? 0,
  };
}

type Heard = ReplayResult['heard'];

function pick<Type extends CpdEvent['type']>(
  heard: Heard,
  type: Type,
): { readonly event: Extract<CpdEvent, { type: Type }>; readonly saidAtMs: number } | undefined {
  const isWanted = (
    entry: Heard[number],
  ): entry is { event: Extract<CpdEvent, { type: Type }>; saidAtMs: number } =>
    entry.event.type === type;
  return heard.find(isWanted);
}

/**
 * When what a call came to before its answer was first heard. Sounds that end no attempt are concluded
 * only when the audio ends, which says nothing of how soon they were known.
 */
function firstHeardMs(heard: Heard, verdict: Verdict): number | null {
  for (const { event, saidAtMs } of heard) {
    if (event.type === 'early-media' && event.soFar === verdict) return saidAtMs;
  }
  return null;
}
