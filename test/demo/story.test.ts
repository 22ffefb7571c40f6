import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { DECISION_TABLE } from '../../src/callflow/decision-table.js';
import { PERSONAS } from '../../src/farend/personas.js';
import {
  screen,
  storyHead,
  storyLine,
  table,
  wrap,
  type Piece,
  type ScreenOptions,
} from '../../src/demo/story.js';

const textOf = (pieces: readonly Piece[]) => pieces.map(({ text }) => text).join('');

function capture(options: Partial<ScreenOptions> = {}) {
  let text = '';
  const output = screen((more) => (text += more), { useColour: false, isLive: false, ...options });
  return { output, text: () => text };
}

describe('the story', () => {
  const STATES = ['waiting-for-agent', 'treating-customer', 'connected', 'ended', 'dialing'];

  it('fits any terminal, and shows states, rows and personas whole at 80 columns', () => {
    for (const width of [32, 40, 52, 60, 66, 72, 80]) {
      assert(textOf(storyHead(width)).length <= width);
      for (const state of STATES) {
        for (const { row } of DECISION_TABLE) {
          const who = 'night-desk: hangs-up-during-treatment';
          const text = textOf(storyLine({ sinceStartMs: 123_456, who, state, row }, width));
          assert(text.length <= width, `${text.length} > ${width}: ${text}`);
          assert(text.includes(state.slice(0, width >= 52 ? 99 : 8)), text);
          if (width === 80) assert(text.endsWith(row), text);
        }
      }
    }
    for (const who of Object.keys(PERSONAS)) {
      assert(
        textOf(storyLine({ sinceStartMs: 0, who, state: 'ended', row: 'x' }, 80)).includes(who),
      );
    }
  });

  it('tells in colour what a state means', () => {
    const toneOf = (state: string) =>
      storyLine({ sinceStartMs: 0, who: 'a', state, row: 'r' }, 80)[2]?.tone;
    assert.deepEqual(STATES.map(toneOf), ['wait', 'sound', 'good', 'strong', 'plain']);
  });

  it('says the same without colour', () => {
    const pieces = storyLine({ sinceStartMs: 9, who: 'a', state: 'connected', row: 'r' }, 80);
    const [plain, coloured] = [capture(), capture({ useColour: true })];
    plain.output.line(pieces);
    coloured.output.line(pieces);
    assert.notEqual(coloured.text(), plain.text());
    assert.equal(stripVTControlCharacters(coloured.text()), plain.text());
    assert(!plain.text().includes('\u001b'));
  });

  it('keeps the status below the last line, and off what is no terminal', () => {
    const live = capture({ isLive: true, columns: 80 });
    live.output.status('1 of 2');
    live.output.line('a');
    live.output.status('');
    live.output.line('b');
    assert.equal(live.text(), '1 of 2\r\u001b[2Ka\n1 of 2\r\u001b[2Kb\n');
    const file = capture();
    file.output.status('1 of 2');
    file.output.line('a');
    assert.equal(file.text(), 'a\n');
  });

  it('uses 80 columns at most, and 32 on the narrowest terminal', () => {
    assert.deepEqual(
      [undefined, 200, 61, 5].map((columns) => capture(columns ? { columns } : {}).output.width),
      [80, 80, 61, 32],
    );
  });
});

describe('the table', () => {
  const rows = [
    { cells: ['', 'persona', 'reason', 'heard'] },
    { cells: ['ok', 'hangs-up', 'AGENT_CONNECTED', 'connect waiting find-agent-fail'] },
    { cells: ['ok', 'busy', 'FAIL', '-'] },
  ];
  const drawn = (width: number) => table(rows, width).map(textOf);

  it('aligns its columns', () => {
    assert.deepEqual(drawn(80), [
      '    persona   reason           heard',
      'ok  hangs-up  AGENT_CONNECTED  connect waiting find-agent-fail',
      'ok  busy      FAIL             -',
    ]);
  });

  it('wraps the last column', () => {
    assert.deepEqual(drawn(50).slice(1), [
      'ok  hangs-up  AGENT_CONNECTED  connect waiting',
      '                               find-agent-fail',
      'ok  busy      FAIL             -',
    ]);
  });

  it('puts below what does not fit', () => {
    assert.deepEqual(drawn(32).slice(2), [
      'ok  hangs-up  AGENT_CONNECTED',
      '    connect waiting',
      '    find-agent-fail',
      'ok  busy      FAIL',
      '    -',
    ]);
    assert.deepEqual(drawn(20).slice(3, 6), [
      'ok  hangs-up',
      '    AGENT_CONNECTED',
      '    connect waiting',
    ]);
  });

  it('leaves out what would go below and says nothing', () => {
    const calls = [
      { cells: ['busy', 'FAIL_CALL_TO_CUSTOMER', ''] },
      { cells: ['human', 'AGENT_CONNECTED', 'connect waiting'] },
    ];
    assert.deepEqual(table(calls, 32).map(textOf), [
      'busy   FAIL_CALL_TO_CUSTOMER',
      'human  AGENT_CONNECTED',
      '    connect waiting',
    ]);
  });

  it('is never wider than it may be, and loses no word that fits', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    const cell = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(' '));
    const lines = fc.array(fc.tuple(word, word, cell), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lines, fc.integer({ min: 32, max: 80 }), (cells, width) => {
        const texts = table(
          cells.map((row) => ({ cells: row })),
          width,
        ).map(textOf);
        assert(texts.every((text) => text.length <= width && text === text.trimEnd()));
        const found = texts.join(' ').split(/ +/).filter(Boolean);
        assert.deepEqual(
          found,
          cells.flat().flatMap((text) => text.split(' ')),
        );
      }),
    );
  });

  it('cuts a word that is longer than a line', () => {
    assert.deepEqual(wrap('abcdefgh ij', 5), ['abcd…', 'ij']);
  });
});
