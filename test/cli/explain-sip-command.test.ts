import assert from 'node:assert/strict';
import { Command } from 'commander';
import { registerExplainSipCommand } from '../../src/cli/explain-sip-command.js';
import { TemporaryFolder } from '../config/temporary-config.js';

describe('explain-sip', () => {
  const folder = new TemporaryFolder();
  let failed: { line?: string; code?: number } = {};
  after(() => folder.remove());

  async function explain(...words: string[]): Promise<string> {
    const lines: string[] = [];
    failed = {};
    const terminal = {
      out: (line: string) => lines.push(line),
      err: (line: string) => (failed.line = line),
      exit: (code: number) => (failed.code = code),
    };
    const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    registerExplainSipCommand(program, { terminal });
    await program.parseAsync(['explain-sip', ...words], { from: 'user' });
    return lines.join('\n');
  }

  it('names the row that decides, why, and what follows', async () => {
    const text = await explain('480', '--q850', '34');
    assert.match(text, /row cause-34\n.*no circuit available\n.*15 SitNoCircuit\n.*next-trunk: /);
    assert.match(await explain('503', '--rang'), /it had rung.*\n.*\n.*by-call-state: /);
  });

  it('asks the rows of a configuration first', async () => {
    const row = '{ trunks: [a], header: "X-Cause: credit", then: never-again, why: broke }';
    const text = `trunks: [{ name: a, uri: "sip:a" }]\ntrunkResults: [${row}]\nservices: {}\n`;
    const { file } = await folder.load(text);
    const words = ['403', '--header', 'X-Cause: no credit', '--config', file, '--json'];
    const said = JSON.parse(await explain(...words, '--trunk', 'a')) as Record<string, unknown>;
    assert.deepEqual([said['row'], said['then']], ['trunkResults[0]', 'never-again']);
    const other = JSON.parse(await explain(...words)) as Record<string, unknown>;
    assert.equal(other['row'], 'status-403');
  });

  it('refuses a trunk that the configuration has not, and names those it has', async () => {
    const { file } = await folder.load('trunks: [{ name: a, uri: "sip:a" }]\nservices: {}\n');
    assert.equal(await explain('503', '--config', file, '--trunk', 'b'), '');
    assert.deepEqual(failed, { line: 'CBD_WRONG_USE: --trunk: no trunk b; there are a', code: 2 });
  });

  for (const words of [['200'], ['abc'], ['503', '--q850', '0'], ['503', '--header', 'nothing']]) {
    it(`refuses ${words.join(' ')}`, () => assert.rejects(explain(...words)));
  }
});
