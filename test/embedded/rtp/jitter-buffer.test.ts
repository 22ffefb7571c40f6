import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JitterBuffer } from '../../../src/embedded/rtp/jitter-buffer.js';

const frame = (value: number): Int16Array => new Int16Array(160).fill(value);

function read(buffer: JitterBuffer): number {
  const into = new Int16Array(160);
  buffer.readFrame(into);
  assert.ok(
    into.every((s) => s === into[0]),
    'a frame of this test is constant',
  );
  return into[0] ?? NaN;
}

describe('The jitter buffer', () => {
  it('gives out what came in, one frame later', () => {
    const buffer = new JitterBuffer();
    const out: number[] = [];
    for (let i = 1; i <= 5; i++) {
      buffer.write(frame(i), i * 160);
      out.push(read(buffer));
    }
    assert.deepEqual(out, [-1, 1, 2, 3, 4]);
  });

  it('bridges jitter of one frame without a hole', () => {
    const buffer = new JitterBuffer();
    buffer.write(frame(1), 160);
    const out = [read(buffer), read(buffer)]; // packet 2 is a tick late
    buffer.write(frame(2), 320);
    buffer.write(frame(3), 480);
    out.push(read(buffer), read(buffer));
    assert.deepEqual(out, [-1, 1, 2, 3]);
    assert.equal(buffer.stats().gapFrames, 1); // the one at the start
  });

  it('leaves a gap of -1 for a lost packet and keeps the rest in place', () => {
    const buffer = new JitterBuffer();
    buffer.write(frame(1), 160);
    buffer.write(frame(3), 480);
    assert.deepEqual([read(buffer), read(buffer), read(buffer), read(buffer)], [-1, 1, -1, 3]);
  });

  it('puts reordered packets in order and ignores duplicates', () => {
    const buffer = new JitterBuffer();
    buffer.write(frame(1), 160);
    buffer.write(frame(3), 480);
    buffer.write(frame(2), 320);
    buffer.write(frame(2), 320);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => read(buffer)),
      [-1, 1, 2, 3],
    );
  });

  it('gives -1 for as long as no RTP comes, and starts anew afterwards', () => {
    const buffer = new JitterBuffer();
    assert.deepEqual([read(buffer), read(buffer)], [-1, -1]);
    buffer.write(frame(1), 160);
    for (let i = 0; i < 100; i++) read(buffer);
    buffer.write(frame(2), 5_000_000);
    assert.deepEqual([read(buffer), read(buffer)], [-1, 2]);
    assert.equal(buffer.stats().resyncs, 0);
  });

  it('follows a sender that is too fast or too slow by jumping', () => {
    const buffer = new JitterBuffer();
    for (let i = 0; i < 20; i++) buffer.write(frame(i), i * 160); // nobody reads
    assert.ok(buffer.stats().resyncs >= 1);
    assert.ok(read(buffer) >= -1);
    for (let i = 0; i < 8; i++) read(buffer);
    for (let i = 20; i < 23; i++) buffer.write(frame(i), i * 160 - 4000); // far too late
    assert.deepEqual([read(buffer), read(buffer)], [-1, 22]);
  });

  it('survives the wrap of the 32 bit timestamp', () => {
    const buffer = new JitterBuffer();
    const start = 2 ** 32 - 320;
    const out: number[] = [];
    for (let i = 0; i < 5; i++) {
      buffer.write(frame(i + 1), (start + i * 160) >>> 0);
      out.push(read(buffer));
    }
    assert.deepEqual(out, [-1, 1, 2, 3, 4]);
  });

  it('gives out whole frames whatever comes in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(2000)), { maxLength: 40 }),
        (packets) => {
          const buffer = new JitterBuffer();
          const into = new Int16Array(160);
          for (const [timestamp, length] of packets) {
            buffer.write(new Int16Array(length).fill(7), timestamp);
            buffer.readFrame(into);
            assert.ok(into.every((s) => s === 7 || s === -1));
          }
        },
      ),
    );
  });
});
