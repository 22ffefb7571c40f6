import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ConfigError, defaultConfigPath, loadConfig } from '../../src/config/load-config.js';
import { TemporaryFolder } from './temporary-config.js';

const TRUNK = 'trunks: [{ name: a, uri: "sip:a.example.net", password: PASSWORD }]\n';

describe('loadConfig', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  it('loads the configuration that ships with the product, without a warning', async () => {
    const config = await loadConfig();
    assert.equal(config.file, defaultConfigPath());
    assert.equal(config.engine, 'embedded');
    assert.deepEqual(Object.keys(config.services), ['sales', 'support']);
    assert.deepEqual(config.warnings, []);
    assert.equal(config.http.isLoopback, true);
    assert.equal(config.media.directory, config.media.packagedDirectory);
  });

  it('prefers dialback.yaml of the working directory to the packaged one, which is elsewhere', async () => {
    const own = folder.write('mine/dialback.yaml', '');
    assert.equal(defaultConfigPath(join(folder.path, 'mine')), own);
    const packaged = defaultConfigPath(join(folder.path, 'without'));
    assert.match(packaged, /config[/\\]dialback\.yaml$/);
    assert.notEqual(packaged, own);
  });

  it('takes an empty file for a configuration without services', async () => {
    const config = await folder.load('');
    assert.deepEqual(Object.keys(config.services), []);
    assert.deepEqual(config.trunks, []);
    assert.deepEqual(config.embedded, { sipHost: '127.0.0.1', sipPort: 0, rtpHost: '127.0.0.1' });
    assert.deepEqual(config.http, {
      host: '127.0.0.1',
      port: 8080,
      isLoopback: true,
      publicUrl: undefined,
      auth: { kind: 'none' },
      corsOrigins: [],
      tls: undefined,
      maxBodyBytes: 65_536,
      rateLimits: { perKey: 6000, perAddress: 0 },
    });
  });

  it('is frozen all the way down, and plain enough to be posted to a worker', async () => {
    const config = await loadConfig();
    assert.throws(
      () => Object.assign(config.services.sales?.options ?? {}, { queue: 'x' }),
      TypeError,
    );
    assert.throws(() => (config.trunks as unknown[]).push({}), TypeError);
    assert.equal(structuredClone(config).services.sales?.options.queue, 'sales');
  });

  it('finds nothing under names that every object has', async () => {
    const { services, queues } = await folder.load('services: { a: {} }\n');
    assert.equal(services.constructor, undefined);
    assert.equal(Reflect.get(queues, 'toString'), undefined);
  });

  it('reports every fault at once, in the order of the file', async () => {
    const problems = await folder.problems('engine: cloud\nlog: { level: loud }\nqueue: x\n');
    assert.deepEqual(
      problems.map(({ code, line, column }) => [code, line, column]),
      [
        ['CONFIG_NOT_ALLOWED', 1, 9],
        ['CONFIG_NOT_ALLOWED', 2, 15],
        ['CONFIG_UNKNOWN_OPTION', 3, 1],
      ],
    );
  });

  it('throws one error whose text holds all findings', async () => {
    const loading = folder.load('engine: cloud\n');
    await assert.rejects(loading, (error) => {
      assert(error instanceof ConfigError);
      assert.equal(error.code, 'CONFIG_INVALID');
      assert.match(error.message, /dialback\.yaml:1:9: error CONFIG_NOT_ALLOWED engine: /);
      return true;
    });
  });

  it('says so when there is no file', async () => {
    await assert.rejects(loadConfig(join(folder.path, 'nowhere.yaml')), /CONFIG_FILE_MISSING/);
  });

  describe('references', () => {
    it('takes secrets from the environment and from files, also unquoted in a flow map', async () => {
      folder.write('secret.txt', 'from-a-file\n');
      const text = `drachtio: { host: 127.0.0.1, secret: \${env:S} }\nfreeswitch:\n  - secret: \${file:secret.txt}\n`;
      const config = await folder.load(text, { S: 'from-the-environment' });
      assert.equal(config.drachtio[0]?.secret, 'from-the-environment');
      assert.equal(config.freeswitch[0]?.secret, 'from-a-file');
    });

    it('replaces them inside a longer text, and reads numbers and booleans from them', async () => {
      const text =
        'store: { url: "postgres://me:${env:PW}@db.example.net/x" }\nembedded: { sipPort: ${env:PORT} }\n' +
        'defaults: { _cpd_enable: ${env:CPD} }\nservices: { a: {} }\n';
      const config = await folder.load(text, { PW: 'p', PORT: '5070', CPD: 'false' });
      assert.equal(config.store.url, 'postgres://me:p@db.example.net/x');
      assert.equal(config.embedded.sipPort, 5070);
      assert.equal(config.services.a?.options.isCpdEnabled, false);
    });

    it('does not read YAML out of a value', async () => {
      const text = TRUNK.replace('PASSWORD', '${env:PW}');
      const config = await folder.load(text, { PW: 'x, priority: 7 }' });
      assert.equal(config.trunks[0]?.password, 'x, priority: 7 }');
      assert.equal(config.trunks[0]?.priority, 1);
    });

    it('leaves comments and other dollar signs alone', async () => {
      const config = await folder.load(
        `# \${env:NOT_SET}\n${TRUNK.replace('PASSWORD', () => "'pa$$ ${x}'")}`,
      );
      assert.equal(config.trunks[0]?.password, 'pa$$ ${x}');
    });

    it('never shows the value of one, whatever is wrong with it', async () => {
      const text =
        'engine: ${env:A}\nembedded: { sipPort: ${env:A} }\nhttp: { publicUrl: ${env:A}, listen: ${env:A} }\n' +
        'services: { a: { _treatment_find_agent_fail: "${env:A}|", _default_country: ${env:A} } }\n';
      const problems = await folder.problems(text, { A: 'TOPSECRET' });
      assert.equal(problems.length, 6);
      assert.doesNotMatch(JSON.stringify(problems), /TOPSECRET/);
      assert.match(problems[0]?.found ?? '', /\$\{env:A\}/);
    });

    it('misses an empty variable as if it were not set: it would mean the default secret', async () => {
      const [problem] = await folder.problems('drachtio: { secret: ${env:S} }\n', { S: '' });
      assert.equal(problem?.code, 'CONFIG_ENV_MISSING');
    });

    it('names the file it cannot read', async () => {
      const [problem] = await folder.problems('drachtio: { secret: ${file:no/such} }\n');
      assert.equal(problem?.code, 'CONFIG_REFERENCE_FILE_MISSING');
      assert.match(problem?.message ?? '', /no\/such cannot be read/);
    });
  });

  describe('a folder', () => {
    const many = new TemporaryFolder();
    after(() => many.remove());

    it('is read as one configuration; relative paths start there', async () => {
      many.write('10-base.yaml', 'store: { url: "sqlite:x.db" }\nqueues: { q: { targets: [] } }\n');
      many.write('20-sales.yaml', 'services: { sales: { queue: q } }\n');
      many.write('30-support.yml', 'services: { support: { queue: q } }\n');
      many.write('notes.txt', 'not: yaml');
      many.write('.hidden.yaml', 'nonsense: 1');
      const config = await loadConfig(many.path);
      assert.deepEqual(Object.keys(config.services).sort(), ['sales', 'support']);
      assert.equal(config.store.url, `sqlite:${join(many.path, 'x.db')}`);
    });

    it('may not say the same thing twice', async () => {
      many.write('40-again.yaml', 'services:\n  sales: {}\nstore: { url: "sqlite:y.db" }\n');
      await assert.rejects(loadConfig(many.path), (error) => {
        assert(error instanceof ConfigError);
        const found = error.problems.map(({ code, path, line }) => [code, path, line]);
        assert.deepEqual(found, [
          ['CONFIG_DUPLICATE_KEY', 'services.sales', 2],
          ['CONFIG_DUPLICATE_KEY', 'store', 3],
        ]);
        return error.problems.every(({ file }) => file.endsWith('40-again.yaml'));
      });
    });

    it('without a YAML file is no configuration', async () => {
      const empty = new TemporaryFolder();
      await assert.rejects(loadConfig(empty.path), /CONFIG_FILE_MISSING/);
      empty.remove();
    });
  });

  describe('limits', () => {
    it('refuses more than 1 MiB', async () => {
      const problems = await folder.problems(`# ${'x'.repeat(1024 * 1024)}\n`);
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['CONFIG_FILE_TOO_LARGE'],
      );
    });

    it('refuses what is not UTF-8', async () => {
      const file = folder.write('latin1.yaml', Uint8Array.of(0x61, 0x3a, 0x20, 0xe4));
      await assert.rejects(loadConfig(file), /CONFIG_FILE_UNREADABLE/);
    });

    it('does not unfold aliases of aliases', async () => {
      const level = (name: string, of: string) =>
        `- &${name} { targets: [${Array.from({ length: 9 }, () => of).join(', ')}] }\n`;
      const names = 'abcdefghij'.split('');
      const bomb = names
        .map((name, at) => level(name, at === 0 ? 'x' : `*${names[at - 1]}`))
        .join('');
      const problems = await folder.problems(`trunks:\n${bomb}`);
      assert(problems.length > 0 && problems.length < 1000);
      const hints = await folder.problems(
        `services:\n  a:\n    _ixn_redirect_hints: &h\n      x: 1\n${Array.from({ length: 300 }, (_, i) => `  s${i}: { _ixn_redirect_hints: *h }\n`).join('')}`,
      );
      assert.deepEqual(
        hints.map(({ code }) => code),
        ['CONFIG_TOO_MANY'],
      );
    });

    it('does not follow an alias into itself', async () => {
      const problems = await folder.problems(
        'services:\n  a: &a\n    _ixn_redirect_hints: { x: *a }\n',
      );
      assert(problems.length > 0);
    });

    it('takes a service that stands in one line, however many options it has', async () => {
      const { services } = await folder.load(
        `services: { s: { _max_dial_attempts: 2, _dial_retry_timeout: 1, ringTimeoutMs: 20000, ` +
          `silenceAs: human, unknownAs: human, machineMessage: first, amDetected: connect, ` +
          `humanSilenceMaxMs: 4000, cpdProfile: balanced } }`,
      );
      assert.equal(services['s']?.options.humanSilenceMaxMs, 4000);
    });

    for (const [what, text] of [
      ['brackets', '['.repeat(100_000)],
      ['dashes', '- '.repeat(100_000)],
      ['indentation', Array.from({ length: 400 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ] as const) {
      it(`refuses a pile of ${what} before the parser sees it`, async () => {
        const problems = await folder.problems(text);
        assert.deepEqual(
          problems.map(({ code }) => code),
          ['CONFIG_TOO_DEEP'],
        );
      });
    }
  });

  describe('HTTP', () => {
    const http = async (text: string) => (await folder.load(`http: { ${text} }`)).http;
    const key = 'apiKeys: [{ name: web, key: 0123456789abcdef }]';

    it('takes addresses apart, IPv6 too', async () => {
      const one = await http('listen: "[::1]:0"');
      assert.deepEqual([one.host, one.port, one.isLoopback], ['::1', 0, true]);
    });

    it('opens to other machines with keys, or when told in so many words', async () => {
      assert.equal((await http(`listen: "0.0.0.0:80", ${key}`)).auth.kind, 'keys');
      assert.equal((await http('listen: "0.0.0.0:80", auth: none')).auth.kind, 'none');
      assert.equal((await http(`listen: "[::]:80", auth: keys, ${key}`)).isLoopback, false);
      await assert.rejects(http('listen: "[::]:80"'), /CONFIG_PUBLIC_WITHOUT_AUTH/);
      await assert.rejects(http('auth: keys'), /CONFIG_MISSING_OPTION http\.apiKeys/);
    });

    it('cuts the slash off the public URL', async () => {
      assert.equal(
        (await http('publicUrl: "https://cb.example.net/x/"')).publicUrl,
        'https://cb.example.net/x',
      );
    });
  });

  it('keeps an absolute store path, resolves a relative one, knows memory and PostgreSQL', async () => {
    const store = async (url: string) => (await folder.load(`store: { url: "${url}" }`)).store;
    assert.deepEqual(await store('sqlite:/var/x.db'), {
      kind: 'sqlite',
      url: 'sqlite:/var/x.db',
      path: '/var/x.db',
      retentionDays: 90,
    });
    assert.deepEqual(await store('sqlite::memory:'), {
      kind: 'sqlite',
      url: 'sqlite::memory:',
      path: ':memory:',
      retentionDays: 90,
    });
    assert.equal((await store('sqlite:d/x.db')).url, `sqlite:${join(folder.path, 'd/x.db')}`);
    assert.equal((await store('postgres://h/d')).kind, 'postgres');
  });

  it('records no call and runs no shadow unless it is told to', async () => {
    assert.deepEqual((await folder.load('')).cpd, {
      shadowProfiles: [],
      calibrationFile: undefined,
      recorder: undefined,
    });
    const { cpd } = await folder.load(
      'cpd: { shadowProfiles: [machine-first, balanced], calibration: c.json, recorder: { directory: calls } }',
    );
    assert.deepEqual(cpd, {
      shadowProfiles: ['balanced', 'machine-first'],
      calibrationFile: join(folder.path, 'c.json'),
      recorder: {
        directory: join(folder.path, 'calls'),
        seconds: 30,
        retentionDays: 7,
        services: [],
      },
    });
  });

  it('trusts the origins of the URLs it names', async () => {
    const config = await folder.load(
      'allowedOrigins: ["https://x.example:8443"]\norchestration: { url: "http://ors.example/a" }\nservices:\n' +
        '  a: { _plugin_on_dial_url: "http://p.example:81/x.scxml", _treatment_waiting_for_agent: "https://m.example/w.wav" }\n',
    );
    assert.deepEqual(config.allowedOrigins, [
      'http://ors.example',
      'http://p.example:81',
      'https://m.example',
      'https://x.example:8443',
    ]);
  });
});
