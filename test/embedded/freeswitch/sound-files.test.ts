import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SoundFiles, type Sound } from '../../../src/embedded/freeswitch/sound-files.js';
import { pcmBytes, rms, sine, wavBytes } from '../rtp/signal.js';

/** All samples of a sound, read as the RTP session does. */
function samplesOf(sound: Sound | undefined): number[] {
  assert.ok(sound);
  const all: number[] = [];
  const frame = new Int16Array(160);
  for (let count = sound.source.read(frame); count > 0; count = sound.source.read(frame)) {
    all.push(...frame.subarray(0, count));
  }
  return all;
}

describe('What playback is given', () => {
  let folder = '';
  let files: SoundFiles;
  let problems: string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sounds-'));
    await writeFile(join(folder, 'a.wav'), wavBytes(pcmBytes(sine(440, 1000))));
    await writeFile(join(folder, 'b.wav'), wavBytes(pcmBytes(sine(700, 600))));
    files = new SoundFiles(folder, (_level, _message, fields) => {
      problems.push(String(fields?.['problem']));
    });
  });

  beforeEach(() => (problems = []));

  after(() => rm(folder, { recursive: true }));

  it('may be a path, relative to the sounds or absolute', async () => {
    for (const name of ['a.wav', join(folder, 'a.wav')]) {
      const sound = await files.open(name);
      assert.equal(sound?.path, join(folder, 'a.wav'));
      assert.equal(samplesOf(sound).length, 1000);
    }
  });

  it('may start in the middle, at the latest at the end', async () => {
    const middle = await files.open('a.wav@@400');
    assert.equal(middle?.startSample, 400);
    assert.equal(samplesOf(middle).length, 600);
    assert.equal((await files.open('a.wav@@5000'))?.startSample, 1000);
  });

  it('may be a list: a quarter of a second of silence, then the files without a gap', async () => {
    const pcm = samplesOf(await files.open('file_string://a.wav!none.wav!b.wav'));
    assert.equal(pcm.length, 2000 + 1000 + 600);
    assert.equal(rms(pcm.slice(0, 2000)), 0);
    assert.deepEqual(pcm.slice(2000, 3000), [...sine(440, 1000)]);
    assert.deepEqual(pcm.slice(3000), [...sine(700, 600)]);
    assert.deepEqual(problems, ['not-found']);
  });

  it('has no silence before a list whose first file is missing', async () => {
    assert.equal(samplesOf(await files.open('file_string://none.wav!b.wav')).length, 600);
  });

  it('may start in the middle of a list', async () => {
    const sound = await files.open('file_string://a.wav!b.wav@@2500');
    assert.equal(sound?.samples, 3600);
    assert.equal(sound?.startSample, 2500);
  });

  it('takes lists in lists for missing files', async () => {
    assert.equal(await files.open('file_string://file_string://a.wav'), undefined);
  });

  it('may be generated', async () => {
    assert.equal(samplesOf(await files.open('silence_stream://50')).length, 400);
    assert.equal(samplesOf(await files.open('tone_stream://%(50,0,800)')).length, 400);
    assert.equal((await files.open('silence_stream://-1'))?.samples, Infinity);
  });

  it('is nothing when it is missing, no audio or of an unknown format, and the log says why', async () => {
    await writeFile(join(folder, 'c.wav'), 'text');
    for (const name of ['none.wav', 'c.wav', '', 'nope://x', 'silence_stream://x', 'a\0.wav']) {
      assert.equal(await files.open(name), undefined, name);
    }
    assert.deepEqual(problems, ['not-found', 'not-a-wav-file']);
  });

  it('plays the same file to two channels independently', async () => {
    const [one, two] = await Promise.all([files.open('a.wav'), files.open('a.wav')]);
    one?.source.read(new Int16Array(500));
    assert.equal(samplesOf(two).length, 1000);
    assert.equal(samplesOf(one).length, 500);
  });
});
