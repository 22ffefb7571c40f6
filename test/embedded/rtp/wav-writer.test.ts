import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertWav } from '../../../src/embedded/rtp/wav.js';
import { WavWriter, type WavWriterOptions } from '../../../src/embedded/rtp/wav-writer.js';
import { sine } from './signal.js';

describe('Writing WAV files', () => {
  let directory = '';
  let failures: string[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wav-writer-'));
    failures = [];
  });

  afterEach(() => rm(directory, { recursive: true }));

  const writer = (options: Partial<WavWriterOptions> = {}): WavWriter =>
    new WavWriter({
      ...{ path: join(directory, 'a', 'b.wav'), channels: 1, hasHeader: true, isBuffered: true },
      onFailed: (why) => void failures.push(why),
      ...options,
    });

  async function sizeOnceWritten(path: string, atLeast: number): Promise<number> {
    for (let i = 0; i < 200; i++) {
      const size = await stat(path).then(
        (info) => info.size,
        () => 0,
      );
      if (size >= atLeast) return size;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return assert.fail('nothing was written');
  }

  it('gives back what was written, in a directory made for it', async () => {
    const tone = sine(440, 16_000);
    const file = writer();
    for (let at = 0; at < tone.length; at += 160) file.write(tone.subarray(at, at + 160));
    await file.close();
    const wav = await convertWav(await readFile(join(directory, 'a', 'b.wav')));
    assert.ok(wav.ok);
    assert.deepEqual(wav.pcm, tone);
    assert.equal(file.samples, 16_000);
  });

  it('lets every frame be read at once when that is asked for, and nothing before 64 kB otherwise', async () => {
    const [slow, fast] = [join(directory, 'slow.wav'), join(directory, 'fast.wav')];
    const files = [writer({ path: slow }), writer({ path: fast, isBuffered: false })];
    for (const file of files) file.write(new Int16Array(160));
    assert.equal(await sizeOnceWritten(fast, 44 + 320), 364);
    assert.equal(await sizeOnceWritten(slow, 44), 44);
    for (const file of files) await file.close();
    assert.equal((await stat(slow)).size, 364);
  });

  it('writes two channels, or no header at all', async () => {
    const path = join(directory, 'x.raw');
    const raw = writer({ path, hasHeader: false });
    raw.write(Int16Array.from([1, -2]));
    await raw.close();
    assert.deepEqual(await readFile(path), Buffer.from([1, 0, 254, 255]));
    const stereo = writer({ channels: 2 });
    stereo.write(Int16Array.from([100, 300, 100, 300]));
    await stereo.close();
    const wav = await convertWav(await readFile(join(directory, 'a', 'b.wav')));
    assert.deepEqual(wav.ok && [...wav.pcm], [200, 200]);
  });

  it('says once that a file cannot be written, and takes no harm', async () => {
    const file = writer({ path: directory, isBuffered: false });
    file.write(new Int16Array(160));
    await file.close();
    file.write(new Int16Array(160));
    await file.close();
    assert.deepEqual(failures, ['EISDIR']);
  });
});
