import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../src/config/load-config.js';
import { TemporaryFolder } from './temporary-config.js';

const YAML = `
engine: servers
drachtio: { host: sip.example.net, secret: s, tls: true, tlsCa: tls/ca.pem }
freeswitch: [{ host: media.example.net, secret: "\${file:secrets/freeswitch}" }]
media: { directory: ../media, exchangeDirectory: ../exchange }
cpd: { calibration: fit.json, recorder: { directory: heard } }
store: { url: "sqlite:data/dialback.db" }
http: { tls: { certificate: tls/cert.pem, key: tls/key.pem } }
dialling: { doNotCall: numbers.txt }
callRecords: { file: records.jsonl }
services: { a: {} }
`;

describe('relative paths of a configuration', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  it('begin at the folder of the file that names them, whatever option and wherever we are', async () => {
    const file = folder.write('conf/dialback.yaml', YAML);
    folder.write('conf/secrets/freeswitch', 'from-a-file');
    const at = (path: string) => join(dirname(file), path);
    for (const path of [file, dirname(file)]) {
      const config = await loadConfig(path);
      const { media, cpd, store, http, dialling, callRecords, drachtio, freeswitch } = config;
      assert.deepEqual(
        [
          ...[media.directory, media.exchangeDirectory, cpd.calibrationFile],
          ...[cpd.recorder?.directory, store.kind === 'sqlite' && store.path],
          ...[http.tls?.certificate, http.tls?.key, dialling.doNotCallFile],
          ...[callRecords?.file, drachtio[0]?.tlsCa, freeswitch[0]?.secret],
        ],
        [
          ...[at('../media'), at('../exchange'), at('fit.json')],
          ...[at('heard'), at('data/dialback.db')],
          ...[at('tls/cert.pem'), at('tls/key.pem'), at('numbers.txt')],
          ...[at('records.jsonl'), at('tls/ca.pem'), 'from-a-file'],
        ],
      );
    }
  });
});
