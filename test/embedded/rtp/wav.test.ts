import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { A_LAW, encodeG711, MU_LAW } from '../../../src/embedded/rtp/g711.js';
import { convertWav, readWavFile } from '../../../src/embedded/rtp/wav.js';
import { levelOf, pcmBytes, rms, sine, wavBytes } from './signal.js';

async function convertOk(bytes: Uint8Array): Promise<Int16Array> {
  const result = await convertWav(bytes);
  assert.ok(result.ok, JSON.stringify(result));
  return result.pcm;
}

describe('WAV files', () => {
  it('hands 8 kHz 16 bit mono through untouched', async () => {
    const pcm = sine(440, 1234);
    assert.deepEqual(await convertOk(wavBytes(pcmBytes(pcm))), pcm);
  });

  it('reads A-law, mu-law and 8 bit PCM', async () => {
    const pcm = sine(440, 8000);
    for (const [law, tag] of [
      [A_LAW, 6],
      [MU_LAW, 7],
    ] as const) {
      const codes = new Uint8Array(pcm.length);
      encodeG711(law, pcm, codes);
      const decoded = await convertOk(wavBytes(codes, { bits: 8, tag }));
      assert.ok(Math.abs(levelOf(440, decoded) - 8000) < 200, law.name);
    }
    const unsigned = Uint8Array.from(pcm, (s) => (s >> 8) + 128);
    const decoded = await convertOk(wavBytes(unsigned, { bits: 8 }));
    assert.ok(Math.abs(levelOf(440, decoded) - 8000) < 200);
  });

  it('mixes stereo to mono', async () => {
    const left = sine(440, 8000);
    const right = sine(1000, 8000);
    const both = new Int16Array(16000);
    left.forEach((s, i) => both.set([s, right[i] ?? 0], 2 * i));
    const mono = await convertOk(wavBytes(pcmBytes(both), { channels: 2 }));
    assert.equal(mono.length, 8000);
    assert.ok(Math.abs(levelOf(440, mono) - 4000) < 50);
    assert.ok(Math.abs(levelOf(1000, mono) - 4000) < 50);
  });

  for (const rateHz of [6000, 11025, 16000, 22050, 32000, 44100, 48000, 96000]) {
    it(`converts ${rateHz} Hz to 8 kHz at the same pitch, level and duration`, async () => {
      const pcm = sine(440, rateHz, 8000, rateHz);
      const converted = await convertOk(wavBytes(pcmBytes(pcm), { rateHz }));
      assert.equal(converted.length, 8000);
      const middle = converted.subarray(1000, 7000);
      assert.ok(Math.abs(levelOf(440, middle) - 8000) < 80, `${levelOf(440, middle)}`);
      assert.ok(Math.abs(rms(middle) - 8000 / Math.SQRT2) < 80, `${rms(middle)}`);
    });
  }

  it('keeps what lies above 4 kHz out instead of folding it down', async () => {
    const pcm = sine(5000, 48000, 8000, 48000); // would alias to 3000 Hz
    const converted = await convertOk(wavBytes(pcmBytes(pcm), { rateHz: 48000 }));
    assert.ok(rms(converted.subarray(1000, 7000)) < 8, `${rms(converted)}`);
  });

  it('keeps the band up to 3.4 kHz', async () => {
    const pcm = sine(3400, 44100, 8000, 44100);
    const converted = await convertOk(wavBytes(pcmBytes(pcm), { rateHz: 44100 }));
    assert.ok(levelOf(3400, converted.subarray(1000, 7000)) > 7500);
  });

  it('lets timers run while it converts a long file', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await convertOk(wavBytes(Buffer.alloc(44100 * 4 * 20), { rateHz: 44100, channels: 2 }));
    clearInterval(timer);
    assert.ok(turns >= 5, `${turns} turns of the event loop`);
  });

  it('skips chunks it does not know and plays a truncated data chunk as far as it goes', async () => {
    const pcm = sine(440, 800);
    const plain = wavBytes(pcmBytes(pcm));
    const list = Buffer.from('LIST\x03\x00\x00\x00abc\x00', 'latin1');
    const odd = Buffer.concat([plain.subarray(0, 36), list, plain.subarray(36)]);
    assert.deepEqual(await convertOk(odd), pcm);
    assert.equal((await convertOk(plain.subarray(0, 44 + 400))).length, 200);
  });

  it('names the problem of every file it refuses', async () => {
    const good = wavBytes(pcmBytes(sine(440, 80)));
    const cases: [Uint8Array, string][] = [
      [Buffer.from('ID3 not a wav file at all'), 'not-a-wav-file'],
      [Buffer.alloc(0), 'not-a-wav-file'],
      [good.subarray(0, 30), 'not-a-wav-file'],
      [good.subarray(0, 36), 'not-a-wav-file'],
      [wavBytes(Buffer.alloc(0)), 'empty'],
      [wavBytes(Buffer.alloc(80), { tag: 3, bits: 32 }), 'unsupported-coding'],
      [wavBytes(Buffer.alloc(80), { bits: 24 }), 'unsupported-coding'],
      [wavBytes(Buffer.alloc(80), { channels: 6 }), 'unsupported-coding'],
      [wavBytes(Buffer.alloc(80), { rateHz: 1 }), 'unsupported-coding'],
    ];
    for (const [bytes, problem] of cases) {
      const result = await convertWav(bytes);
      assert.equal(result.ok ? 'ok' : result.problem, problem);
    }
  });

  it('never throws, whatever the bytes', async () => {
    const good = wavBytes(pcmBytes(sine(440, 80)));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 12 }),
        async (changes) => {
          const bytes = Buffer.from(good);
          for (const [index, value] of changes) bytes[index] = value;
          await convertWav(bytes);
        },
      ),
    );
  });

  it('tells a missing file, a folder and an over-long file apart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wav-'));
    try {
      const path = join(folder, 'a.wav');
      await writeFile(path, wavBytes(pcmBytes(sine(440, 80))));
      const problems = await Promise.all([
        readWavFile(join(folder, 'none.wav')),
        readWavFile(folder),
        readWavFile(path, 100),
        readWavFile(path),
      ]);
      assert.deepEqual(
        problems.map((r) => (r.ok ? 'ok' : r.problem)),
        ['not-found', 'unreadable', 'too-large', 'ok'],
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
