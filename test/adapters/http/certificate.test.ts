import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { readCertificate, renewCertificate } from '../../../src/adapters/http/certificate.js';
import { createApi, type ApiDeps } from '../../../src/request/callback-api.js';
import type { CallbackStore } from '../../../src/schedule/callback-store.js';
import { configOf } from '../../request/test-config.js';

const quiet = () => undefined;
const CURVE = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2';

describe('The certificate of the API', () => {
  let folder: string;
  const files = () => ({ certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') });

  /** Signs itself. */
  function make(name: string): void {
    const { certificate, key } = files();
    const more = ['-subj', `/CN=${name}`, '-keyout', key, '-out', certificate];
    execFileSync('openssl', [...CURVE.split(' '), ...more], { stdio: 'ignore' });
  }

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'dialback-https-'));
    try {
      make('first.test');
    } catch {
      console.log('      skipped: no openssl to make a certificate with');
      this.skip();
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is shown to clients, renewed from its files, and kept when they are wrong', async () => {
    const logged: string[] = [];
    const log = {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: (_: object, text: string) => void logged.push(text),
    };
    const api = createApi({
      store: { isWritable: true } as CallbackStore,
      config: await configOf('services: {}'),
      clock: { nowMs: () => 0, after: () => quiet },
      random: { uuid: () => '', fraction: () => 0 },
      log,
      poke: quiet,
      cancelLive: () => false,
      isReady: () => true,
      tls: await readCertificate(files()),
    } satisfies ApiDeps);
    await api.listen({ host: '127.0.0.1', port: 0 });
    const { port } = api.server.address() as AddressInfo;
    const shown = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
        socket.once('error', reject);
      });
    try {
      assert.equal(await shown(), 'first.test');
      make('second.test');
      await renewCertificate(api.server, files(), log);
      assert.equal(await shown(), 'second.test');
      await writeFile(files().certificate, 'no certificate');
      await renewCertificate(api.server, files(), log);
      assert.equal(await shown(), 'second.test');
      assert.deepEqual(logged, ['the certificate stays as it is']);
    } finally {
      await api.close();
    }
  });

  it('stops the start when it cannot be used', async () => {
    await writeFile(files().certificate, 'no certificate');
    await assert.rejects(readCertificate(files()), /^Error: CBD_TLS: http\.tls: /);
  });
});
