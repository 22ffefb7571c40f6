import assert from 'node:assert/strict';
import { Command, CommanderError } from 'commander';
import { parse } from 'yaml';
import { registerApiKeyCommand } from '../../src/cli/api-key-command.js';
import { configOf } from '../request/test-config.js';

async function run(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const out = (line: string) => void lines.push(line);
  const program = new Command().exitOverride().configureOutput({ writeErr: out });
  registerApiKeyCommand(program, { terminal: { out, err: out, exit: () => undefined } });
  program.commands.forEach((command) => command.exitOverride().configureOutput({ writeErr: out }));
  await program.parseAsync(['api-key', ...args], { from: 'user' });
  return lines;
}

describe('dialback api-key', () => {
  it('prints a key once, and an entry that lets it in', async () => {
    const [shown = '', , ...yaml] = await run(
      'web shop',
      '--scopes',
      'callbacks:write, events',
      '--services',
      'sales',
    );
    const key = /(dbk_[\w-]{43})$/.exec(shown)?.[1] ?? '';
    assert.notEqual(key, '');
    assert(!yaml.join('\n').includes(key));
    const { http } = await configOf(`${yaml.join('\n')}\nservices: { sales: {} }\n`);
    assert(http.auth.kind === 'keys');
    const [entry] = http.auth.keys;
    assert.deepEqual(entry?.scopes, ['callbacks:write', 'events']);
    assert.deepEqual(entry?.services, ['sales']);
    const { createHash } = await import('node:crypto');
    assert.equal(entry?.sha256, createHash('sha256').update(key).digest('hex'));
    assert.equal((parse(yaml.join('\n')) as { http: { apiKeys: [] } }).http.apiKeys.length, 1);
  });

  it('makes another one each time', async () => {
    const keyOf = async () =>
      (JSON.parse((await run('a', '--json'))[0] ?? '') as { key: string }).key;
    assert.notEqual(await keyOf(), await keyOf());
  });

  it('refuses a scope that is none, and says which was meant', async () => {
    await assert.rejects(run('web', '--scopes', 'callback:read'), (error: unknown) => {
      assert(error instanceof CommanderError);
      assert.match(error.message, /Did you mean callbacks:read/);
      return true;
    });
  });
});
