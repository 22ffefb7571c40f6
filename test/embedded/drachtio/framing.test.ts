import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FrameError, FrameReader, encodeFrame } from '../../../src/embedded/drachtio/framing.js';

describe('Control protocol frames', () => {
  it('count bytes, not characters', () => {
    assert.equal(encodeFrame('grüße'), '7#grüße');
  });

  it('come out whole, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (messages, sizes) => {
          const stream = Buffer.from(messages.map((message) => encodeFrame(message)).join(''));
          const reader = new FrameReader();
          const read: string[] = [];
          for (let at = 0; at < stream.length;) {
            const size = sizes.next().value as number;
            read.push(...reader.push(stream.subarray(at, at + size)));
            at += size;
          }
          assert.deepEqual(read, messages);
        },
      ),
    );
  });

  for (const [why, bytes] of [
    ['a length of six digits', '123456#'],
    ['six digits without an end', '123456'],
    ['a length of nothing', '#abc'],
    ['a length of zero', '0#'],
    ['a word', 'GET / HTTP/1.1'],
    ['a signed length', '-5#hello'],
  ] as const) {
    it(`are not read from ${why}`, () => {
      assert.throws(() => new FrameReader().push(Buffer.from(bytes)), FrameError);
    });
  }

  it('may be as long as five digits say', () => {
    const long = 'x'.repeat(99_999);
    assert.deepEqual(new FrameReader().push(Buffer.from(encodeFrame(long))), [long]);
  });
});
