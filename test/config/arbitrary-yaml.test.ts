import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { ConfigError } from '../../src/config/load-config.js';
import { CONFIG_OPTIONS, SERVICE_OPTIONS } from '../../src/config/schema.js';
import { TemporaryFolder } from './temporary-config.js';

const names = [...CONFIG_OPTIONS, ...SERVICE_OPTIONS].map(({ key }) => key);
const leaf = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(
    null,
    '',
    '${env:A}',
    '${env:',
    '${file:/}',
    '{',
    '*a',
    '&a',
    'http://[',
    'sip:x',
    '1M',
    '{"a":1}',
  ),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 5 }, leaf, tie('list'), tie('block')),
  list: fc.array(tie('tree'), { maxLength: 4 }),
  block: fc.dictionary(
    fc.oneof(
      fc.constantFrom(...names, 'file', 'hints', 'uri', 'name', 'a'),
      fc.string({ maxLength: 8 }),
    ),
    tie('tree'),
    { maxKeys: 6 },
  ),
}));
const document = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom(...' \n\t-:{}[]?&*!|>\'"%#,a0$~<='.split('')),
    maxLength: 120,
  }),
  tree.map((value) => stringify(value)),
  fc
    .dictionary(fc.constantFrom(...CONFIG_OPTIONS.map(({ key }) => key)), tree)
    .map((value) => stringify(value)),
  fc
    .dictionary(fc.constantFrom(...SERVICE_OPTIONS.map(({ key }) => key)), tree)
    .map((value) => stringify({ services: { a: value } })),
);

describe('any text at all', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  it('is a configuration or a ConfigError with places, and nothing else', async function () {
    this.timeout(30_000);
    await fc.assert(
      fc.asyncProperty(document, async (text) => {
        try {
          const config = await folder.load(text, { A: 'value' });
          assert(Object.isFrozen(config));
        } catch (error) {
          assert(
            error instanceof ConfigError,
            String(error instanceof Error ? error.stack : error),
          );
          assert(error.problems.some(({ severity }) => severity === 'error'));
          for (const { line, column } of error.problems) assert(line >= 1 && column >= 1);
        }
      }),
      { numRuns: 500 },
    );
  });
});
