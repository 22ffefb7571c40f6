/** A sound in place of what a bridged channel is told, through the real drachtio-fsmrf. */
import assert from 'node:assert/strict';
import { startEmbedded, type EmbeddedEngine } from '../../../src/embedded/index.js';
import { playSamples } from '../../../src/embedded/rtp/pcm-source.js';
import { MediaBench, pause, type BenchLeg } from '../../conformance/media-bench.js';
import { levelOf, sine } from '../rtp/signal.js';

const [SOUND_HZ, HIS_HZ, HERS_HZ] = [440, 600, 900];
const LOUD = 4000;
const QUIET = 300;

describe('uuid_displace', () => {
  let engine: EmbeddedEngine;
  let bench: MediaBench;
  let him: BenchLeg;
  let her: BenchLeg;

  before(async () => {
    engine = await startEmbedded({ t1Ms: 20 });
    bench = await MediaBench.connect(engine);
  });

  after(async () => {
    await bench.close();
    await engine.stop();
  });

  beforeEach(async () => {
    [him, her] = [await bench.createLeg(), await bench.createLeg()];
    him.peer.play(playSamples(sine(HIS_HZ, 80_000)));
    her.peer.play(playSamples(sine(HERS_HZ, 80_000)));
    await him.endpoint.bridge(her.endpoint);
  });

  async function api(leg: BenchLeg, ...words: string[]): Promise<string> {
    const answer = await leg.endpoint.api('uuid_displace', [leg.endpoint.uuid, ...words]);
    return answer.getBody() ?? '';
  }

  /** @returns levels of the tone and of the sound in what is heard from now on */
  async function levels({ heard }: BenchLeg, toneHz: number) {
    await pause(100);
    const from = heard.length;
    await pause(200);
    const pcm = Int16Array.from(heard.slice(from));
    return { tone: levelOf(toneHz, pcm), sound: levelOf(SOUND_HZ, pcm) };
  }

  it('with m leaves what the channel says to the other side alone', async () => {
    const sound = bench.media('tone10s.wav');
    assert.equal(await api(him, 'start', sound, '0', 'ml'), '+OK Success\n');
    const [his, hers] = await Promise.all([levels(him, HERS_HZ), levels(her, HIS_HZ)]);
    assert.ok(his.sound > LOUD && his.tone < QUIET, JSON.stringify(his));
    assert.ok(hers.tone > LOUD && hers.sound < QUIET, JSON.stringify(hers));
    assert.equal(await api(him, 'stop', sound), '+OK Success\n');
    const after = await levels(him, HERS_HZ);
    assert.ok(after.tone > LOUD && after.sound < QUIET, JSON.stringify(after));
  });

  it('goes on over a bridge that is made after it, and is what is heard', async () => {
    const sound = bench.media('tone10s.wav');
    const alone = await bench.createLeg();
    await alone.endpoint.api('uuid_displace', [alone.endpoint.uuid, 'start', sound, '0', 'ml']);
    assert.ok((await levels(alone, HERS_HZ)).sound > LOUD);
    await alone.endpoint.bridge(her.endpoint);
    const covered = await levels(alone, HERS_HZ);
    assert.ok(covered.sound > LOUD && covered.tone < QUIET, JSON.stringify(covered));
    assert.equal(await api(alone, 'stop', sound), '+OK Success\n');
    assert.ok((await levels(alone, HERS_HZ)).tone > LOUD);
  });

  it('without it keeps the two from each other', async () => {
    assert.equal(await api(him, 'start', 'silence_stream://-1'), '+OK Success\n');
    const [his, hers] = await Promise.all([levels(him, HERS_HZ), levels(her, HIS_HZ)]);
    assert.ok(his.tone < QUIET && hers.tone < QUIET, JSON.stringify({ his, hers }));
    assert.equal(await api(him, 'stop', 'silence_stream://-1'), '+OK Success\n');
    assert.ok((await levels(her, HIS_HZ)).tone > LOUD);
  });

  it('begins anew at the end with l, and else is over', async () => {
    const words = ['silence_stream://40', '0'];
    await api(him, 'start', ...words);
    await api(her, 'start', ...words, 'l');
    await pause(300);
    assert.match(await api(him, 'stop', words[0] ?? ''), /^-ERR/);
    assert.equal(await api(her, 'stop', words[0] ?? ''), '+OK Success\n');
  });

  it('says so when there is no such sound, or it plays already', async () => {
    const cannot = '-ERR Cannot displace session!\n';
    assert.equal(await api(him, 'start', bench.media('no-such.wav')), cannot);
    const sound = bench.media('tone10s.wav');
    assert.equal(await api(him, 'start', sound), '+OK Success\n');
    assert.equal(await api(him, 'start', sound), cannot);
    assert.match(await api(him, 'pause', sound), /^-USAGE/);
  });

  it('is named by a variable with `expand`', async () => {
    const { endpoint } = him;
    await endpoint.set('which', bench.media('tone10s.wav'));
    const words = [`uuid:${endpoint.uuid}`, 'uuid_displace', endpoint.uuid];
    const say = async (...more: string[]) =>
      (await endpoint.api('expand', [...words, ...more])).getBody();
    assert.equal(await say('start', '${variable_which}', '0', 'ml'), '+OK Success\n');
    assert.ok((await levels(him, HERS_HZ)).sound > LOUD);
    assert.equal(await say('stop', '${variable_which}'), '+OK Success\n');
    assert.match((await endpoint.api('expand', '')).getBody() ?? '', /^-ERR/);
    assert.match((await endpoint.api('expand', ['expand', 'status'])).getBody() ?? '', /^-ERR/);
  });
});
