import assert from 'node:assert/strict';
import { seenBy } from '../../../src/adapters/telephony/media-view.js';

describe('how a media server sees our files', () => {
  const view = { directory: '/srv/media', seenAs: '/mnt/sounds' };

  for (const [what, ours, theirs] of [
    ['a file of the folder', '/srv/media/en/a.wav', '/mnt/sounds/en/a.wav'],
    ['a file beside the folder', '/srv/media-old/a.wav', '/srv/media-old/a.wav'],
    ['a file elsewhere', '/opt/a.wav', '/opt/a.wav'],
    ['a name that only begins with dots', '/srv/media/..a.wav', '/mnt/sounds/..a.wav'],
    ['a URL', 'https://media.example.net/a.wav', 'https://media.example.net/a.wav'],
    ['a stream', 'silence_stream://500', 'silence_stream://500'],
  ] as const) {
    it(`of ${what}`, () => assert.equal(seenBy(view, ours), theirs));
  }

  it('as we do, unless told otherwise', () => {
    assert.equal(seenBy(undefined, '/srv/media/a.wav'), '/srv/media/a.wav');
  });
});
