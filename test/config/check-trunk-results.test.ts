import assert from 'node:assert/strict';
import { checkTrunkResults } from '../../src/config/check-trunk-results.js';
import { TemporaryFolder } from './temporary-config.js';

describe('rows of trunkResults', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  async function found(...rows: readonly string[]): Promise<string[]> {
    const config = await folder.load(`
trunks:
  - { name: a, uri: "sip:127.0.0.1:5999" }
  - { name: b, uri: "sip:127.0.0.1:5998" }
trunkResults:
${rows.map((row) => `  - { ${row}, why: x }`).join('\n')}
services:
  sales: {}
`);
    return checkTrunkResults(config).map(({ path, message }) => `${path}: ${message}`);
  }

  for (const [first, second] of [
    ['status: 500, statusTo: 599, then: next-trunk', 'status: 503, then: retry-later'],
    ['status: 403, then: next-trunk', 'status: 403, trunks: [a], then: never-again'],
    [
      'trunks: [a, b], q850Cause: 34, then: next-trunk',
      'trunks: [b], q850Cause: 34, then: retry-later',
    ],
    ['reasonText: credit, then: next-trunk', 'reasonText: No Credit left, then: retry-later'],
    ['header: "X-Why: credit", then: next-trunk', 'header: "x-why: no credit", then: retry-later'],
  ] as const) {
    it(`finds that "${second}" never decides behind "${first}"`, async () => {
      assert.deepEqual(await found(first, second), [
        'trunkResults[1]: This row never decides: trunkResults[0] fits first whenever it would, and says otherwise.',
      ]);
      assert.deepEqual(await found(second, first), [], 'the other way round it does');
    });
  }

  it('finds nothing where each can decide', async () => {
    const rows = [
      'trunks: [a], status: 403, then: next-trunk',
      'trunks: [b], status: 403, then: never-again',
      'status: 403, then: retry-later',
      'q850Cause: 34, then: retry-later',
      'header: "X-Why: credit", then: next-trunk',
    ];
    assert.deepEqual(await found(...rows), []);
  });

  it('finds one with the conditions of another, whatever it says', async () => {
    const [contradicts] = await found(
      'status: 403, then: next-trunk',
      'status: 403, then: retry-later',
    );
    assert.match(contradicts ?? '', /^trunkResults\[1\]: .* otherwise\.$/);
    const row = 'status: 403, then: next-trunk';
    assert.deepEqual(await found(row, row), [
      'trunkResults[1]: This row never decides: trunkResults[0] fits first whenever it would.',
    ]);
  });
});
