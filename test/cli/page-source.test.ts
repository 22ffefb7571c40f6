import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openPageSource } from '../../src/cli/page-source.js';

describe('where the terminal gets pages from', () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dialback-pages-'));
    mkdirSync(join(folder, 'project', 'src-gen'), { recursive: true });
    mkdirSync(join(folder, 'project', 'include'));
    writeFileSync(join(folder, 'project', 'src-gen', 'page.scxml'), 'page');
    writeFileSync(join(folder, 'project', 'include', 'lib.js'), 'lib');
    writeFileSync(join(folder, 'private.txt'), 'private');
    symlinkSync(join(folder, 'private.txt'), join(folder, 'project', 'include', 'link.js'));
  });
  after(() => rmSync(folder, { recursive: true }));

  async function read(...path: string[]): Promise<string> {
    const source = openPageSource(join(folder, 'project', 'src-gen', 'page.scxml'));
    try {
      const answer = await source.fetcher.fetch({ url: pathToFileURL(join(folder, ...path)).href });
      return answer.kind === 'failed' ? answer.code : answer.body.toString();
    } finally {
      await source.close();
    }
  }

  it('is the folder of the page and those beside it', async () => {
    assert.equal(await read('project', 'src-gen', 'page.scxml'), 'page');
    assert.equal(await read('project', 'include', 'lib.js'), 'lib');
    assert.equal(await read('project', 'include', 'none.js'), 'FETCH_UNREACHABLE');
  });

  it('is nothing above it, by no way', async () => {
    assert.equal(await read('private.txt'), 'FETCH_NOT_ALLOWED');
    assert.equal(await read('project', 'include', 'link.js'), 'FETCH_NOT_ALLOWED');
  });

  it('is no file at all for a page of a web server', async () => {
    const source = openPageSource('http://127.0.0.1:9/page.scxml');
    const answer = await source.fetcher.fetch({
      url: pathToFileURL(join(folder, 'private.txt')).href,
    });
    await source.close();
    assert.equal(answer.kind === 'failed' && answer.code, 'FETCH_NOT_ALLOWED');
  });
});
