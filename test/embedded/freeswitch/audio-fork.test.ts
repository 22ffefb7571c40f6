/** Audio forks through the real drachtio-fsmrf, to a WebSocket server of the test's own. */
import assert from 'node:assert/strict';
import { splitArguments } from '../../../src/embedded/freeswitch/audio-fork.js';
import { startEmbedded, type EmbeddedEngine } from '../../../src/embedded/index.js';
import { playSamples } from '../../../src/embedded/rtp/pcm-source.js';
import {
  MediaBench,
  pause,
  type BenchLeg,
  type FullEndpoint,
} from '../../conformance/media-bench.js';
import { levelOf, sine } from '../rtp/signal.js';
import { SocketServer } from './socket-server.js';

/** What fsmrf's endpoint has for forks. */
interface ForkingEndpoint extends FullEndpoint {
  forkAudioStart(options: Record<string, unknown>): Promise<void>;
  forkAudioStop(bugname: string, metadata?: object): Promise<void>;
  forkAudioSendText(bugname: string, metadata: object): Promise<void>;
  addCustomEventListener(name: string, handle: (body: unknown) => void): void;
}

const forking = ({ endpoint }: BenchLeg): ForkingEndpoint => endpoint as ForkingEndpoint;

function samples(messages: readonly Buffer[]): number[] {
  const bytes = Buffer.concat(messages);
  return Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i));
}

