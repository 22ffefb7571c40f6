import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { addressLeft } from '../../src/cli/running-address.js';
import { TemporaryFolder } from '../config/temporary-config.js';

const START = `
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite::memory:" }
queues: { q: { targets: [{ uri: "sip:q@127.0.0.1" }] } }
services:
  sales: { queue: q, _ttl: 60 }
`;

describe('dialback run', () => {
  it('takes a changed file over while it runs, and keeps the old one when it is wrong', async function () {
    this.timeout(30_000);
    const folder = new TemporaryFolder();
    const file = folder.write('dialback.yaml', START);
    const child = spawn(
      process.execPath,
      ['--no-warnings', '--import', 'tsx', 'src/cli.ts', 'run', '--config', file],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const exited = once(child, 'exit');
    const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
    /** The next line with this message. */
    const said = async (wanted: RegExp): Promise<Record<string, unknown>> => {
      for (;;) {
        const next: IteratorResult<string, unknown> = await lines.next();
        assert(next.done !== true, `ended without ${wanted}`);
        const line = JSON.parse(next.value) as Record<string, unknown>;
        if (wanted.test(String(line['msg']))) return line;
      }
    };
    try {
      const api = String((await said(/^running$/))['api']);
      const ask = async (service: string) => {
        const path = `/genesys/1/service/callback/${service}`;
        const body = new URLSearchParams({ _customer_number: '+447700900123' });
        return (await fetch(api + path, { method: 'POST', body })).status;
      };
      assert.equal(await ask('support'), 404);
      assert.equal(addressLeft(file), api, 'for dialback health');

      folder.write('dialback.yaml', `${START.replace('60', '90')}  support: { queue: q }\n`);
      await said(/^services\.sales\._ttl: 60 -> 90$/);
      await said(/^configuration reloaded$/);
      assert.equal(await ask('support'), 200);

      folder.write('dialback.yaml', START.replace('_ttl', '_tttl'));
      await said(/error CONFIG_UNKNOWN_OPTION services\.sales\._tttl/);
      await said(/not reloaded/);
      assert.equal(await ask('support'), 200, 'as before');

      folder.write('dialback.yaml', START.replace('::memory:', ':other.db'));
      child.kill('SIGHUP');
      await said(/^store\.url: .*: needs a restart$/);
    } finally {
      child.kill('SIGTERM');
      await exited;
      assert.equal(addressLeft(file), undefined);
      folder.remove();
    }
    assert.equal(child.exitCode, 0);
  });
});
