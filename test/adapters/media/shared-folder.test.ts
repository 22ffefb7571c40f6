import assert from 'node:assert/strict';
import { access, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shareMedia } from '../../../src/adapters/media/shared-folder.js';

describe('the one folder that media servers elsewhere see', () => {
  let root: string;
  let media: { directory: string; packagedDirectory: string };
  const warnings: string[] = [];
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) };

  beforeEach(async () => {
    warnings.length = 0;
    root = await mkdtemp(join(tmpdir(), 'dialback-shared-'));
    media = { directory: join(root, 'media'), packagedDirectory: join(root, 'packaged') };
    await mkdir(media.directory);
    await mkdir(join(media.packagedDirectory, 'en'), { recursive: true });
    await writeFile(join(media.packagedDirectory, 'comfort.wav'), 'first');
    await writeFile(join(media.packagedDirectory, 'en', '1.wav'), 'one');
    await writeFile(join(media.packagedDirectory, 'README.md'), 'no sound');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('gets the sounds that come with the product, and holds those that are fetched', async () => {
    const folders = await shareMedia({ media, isShared: true, log });
    assert.equal(await readFile(join(folders.packagedDirectory, 'comfort.wav'), 'utf8'), 'first');
    assert.equal(await readFile(join(folders.packagedDirectory, 'en', '1.wav'), 'utf8'), 'one');
    await assert.rejects(access(join(folders.packagedDirectory, 'README.md')));
    assert.ok((await stat(folders.cacheDirectory)).isDirectory());
    const { packagedDirectory, cacheDirectory } = folders;
    for (const folder of [packagedDirectory, cacheDirectory]) {
      assert.ok(folder.startsWith(`${media.directory}/`));
    }
    assert.deepEqual(warnings, []);
  });

  it('takes over a sound that has become another', async () => {
    const { packagedDirectory } = await shareMedia({ media, isShared: true, log });
    const ours = join(media.packagedDirectory, 'comfort.wav');
    await writeFile(ours, 'other');
    const SOON = new Date(Date.now() + 60_000);
    await utimes(ours, SOON, SOON);
    await shareMedia({ media, isShared: true, log });
    assert.equal(await readFile(join(packagedDirectory, 'comfort.wav'), 'utf8'), 'other');
  });

  it('is left alone when every media server sees what we see', async () => {
    const folders = await shareMedia({ media, isShared: false, log });
    assert.equal(folders.packagedDirectory, media.packagedDirectory);
    await assert.rejects(access(join(media.directory, '.dialback')));
  });

  it('is no concern of what is fetched when there is a folder for exchange', async () => {
    const exchangeDirectory = join(root, 'exchange');
    const named = { ...media, exchangeDirectory };
    const { cacheDirectory } = await shareMedia({ media: named, isShared: false, log });
    assert.ok(cacheDirectory.startsWith(`${exchangeDirectory}/`));
    assert.ok((await stat(cacheDirectory)).isDirectory(), 'ours before a media server makes it');
    assert.deepEqual(warnings, []);
    const bad = { ...media, exchangeDirectory: join(media.packagedDirectory, 'comfort.wav') };
    await shareMedia({ media: bad, isShared: false, log });
    assert.deepEqual(warnings, ['media.exchangeDirectory cannot be written to']);
  });

  it('may be one that cannot be written to: that is said', async () => {
    await rm(media.directory, { recursive: true });
    await writeFile(media.directory, 'a file');
    const folders = await shareMedia({ media, isShared: true, log });
    assert.equal(folders.packagedDirectory, media.packagedDirectory);
    assert.equal(warnings.length, 1);
  });
});
