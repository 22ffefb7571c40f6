import assert from 'node:assert/strict';
import { CpdDetector } from '../../../src/cpd/detector.js';
import { TapFeed } from '../../../src/adapters/cpd/tap-feed.js';
import { join, media, silence } from '../../cpd/sounds.js';

const FRAME_MS = 20;
const FRAME_BYTES = 320;

/** The packets of a tap, as the media server sends them. */
function packets(sound: Int16Array): Buffer[] {
  const bytes = Buffer.alloc(sound.length * 2);
  sound.forEach((x, i) => bytes.writeInt16LE(x, 2 * i));
  return Array.from({ length: Math.floor(bytes.length / FRAME_BYTES) }, (_, i) =>
    bytes.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES),
  );
}

/** A feed with a clock that the test moves. */
function createFeed() {
  const detector = new CpdDetector();
  const feed = new TapFeed(detector);
  const state = { nowMs: 1000 };
  const run = (frames: readonly (Buffer | null)[]) => {
    for (const frame of frames) {
      state.nowMs += FRAME_MS;
      if (frame) feed.packet(frame, state.nowMs);
      feed.tick(state.nowMs);
    }
  };
  return { detector, feed, state, run };
}

const nothing = (ms: number): null[] => new Array<null>(ms / FRAME_MS).fill(null);
const hello = packets(media('far-end/hello.wav'));

describe('The feed between a tap and its detector', () => {
  it('hears a hello in little-endian packets of 20 ms', () => {
    const { detector, feed, state, run } = createFeed();
    feed.answered(state.nowMs);
    run([...hello, ...packets(silence(1000))]);
    assert.equal(detector.verdict, 'human');
    assert.equal(feed.packets.accepted, hello.length + 50);
  });

  it('hears the same in packets of changing size', () => {
    const bytes = Buffer.concat([...hello, ...packets(silence(1000))]);
    const verdictsOf = (sizes: readonly number[]) => {
      const { detector, feed, state } = createFeed();
      feed.answered(state.nowMs);
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const size = sizes[n % sizes.length]!;
        state.nowMs += size / 16;
        feed.packet(bytes.subarray(at, at + size), state.nowMs);
        at += size;
      }
      return detector.trace;
    };
    assert.deepEqual(verdictsOf([160, 480, 2, 640]), verdictsOf([320]));
  });

  it('lets time pass while no packet comes', () => {
    const { detector, feed, state, run } = createFeed();
    feed.answered(state.nowMs);
    run([...hello, ...nothing(1000)]);
    assert.equal(detector.verdict, 'human');
  });

  it('counts silence from the answer even if no packet ever comes', () => {
    const { detector, feed, state, run } = createFeed();
    feed.answered(state.nowMs);
    run(nothing(5200));
    assert.equal(detector.verdict, 'silence');
  });

  it('lets no time pass before the tap sends or the call is answered', () => {
    const { detector, run } = createFeed();
    run(nothing(5000));
    assert.equal(detector.elapsedMs, 0);
  });

  it('does not fill in for a packet that is merely late', () => {
    const { detector, run } = createFeed();
    run([...packets(silence(1000)), ...nothing(60), ...packets(silence(100))]);
    assert.equal(detector.elapsedMs, 1100);
  });

  it('takes packets of 0xFF for missing audio, not for a level of -1', () => {
    const { detector, feed, state, run } = createFeed();
    feed.answered(state.nowMs);
    run([...hello, ...new Array<Buffer>(50).fill(Buffer.alloc(FRAME_BYTES, 0xff))]);
    assert.equal(detector.verdict, 'human');
    assert.equal(detector.elapsedMs, hello.length * FRAME_MS + 1000);
  });

  it('refuses packets of a wrong size', () => {
    const { detector, feed } = createFeed();
    for (const size of [0, 1, 321, 2000, 65_000]) feed.packet(Buffer.alloc(size), 1000);
    assert.deepEqual(feed.packets, { accepted: 0, refused: 5 });
    assert.equal(detector.elapsedMs, 0);
  });

  it('refuses a flood: more audio than time has passed', () => {
    const { detector, feed } = createFeed();
    for (let i = 0; i < 5000; i++) feed.packet(Buffer.alloc(FRAME_BYTES), 1000 + i / 10);
    assert.ok(detector.elapsedMs < 4000, `${detector.elapsedMs}`);
    assert.ok(feed.packets.refused > 4700);
  });

  it('hears the same through a burst after a stall', () => {
    const { detector, feed, state, run } = createFeed();
    feed.answered(state.nowMs);
    run(packets(silence(200)));
    state.nowMs += 500;
    for (const packet of packets(join(media('far-end/hello.wav'))))
      feed.packet(packet, state.nowMs);
    run(packets(silence(1000)));
    assert.equal(detector.verdict, 'human');
  });
});
