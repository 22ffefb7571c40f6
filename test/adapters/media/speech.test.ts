import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSpeech } from '../../../src/adapters/media/speech.js';
import { wavLengthMs } from '../../../src/config/wav-header.js';
import type { Speech } from '../../../src/treatment/media-file.js';

describe('The voice of this host', () => {
  let folder = '';
  let speech: Speech | undefined;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'dialback-speech-'));
    speech = await createSpeech({ cacheDirectory: () => folder });
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
});
