import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONFIG_OPTIONS } from '../../src/config/schema.js';
import type { OptionSpec, ValueType } from '../../src/config/schema-types.js';
import { TemporaryFolder } from './temporary-config.js';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));
/** The demo only fills these fields in. */
const NOT_READERS = ['config/', 'demo/stage.ts'];
const sources = readdirSync(SOURCE, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(SOURCE, join(entry.parentPath, entry.name)))
  .filter((path) => !NOT_READERS.some((start) => path.startsWith(start)))
  .map((path) => readFileSync(join(SOURCE, path), 'utf8'));
const isRead = (field: string) => {
  const word = new RegExp(`(?:\\.|[{,]\\s*)${field}\\b`);
  return sources.some((text) => word.test(text));
};

describe('what is not built', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  it('is marked in the schema exactly as long as nothing reads it', () => {
    const marked = unbuilt(CONFIG_OPTIONS, '');
    assert.equal(marked.join(), '');
    for (const path of marked) {
      const field = path.replace(/\.url$/, '');
      assert(!isRead(field), `${path} is read now: take \`unbuilt\` off it in the schema`);
    }
  });

  it('is not what a service, a trunk or a queue says otherwise', async () => {
    const config = await folder.load(
      'trunks: [{ name: t, uri: "sip:a" }]\nqueues: { q: { targets: [] } }\nservices: { a: {} }\n',
    );
    const { a } = config.services;
    assert(a);
    const { options, request, raw: _raw, ...rest } = a;
    const fields = [config.trunks[0], options, request, rest, config.http].flatMap((block) =>
      Object.keys(block ?? {}),
    );
    assert.deepEqual(
      fields.filter((field) => !isRead(field)),
      [],
    );
  });
});

/** Paths of the options that are marked, once each; `defaults` and `services` hold the same ones. */
function unbuilt(options: readonly OptionSpec[], path: string): string[] {
  const found = options.flatMap((spec) => {
    const isService = spec.key === 'defaults' || spec.key === 'services';
    const at = isService ? '' : `${path}${spec.key}`;
    const nested = nestedOptions(spec.type);
    return [
      ...(spec.unbuilt === undefined ? [] : [at]),
      ...(nested ? unbuilt(nested, isService ? '' : `${at}.`) : []),
    ];
  });
  return [...new Set(found)];
}

function nestedOptions(type: ValueType): readonly OptionSpec[] | undefined {
  if (type.kind === 'block') return type.options;
  return type.kind === 'list' || type.kind === 'map' ? nestedOptions(type.of) : undefined;
}
