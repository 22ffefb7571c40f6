import assert from 'node:assert/strict';
import { compileDocument } from '../../../../src/plugin/scxml/document/compile.js';
import { parseXml } from '../../../../src/plugin/scxml/document/xml.js';
import { chartOf } from '../../../../src/plugin/scxml/diagram/chart.js';
import { chartMermaid } from '../../../../src/plugin/scxml/diagram/mermaid.js';
import { chartSvg } from '../../../../src/plugin/scxml/diagram/svg.js';
import { NO_DIALECT } from '../../../../src/plugin/scxml/extension.js';
import { DEFAULT_LIMITS } from '../../../../src/plugin/scxml/limits.js';

const chart = chartOf(
  compileDocument(
    parseXml(
      `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="legs">
        <parallel id="both">
          <state id="main" initial="b"><state id="a"><transition event="go" cond="x &lt; 1" target="b"/><transition event="note"/></state>
            <state id="b"/><history id="h" type="deep"><transition target="a"/></history></state>
          <state id="watch"><transition event="interaction.deleted" target="end"/></state>
        </parallel>
        <final id="end"/></scxml>`,
      'legs.scxml',
      DEFAULT_LIMITS,
    ),
    NO_DIALECT,
  ),
);

describe('the drawing of a page', () => {
  it('is Mermaid with regions, first states, histories and conditions', () => {
    assert.equal(
      chartMermaid(chart, new Set(['a'])),
      `stateDiagram-v2
  [*] --> s1
  state "both" as s1 {
    state "main" as s2 {
      [*] --> s4
      state "a" as s3
      s3 --> s4: go [x < 1]
      s3 --> s3: note
      state "b" as s4
      state "h (deep history)" as s5
      s5 --> s3: always
    }
    --
    state "watch" as s6
    s6 --> s7: interaction.deleted
  }
  state "end" as s7
  s7 --> [*]
  class s3 visited
  classDef visited fill:#dcebdc,stroke:#3f7a4a
`,
    );
  });

  it('is an SVG with a box for each state and an arrow for each target', () => {
    const svg = chartSvg(chart, new Set(['a']));
    assert.equal(svg.match(/<rect class="box/g)?.length, 7);
    assert.equal(svg.match(/<path class="way"/g)?.length, 3);
    assert.match(svg, /<rect class="box state visited"[^>]*><title>a<\/title>/);
    assert.match(svg, /go \[x &lt; 1\]/);
    assert.match(svg, /note \(stays\)/);
    assert.equal(parseXml(svg, 'svg', DEFAULT_LIMITS).local, 'svg');
  });

  it('keeps arrows in lanes beside the boxes, and boxes inside each other', () => {
    const svg = chartSvg(chart);
    const boxes = [
      ...svg.matchAll(/<rect class="box[^>]* x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g),
    ].map(([, ...numbers]) => numbers.map(Number));
    const right = Math.max(...boxes.map(([x = 0, , width = 0]) => x + width));
    for (const [, lane] of svg.matchAll(/ H(\d+) V/g)) assert.ok(Number(lane) > right);
    const [outer, inner] = boxes;
    assert.ok(outer && inner);
    const [x = 0, y = 0, width = 0, height = 0] = outer;
    const [innerX = 0, innerY = 0, innerWidth = 0, innerHeight = 0] = inner;
    assert.ok(innerX > x && innerX + innerWidth < x + width);
    assert.ok(innerY > y && innerY + innerHeight <= y + height);
  });
});
