/**
 * Whole calls through the real, unmodified drachtio-srf and drachtio-fsmrf: what is heard, in which
 * direction, and what is left when they are over.
 */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { startEmbedded, type EmbeddedEngine } from '../../../src/embedded/index.js';
import { playSamples } from '../../../src/embedded/rtp/pcm-source.js';
import { MediaBench, pause, sdpOf, within, type BenchLeg } from '../../conformance/media-bench.js';
import { levelOf, pcmBytes, rms, sine, wavBytes } from '../rtp/signal.js';

/** What a leg's peer hears during a while. */
async function listen(leg: BenchLeg, ms: number): Promise<number[]> {
  const from = leg.heard.length;
  await pause(ms);
  return leg.heard.slice(from);
}

const speak = (leg: BenchLeg, hz: number): void =>
  void leg.peer.play(playSamples(sine(hz, 80_000)));

describe('The media server, through drachtio-fsmrf', () => {
  let engine: EmbeddedEngine;
  let bench: MediaBench;

  before(async () => {
    engine = await startEmbedded({ t1Ms: 20 });
    bench = await MediaBench.connect(engine);
  });

  after(async () => {
    await bench.close();
    await pause(20 * 64 + 300); // the last SIP transactions
    const stats = await engine.stats();
    await engine.stop();
    for (const [name, count] of Object.entries(stats)) assert.equal(count, 0, `${name} left`);
  });

  it('plays a file that the peer hears, and tells where it ended', async () => {
    const leg = await bench.createLeg();
    const playing = leg.endpoint.play(bench.media('tone300ms.wav'));
    const [result, heard] = await Promise.all([playing, listen(leg, 400)]);
    assert.equal(result['playbackLastOffsetPos'], '2400');
    const loud = heard.filter((sample) => Math.abs(sample) > 200).length;
    assert.equal(loud, 1800, 'a tone of 1000 Hz is zero in every fourth sample');
    assert.ok(levelOf(1000, heard.slice(400, 2000)) > 7000);
  });

  it('speaks A-law when that is what the peer answers with', async () => {
    const leg = await bench.createLeg(8);
    void leg.endpoint.play(bench.media('tone2s.wav'));
    assert.ok(levelOf(440, (await listen(leg, 500)).slice(1600)) > 7000);
  });

  it('stops at once when the playback is broken off', async () => {
    const leg = await bench.createLeg();
    const playing = leg.endpoint.play(bench.media('tone10s.wav'));
    await pause(500);
    await leg.endpoint.api('uuid_break', leg.endpoint.uuid);
    const { playbackLastOffsetPos = '' } = await playing;
    assert.ok(Number(playbackLastOffsetPos) >= 2400 && Number(playbackLastOffsetPos) <= 6400);
    await pause(200); // What was on its way, on a machine that has other things to do.
    assert.equal(rms(await listen(leg, 200)), 0);
  });

  it('repeats a file without a gap when the list repeats it', async () => {
    const leg = await bench.createLeg();
    const file = bench.media('tone300ms.wav'); // 300 whole periods
    const list = `file_string://${Array<string>(5).fill(file).join('!')}`;
    const playing = leg.endpoint.play(list);
    await pause(250 + 150); // FreeSWITCH begins a list with a quarter of a second of silence
    const heard = await listen(leg, 1000);
    const expected = 8000 / Math.SQRT2;
    for (let at = 0; at + 160 <= heard.length; at += 80) {
      const level = rms(heard.slice(at, at + 160));
      assert.ok(Math.abs(level - expected) < 400, `level ${level} at sample ${at}`);
    }
    await playing;
  });

  it('joins the files of a delimited list without a gap, too', async () => {
    const leg = await bench.createLeg();
    const playing = leg.endpoint.play(Array<string>(4).fill(bench.media('tone300ms.wav')));
    await pause(300);
    const heard = await listen(leg, 700);
    for (let at = 0; at + 160 <= heard.length; at += 80) {
      assert.ok(rms(heard.slice(at, at + 160)) > 5000, `a gap at sample ${at}`);
    }
    await playing;
  });

  it('lets bridged peers hear each other, and not themselves, until they are parted', async () => {
    const [a, b] = [await bench.createLeg(0), await bench.createLeg(8)];
    speak(a, 600);
    speak(b, 900);
    await a.endpoint.bridge(b.endpoint);
    await pause(150);
    const [byA, byB] = await Promise.all([listen(a, 600), listen(b, 600)]);
    assert.ok(levelOf(900, byA) > 7000 && levelOf(600, byB) > 7000, 'both ways');
    assert.ok(levelOf(600, byA) < 100 && levelOf(900, byB) < 100, 'no echo');
    await a.endpoint.unbridge();
    await pause(150);
    const quiet = await Promise.all([listen(a, 200), listen(b, 200)]);
    assert.ok(
      quiet.every((heard) => rms(heard) <= 8),
      'A-law has no zero',
    );
    await a.endpoint.bridge(b.endpoint);
    await pause(150);
    assert.ok(levelOf(900, await listen(a, 300)) > 7000, 'bridged again');
  });

  it('keeps the other call when one of two bridged ones hangs up', async () => {
    const [a, b] = [await bench.createLeg(), await bench.createLeg()];
    await a.endpoint.bridge(b.endpoint);
    await b.endpoint.dialog?.destroy();
    await b.log.until(() => b.log.isClosed, 'close');
    const result = await within(2000, 'play', a.endpoint.play(bench.media('tone300ms.wav')));
    assert.equal(result['playbackLastOffsetPos'], '2400');
  });

  it('tells the application of a kill by the end of its event socket', async () => {
    const leg = await bench.createLeg();
    const destroyed = new Promise<void>((resolve) => leg.endpoint.on('destroy', () => resolve()));
    await bench.ms.api(`uuid_kill ${leg.endpoint.uuid}`);
    await within(1000, 'destroy', destroyed);
    assert.equal(await bench.ms.api(`uuid_exists ${leg.endpoint.uuid}`), 'false');
  });

  it('hangs up on an application it does not know', async () => {
    const leg = await bench.createLeg();
    const destroyed = new Promise<{ reason: string }>((resolve) =>
      leg.endpoint.on('destroy', (end: { reason: string }) => resolve(end)),
    );
    void leg.endpoint.execute('conference', 'x');
    const { reason } = await within(1000, 'destroy', destroyed);
    assert.equal(reason, 'DESTINATION_OUT_OF_ORDER');
  });

  it('says what it has when asked for a session description first', async () => {
    const { endpoint, log } = await bench.createEndpoint();
    const sdp = endpoint.local.sdp;
    assert.match(sdp, /m=audio \d+ RTP\/AVP 0 8 101\r\n/);
    assert.match(sdp, /a=sendrecv/);
    await endpoint.destroy();
    await log.until(() => log.isClosed, 'close');
  });

  it('answers a description without G.711 by refusing the stream', async () => {
    const leg = await bench.createLeg();
    const g722 = sdpOf(leg.peer, 0).replace(/RTP\/AVP 0/, 'RTP/AVP 9');
    assert.match((await leg.endpoint.dialog?.modify(g722)) ?? '', /m=audio 0 /);
  });

  it('is silent towards a peer on hold, and goes on afterwards', async () => {
    const leg = await bench.createLeg();
    const plain = sdpOf(leg.peer, 0);
    void leg.endpoint.play(bench.media('tone10s.wav'));
    const answer = await leg.endpoint.dialog?.modify(plain.replace('sendrecv', 'sendonly'));
    assert.match(answer ?? '', /a=recvonly/);
    await pause(100);
    assert.ok(
      (await listen(leg, 200)).every((sample) => sample === -1),
      'no RTP at all',
    );
    await leg.endpoint.dialog?.modify(plain);
    await pause(100);
    assert.ok(levelOf(440, await listen(leg, 200)) > 7000);
  });

  it('finds a peer behind NAT by its packets, and answers with the packets it wants', async () => {
    const leg = await bench.createLeg(8);
    const { peer, endpoint } = leg;
    const sdp = sdpOf(peer, 8)
      .replaceAll('101', '96')
      .replace('a=ptime:20', 'a=ptime:40')
      .replace(`m=audio ${peer.port}`, `m=audio ${peer.port + 1}`);
    const answer = await endpoint.dialog?.modify(sdp);
    assert.match(answer ?? '', /RTP\/AVP 8 96\r\n[^]*a=ptime:40\r\n/);
    peer.remote('127.0.0.1', Number(endpoint.local.mediaPort), 8, 96);
    await pause(400);
    void endpoint.play(bench.media('tone2s.wav'));
    await pause(100);
    const before = peer.stats().packetsReceived;
    assert.ok(levelOf(440, await listen(leg, 400)) > 7000);
    const packets = peer.stats().packetsReceived - before;
    assert.ok(packets >= 8 && packets <= 12, `${packets} packets of 40 ms in 400 ms`);
    peer.sendDtmf('7');
    const { 'DTMF-Digit': digit } = await leg.log.event('DTMF');
    assert.equal(digit, '7');
  });

  describe('unicast', () => {
    let socket: Socket;
    let frames: Buffer[] = [];

    const tap = async (leg: BenchLeg): Promise<void> =>
      new Promise((resolve) =>
        leg.endpoint.conn?.sendRecv(
          `sendmsg ${leg.endpoint.uuid}`,
          {
            ...{ 'call-command': 'unicast', 'local-ip': '127.0.0.1', 'local-port': '0' },
            ...{ 'remote-ip': '127.0.0.1', 'remote-port': String(socket.address().port) },
            transport: 'udp',
          },
          () => resolve(),
        ),
      );

    beforeEach(async () => {
      frames = [];
      socket = createSocket('udp4');
      socket.on('message', (bytes) => frames.push(bytes));
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    });

    afterEach(() => socket.close());

    it('sends what the customer says, 320 bytes little-endian every 20 ms', async () => {
      const leg = await bench.createLeg();
      speak(leg, 500);
      await tap(leg);
      await pause(200);
      frames = [];
      await pause(1000);
      assert.ok(frames.length >= 46 && frames.length <= 53, `${frames.length} frames`);
      assert.ok(frames.every((f) => f.length === 320));
      const pcm = frames.flatMap((f) =>
        Array.from({ length: 160 }, (_, i) => f.readInt16LE(2 * i)),
      );
      assert.ok(levelOf(500, pcm) > 7000);
    });

    it('sends 0xFF where no RTP arrives, and zeros before there is a peer', async () => {
      const { endpoint, log } = await bench.createEndpoint();
      const leg = { endpoint, log } as BenchLeg;
      await tap(leg);
      await pause(200);
      assert.ok(frames.length >= 5 && frames.every((f) => f.every((byte) => byte === 0)));
      const deaf = await bench.createLeg();
      deaf.peer.close();
      await pause(300);
      frames = [];
      await tap(deaf);
      await pause(200);
      assert.ok(frames.some((f) => f.every((byte) => byte === 0xff)));
      await endpoint.destroy();
    });

    it('dies of a playback, and lives again after the channel was parked anew', async () => {
      const leg = await bench.createLeg();
      await tap(leg);
      await pause(150);
      assert.ok(frames.length >= 5);
      await leg.endpoint.play(bench.media('tone300ms.wav'));
      frames = [];
      await tap(leg);
      await pause(200);
      assert.equal(frames.length, 0);
      await leg.endpoint.api('uuid_transfer', [leg.endpoint.uuid, 'park', 'inline']);
      await pause(50);
      await tap(leg);
      await pause(200);
      assert.ok(frames.length >= 7, `${frames.length} frames`);
    });
  });

  describe('http', () => {
    let server: Server;
    let url = '';
    let requests = 0;

    before(async () => {
      server = createServer((request, response) => {
        requests++;
        if (request.url !== '/tone.wav') return void response.writeHead(404).end();
        response.end(wavBytes(pcmBytes(sine(440, 2400))));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });

    after(() => server.close());

    it('plays a file from a web server, and fetches it once for two callers', async () => {
      const legs = [await bench.createLeg(), await bench.createLeg()];
      const results = await Promise.all(
        legs.map(({ endpoint }) => endpoint.play(`${url}/tone.wav`)),
      );
      assert.deepEqual(
        results.map((r) => r['playbackLastOffsetPos']),
        ['2400', '2400'],
      );
      assert.equal(requests, 1);
      await assert.rejects(legs[0]?.endpoint.play(`${url}/none.wav`) ?? Promise.resolve());
    });
  });

  it('plays a file that was changed as it is now', async () => {
    const leg = await bench.createLeg();
    const path = bench.media('changing.wav');
    await writeFile(path, wavBytes(pcmBytes(sine(440, 800))));
    assert.equal((await leg.endpoint.play(path))['playbackLastOffsetPos'], '800');
    await writeFile(path, wavBytes(pcmBytes(sine(440, 1600))));
    assert.equal((await leg.endpoint.play(path))['playbackLastOffsetPos'], '1600');
  });
});
