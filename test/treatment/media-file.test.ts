import assert from 'node:assert/strict';
import { mediaFault, resolveMedia, type MediaFiles } from '../../src/treatment/media-file.js';

const places = { directory: '/srv/media', packagedDirectory: '/opt/dialback/media' };

function files(existing: readonly string[]): MediaFiles {
  return {
    probe: (path) =>
      Promise.resolve(
        existing.includes(path) ? undefined : mediaFault('MEDIA_MISSING', 'no such file'),
      ),
    fetch: (url) => Promise.resolve({ kind: 'file', path: `/cache/${url.length}.wav` }),
  };
}

describe('resolveMedia', () => {
  it('finds a name under the media directory first, then among the packaged files', async () => {
    const both = files(['/srv/media/a.wav', '/opt/dialback/media/a.wav']);
    assert.deepEqual(await resolveMedia('a.wav', places, both), {
      kind: 'file',
      path: '/srv/media/a.wav',
    });
    const packaged = files(['/opt/dialback/media/a.wav']);
    assert.deepEqual(await resolveMedia('a.wav', places, packaged), {
      kind: 'file',
      path: '/opt/dialback/media/a.wav',
    });
  });

  it('takes absolute paths as they are and URLs through the cache', async () => {
    assert.equal((await resolveMedia('/x/y.wav', places, files(['/x/y.wav']))).kind, 'file');
    assert.equal((await resolveMedia('http://h/a.wav', places, files([]))).kind, 'file');
  });

  for (const file of ['../secret.wav', 'a/../../b.wav', '..']) {
    it(`refuses ${file}: it leaves the folder`, async () => {
      const all: MediaFiles = { ...files([]), probe: () => Promise.resolve(undefined) };
      const media = await resolveMedia(file, places, all);
      assert.deepEqual(media, {
        kind: 'unplayable',
        code: 'MEDIA_OUTSIDE',
        why: 'leaves the media directory',
      });
    });
  }

  it('gives the reason when nothing can be played', async () => {
    assert.deepEqual(await resolveMedia('a.wav', places, files([])), {
      kind: 'unplayable',
      code: 'MEDIA_MISSING',
      why: 'no such file',
    });
  });

  it('says what is wrong with the own file rather than that no packaged one has its name', async () => {
    const corrupt: MediaFiles = {
      ...files([]),
      probe: (path) =>
        Promise.resolve(
          path.startsWith('/srv')
            ? mediaFault('MEDIA_CORRUPT', 'it is empty')
            : mediaFault('MEDIA_MISSING', 'no such file'),
        ),
    };
    const media = await resolveMedia('a.wav', places, corrupt);
    assert.ok(media.kind === 'unplayable' && media.code === 'MEDIA_CORRUPT');
  });
});
