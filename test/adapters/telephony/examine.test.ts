/**
 * Bad input: what is wrong with the servers or with what the configuration says of them. `run` (which
 * connects) and `doctor` (which examines) name the same code and say what to change, within 5 s.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import { connectFleet } from '../../../src/adapters/telephony/connect.js';
import { examineSites } from '../../../src/adapters/telephony/examine.js';
import type { SiteOptions } from '../../../src/adapters/telephony/site.js';
import { FaultProxy, freePort } from '../../sip/fault-proxy.js';
import { watchStalls } from '../../sip/sound-and-time.js';
import { useSite } from './site.js';

describe('bad input', function () {
  this.timeout(60_000);
  const site = useSite();
  let drachtio: FaultProxy;
  let freeswitch: FaultProxy;
  beforeEach(async () => {
    drachtio = await FaultProxy.open(site().engine.drachtio);
    freeswitch = await FaultProxy.open(site().engine.freeswitch);
  });
  afterEach(() => {
    drachtio.close();
    freeswitch.close();
  });

  const surroundings = { clock: systemClock(), log: silentLog };

  function sites(change: {
    drachtio?: Partial<SiteOptions['drachtio']>;
    freeswitch?: Partial<SiteOptions['freeswitch'][number]>;
  }): SiteOptions[] {
    const { engine } = site();
    const server = { profile: 'drachtio_mrf', ...engine.freeswitch, port: freeswitch.port };
    return [
      {
        name: 'only',
        drachtio: { ...engine.drachtio, port: drachtio.port, ...change.drachtio },
        freeswitch: [{ ...server, ...change.freeswitch }],
      },
    ];
  }

  async function inTime<T>(work: Promise<T>): Promise<T> {
    const stalls = watchStalls();
    const startedAtMs = performance.now();
    const result = await work;
    const tookMs = performance.now() - startedAtMs;
    assert.ok(tookMs < 5000 + 4 * stalls.longestMs(), `within five seconds: ${tookMs}`);
    return result;
  }

  /** Rewrites what FreeSWITCH tells of a channel, its SDP among it. */
  async function withChannelData(
    rewrite: (chunk: string) => string,
    run: (change: Parameters<typeof sites>[0]) => Promise<void>,
  ): Promise<void> {
    const port = await freePort();
    const outbound = await FaultProxy.open({ host: '127.0.0.1', port });
    outbound.rewrite = rewrite;
    const advertise = `127.0.0.1:${outbound.port}`;
    await run({ freeswitch: { listen: `127.0.0.1:${port}`, advertise } });
    outbound.close();
  }

  async function isNamed(
    change: Parameters<typeof sites>[0],
    code: string,
    whatToChange: RegExp,
  ): Promise<void> {
    const thrown = await inTime(
      connectFleet({ ...surroundings, sites: sites(change) }).then(
        (fleet) => fleet.close(),
        (error: unknown) => error as { code?: string; message: string },
      ),
    );
    const findings = await inTime(examineSites(sites(change), surroundings));
    assert.equal(thrown?.code, code);
    assert.match(thrown.message, whatToChange);
    const [finding] = findings.filter(({ ok }) => !ok);
    assert.equal(finding?.code, code, JSON.stringify(findings));
    assert.match(finding.detail, whatToChange);
  }

  it('is told from good input, which is described', async () => {
    const findings = await examineSites(sites({}), surroundings);
    assert.deepEqual(
      findings.map(({ name, ok }) => [name, ok]),
      [
        ['drachtio only', true],
        [`FreeSWITCH 127.0.0.1:${freeswitch.port}`, true],
      ],
    );
    const [signalling, media] = findings;
    assert.match(signalling?.detail ?? '', /v\d.*TCP, in clear/);
    const wanted = [/profile drachtio_mrf at 127/, /mod_sndfile/, /SRTP forbidden/];
    for (const part of [...wanted, /reached us at 127\.\d/, /event socket \d+ ms/, /sessions/]) {
      assert.match(media?.detail ?? '', part);
    }
  });

  it('says how the audio is heard, and that unicast ends with the first file that plays', async () => {
    for (const [audioTap, says] of [
      ['auto', /; mod_audio_fork;/],
      ['recording', /; heard by its recordings;/],
      ['unicast', /; heard by unicast: no verdict is revised once a file plays;/],
    ] as const) {
      const findings = await examineSites(sites({ freeswitch: { audioTap } }), surroundings);
      assert.match(findings[1]?.detail ?? '', says);
    }
  });

  it('says which media server does not see what we leave for it', async () => {
    const here = fileURLToPath(import.meta.url);
    const seen = await examineSites(sites({}), { ...surroundings, sharedFile: here });
    assert.ok(seen.every(({ ok }) => ok));
    const gone = await examineSites(sites({}), { ...surroundings, sharedFile: '/nowhere/a' });
    const [, media] = gone;
    assert.equal(media?.ok, false);
    assert.match(media.detail, /does not see \/nowhere \(media\.exchangeDirectory\)/);
  });

  it('tells of trunks whether they answer', async () => {
    const trunk = createSocket('udp4');
    trunk.on('message', (data, { port, address }) => {
      const kept = data.toString().match(/^(?:Via|From|To|Call-ID|CSeq):.*$/gim) ?? [];
      const answer = ['SIP/2.0 200 OK', ...kept, 'Content-Length: 0', '\r\n'].join('\r\n');
      trunk.send(answer, port, address);
    });
    trunk.bind(0, '127.0.0.1');
    await once(trunk, 'listening');
    const silent = createSocket('udp4');
    silent.bind(0, '127.0.0.1');
    await once(silent, 'listening');
    const closed = createSocket('udp4').bind(0, '127.0.0.1');
    await once(closed, 'listening');
    const nobody = closed.address();
    closed.close();
    const asked = (name: string, { port }: { port: number }) => ({
      name,
      request: { method: 'OPTIONS', uri: `sip:127.0.0.1:${port}`, limitMs: 500 } as const,
    });
    const tls = { uri: 'sip:127.0.0.1:1;transport=tls', method: 'OPTIONS', limitMs: 500 } as const;
    const trunks = [
      asked('there', trunk.address()),
      asked('gone', silent.address()),
      asked('closed', nobody),
      { name: 'over TLS', request: tls },
    ];
    const findings = await examineSites(sites({}), { ...surroundings, trunks });
    trunk.close();
    silent.close();
    assert.deepEqual(
      findings.filter(({ name }) => name.startsWith('trunk')).map(({ name, ok }) => [name, ok]),
      [
        ['trunk there', true],
        ['trunk gone', false],
        ['trunk closed', false],
        ['trunk over TLS', false],
      ],
    );
    const ofNobody = findings.find(({ name }) => name === 'trunk closed');
    assert.match(ofNobody?.detail ?? '', /by drachtio when nobody answers there/);
    const told = findings.filter(({ detail }) => detail.includes('DRACHTIO_TLS_VERIFY'));
    assert.deepEqual(
      told.map(({ name }) => name),
      ['trunk over TLS'],
      'drachtio alone knows whether it looks at certificates',
    );
  });

  it('wrong secret of drachtio', () =>
    isNamed({ drachtio: { secret: 'wrong' } }, 'DRACHTIO_WRONG_SECRET', /drachtio\.secret/));

  it('field notes 6: mrf.connect wrong password', () =>
    isNamed({ freeswitch: { secret: 'wrong' } }, 'FREESWITCH_WRONG_SECRET', /freeswitch\.secret/));

  it('field notes 6: mrf.connect with a wrong profile', () =>
    isNamed(
      { freeswitch: { profile: 'other' } },
      'FREESWITCH_NO_PROFILE',
      /it runs drachtio_mrf.*freeswitch\.profile/,
    ));

  it('field notes 6: mrf.connect closed port', async () =>
    isNamed(
      { freeswitch: { port: await freePort() } },
      'FREESWITCH_UNREACHABLE',
      /event_socket\.conf\.xml/,
    ));

  it("field notes 6: FS cannot reach the app's outbound-socket port (slow)", async () =>
    isNamed(
      { freeswitch: { advertise: `127.0.0.1:${await freePort()}` } },
      'ENDPOINT_UNREACHED',
      /freeswitch\.advertise/,
    ));

  it('a module that is not loaded', async () => {
    freeswitch.rewrite = (chunk) =>
      chunk.replace('module_exists mod_sndfile', 'module_exists mod_none');
    await isNamed({}, 'FREESWITCH_NO_MODULE', /mod_sndfile \(WAV files\).*modules\.conf\.xml/);
  });

  it('field notes 1: SRTP in the offer -> white noise at the customer', () =>
    withChannelData(
      (chunk) => chunk.replace(/RTP(\/|%2F)AVP/gi, 'RTP$1SAVP'),
      (change) => isNamed(change, 'ENDPOINT_SRTP', /rtp_secure_media_inbound=forbidden/),
    ));

  it('an offer without a codec of ours', () =>
    withChannelData(
      (chunk) => chunk.replace(/(RTP(?:\/|%2F)AVP)( |%20)0( |%20)8/gi, '$1$29$33'),
      (change) => isNamed(change, 'ENDPOINT_CODECS', /inbound-codec-prefs/),
    ));

  it('a listener that the Internet could reach', () =>
    isNamed(
      { freeswitch: { listen: '0.0.0.0' } },
      'FREESWITCH_PUBLIC_LISTENER',
      /allowPublicListener/,
    ));

  it('nothing where drachtio should be; the media server is looked at all the same', async () => {
    const change = { drachtio: { port: await freePort() } };
    await isNamed(change, 'DRACHTIO_UNREACHABLE', /drachtio\.port/);
    const [, media] = await examineSites(sites(change), surroundings);
    assert.match(media?.detail ?? '', /not tried by an endpoint/);
  });
});