describe('uuid_audio_fork', () => {
  let engine: EmbeddedEngine;
  let bench: MediaBench;
  let server: SocketServer;

  before(async () => {
    engine = await startEmbedded({ t1Ms: 20 });
    bench = await MediaBench.connect(engine);
  });

  after(async () => {
    await bench.close();
    await engine.stop();
  });

  beforeEach(async () => {
    server = await new SocketServer().start();
  });

  afterEach(() => server.stop());

  /** A customer who says 600 Hz and is told 440 Hz. */
  async function talk(): Promise<BenchLeg> {
    const leg = await bench.createLeg();
    leg.peer.play(playSamples(sine(600, 80_000)));
    void leg.endpoint.play(bench.media('tone10s.wav')).catch(() => undefined);
    await pause(150);
    return leg;
  }

  const start = (leg: BenchLeg, options: object = {}): Promise<void> =>
    forking(leg).forkAudioStart({
      ...{ wsUrl: server.url('/cpd'), mixType: 'mono', sampling: '8000', bugname: 'cpd' },
      metadata: { callId: 'a b' },
      ...options,
    });

  it('sends the metadata, 40 ms, then 20 ms at a time of the customer alone, while a file plays', async () => {
    const leg = await talk();
    await start(leg);
    await server.until(({ binaries }) => binaries.length > 30, 'audio');
    assert.equal(server.path, '/cpd');
    const [first] = server.frames;
    assert.deepEqual([first?.opcode, first?.payload.toString()], [1, '{"callId":"a b"}']);
    const sizes = server.binaries.map(({ length }) => length);
    assert.equal(sizes[0], 640);
    assert.ok(sizes.slice(1).every((size) => size === 320));
    const pcm = samples(server.binaries);
    assert.ok(levelOf(600, pcm) > 7000 && levelOf(440, pcm) < 300);
    await forking(leg).forkAudioStop('cpd', { bye: 1 });
    await server.until(({ isClosed }) => isClosed, 'end');
    assert.equal(server.texts[1], '{"bye":1}');
    assert.deepEqual(server.frames.at(-1)?.payload, Buffer.from([0x03, 0xe8]));
    await assert.rejects(forking(leg).forkAudioStop('cpd'), /-ERR Operation Failed/);
  });

  it('sends both sides together, or apart', async () => {
    const leg = await talk();
    await start(leg, { mixType: 'mixed' });
    await server.until(({ binaries }) => binaries.length > 20, 'audio');
    const mixed = samples(server.binaries);
    assert.ok(levelOf(600, mixed) > 7000 && levelOf(440, mixed) > 7000);
    const second = await new SocketServer().start();
    await start(leg, { mixType: 'stereo', bugname: 'two', wsUrl: second.url() });
    await second.until(({ binaries }) => binaries.length > 20, 'audio');
    assert.deepEqual(
      second.binaries.slice(0, 2).map(({ length }) => length),
      [1280, 640],
    );
    const [left, right] = [0, 1].map((n) => samples(second.binaries).filter((_, i) => i % 2 === n));
    assert.ok(levelOf(600, left ?? []) > 7000 && levelOf(440, left ?? []) < 300);
    assert.ok(levelOf(440, right ?? []) > 7000 && levelOf(600, right ?? []) < 300);
    await leg.endpoint.destroy();
    await second.until(({ isClosed }) => isClosed, 'end with the channel');
    second.stop();
  });

  it('carries texts both ways: those of the server are events of the channel', async () => {
    const leg = await bench.createLeg();
    const events: unknown[] = [];
    for (const name of ['transcription', 'json', 'disconnect', 'connect']) {
      forking(leg).addCustomEventListener(`mod_audio_fork::${name}`, (body) =>
        events.push([name, body]),
      );
    }
    await pause(50);
    await start(leg);
    await forking(leg).forkAudioSendText('cpd', { more: true });
    await server.until(({ binaries }) => binaries.length > 0, 'audio');
    await forking(leg).forkAudioSendText('cpd', { more: true });
    server.text('{"type":"transcription","data":{"text":"Grüß Gott"}}');
    server.text('{"type":"beep","hz":1000}');
    server.text('{broken');
    server.close(1000);
    await server.until(() => events.length >= 4, 'events');
    assert.deepEqual(server.texts.slice(-1), ['{"more":true}']);
    assert.equal(events.length, 4);
    assert.deepEqual(events.slice(1, 3), [
      ['transcription', { text: 'Grüß Gott' }],
      ['json', { type: 'beep', hz: 1000 }],
    ]);
    assert.deepEqual(
      events.map((event) => (event as string[])[0]),
      ['connect', 'transcription', 'json', 'disconnect'],
    );
  });

  it('sends nothing while it is paused', async () => {
    const leg = await bench.createLeg();
    const api = async (words: string): Promise<string> =>
      (await leg.endpoint.api('uuid_audio_fork', `${leg.endpoint.uuid} ${words}`)).getBody() ?? '';
    await start(leg);
    await server.until(({ binaries }) => binaries.length > 2, 'audio');
    assert.equal(await api('pause cpd'), '+OK Success\n');
    await pause(60);
    const { length } = server.binaries;
    await pause(150);
    assert.equal(server.binaries.length, length);
    assert.equal(await api('resume cpd'), '+OK Success\n');
    await server.until(({ binaries }) => binaries.length > length + 2, 'audio again');
  });

  it('answers before it knows whether anybody listens; that nobody does is an event', async () => {
    const leg = await bench.createLeg();
    const reasons: unknown[] = [];
    forking(leg).addCustomEventListener('mod_audio_fork::connect_failed', (body) =>
      reasons.push(body),
    );
    await pause(50);
    await start(leg, { wsUrl: 'ws://127.0.0.1:1/' });
    await server.until(() => reasons.length === 1, 'event');
    assert.match((reasons[0] as { reason: string }).reason, /ECONNREFUSED/);
    await start(leg); // the name is free again
  });

  it('refuses other hosts, other rates, and what it cannot read', async () => {
    const leg = await bench.createLeg();
    for (const options of [
      { wsUrl: 'ws://192.0.2.1/' },
      { wsUrl: 'ws://example.com/' },
      { wsUrl: 'http://127.0.0.1/' },
      { wsUrl: 'nonsense' },
      { sampling: '16000' },
    ]) {
      await assert.rejects(start(leg, options), /-ERR Operation Failed/, JSON.stringify(options));
    }
    assert.match((await bench.ms.api('uuid_audio_fork x')) ?? '', /^-USAGE: <uuid> \[start/);
    assert.equal(await bench.ms.api('uuid_audio_fork x stop'), '-ERR Operation Failed\n');
    await start(leg);
    await assert.rejects(start(leg), /-ERR Operation Failed/, 'one of a name');
  });

  it('can be left out, as in a FreeSWITCH without the module', async () => {
    assert.equal(await bench.ms.api('module_exists mod_audio_fork'), 'true');
    const stock = await startEmbedded({ audioFork: false });
    const other = await MediaBench.connect(stock);
    assert.equal(await other.ms.api('module_exists mod_audio_fork'), 'false');
    const answer = await other.ms.api('uuid_audio_fork x stop');
    assert.equal(answer, '-ERR uuid_audio_fork Command not found!\n');
    await other.close();
    await stock.stop();
  });
});

describe('Arguments of an API command', () => {
  it('are split at blanks, but not in quotes', () => {
    assert.deepEqual(splitArguments(`u  stop cpd '{"a": 1}'`), ['u', 'stop', 'cpd', '{"a": 1}']);
  });

  it('are split at a delimiter of choice, and may be empty then', () => {
    assert.deepEqual(splitArguments(`^^|u|start||'a|b'|`), ['u', 'start', '', 'a|b', '']);
  });
});
