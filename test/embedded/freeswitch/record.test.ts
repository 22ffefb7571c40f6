/**
 * Recordings through the real drachtio-fsmrf: whose voice is in them, when they can be read, and how
 * they end.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SoundFiles } from '../../../src/embedded/freeswitch/sound-files.js';
import { startEmbedded, type EmbeddedEngine } from '../../../src/embedded/index.js';
import { playSamples } from '../../../src/embedded/rtp/pcm-source.js';
import { readWavFile } from '../../../src/embedded/rtp/wav.js';
import { MediaBench, pause, within, type BenchLeg } from '../../conformance/media-bench.js';
import { levelOf, pcmBytes, rms, sine, wavBytes } from '../rtp/signal.js';

describe('Recording a channel', () => {
  let engine: EmbeddedEngine;
  let bench: MediaBench;

  before(async () => {
    engine = await startEmbedded({ t1Ms: 20 });
    bench = await MediaBench.connect(engine);
  });

  after(async () => {
    await bench.close();
    await engine.stop();
  });

  /** A customer who says 600 Hz and is told 440 Hz. */
  async function talk(): Promise<BenchLeg> {
    const leg = await bench.createLeg();
    leg.peer.play(playSamples(sine(600, 80_000)));
    void leg.endpoint.play(bench.media('tone10s.wav')).catch(() => undefined);
    await pause(200);
    return leg;
  }

  async function api(leg: BenchLeg, ...words: string[]): Promise<string> {
    const answer = await leg.endpoint.api('uuid_record', [leg.endpoint.uuid, ...words]);
    return answer.getBody() ?? '';
  }

  async function read(path: string): Promise<Int16Array> {
    for (let i = 0; i < 50; i++) {
      const wav = await readWavFile(path);
      if (wav.ok) return wav.pcm;
      await pause(10);
    }
    return assert.fail(`no recording ${path}`);
  }

  it('holds only the customer with RECORD_READ_ONLY, while a file plays', async () => {
    const leg = await talk();
    const path = bench.media('read/only.wav');
    await leg.endpoint.set({ RECORD_READ_ONLY: 'true', enable_file_write_buffering: 'false' });
    assert.equal(await api(leg, 'start', path), '+OK Success\n');
    await pause(300);
    const growing = (await stat(path)).size;
    assert.ok(growing > 44 + 8 * 320, `${growing} bytes while it runs`);
    await pause(300);
    assert.equal(await api(leg, 'stop', path), '+OK Success\n');
    const pcm = await read(path);
    assert.ok(pcm.length >= 4000 && pcm.length <= 6400, `${pcm.length} samples`);
    assert.ok(levelOf(600, pcm) > 7000 && levelOf(440, pcm) < 300);
    const ms = await leg.endpoint.api('uuid_getvar', [leg.endpoint.uuid, 'record_ms']);
    assert.equal(ms.getBody(), String(pcm.length / 8));
    assert.equal(await api(leg, 'stop', path), '-ERR Cannot stop record session!\n');
  });

  it('holds both without, and each alone in stereo', async () => {
    const leg = await talk();
    const [both, apart] = [bench.media('both.wav'), bench.media('apart.wav')];
    await leg.endpoint.execute('record_session', both);
    await leg.endpoint.set('RECORD_STEREO', 'true');
    await leg.endpoint.execute('record_session', `${apart} +60`);
    await pause(400);
    await leg.endpoint.execute('stop_record_session', 'all');
    const pcm = await read(both);
    assert.ok(levelOf(600, pcm) > 7000 && levelOf(440, pcm) > 7000);
    await read(apart);
    const bytes = await readFile(apart);
    assert.equal(bytes.readUInt16LE(22), 2);
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset + 44, (bytes.length - 44) >> 1);
    const [left, right] = [0, 1].map((n) => samples.filter((_, i) => i % 2 === n));
    assert.ok(levelOf(600, left ?? []) > 7000 && levelOf(440, left ?? []) < 300);
    assert.ok(levelOf(440, right ?? []) > 7000 && levelOf(600, right ?? []) < 300);
  });

  it('ends with its limit, or with the channel', async () => {
    const leg = await talk();
    const [limited, rest] = [bench.media('limited.wav'), bench.media('rest.wav')];
    await api(leg, 'start', limited, '1');
    await api(leg, 'start', rest);
    assert.equal(await api(leg, 'start', rest), '+OK Success\n', 'the one that runs');
    await pause(1150);
    assert.equal((await read(limited)).length, 8000);
    await leg.endpoint.destroy();
    assert.ok((await read(rest)).length >= 8000);
  });

  it('refuses what it cannot record to, in the words of FreeSWITCH', async () => {
    const leg = await bench.createLeg();
    for (const path of ['relative.wav', '/tmp/x.sln', '/tmp/x']) {
      assert.equal(await api(leg, 'start', path), '-ERR Cannot record session!\n', path);
    }
    assert.match(await api(leg, 'dance', '/tmp/x.wav'), /^-USAGE: <uuid> \[start\|stop\|mask/);
    assert.match(await api(leg, 'start'), /^-USAGE: /);
    const nobody = await bench.ms.api('uuid_record nobody start /tmp/x.wav');
    assert.equal(nobody, '-ERR Cannot locate session!\n');
  });

  it('answers before it knows whether the file can be written', async () => {
    const leg = await bench.createLeg();
    const path = bench.media('directory.wav');
    await mkdir(path);
    assert.equal(await api(leg, 'start', path), '+OK Success\n');
    await pause(100);
    assert.equal(await api(leg, 'stop', path), '-ERR Cannot stop record session!\n');
  });
});

describe('local_stream', () => {
  let sounds = '';

  before(async () => {
    sounds = await mkdtemp(join(tmpdir(), 'sounds-'));
    await mkdir(join(sounds, 'music'));
    await writeFile(join(sounds, 'music', 'one.wav'), wavBytes(pcmBytes(sine(1000, 800))));
    await writeFile(join(sounds, 'music', 'two.wav'), wavBytes(pcmBytes(sine(1000, 1600))));
  });

  after(() => rm(sounds, { recursive: true }));

  it('is the files of a directory without end or gap', async () => {
    const files = new SoundFiles(sounds, () => undefined);
    assert.equal(await files.open('local_stream://nothing'), undefined);
    assert.equal(await files.open('local_stream://../music'), undefined);
    const sound = await files.open('local_stream://music');
    assert.equal(sound?.samples, Infinity);
    const frame = new Int16Array(80);
    const heard: number[] = [];
    while (heard.length < 10_000) {
      const count = sound?.source.read(frame) ?? 0;
      assert.ok(count > 0);
      heard.push(...frame.subarray(0, count));
    }
    for (let at = 0; at + 160 <= heard.length; at += 80) {
      assert.ok(rms(heard.slice(at, at + 160)) > 5000, `a gap at sample ${at}`);
    }
  });

  it('is heard by a caller until it is broken off', async () => {
    const engine = await startEmbedded({ t1Ms: 20, soundsDirectory: sounds });
    const bench = await MediaBench.connect(engine);
    try {
      const leg = await bench.createLeg();
      const playing = leg.endpoint.play('local_stream://music');
      await pause(600); // both files are over by then
      assert.ok(levelOf(1000, leg.heard.slice(-1600)) > 6000);
      await leg.endpoint.api('uuid_break', leg.endpoint.uuid);
      await within(1000, 'the end', playing);
    } finally {
      await bench.close();
      await engine.stop();
    }
  });
});
