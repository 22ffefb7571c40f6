import assert from 'node:assert/strict';
import { DECISION_TABLE } from '../../src/callflow/decision-table.js';
import { figureMermaid } from '../../src/callflow/diagram.js';
import { conditionText, matrixMarkdown, matrixRows } from '../../src/callflow/matrix.js';
import { serviceWith, WITH_PAGE, WITH_PLUGIN } from './flow-fixture.js';

const rowsFor = (options: object = {}) =>
  new Set<string>(matrixRows(serviceWith(options)).rows.map(({ row }) => row));

describe('the matrix', () => {
  it('has every row of the table', () => {
    assert.equal(matrixRows().rows.length, DECISION_TABLE.length);
  });

  it('speaks of answers in answer words', () => {
    const row = matrixRows().rows.find(({ row }) => row === 'no-answer.retry');
    assert.deepEqual(row?.when.answer, ['no-answer', 'declined', 'silence', 'unknown', 'hung-up']);
  });

  it('puts silence and unknown where the service takes them', () => {
    const { rows } = matrixRows(serviceWith({ silenceAs: 'machine' }));
    const answersOf = (id: string) => rows.find(({ row }) => row === id)?.when.answer;
    assert.deepEqual(answersOf('machine.message'), ['machine', 'silence']);
    assert.deepEqual(answersOf('human.connect'), ['human', 'unknown']);
  });

  it('leaves out what a service cannot do', () => {
    const plain = rowsFor();
    for (const row of ['human.plugin', 'human.vxml', 'reply.cancel', 'machine.await-beep']) {
      assert.ok(!plain.has(row), row);
    }
    for (const row of ['human.connect', 'machine.message', 'busy.retry', 'fax.end']) {
      assert.ok(plain.has(row), row);
    }
    assert.ok(rowsFor(WITH_PLUGIN).has('busy.plugin'));
    assert.ok(!rowsFor(WITH_PLUGIN).has('busy.retry'));
    const notInvoked = rowsFor({ ...WITH_PLUGIN, pluginInvokeOnCallFailed: false });
    assert.ok(notInvoked.has('human.plugin') && notInvoked.has('busy.retry'));
    assert.ok(!notInvoked.has('busy.plugin') && !notInvoked.has('human.connect'));
    assert.ok(rowsFor(WITH_PAGE).has('human.vxml') && !rowsFor(WITH_PAGE).has('human.queue'));
    assert.ok(!rowsFor({ isCpdEnabled: false }).has('machine.message'));
    assert.ok(!rowsFor({ maxDialAttempts: 1 }).has('busy.retry'));
    assert.ok(plain.has('connected.too-long'));
    assert.ok(!rowsFor({ conversationMaxMs: 0 }).has('connected.too-long'));
  });

  it('prints conditions in one line', () => {
    const text = conditionText({ answer: ['busy'], pluginEnabled: false });
    assert.equal(text, 'answer: busy, pluginEnabled: no');
    assert.equal(conditionText({}), 'otherwise');
  });

  it('is Markdown with conditions, rows and readings', () => {
    const markdown = matrixMarkdown(matrixRows());
    for (const { row, reading } of DECISION_TABLE) {
      assert.ok(markdown.includes(`| \`${row}\` |`), row);
      if (reading !== undefined) assert.ok(markdown.includes(`- \`${row}\`: ${reading}`), row);
    }
    const table = markdown.split('\n').filter((line) => line.startsWith('|'));
    for (const line of table) assert.equal(line.replaceAll('\\|', '').split('|').length, 5, line);
  });
});

describe('the diagram', () => {
  it('draws the condition points of the figure from the table', () => {
    const figure = figureMermaid();
    assert.match(figure, /^flowchart TD\n/);
    for (const line of [
      '  pluginBox{"Plugin enabled?"}',
      '  pluginBox -->|"yes"| actionBox',
      '  pluginBox -->|"no: human"| vxmlBox',
      '  retryBox -->|"no"| dialBox',
      '  retryBox -->|"yes"| endBox',
      '  actionBox -->|"route_to_rp"| routeBox',
    ]) {
      assert.ok(figure.includes(`${line}\n`), line);
    }
  });

  it('leaves out the boxes that no shown row leads to', () => {
    const figure = figureMermaid(({ arm }) => arm === 'dial');
    assert.doesNotMatch(figure, /pluginBox/);
    assert.match(figure, /dialBox/);
  });
});
