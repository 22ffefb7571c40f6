import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSecureFetcher,
  type SecureFetcher,
} from '../../../src/adapters/fetch/secure-fetcher.js';
import { createMediaFiles } from '../../../src/adapters/media/media-files.js';
import { wavBytes } from '../../../src/farend/write-wav.js';

describe('media files, told apart as field notes 4 says FreeSWITCH does not', () => {
  const wav = wavBytes(new Int16Array(800));
  let folder: string;
  let server: Server;
  let origin: string;
  let requests = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-media-test-'));
    server = createServer((request, response) => {
      requests += 1;
      if (request.url === '/a.wav') response.end(wav);
      else if (request.url === '/broken.wav') response.writeHead(500).end();
      else if (request.url === '/html.wav') {
        response.writeHead(200, { 'content-type': 'text/html' }).end(wav);
      } else if (request.url === '/page.wav') response.end('<html>not a sound</html>'.repeat(10));
      else if (request.url === '/endless.wav') {
        const more = () => {
          if (!response.destroyed) response.write(Buffer.alloc(1 << 20), () => setImmediate(more));
        };
        more();
      } else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(async () => {
    await Promise.all(fetchers.map((fetcher) => fetcher.close()));
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const fetchers: SecureFetcher[] = [];
  const files = (origins: readonly string[] = [origin]) => {
    const fetcher = createSecureFetcher({
      allowedOrigins: new Set(origins),
      allowedAddresses: () => [],
    });
    fetchers.push(fetcher);
    return createMediaFiles({ cacheDirectory: folder, fetcher });
  };

  describe('probe', () => {
    const mute = Buffer.from(wav);
    mute.write('junk', 36);
    const cases: [name: string, content: Buffer | string, expected: string | undefined][] = [
      ['good.wav', wav, undefined],
      [
        'text.wav',
        'hello, this is no sound file, but it is long enough to be one',
        'MEDIA_CORRUPT',
      ],
      ['short.wav', wav.subarray(0, 10), 'MEDIA_CORRUPT'],
      ['header-only.wav', wav.subarray(0, 44), 'MEDIA_CORRUPT'],
      ['no-sound-chunk.wav', mute, 'MEDIA_CORRUPT'],
      ['empty.mp3', '', 'MEDIA_CORRUPT'],
      ['sound.mp3', 'x', undefined],
      ['script.sh', 'x', 'MEDIA_FORMAT'],
    ];
    for (const [name, content, expected] of cases) {
      it(`field notes 4: unknown extension, corrupt wav, empty wav; ${expected ?? 'yes'} to ${name}`, async () => {
        await writeFile(join(folder, name), content);
        assert.equal((await files().probe(join(folder, name)))?.code, expected);
      });
    }

    it('field notes 4: missing file; told from a folder', async () => {
      assert.equal((await files().probe(join(folder, 'nowhere.wav')))?.code, 'MEDIA_MISSING');
      assert.equal((await files().probe(`${folder}/.`))?.code, 'MEDIA_FORMAT');
    });
  });

  describe('fetch', () => {
    it('field notes 4: http://; a sound is fetched once and by us, even when asked twice at the same time', async () => {
      const media = files();
      requests = 0;
      const [one, two] = await Promise.all([
        media.fetch(`${origin}/a.wav`),
        media.fetch(`${origin}/a.wav`),
      ]);
      await media.fetch(`${origin}/a.wav`);
      assert.equal(requests, 1);
      assert.ok(one.kind === 'file' && two.kind === 'file');
      assert.deepEqual(await readFile(one.path), wav);
    });

    it('is not led elsewhere by links in a folder that others can write to', async () => {
      const other = join(folder, 'other.txt');
      await writeFile(other, 'not ours');
      const name = createHash('sha256').update(`${origin}/a.wav`).digest('hex').slice(0, 32);
      for (const link of [`${name}.wav`, `${name}.wav.${process.pid}.part`]) {
        await rm(join(folder, link), { force: true });
        await symlink(other, join(folder, link));
      }
      const media = await files().fetch(`${origin}/a.wav`);
      assert.ok(media.kind === 'file');
      assert.deepEqual(await readFile(media.path), wav);
      assert.equal(await readFile(other, 'utf8'), 'not ours');
    });

    it('asks again after a failure', async () => {
      const media = files();
      requests = 0;
      await media.fetch(`${origin}/missing.wav`);
      await media.fetch(`${origin}/missing.wav`);
      assert.equal(requests, 2);
    });

    const failures: [path: string, code: string, why: string][] = [
      ['/missing.wav', 'MEDIA_MISSING', 'HTTP 404'],
      ['/broken.wav', 'MEDIA_HTTP_STATUS', 'HTTP 500'],
      ['/page.wav', 'MEDIA_CORRUPT', 'not a WAV file'],
      ['/html.wav', 'MEDIA_NOT_AUDIO', 'text/html'],
      ['/endless.wav', 'MEDIA_TOO_LARGE', 'larger than'],
    ];
    for (const [path, code, why] of failures) {
      it(`field notes 4: HTTP 404 and other answers; the reason is given for ${path}`, async () => {
        const media = await files().fetch(origin + path);
        assert.ok(media.kind === 'unplayable');
        assert.equal(media.code, code);
        assert.match(media.why, new RegExp(why));
      });
    }

    it('asks no server that is not allowed, and takes no URL that is none', async () => {
      requests = 0;
      const media = files(['https://media.example.net']);
      for (const url of [`${origin}/a.wav`, 'http://', 'https://media.example.net@127.0.0.1/']) {
        assert.equal((await media.fetch(url)).kind, 'unplayable');
      }
      assert.equal(requests, 0);
    });

    it('field notes 4: connection refused; the reason is given when nobody listens', async () => {
      const media = files(['http://127.0.0.1:9']);
      const result = await media.fetch('http://127.0.0.1:9/a.wav');
      assert.ok(result.kind === 'unplayable' && result.code === 'MEDIA_REFUSED', result.kind);
    });
  });
});
