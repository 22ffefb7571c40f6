/** The course of a soak run as a picture: a panel for each measure, time from left to right. */
import type { Measure, Sample } from './samples.js';

const WIDTH = 900;
const PANEL = 110;
const LEFT = 70;
const RIGHT = 16;
const PANELS: readonly { readonly title: string; readonly lines: readonly Measure[] }[] = [
  { title: 'memory, MiB', lines: ['rssMiB', 'heapMiB'] },
  { title: 'handles', lines: ['handles'] },
  { title: 'event loop p99, ms', lines: ['loopP99Ms'] },
  { title: 'request to INVITE, ms', lines: ['dialP50Ms', 'dialP95Ms'] },
];
const COLOURS = ['#0072b2', '#d55e00'];

export function drawSoak(samples: readonly Sample[], heading: string): string {
  const lengthS = samples.at(-1)?.atS ?? 1;
  const height = 40 + PANELS.length * PANEL + 30;
  const panels = PANELS.map((panel, index) =>
    drawPanel(samples, panel, 40 + index * PANEL, lengthS),
  );
  const minutes = (lengthS / 60).toFixed(0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="22" font-size="15" fill="#1f2933">${heading}</text>`,
    ...panels,
    `<text x="${LEFT}" y="${height - 10}" fill="#5f6b7a">0</text>`,
    `<text x="${WIDTH - RIGHT}" y="${height - 10}" text-anchor="end" fill="#5f6b7a">${minutes} min</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(
  samples: readonly Sample[],
  { title, lines }: (typeof PANELS)[number],
  top: number,
  lengthS: number,
): string {
  const plotTop = top + 18;
  const plotHeight = PANEL - 34;
  const most = Math.max(1, ...lines.flatMap((line) => samples.map((sample) => sample[line])));
  const x = (atS: number) => LEFT + (atS / lengthS) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => plotTop + plotHeight * (1 - value / most);
  const names = lines.map((line, index) => `<tspan fill="${COLOURS[index]}">${line} </tspan>`);
  const paths = lines.map((line, index) => {
    const points = samples.map((s) => `${x(s.atS).toFixed(1)},${y(s[line]).toFixed(1)}`);
    return `<polyline fill="none" stroke="${COLOURS[index]}" stroke-width="1.5" points="${points.join(' ')}"/>`;
  });
  return [
    `<text x="${LEFT}" y="${top + 12}" fill="#1f2933">${title}  ${lines.length > 1 ? names.join('') : ''}</text>`,
    `<rect x="${LEFT}" y="${plotTop}" width="${WIDTH - LEFT - RIGHT}" height="${plotHeight}" fill="#f8fafc" stroke="#d5dbe3"/>`,
    `<text x="${LEFT - 6}" y="${plotTop + 10}" text-anchor="end" fill="#5f6b7a">${Math.round(most)}</text>`,
    `<text x="${LEFT - 6}" y="${plotTop + plotHeight}" text-anchor="end" fill="#5f6b7a">0</text>`,
    ...paths,
  ].join('\n');
}
