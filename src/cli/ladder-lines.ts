/**
 * The wire of a callback drawn as engineers draw it: the customer on the left, Dialback in the middle,
 * agents and route points on the right, time running down. At most 78 columns.
 *
 *                  customer              dialback                 agent
 *       +0.004s        |<------ INVITE -----|                       |
 *       +0.210s        |---- 180 Ringing -->|                       |
 */
import type { LadderLine, MediaLine } from '../request/ladder.js';

/** Width of the arrows between two lanes. */
const SPAN = 24;
const TIME = 11;
const MARGIN = ' '.repeat(4);
const DETAIL_MAX = 60;
const ROW = new RegExp(`.{1,${DETAIL_MAX}}(?:\\s+|$)|.{${DETAIL_MAX}}`, 'gs');
/** Of a text that does not fit in one row. */
const ROWS_MAX = 5;

type Item =
  | ({ readonly kind: 'sip' } & LadderLine)
  | ({ readonly kind: 'media' } & MediaLine)
  | { readonly kind: 'attempt'; readonly atMs: number; readonly attempt: number };

/** @param offset prints a time; results of one width */
export function drawLadder(
  ladder: readonly LadderLine[],
  media: readonly MediaLine[],
  offset: (atMs: number) => string,
): string[] {
  const items = inOrder(ladder, media);
  if (items.length === 0) return [];
  return [laneTitles(ladder), ...items.flatMap((item) => draw(item, offset))];
}

function inOrder(ladder: readonly LadderLine[], media: readonly MediaLine[]): Item[] {
  const items: Item[] = [
    ...ladder.map((line) => ({ kind: 'sip' as const, ...line })),
    ...media.map((line) => ({ kind: 'media' as const, ...line })),
  ].sort((a, b) => a.atMs - b.atMs);
  // What came before the first attempt, or belongs to none.
  let attempt = 0;
  return items.flatMap((item) => {
    if (item.kind === 'attempt' || item.attempt === attempt) return [item];
    ({ attempt } = item);
    return [{ kind: 'attempt' as const, atMs: item.atMs, attempt }, item];
  });
}

function laneTitles(ladder: readonly LadderLine[]): string {
  const far = ladder.find(({ leg }) => leg !== 'customer')?.leg ?? '';
  const customer = centre('customer', 2 * MARGIN.length + 1);
  const gap = SPAN - MARGIN.length;
  return `${' '.repeat(TIME)}${customer}${centre('dialback', gap + SPAN - MARGIN.length)}${far}`.trimEnd();
}

function draw(item: Item, offset: (atMs: number) => string): string[] {
  const indent = ' '.repeat(TIME) + MARGIN;
  if (item.kind === 'attempt') return [`${indent}attempt ${item.attempt}`];
  const time = offset(item.atMs).padEnd(TIME);
  if (item.kind === 'media') {
    const [first = '', ...more] = wrapped(mediaText(item));
    return [`${time}${MARGIN}* ${first}`, ...more.map((text) => `${indent}  ${text}`)];
  }
  const empty = ' '.repeat(SPAN);
  const isCustomer = item.leg === 'customer';
  // Ours go left to the customer and right to the others.
  const pointsRight = isCustomer === (item.direction === '<-');
  const arrow = item.direction === '--' ? centre(item.message, SPAN) : line(item, pointsRight);
  const row = isCustomer ? `|${arrow}|${empty}|` : `|${empty}|${arrow}|`;
  const notes = wrapped(item.detail ?? '').map((text) => `${indent}|  ${text}`);
  return [`${time}${MARGIN}${row}`, ...notes];
}

function line({ message, cseq }: LadderLine, pointsRight: boolean): string {
  const method = cseq?.split(' ')[1];
  const isResponse = /^\d/.test(message);
  const named = isResponse && method !== undefined && method !== 'INVITE';
  const text = ` ${(named ? `${message} (${method})` : message).slice(0, SPAN - 6)} `;
  const left = Math.floor((SPAN - text.length) / 2);
  const dashes = (count: number) => '-'.repeat(Math.max(0, count));
  const drawn = `${dashes(left)}${text}${dashes(SPAN - left - text.length)}`;
  return pointsRight ? `${drawn.slice(0, -1)}>` : `<${drawn.slice(1)}`;
}

function mediaText({ leg, what, detail }: MediaLine): string {
  const whose = leg === 'customer' ? '' : `${leg} `;
  return `${whose}${what}${detail === undefined ? '' : `: ${detail}`}`;
}

/** Rows of at most `DETAIL_MAX`, broken at blanks where there are any. */
function wrapped(text: string): readonly string[] {
  const rows = text.match(ROW) ?? [];
  const isCut = rows.length > ROWS_MAX;
  return rows.slice(0, ROWS_MAX).map((row, index) => {
    const isLast = isCut && index === ROWS_MAX - 1;
    return isLast ? `${row.slice(0, DETAIL_MAX - 3)}...` : row.trimEnd();
  });
}

function centre(text: string, width: number): string {
  const left = Math.max(0, Math.floor((width - text.length) / 2));
  return text
    .slice(0, width)
    .padStart(left + Math.min(text.length, width))
    .padEnd(width);
}
