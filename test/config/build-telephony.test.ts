import assert from 'node:assert/strict';
import { isMediaShared, telephonySites } from '../../src/telephony-sites.js';
import { isPublicAddress } from '../../src/config/public-address.js';
import { TemporaryFolder } from './temporary-config.js';

describe('telephony servers in a configuration', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  it('takes one drachtio as a block, and every media server is its own', async () => {
    const config = await folder.load(
      'engine: servers\ndrachtio: { secret: a }\nfreeswitch: [{ secret: b, maxSessions: 50 }, { port: 8022, listen: "127.0.0.1:8085", sipAddress: "10.0.0.1:5080" }]\n',
    );
    assert.deepEqual(await telephonySites(config), [
      {
        name: 'main',
        drachtio: { host: '127.0.0.1', port: 9022, secret: 'a' },
        freeswitch: [
          {
            ...{ host: '127.0.0.1', port: 8021, secret: 'b', maxSessions: 50 },
            ...{ allowPublicListener: false, audioTap: 'auto', profile: 'drachtio_mrf' },
          },
          {
            ...{ host: '127.0.0.1', port: 8022, secret: 'ClueCon', listen: '127.0.0.1:8085' },
            ...{
              allowPublicListener: false,
              audioTap: 'auto',
              sipAddress: '10.0.0.1:5080',
              profile: 'drachtio_mrf',
            },
          },
        ],
      },
    ]);
  });

  it('tells each media server where it sees the media folder', async () => {
    const config = await folder.load(
      'engine: servers\nmedia: { directory: /srv/media }\ndrachtio: { secret: a }\nfreeswitch: [{ secret: b, mediaPath: /mnt/a }, { port: 8022, secret: c }]\n',
    );
    const [site] = await telephonySites(config);
    assert.deepEqual(
      site?.freeswitch.map(({ mediaView }) => mediaView),
      [{ directory: '/srv/media', seenAs: '/mnt/a' }, undefined],
    );
    assert.equal(isMediaShared(config), true);
    assert.equal(isMediaShared({ ...config, engine: 'embedded' }), false);
    const local = config.freeswitch.filter(({ mediaPath }) => mediaPath === undefined);
    assert.equal(isMediaShared({ ...config, freeswitch: local }), false);
  });

  it('takes limits on set-ups of a media server', async () => {
    const config = await folder.load(
      'engine: servers\ndrachtio: { secret: a }\nfreeswitch: [{ secret: b, maxSetUpsPerSecond: 20, maxSetUpsInProgress: 8 }]\n',
    );
    const [site] = await telephonySites(config);
    const { maxSetUpsPerSecond, maxSetUpsInProgress } = site?.freeswitch[0] ?? {};
    assert.deepEqual([maxSetUpsPerSecond, maxSetUpsInProgress], [20, 8]);
  });

  it('takes several, each with the media servers that name it', async () => {
    folder.write('ca.pem', 'PEM');
    const config = await folder.load(
      `engine: servers
drachtio:
  - { name: east, secret: a }
  - { name: west, host: 127.0.0.2, secret: b, tls: true, tlsCa: ca.pem, tlsServerName: west.test }
freeswitch:
  - { site: west, secret: c }
  - { site: east, secret: d }
  - { site: east, secret: e }
`,
    );
    const sites = await telephonySites(config);
    assert.deepEqual(
      sites.map(({ name, freeswitch }) => [name, freeswitch.map(({ secret }) => secret)]),
      [
        ['east', ['d', 'e']],
        ['west', ['c']],
      ],
    );
    assert.equal(sites[0]?.drachtio.tls, undefined);
    assert.deepEqual(sites[1]?.drachtio.tls, {
      ...{ minVersion: 'TLSv1.2', ca: 'PEM', servername: 'west.test' },
    });
  });

  it('takes the session timer of a trunk in seconds', async () => {
    const config = await folder.load(
      'trunks: [{ name: a, uri: "sip:a", sessionExpires: 1800 }, { name: b, uri: "sip:b" }]\n',
    );
    assert.deepEqual(
      config.trunks.map(({ sessionExpiresMs }) => sessionExpiresMs),
      [1_800_000, undefined],
    );
  });

  it('says which authority cannot be read', async () => {
    const config = await folder.load(
      'engine: servers\ndrachtio: { secret: a, tls: true, tlsCa: no.pem }\nfreeswitch: [{ secret: b }]\n',
    );
    await assert.rejects(telephonySites(config), /CBD_CONFIG: drachtio\.tlsCa/);
  });

  it('asks for names when there are several sites', async () => {
    const problems = await folder.problems(
      'engine: servers\ndrachtio: [{ secret: a }, { secret: b }]\nfreeswitch: [{ secret: c }]\n',
    );
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['CONFIG_DUPLICATE_NAME'],
    );
  });

  it('lets a default secret and a public listener pass when told so', async () => {
    const config = await folder.load(
      'engine: servers\ndrachtio: { host: 192.0.2.1, allowDefaultSecret: true }\nfreeswitch: [{ host: 192.0.2.2, allowDefaultSecret: true, listen: "192.0.2.3", allowPublicListener: true, audioTap: recording }]\n',
    );
    assert.equal(config.freeswitch[0]?.listen, '192.0.2.3');
    assert.equal(config.freeswitch[0]?.audioTap, 'recording');
  });

  for (const [host, expected] of [
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.31.0.1', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['100.64.0.1', false],
    ['0.0.0.0', true],
    ['::', true],
    ['::1', false],
    ['fd00::1', false],
    ['203.0.113.5', true],
    ['2001:db8::1', true],
    ['media.example.net', false],
  ] as const) {
    it(`takes ${host} for ${expected ? 'public' : 'private'}`, () =>
      assert.equal(isPublicAddress(host), expected));
  }
});
