import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import {
  CallRecorder,
  purgeRecordings,
  recordingName,
  writeRecording,
} from '../../../src/adapters/cpd/call-recorder.js';
import { readWavFile } from '../../../src/embedded/rtp/wav.js';
import { tone } from '../../cpd/sounds.js';

const DAY_MS = 86_400_000;

describe('The flight recorder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path(tmpdir(), 'dialback-recorder-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('keeps the first seconds, gaps as silence, and when the call was answered', async () => {
    const recorder = new CallRecorder(3);
    const sound = tone([440], 1500);
    for (let at = 0; at < sound.length; at += 160) recorder.push(sound.subarray(at, at + 160));
    recorder.gap(500);
    recorder.answered();
    recorder.push(tone([1000], 4000));
    recorder.answered();
    assert.equal(recorder.answeredAtMs, 2000);
    await writeRecording(folder, 'call', recorder, { verdict: 'human' });
    const wav = await readWavFile(path(folder, 'call.wav'));
    assert.ok(wav.ok);
    assert.equal(wav.pcm.length, 3 * 8000);
    assert.deepEqual([...wav.pcm.subarray(0, 12_000)], [...sound]);
    assert.ok(wav.pcm.subarray(12_000, 16_000).every((x) => x === 0));
    assert.deepEqual([...wav.pcm.subarray(16_000)], [...tone([1000], 1000)]);
    const story = JSON.parse(await readFile(path(folder, 'call.json'), 'utf8')) as object;
    assert.deepEqual(story, { verdict: 'human' });
  });

  it('writes files that their owner alone can read, over nobody else’s', async () => {
    const recorder = new CallRecorder(1);
    recorder.push(tone([440], 100));
    await writeRecording(path(folder, 'new'), 'call', recorder, {});
    const { mode } = await stat(path(folder, 'new/call.wav'));
    assert.equal(mode & 0o077, 0);
    assert.equal((await stat(path(folder, 'new'))).mode & 0o077, 0);
    await assert.rejects(writeRecording(path(folder, 'new'), 'call', recorder, {}), /EEXIST/);
  });

  it('makes a file name of any Call-ID', () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    assert.equal(recordingName(at, 'a1@host'), 'cpd-20260102T030405Z-a1_host');
    for (const id of ['../../etc/passwd', '', '\u0000/x', 'x'.repeat(500)])
      assert.match(recordingName(at, id), /^cpd-20260102T030405Z-[A-Za-z0-9_-]{1,64}$/);
  });

  it('purges its own files once they are old, and no others', async () => {
    const nowMs = Date.now();
    const ages: Record<string, number> = {
      'cpd-20260102T030405Z-old.wav': 8,
      'cpd-20260102T030405Z-old.json': 8,
      'cpd-20260102T030405Z-new.wav': 6,
      'accounts.wav': 100,
      'cpd-notes.txt': 100,
    };
    for (const [name, days] of Object.entries(ages)) {
      await writeFile(path(folder, name), '');
      const time = new Date(nowMs - days * DAY_MS);
      await utimes(path(folder, name), time, time);
    }
    assert.equal(await purgeRecordings(folder, 7, nowMs), 2);
    assert.deepEqual((await readdir(folder)).sort(), [
      'accounts.wav',
      'cpd-20260102T030405Z-new.wav',
      'cpd-notes.txt',
    ]);
    assert.equal(await purgeRecordings(path(folder, 'none'), 7, nowMs), 0);
  });
});
