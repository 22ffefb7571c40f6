/** docs/plugins.md says what the code says: parameters, actions and codes. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { REPLY_ACTIONS } from '../../src/callflow/plugin-reply.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(ROOT + path, 'utf8');

describe('docs/plugins.md', () => {
  const text = read('docs/plugins.md');
  /** Names in the first column of the table under a heading. */
  const firstColumn = (heading: string, under: string): string[] => {
    const [, section = ''] = under.split(`\n## ${heading}\n`);
    const rows = section.split('\n## ')[0]?.split('\n') ?? [];
    return rows
      .filter((row) => /^\| `/.test(row))
      .flatMap((row) =>
        [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, n]) => n ?? ''),
      );
  };

  it('lists every parameter, and no other', () => {
    const source = read('src/holder/holder-parameters.ts');
    const names = [...source.matchAll(/^ {2}readonly (_\w+):/gm)].map(([, name]) => name);
    assert.deepEqual(firstColumn('What it is given', text), names);
  });

  it('lists every field and action of a reply', () => {
    const names = firstColumn('What it replies', text);
    const fields = ['action', 'message', 'customer_number', 'customer_number_prefix', 'delay'];
    assert.deepEqual(names, [...fields, ...REPLY_ACTIONS]);
  });

  it('lists every code that plugins meet, and none that is gone', () => {
    const folders = [
      'src/callflow',
      'src/holder',
      'src/plugin',
      'src/request',
      'src/adapters/fetch',
    ];
    const sources = folders.flatMap((folder) =>
      readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => read(`${folder}/${path}`)),
    );
    const code =
      /['"`]((?:REPLY|FETCH|HELD|WEBHOOK|ORS|PLUGIN|CALL|CBD_PLUGIN|CBD_VXML)_[A-Z_]+)(?=['"`:])/g;
    const found = new Set(
      sources.flatMap((source) => [...source.matchAll(code)].map(([, name]) => name ?? '')),
    );
    found.delete('REPLY_ACTIONS');
    assert.deepEqual(firstColumn('Codes', text).sort(), [...found].sort());
  });
});
