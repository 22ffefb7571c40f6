import assert from 'node:assert/strict';
import { Recorder } from '../../src/farend/recorder.js';

const frame = (value: number): Int16Array => new Int16Array(160).fill(value);
const GAP = frame(-1);

describe('recorder', () => {
  it('begins with the first RTP, digital silence included', () => {
    const recorder = new Recorder();
    recorder.write(GAP, 1000);
    assert.ok(!recorder.hasBegun);
    recorder.write(frame(0), 5000);
    assert.ok(recorder.hasBegun);
    assert.equal(recorder.recording().length, 160);
  });

  it('puts each frame where its timestamp says and leaves holes silent', () => {
    const recorder = new Recorder();
    recorder.write(frame(1), 0xffff_ffa0); // wraps within the frame
    recorder.write(GAP, 64);
    recorder.write(GAP, 224);
    recorder.write(frame(2), 384);
    const pcm = recorder.recording();
    assert.equal(pcm.length, 640);
    assert.deepEqual([pcm[0], pcm[159], pcm[160], pcm[479], pcm[480]], [1, 1, 0, 0, 2]);
    assert.equal(recorder.maxGapMs, 40);
  });

  it('counts no gap before the first nor after the last frame', () => {
    const recorder = new Recorder();
    recorder.write(GAP, 0);
    recorder.write(frame(5), 160);
    recorder.write(GAP, 320);
    assert.equal(recorder.maxGapMs, 0);
  });

  it('goes on where it ended when another sender takes over', () => {
    const recorder = new Recorder();
    recorder.write(frame(1), 160);
    recorder.write(frame(2), 3_000_000_000);
    recorder.write(frame(3), 3_000_000_160);
    recorder.write(frame(4), 10);
    const pcm = recorder.recording();
    assert.deepEqual([pcm.length, pcm[160], pcm[320], pcm[480]], [640, 2, 3, 4]);
  });

  it('keeps no more than it was told, and still listens', () => {
    const recorder = new Recorder(50);
    for (let n = 0; n < 400; n++) recorder.write(frame(1000), n * 160);
    assert.equal(recorder.recording().length, 400);
    assert.ok(recorder.hearsVoice);
  });

  it('grows as long as it has to', () => {
    const recorder = new Recorder();
    for (let n = 0; n < 600; n++) recorder.write(frame(n), n * 160);
    const pcm = recorder.recording();
    assert.equal(pcm.length, 96_000);
    assert.equal(pcm[95_999], 599);
    assert.equal(pcm[0], 0);
  });

  it('hears a voice after 60 ms of sound, not a click, and not when it has ended', () => {
    const recorder = new Recorder();
    recorder.write(frame(2000), 0);
    recorder.write(frame(2000), 160);
    assert.ok(!recorder.hearsVoice);
    recorder.write(frame(2000), 320);
    assert.ok(recorder.hearsVoice);
    recorder.write(GAP, 480);
    assert.ok(!recorder.hearsVoice);
  });
});
