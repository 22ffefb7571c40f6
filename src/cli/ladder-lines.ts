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
  if (item.kind === 'attempt') return [`${' '.repeat(TIME)}${MARGIN}attempt ${item.attempt}`];
  const time = offset(item.atMs).padEnd(TIME);
  if (item.kind === 'media') return [`${time}${MARGIN}${mediaRow(item)}`];
  const empty = ' '.repeat(SPAN);
  const isCustomer = item.leg === 'customer';
  // Ours go left to the customer and right to the others.
  const pointsRight = isCustomer === (item.direction === '<-');
  const arrow = item.direction === '--' ? centre(item.message, SPAN) : line(item, pointsRight);
  const row = isCustomer ? `|${arrow}|${empty}|` : `|${empty}|${arrow}|`;
  const { detail } = item;
  const note = detail && `${' '.repeat(TIME)}${MARGIN}|  ${detail.slice(0, DETAIL_MAX)}`;
  return [`${time}${MARGIN}${row}`, ...(note ? [note] : [])];
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

function mediaRow({ leg, what, detail }: MediaLine): string {
  const whose = leg === 'customer' ? '' : ` ${leg}`;
  const text = `*${whose} ${what}${detail === undefined ? '' : `: ${detail}`}`;
  return text.slice(0, DETAIL_MAX + 3);
}

function centre(text: string, width: number): string {
  const left = Math.max(0, Math.floor((width - text.length) / 2));
  return text
    .slice(0, width)
    .padStart(left + Math.min(text.length, width))
    .padEnd(width);
}
