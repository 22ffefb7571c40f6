/** The moments of a drawing: a line through all its strips and a label above them, kept apart. */
import type { ReplayResult } from '../replay.js';
import type { CpdEvent } from '../types.js';
import {
  COLOURS,
  LEFT,
  RIGHT,
  WIDTH,
  at,
  colourOf,
  seconds,
  text,
  textWidth,
  type Strip,
  type TimeScale,
} from './canvas.js';

export interface Mark {
  readonly atMs: number;
  /** Of something that lasted: its end. */
  readonly toMs?: number;
  readonly label: string;
  readonly colour: string;
  /** What it means, in a sentence, for the list under the drawing. */
  readonly story: string;
  /** A decision: its line is solid. */
  readonly isDecision: boolean;
}

export const LANE_HEIGHT = 18;
const MOST_LANES = 5;
const MOST_MARKS = 24;
/** Events this close to a verdict are what it says. ms */
const SAME_MOMENT_MS = 60;

export const endOf = (event: CpdEvent): number =>
  event.type === 'beep' ? event.endMs : event.atMs;

/** @param answeredAtMs when the call was answered; null: never */
export function marksOf(result: ReplayResult, answeredAtMs: number | null): Mark[] {
  const answered: Mark[] =
    answeredAtMs !== null && answeredAtMs > 0
      ? [
          {
            atMs: answeredAtMs,
            label: 'answered',
            colour: COLOURS.ink,
            story: 'the call is answered',
            isDecision: true,
          },
        ]
      : [];
  const heard = result.events.filter((event) => !isSaidByVerdict(event, result.events)).map(markOf);
  return [...answered, ...heard].sort((a, b) => a.atMs - b.atMs).slice(0, MOST_MARKS);
}

/** Whether a verdict at the same moment says the same, and more. */
function isSaidByVerdict(event: CpdEvent, all: readonly CpdEvent[]): boolean {
  const word = event.type === 'tone' ? event.tone : event.type === 'early-media' ? event.now : null;
  if (word === null) return false;
  // Ringback has an event of its own.
  if (event.type === 'early-media' && word === 'ringback') return true;
  return all.some(
    (other) =>
      other.type === 'verdict' &&
      (other.verdict === word || other.verdict === 'fax') &&
      Math.abs(other.atMs - endOf(event)) <= SAME_MOMENT_MS,
  );
}

function markOf(event: CpdEvent): Mark {
  switch (event.type) {
    case 'verdict': {
      const colour = colourOf(event.verdict);
      const { verdict, reason } = event;
      const story = reason.startsWith(`${verdict}:`) ? reason : `${verdict}: ${reason}`;
      return { atMs: event.atMs, label: event.verdict, colour, story, isDecision: true };
    }
    case 'revised': {
      const label = `revised: ${event.verdict}`;
      const story = `${event.from} taken back for ${event.verdict}: ${event.reason}`;
      return {
        atMs: event.atMs,
        label,
        colour: colourOf(event.verdict),
        story,
        isDecision: true,
      };
    }
    case 'tone': {
      const story = `${event.tone} tone, ${event.frequenciesHz.map(Math.round).join(' and ')} Hz`;
      return quiet(event.atMs, `${event.tone} tone`, COLOURS.tone, story);
    }
    case 'beep': {
      const lastedMs = event.endMs - event.startMs;
      const story = `beep of ${event.frequencyHz} Hz for ${lastedMs} ms`;
      const label = `beep ${event.frequencyHz} Hz`;
      return { ...quiet(event.startMs, label, COLOURS.beep, story), toMs: event.endMs };
    }
    case 'ringback':
      return quiet(event.atMs, 'ringback', COLOURS.network, 'the far end is being rung');
    case 'early-media':
      return quiet(event.atMs, event.now, colourOf(event.now), `on the line: ${event.reason}`);
    case 'speech-onset':
      return quiet(event.atMs, 'speech', COLOURS.human, 'speech begins');
    case 'greeting-ended':
      return quiet(event.atMs, 'greeting ended', COLOURS.greeting, 'the greeting is over');
  }
}

const quiet = (atMs: number, label: string, colour: string, story: string): Mark => ({
  atMs,
  label,
  colour,
  story,
  isDecision: false,
});

/** Which lane each label goes to, so that none covers another. */
export function lanesOf(marks: readonly Mark[], scale: TimeScale): number[] {
  const endOfLane: number[] = [];
  return marks.map(({ atMs, label }) => {
    const left = labelLeft(scale.x(atMs), label);
    let lane = endOfLane.findIndex((end) => end + 8 <= left);
    if (lane < 0) lane = endOfLane.length < MOST_LANES ? endOfLane.length : MOST_LANES - 1;
    endOfLane[lane] = left + textWidth(label) + 10;
    return lane;
  });
}

/** @param labels the strip above the panels; @param panels all of them */
export function drawMarks(
  marks: readonly Mark[],
  scale: TimeScale,
  labels: Strip,
  panels: Strip,
): string[] {
  const lanes = lanesOf(marks, scale);
  return marks.map((mark, i) => {
    const x = scale.x(mark.atMs);
    const y = labels.top + lanes[i]! * LANE_HEIGHT;
    const bottom = panels.top + panels.height;
    const dash = mark.isDecision ? '' : ' stroke-dasharray="3 3"';
    const left = labelLeft(x, mark.label);
    const filled = mark.isDecision;
    return [
      mark.toMs === undefined ? '' : lasting(mark, mark.toMs, scale, panels),
      `<line x1="${at(x)}" x2="${at(x)}" y1="${at(y + LANE_HEIGHT - 4)}" y2="${at(bottom)}" stroke="${mark.colour}" stroke-width="${filled ? 1.6 : 1.1}"${dash}/>`,
      `<rect x="${at(left)}" y="${at(y)}" width="${at(textWidth(mark.label) + 10)}" height="15" rx="3" fill="${filled ? mark.colour : 'white'}" stroke="${mark.colour}"/>`,
      text(left + 5, y + 11.5, mark.label, { fill: filled ? 'white' : mark.colour }),
    ].join('');
  });
}

function lasting(mark: Mark, toMs: number, scale: TimeScale, panels: Strip): string {
  const left = scale.x(mark.atMs);
  const width = Math.max(1, scale.x(toMs) - left);
  return `<rect x="${at(left)}" y="${at(panels.top)}" width="${at(width)}" height="${at(panels.height)}" fill="${mark.colour}" opacity="0.22"/>`;
}

/** Labels start at their line and stay inside the drawing. */
function labelLeft(x: number, label: string): number {
  const width = textWidth(label) + 10;
  return Math.max(LEFT, Math.min(x - 2, WIDTH - RIGHT - width));
}

/** What happened, moment by moment. */
export function storyLines(marks: readonly Mark[], top: number): string[] {
  return marks.map(({ atMs, story, colour, isDecision }, i) => {
    const y = top + i * 17;
    return [
      text(LEFT + 52, y, seconds(atMs), { 'text-anchor': 'end', fill: COLOURS.soft }),
      `<circle cx="${LEFT + 63}" cy="${at(y - 4)}" r="3.5" fill="${colour}"/>`,
      text(LEFT + 74, y, story, { fill: COLOURS.ink, 'font-weight': isDecision ? 600 : 400 }),
    ].join('');
  });
}
