import assert from 'node:assert/strict';
import {
  CONFIG_OPTIONS,
  findServiceOption,
  isIgnoredOption,
  SERVICE_OPTIONS,
} from '../../src/config/schema.js';
import type { OptionSpec, ValueType } from '../../src/config/schema-types.js';
import { TemporaryFolder } from './temporary-config.js';

function everyOption(options: readonly OptionSpec[]): OptionSpec[] {
  const inside = (type: ValueType): OptionSpec[] =>
    type.kind === 'block'
      ? everyOption(type.options)
      : type.kind === 'list' || type.kind === 'map'
        ? inside(type.of)
        : [];
  return options.flatMap((spec) => [spec, ...inside(spec.type)]);
}

describe('the schema', () => {
  it('names no service option twice, and none that it says is not implemented', () => {
    const names = SERVICE_OPTIONS.flatMap(({ key, genesysName, misprint }) =>
      [key, genesysName, misprint].filter((name) => name !== undefined),
    );
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(names.filter(isIgnoredOption), []);
    assert.equal(findServiceOption('_calling_party_number')?.key, 'callerId');
  });

  it('says of every option what it does and where it comes from', () => {
    for (const { key, doc, source } of everyOption(CONFIG_OPTIONS)) {
      assert.match(doc, /^[A-Z`].*\.$/s, key);
      assert(source.length > 0, key);
    }
  });

  it('writes units last in the names of our own durations, and only there', () => {
    for (const { key, type } of everyOption(CONFIG_OPTIONS)) {
      if (key.startsWith('_')) continue;
      const unit = type.kind === 'integer' ? type.unit : undefined;
      assert.equal(/Ms$/.test(key), unit === 'ms', key);
    }
  });

  it('accepts its own defaults', async () => {
    const folder = new TemporaryFolder();
    const lines = SERVICE_OPTIONS.filter((spec) => spec.default !== undefined).map(
      (spec) => `    ${spec.key}: ${JSON.stringify(spec.default)}`,
    );
    const { services } = await folder.load(
      `services:\n  usual: {}\n  same:\n${lines.join('\n')}\n`,
    );
    const { raw: _usual, ...usual } = services.usual ?? assert.fail();
    const { raw: _same, ...same } = services.same ?? assert.fail();
    assert.deepEqual(
      { ...same, name: '', options: { ...same.options, name: '' } },
      { ...usual, name: '', options: { ...usual.options, name: '' } },
    );
    folder.remove();
  });
});
