/** docs/field-notes.md names, for each row, tests that exist; a test that claims a row is in it. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';

const FOLDER = new URL('../adapters/', import.meta.url);
const TITLE = /\b(?:it|describe)\(\s*(['"`])(field notes [1-9]: .*?)\1,/g;
/** Sections whose every row has to be named. */
const ROW = /^\| ([1456]) \| (.+?) \| .+? \| (.*) \|$/gm;

async function titles(): Promise<{ file: string; title: string }[]> {
  const found: { file: string; title: string }[] = [];
  for (const folder of ['telephony', 'media']) {
    const names = await readdir(new URL(`${folder}/`, FOLDER));
    for (const name of names.filter((each) => each.endsWith('.test.ts'))) {
      const text = await readFile(new URL(`${folder}/${name}`, FOLDER), 'utf8');
      const file = `${folder}/${name.replace('.test.ts', '')}`;
      for (const [, , title = ''] of text.matchAll(TITLE)) found.push({ file, title });
    }
  }
  return found;
}

describe('the field notes', () => {
  it('name a test that exists for every row, and leave out no test that claims one', async () => {
    const existing = await titles();
    const text = await readFile(new URL('../../docs/field-notes.md', import.meta.url), 'utf8');
    const unnamed = new Set(existing);
    const rows = [...text.matchAll(ROW)];
    assert.deepEqual(
      [1, 4, 5, 6].map((section) => rows.filter(([, of]) => Number(of) === section).length),
      [4, 19, 5, 19],
      'rows of each section',
    );
    for (const [, section, row, tests = ''] of rows) {
      const named = [...tests.matchAll(/`([\w/-]+): ([^`]+)`/g)];
      assert.ok(named.length > 0, `no test: ${row}`);
      for (const [, file, start] of named) {
        const proving = existing.filter(
          (each) => each.file === file && each.title.startsWith(`field notes ${section}: ${start}`),
        );
        assert.ok(proving.length > 0, `${row}: no test in ${file} is called "${start}"`);
        for (const each of proving) unnamed.delete(each);
      }
    }
    assert.deepEqual([...unnamed], [], 'tests that no row names');
  });
});
