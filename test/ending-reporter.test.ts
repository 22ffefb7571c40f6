import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { TemporaryFolder } from './config/temporary-config.js';

const LEAVES_OPEN = `
import { createServer } from 'node:net';
it('leaves its server open', async () => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  RESULT
});
`;

describe('The runner of the tests on real servers', function () {
  this.timeout(60_000);
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  for (const [what, result, code] of [
    ['fail', "throw new Error('fails');", 1],
    ['pass', '', 0],
  ] as const) {
    it(`ends with ${code} when tests ${what} and leave something open, and says what`, async () => {
      const file = folder.write('open.test.mjs', LEAVES_OPEN.replace('RESULT', result));
      const options = ['--reporter', './scripts/ending-reporter.mjs'];
      const args = ['node_modules/mocha/bin/mocha.js', ...options];
      args.push('--reporter-option', 'waitMs=100', '--extension', 'mjs', file);
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const [exitCode] = (await once(child, 'close')) as [number];
      assert.equal(exitCode, code, said);
      assert.match(said, /still open: .*TCPServerWrap.*Server 127\.0\.0\.1:\d+/);
    });
  }
});
