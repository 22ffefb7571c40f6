import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { checkConfig } from '../../src/config/check-config.js';
import { whyUnplayable } from '../../src/config/check-files.js';
import { loadConfig } from '../../src/config/load-config.js';
import { readWavHeader } from '../../src/config/wav-header.js';
import { readWavFile } from '../../src/embedded/rtp/wav.js';
import { TemporaryFolder } from './temporary-config.js';

const QUEUE = 'queues: { q: { targets: [{ uri: "sip:q@192.0.2.9" }] } }\n';

describe('checkConfig', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  const findings = async (text: string) =>
    (await checkConfig(await folder.load(text))).map(
      ({ code, severity, path }) => `${severity} ${code} ${path}`,
    );
  const ofService = (options: string, more = '') =>
    findings(`${QUEUE}${more}services: { a: { queue: q, ${options} } }\n`);

  it('finds nothing in the configuration that ships with the product but its example of a PBX', async () => {
    const found = await checkConfig(await loadConfig());
    assert.deepEqual(
      found.map(({ code, path }) => `${code} ${path}`),
      ['CHECK_HOST_UNREACHABLE queues.sales.targets[0].uri'],
    );
  });

  for (const [why, options, expected] of [
    [
      'plugin and page',
      '_plugin_on_dial_url: "http://127.0.0.1:1/p", pluginRunner: webhook, _on_customer_connect_treatment_url: "http://127.0.0.1:1/v"',
      'warning CHECK_CONTRADICTION services.a._on_customer_connect_treatment_url',
    ],
    [
      'an announcement that a plugin replaces',
      '_plugin_on_dial_url: "http://127.0.0.1:1/p", _treatment_customer_connect: connect.wav',
      'warning CHECK_CONTRADICTION services.a._treatment_customer_connect',
    ],
    [
      'plugin options without a plugin',
      '_plugin_on_dial_associate_ixn: false',
      'warning CHECK_CONTRADICTION services.a._plugin_on_dial_associate_ixn',
    ],
    [
      'ORS without a server',
      '_plugin_on_dial_url: "http://127.0.0.1:1/p", pluginRunner: ors',
      'error CHECK_CONTRADICTION services.a.pluginRunner',
    ],
    [
      'a message without detection',
      '_cpd_enable: false, _treatment_call_failure_answering_machine: machine.wav',
      'warning CHECK_CONTRADICTION services.a._treatment_call_failure_answering_machine',
    ],
    [
      'a message that is off and yet ends the callback',
      'completeAfterMessage: true, _treatment_call_failure_answering_machine: {}',
      'warning CHECK_CONTRADICTION services.a.completeAfterMessage',
    ],
    [
      'mandatory keys nobody can look up',
      '_mandatory_customer_lookup_keys: [_customer_number, order]',
      'error CHECK_CONTRADICTION services.a._mandatory_customer_lookup_keys',
    ],
    [
      'an option that no request can set',
      '_overwritable_options: [_max_dial_attempt]',
      'warning CHECK_CONTRADICTION services.a._overwritable_options',
    ],
  ] as const) {
    it(`finds ${why}`, async () => assert((await ofService(options)).includes(expected)));
  }

  for (const [why, text, expected] of [
    ['no service', '', ['warning CHECK_NO_SERVICE services']],
    [
      'servers without a trunk',
      'engine: servers\ndrachtio: { host: 127.0.0.1 }\nfreeswitch: [{ host: 127.0.0.1 }]\nservices: { a: { queue: q } }\n',
      ['warning CHECK_NO_TRUNK trunks'],
    ],
    [
      'a remote FreeSWITCH that cannot find us',
      'engine: servers\ndrachtio: { secret: x }\nfreeswitch: [{ host: 192.0.2.2, secret: x, mediaPath: /m }]\ntrunks: [{ name: t, uri: "sip:192.0.2.1" }]\nservices: { a: { queue: q, allowedCountries: [US] } }\n',
      ['warning CHECK_NOT_SHARED freeswitch[0].advertise'],
    ],
    [
      'a trunk that cannot answer to loopback',
      'trunks: [{ name: t, uri: "sip:192.0.2.1" }]\nservices: { a: { queue: q, allowedCountries: [US] } }\n',
      ['warning CHECK_CONTRADICTION trunks[0].uri'],
    ],
    [
      'a service that may dial the world',
      'trunks: [{ name: t, uri: "sip:127.0.0.1:5080" }]\nservices: { a: { queue: q } }\n',
      ['warning CHECK_ANY_DESTINATION services.a.allowedCountries'],
    ],
    [
      'servers that are not used',
      'drachtio: { secret: x }\nservices: { a: { queue: q } }\n',
      ['warning CHECK_CONTRADICTION drachtio'],
    ],
    [
      'an open API',
      'http: { listen: "0.0.0.0:0", auth: none }\nservices: { a: { queue: q } }\n',
      ['warning CHECK_PUBLIC_HTTP http.auth'],
    ],
    [
      'a media folder that is not there',
      'media: { directory: nowhere }\nservices: { a: { queue: q } }\n',
      ['error CHECK_FOLDER_MISSING media.directory'],
    ],
  ] as const) {
    it(`finds ${why}`, async () => assert.deepEqual(await findings(QUEUE + text), expected));
  }

  it('reports what `defaults` says once, at its own place', async () => {
    const config = await folder.load(
      `${QUEUE}defaults:\n  queue: q\n  _treatment_customer_connect: no.wav\nservices: { a: {}, b: {} }\n`,
    );
    const found = await checkConfig(config);
    assert.deepEqual(
      found.map(({ path, line, column }) => [path, line, column]),
      [['defaults._treatment_customer_connect', 4, 32]],
    );
  });

  describe('files', () => {
    const wav = (format: {
      tag?: number;
      channels?: number;
      rate?: number;
      bits?: number;
      data?: number;
    }) => {
      const { tag = 1, channels = 1, rate = 8000, bits = 16, data = 320 } = format;
      const head = Buffer.alloc(44);
      head.write('RIFF', 0, 'latin1');
      head.writeUInt32LE(36 + data, 4);
      head.write('WAVEfmt ', 8, 'latin1');
      head.writeUInt32LE(16, 16);
      head.writeUInt16LE(tag, 20);
      head.writeUInt16LE(channels, 22);
      head.writeUInt32LE(rate, 24);
      head.writeUInt16LE(bits, 34);
      head.write('data', 36, 'latin1');
      head.writeUInt32LE(data, 40);
      return Buffer.concat([head, Buffer.alloc(data)]);
    };
    const check = async (name: string, bytes: Uint8Array) => {
      folder.write(`sounds/${name}`, bytes);
      const found = await ofService(
        `_treatment_customer_connect: ${name}`,
        'media: { directory: sounds }\n',
      );
      folder.write(`sounds/${name}`, '');
      return found;
    };
    const unplayable = ['error CHECK_FILE_UNPLAYABLE services.a._treatment_customer_connect'];

    for (const [why, bytes, expected] of [
      ['plays 8 kHz PCM', wav({}), []],
      ['plays A-law, stereo and 48 kHz', wav({ tag: 6, bits: 8, channels: 2, rate: 48_000 }), []],
      ['refuses MP3 in a WAV', wav({ tag: 85 }), unplayable],
      ['refuses 24 bit', wav({ bits: 24 }), unplayable],
      ['refuses six channels', wav({ channels: 6 }), unplayable],
      ['refuses an empty recording', wav({ data: 0 }), unplayable],
      ['refuses half a sample', wav({ channels: 2, data: 3 }), unplayable],
      ['refuses A-law of 16 bit', wav({ tag: 6, bits: 16 }), unplayable],
      ['refuses a file that ends in its header', wav({}).subarray(0, 30), unplayable],
      ['refuses text', Buffer.from('<html>not found</html>'), unplayable],
      ['refuses an empty file', Buffer.alloc(0), unplayable],
    ] as const) {
      it(why, async () => assert.deepEqual(await check('x.wav', bytes), expected));
    }

    it('says the same as the engine that would have to play it', async () => {
      const forms = fc.record({
        tag: fc.constantFrom(1, 3, 6, 7, 85),
        channels: fc.constantFrom(0, 1, 2, 3),
        rate: fc.constantFrom(3999, 4000, 8000, 44_100, 192_000, 192_001),
        bits: fc.constantFrom(0, 8, 16, 24),
        data: fc.nat({ max: 60 }),
      });
      await fc.assert(
        fc.asyncProperty(forms, async (form) => {
          const file = folder.write('any.wav', wav(form));
          const header = await readWavHeader(file);
          const plays = (await readWavFile(file)).ok;
          const says = whyUnplayable(header, 'embedded', file) === undefined;
          assert.equal(says, plays, JSON.stringify(header));
        }),
        { numRuns: 300 },
      );
    });

    it('knows that the embedded engine plays nothing but WAV', async () => {
      assert.deepEqual(await check('x.mp3', Buffer.from('ID3')), unplayable);
    });

    it('finds the product’s own sounds from any folder', async () => {
      folder.write('empty/x', '');
      assert.deepEqual(
        await ofService(
          '_treatment_customer_connect: connect.wav',
          'media: { directory: empty }\n',
        ),
        [],
      );
    });
  });

  describe('URLs', () => {
    const ofService = (options: string) =>
      findings(`${QUEUE}services: { a: { queue: q, ${options} } }\n`);
    const asked: string[] = [];
    let server: Server;
    let base = '';
    before((done) => {
      server = createServer((request, response) => {
        asked.push(`${request.method} ${request.url}`);
        const [, status = '200'] = /^\/(\d+)/.exec(request.url ?? '') ?? [];
        if (status === '999') return; // says nothing
        const isHeadRefused = request.url === '/200-get' && request.method === 'HEAD';
        response
          .writeHead(isHeadRefused ? 405 : Number(status), { location: 'http://127.0.0.1:1/' })
          .end();
      }).listen(0, '127.0.0.1', () => {
        base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        done();
      });
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    const page = (path: string, more = '') =>
      ofService(`_on_customer_connect_treatment_url: "${base}${path}"${more}`);
    const at = 'CHECK_URL_UNREACHABLE services.a._on_customer_connect_treatment_url';

    for (const [path, expected] of [
      ['/200', []],
      ['/302', []],
      ['/200-get', []],
      ['/404', [`error ${at}`]],
      ['/500', [`warning ${at}`]],
      ['/403', [`warning ${at}`]],
    ] as const) {
      it(`that answer ${path}`, async () => assert.deepEqual(await page(path), expected));
    }

    it('that say nothing are given up after two seconds', async () => {
      assert.deepEqual(await page('/999'), [`error ${at}`]);
    });

    it('are asked once, whoever names them, and with GET only where HEAD is refused', async () => {
      asked.length = 0;
      await page('/200', `, _treatment_customer_connect: "${base}/200"`);
      await page('/200-get');
      assert.deepEqual(asked, ['HEAD /200', 'HEAD /200-get', 'GET /200-get']);
    });

    it('of webhooks are there if anything answers', async () => {
      const found = await ofService(`_plugin_on_dial_url: "${base}/404", pluginRunner: webhook`);
      assert.deepEqual(found, ['warning CHECK_UNSIGNED_WEBHOOK services.a.pluginRunner']);
    });
  });
});
