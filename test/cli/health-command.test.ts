import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { leaveAddress } from '../../src/cli/running-address.js';
import { registerHealthCommand } from '../../src/cli/health-command.js';
import { TemporaryFolder } from '../config/temporary-config.js';
import { freePort } from '../fakes/free-port.js';
import { selfSigned } from '../fakes/self-signed.js';

describe('The command health', () => {
  const folder = new TemporaryFolder();
  const asked: string[] = [];
  let isReady = true;
  let server: Server | undefined;
  after(() => folder.remove());
  afterEach(() => server?.close());

  async function serve(made: Server): Promise<number> {
    server = made.on('request', ({ url = '' }, response) => {
      asked.push(url);
      response.statusCode = url === '/readyz' && !isReady ? 503 : 200;
      response.end(JSON.stringify({ ok: response.statusCode === 200 }));
    });
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    return (made.address() as AddressInfo).port;
  }

  async function run(yaml: string, ...words: string[]) {
    const file = folder.write('health.yaml', `services: { a: {} }\n${yaml}`);
    const said = { out: '', err: '', code: 0 };
    const program = new Command().exitOverride();
    const terminal = {
      out: (line: string) => void (said.out += line),
      err: (line: string) => void (said.err += line),
      exit: (code: number) => void (said.code = code),
    };
    registerHealthCommand(program, { terminal });
    await program.parseAsync(['node', 'dialback', 'health', '--config', file, ...words]);
    return said;
  }

  it('asks where the file says that the service listens', async () => {
    const port = await serve(createServer());
    asked.length = 0;
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      const keys = 'apiKeys: [{ name: web, key: a-key-of-sixteen-letters-or-more }]';
      const said = await run(`http: { listen: "${host}:${port}", ${keys} }\n`);
      assert.deepEqual(said, { out: '{"ok":true}', err: '', code: 0 });
    }
    isReady = false;
    const not = await run(`http: { listen: "127.0.0.1:${port}" }\n`, '--ready');
    assert.equal(not.code, 1);
    assert.match(not.err, /^CBD_NOT_WELL.*\/readyz: \{"ok":false\}$/);
    assert.deepEqual(asked, ['/livez', '/livez', '/readyz']);
  });

  it('finds a service whose http.listen was edited since, and the one of the file when that is gone', async () => {
    isReady = true;
    const port = await serve(createServer());
    const taken = await freePort();
    const yaml = `http: { listen: "127.0.0.1:${taken}" }\n`;
    const lost = await run(yaml);
    assert.match(lost.err, /^CBD_SERVICE_UNREACHABLE.*restarted/);
    const file = join(folder.path, 'health.yaml');
    let takeBack = leaveAddress(file, `http://127.0.0.1:${port}`);
    const found = await run(yaml);
    assert.deepEqual([found.code, found.out], [0, '{"ok":true}']);
    assert.match(found.err, /until it is restarted/);
    takeBack();
    assert.equal((await run(yaml)).code, 1);
    takeBack = leaveAddress(file, `http://127.0.0.1:${taken}`);
    const restarted = await run(`http: { listen: "127.0.0.1:${port}" }\n`);
    assert.deepEqual(
      restarted,
      { out: '{"ok":true}', err: '', code: 0 },
      'left by one that was killed',
    );
    takeBack();
  });

  it('asks over TLS where there is a certificate, whatever name that is for', async function () {
    const made = await selfSigned('dialback.example');
    if (made === undefined) return this.skip();
    const { key, cert } = made;
    folder.write('key.pem', key);
    folder.write('cert.pem', cert);
    const port = await serve(createSecureServer({ key, cert }));
    const tls = `tls: { certificate: cert.pem, key: key.pem }`;
    const said = await run(`http: { listen: "127.0.0.1:${port}", ${tls} }\n`);
    assert.deepEqual([said.code, said.out], [0, '{"ok":true}'], said.err);
  });

  it('finds a service that is gone, and has none killed for a slip in the file', async () => {
    const port = await serve(createServer());
    server?.close();
    const gone = await run(`http: { listen: "127.0.0.1:${port}" }\n`);
    assert.deepEqual([gone.code, /^CBD_SERVICE_UNREACHABLE/.test(gone.err)], [1, true], gone.err);
    const faulty = await run('http: { lisen: "127.0.0.1:1" }\n');
    assert.deepEqual([faulty.code, faulty.err], [0, '']);
    assert.equal((await run('http: { lisen: "127.0.0.1:1" }\n', '--ready')).code, 1);
  });
});
