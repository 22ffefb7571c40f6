import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SaxesParser } from 'saxes';
import { DECISION_TABLE } from '../../src/callflow/decision-table.js';
import { BOX, boxName } from '../../src/callflow/figure-boxes.js';
import { figureEdges } from '../../src/callflow/figure-edges.js';
import { BOX_PLACES, CANVAS, EDGE_WAYS } from '../../src/callflow/figure-layout.js';
import { figureSvg } from '../../src/callflow/figure-svg.js';
import { matrixRows } from '../../src/callflow/matrix.js';
import { SERVICE_OPTIONS } from '../fakes/service-config.js';

/** The texts of the picture, which has to be well-formed XML. */
function textsOf(svg: string): readonly string[] {
  const texts: string[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => assert.fail(error));
  parser.on('text', (text) => texts.push(text.trim()));
  parser.write(svg).close();
  return texts.filter((text) => text !== '');
}

describe('the picture of the figure', () => {
  it('is the one in docs/', () => {
    const written = readFileSync(new URL('../../docs/figure.svg', import.meta.url), 'utf8');
    const stale = 'docs/figure.svg is stale: run node --import tsx scripts/make-reference.mjs';
    assert(written === figureSvg(), stale);
  });

  it('shows every box of the figure, and every row that leads to one', () => {
    const texts = textsOf(figureSvg());
    const words = new Set(texts.flatMap((text) => text.split(' ')));
    for (const { row, box, to } of DECISION_TABLE) {
      if (to === undefined || box === to) continue;
      assert(texts.includes(to), to);
      assert(words.has(row), row);
    }
  });

  it('has a way for every arrow of the table, and none for arrows that are not there', () => {
    const arrows = figureEdges().map(({ from, to }) => `${boxName(from)}>${boxName(to)}`);
    assert.deepEqual([...new Set(arrows)].sort(), Object.keys(EDGE_WAYS).sort());
    assert.equal(new Set(arrows).size, arrows.length, 'one arrow between two boxes');
  });

  it('leads each way to the edge of its box, upright and within the canvas', () => {
    for (const [key, { points }] of Object.entries(EDGE_WAYS)) {
      const [x, y] = points.at(-1) ?? [0, 0];
      const place = BOX_PLACES[key.split('>')[1] as keyof typeof BOX];
      assert(place, key);
      const right = Math.abs(x - place.at[0]) - place.width / 2;
      const down = Math.abs(y - place.at[1]) - place.height / 2;
      // `plugin>retry` joins the arrow that comes down from the question above.
      if (key !== 'plugin>retry') assert(Math.max(right, down) === 0, key);
      points.slice(1).forEach(([toX, toY], index) => {
        const [fromX, fromY] = points[index] ?? [0, 0];
        assert(toX === fromX || toY === fromY, `${key} is slanted`);
        assert(toX > 0 && toX < CANVAS.width && toY > 0 && toY < CANVAS.height, key);
      });
    }
  });

  it('shows of one service what it can reach', () => {
    const shown = new Set<string>(matrixRows(SERVICE_OPTIONS).rows.map(({ row }) => row));
    const isShown = ({ row }: { readonly row: string }) => shown.has(row);
    const texts = textsOf(figureSvg({ isShown, service: 'sales & <more>' }));
    assert(texts.includes('The call flow of sales & <more>'));
    assert(texts.includes(BOX.queue));
    assert(!texts.includes(BOX.vxml) || texts.includes('no'));
    assert(!texts.includes(BOX.action), 'nobody is asked');
  });
});
