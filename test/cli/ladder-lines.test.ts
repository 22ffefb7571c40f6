import assert from 'node:assert/strict';
import { drawLadder } from '../../src/cli/ladder-lines.js';
import type { LadderLine, MediaLine } from '../../src/request/ladder.js';

const at = (atMs: number) => `+${(atMs / 1000).toFixed(3)}s`.padStart(10);
const line = (atMs: number, more: Partial<LadderLine>): LadderLine => ({
  atMs,
  attempt: 1,
  leg: 'customer',
  callId: 'a',
  direction: '->',
  message: 'INVITE',
  cseq: '1 INVITE',
  ...more,
});

describe('the drawn ladder', () => {
  const ladder = [
    line(4, { detail: 'audio 192.0.2.1:4000 PCMU' }),
    line(210, { direction: '<-', message: '180 Ringing' }),
    line(400, { direction: '<-', message: '200 OK' }),
    line(900, { leg: 'agent', callId: 'b' }),
    line(950, { leg: 'agent', callId: 'b', direction: '<-', message: '200 OK' }),
    line(1500, { leg: 'agent', callId: 'b', message: '200 OK', cseq: '2 BYE' }),
  ];
  const media: MediaLine[] = [
    { atMs: 500, attempt: 1, leg: 'customer', what: 'play', detail: 'connect.wav' },
  ];

  it('has the customer on the left, agents on the right, sound in between, in the order of time', () => {
    assert.deepEqual(drawLadder(ladder, media, at), [
      '           customer                 dialback                agent',
      '               attempt 1',
      '   +0.004s     |<------- INVITE --------|                        |',
      '               |  audio 192.0.2.1:4000 PCMU',
      '   +0.210s     |----- 180 Ringing ----->|                        |',
      '   +0.400s     |-------- 200 OK ------->|                        |',
      '   +0.500s     * play: connect.wav',
      '   +0.900s     |                        |-------- INVITE ------->|',
      '   +0.950s     |                        |<------- 200 OK --------|',
      '   +1.500s     |                        |----- 200 OK (BYE) ---->|',
    ]);
  });

  it('fits 80 columns, indented by two, whatever the texts', () => {
    const long = line(1, { message: 'x'.repeat(300), detail: 'y'.repeat(300) });
    const heard = {
      atMs: 2,
      attempt: 2,
      leg: 'agent' as const,
      what: 'heard',
      detail: 'z'.repeat(300),
    };
    const lines = drawLadder([long], [heard], at);
    assert.ok(lines.some((text) => text.includes('attempt 2')));
    assert.deepEqual(
      lines.filter(({ length }) => length > 78),
      [],
    );
  });

  it('tells a long reason to its end, in several rows', () => {
    const detail = `REPLY_NO_CALL: ${'why '.repeat(25)}end`;
    const row = { atMs: 2, attempt: 1, leg: 'customer' as const, what: 'reply-refused', detail };
    const [, , first, ...more] = drawLadder([], [row], at);
    assert.match(first ?? '', /^ {3}\+0\.002s {5}\* reply-refused: REPLY_NO_CALL: why/);
    assert.ok(more.length > 0 && more.every((text) => /^ {17}\S/.test(text)), more.join('\n'));
    const told = [first?.slice(17), ...more.map((text) => text.trim())].join(' ');
    assert.equal(told, `reply-refused: ${detail}`);
  });

  it('is empty when nothing was sent', () => {
    assert.deepEqual(drawLadder([], [], at), []);
  });
});
