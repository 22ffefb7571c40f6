import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSpeech } from '../../../src/adapters/media/speech.js';
import { wavLengthMs } from '../../../src/config/wav-header.js';
import type { Speech } from '../../../src/treatment/media-file.js';

const AUTO = { program: 'auto', voices: {}, wordsPerMinute: 160 } as const;

describe('The voice of this host', () => {
  let folder = '';
  let speech: Speech | undefined;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'dialback-speech-'));
    speech = await createSpeech({ ...AUTO, cacheDirectory: () => folder });
    // Neither espeak-ng nor flite is installed.
    if (!speech) this.skip();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const say = async (text: string, language?: string): Promise<string> => {
    const media = await speech?.say(text, language);
    assert.ok(media?.kind === 'file', JSON.stringify(media));
    return media.path;
  };

  it('makes a sound of some length', async () => {
    const path = await say('Press one to be connected.');
    assert.ok(((await wavLengthMs(path)) ?? 0) > 800);
  });

  it('says the same text once', async () => {
    const paths = await Promise.all([say('twice'), say('twice')]);
    assert.equal(paths[0], paths[1]);
    assert.equal((await readdir(folder)).filter((name) => name.endsWith('.part')).length, 0);
  });

  it('takes a text for a text, whatever it looks like', async () => {
    const path = await say('-w /tmp/x `touch x` $(touch x) <speak/>\n--help');
    assert.ok(((await wavLengthMs(path)) ?? 0) > 500);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => !name.startsWith('speech-')),
      [],
    );
  });

  it('speaks another language where it can, and with another voice where not', async () => {
    await say('Guten Tag', 'de-DE');
    await say('hello', 'xx-Nowhere');
    await say('hello', '../../x');
  });

  for (const program of ['espeak-ng', 'flite'] as const) {
    const voices =
      program === 'flite' ? { default: 'kal', de: 'slt' } : { default: 'en+f3', de: 'de+m3' };

    it(`reads with the voice of ${program} that is named for the language`, async function () {
      const own = join(folder, program);
      const options = { program, cacheDirectory: () => own, wordsPerMinute: 160 };
      const [plain, voiced] = [
        await createSpeech({ ...options, voices: {} }),
        await createSpeech({ ...options, voices }),
      ];
      if (!plain || !voiced) return this.skip();
      const read = async (from: Speech, language?: string): Promise<Buffer> => {
        const media = await from.say('one two three', language);
        assert.ok(media.kind === 'file', JSON.stringify(media));
        return readFile(media.path);
      };
      const first = await read(plain, 'de-AT');
      const second = await read(voiced, 'de-AT');
      const third = await read(voiced);
      assert.ok(!first.equals(second), 'another voice for German');
      assert.ok(!second.equals(third), 'another voice for no language');
    });
  }

  it('reads faster where it is told to', async function () {
    const lengths: number[] = [];
    for (const wordsPerMinute of [100, 300]) {
      const own = join(folder, String(wordsPerMinute));
      const voice = await createSpeech({ ...AUTO, wordsPerMinute, cacheDirectory: () => own });
      if (!voice) return this.skip();
      const media = await voice.say('one two three four five', undefined);
      assert.ok(media.kind === 'file');
      lengths.push((await wavLengthMs(media.path)) ?? NaN);
    }
    assert.ok(lengths[1]! < lengths[0]! * 0.7, lengths.join(' '));
  });

  it('is nobody where that is wanted', async () => {
    const none = await createSpeech({ ...AUTO, program: 'none', cacheDirectory: () => folder });
    assert.equal(none, undefined);
  });
});
