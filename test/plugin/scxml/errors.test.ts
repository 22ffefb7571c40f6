import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const read = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const codesIn = (text: string): string[] => [...new Set(text.match(/SCXML_[A-Z_]+/g))].sort();

describe('the codes of plugin sessions', () => {
  it('are all explained to the reader, and no others', () => {
    const declared = codesIn(read('src/plugin/scxml/errors.ts').replaceAll('`SCXML_...`', ''));
    assert.ok(declared.length > 25);
    assert.deepEqual(codesIn(read('src/plugin/README.md')), declared);
  });
});
