import assert from 'node:assert/strict';
import { HOP_MS, HOP_SAMPLES, Spectrum } from '../../src/cpd/spectrum.js';
import { VoiceActivity } from '../../src/cpd/voice-activity.js';
import { FEATURE_COUNT } from '../../src/cpd/voice-features.js';
import { VoiceModel } from '../../src/cpd/voice-model.js';
import { replay } from '../../src/cpd/replay.js';
import { melody } from './beep-sounds.js';
import { gain, join, media, mix, noise, repeat, silence, tone } from './sounds.js';

interface Heard {
  readonly voice: VoiceActivity;
  /** Mean probabilities over the frames that are louder than -50 dB. */
  readonly speech: number;
  readonly music: number;
}

function listen(sound: Int16Array): Heard {
  const spectrum = new Spectrum();
  const voice = new VoiceActivity(-56);
  let [speech, music, frames] = [0, 0, 0];
  for (let at = 0; at + HOP_SAMPLES <= sound.length; at += HOP_SAMPLES) {
    const hop = Float64Array.from(sound.subarray(at, at + HOP_SAMPLES), (x) => x / 32768);
    spectrum.analyse(hop, HOP_MS * (1 + at / HOP_SAMPLES));
    voice.consume(spectrum.now, false);
    if (spectrum.now.levelDb < -50) continue;
    speech += voice.speechProbability;
    music += voice.musicProbability;
    frames++;
  }
  return { voice, speech: speech / frames, music: music / frames };
}

const greeting = media('far-end/greeting.wav');

/** A big dog: harmonics that fall in pitch, hoarse, with a sudden start. */
function bark(): Int16Array {
  const breath = noise(160, 0.15, 5);
  let phase = 0;
  return Int16Array.from({ length: 8 * 160 }, (_, i) => {
    const t = i / 8000;
    phase += (2 * Math.PI * (620 - 1800 * t)) / 8000;
    const sound = Math.sin(phase) + 0.8 * Math.sin(2 * phase) + 0.7 * Math.sin(3 * phase);
    const loud = Math.exp(-t * 14) * (0.5 + 0.5 * Math.sin(2 * Math.PI * 70 * t));
    return Math.round(loud * (9000 * sound + breath[i]!));
  });
}

describe('The voice model', () => {
  it('believes in speech, at any level and through noise', () => {
    for (const factor of [0.1, 1]) assert.ok(listen(gain(greeting, factor)).speech > 0.6);
    assert.ok(listen(mix(greeting, noise(greeting.length / 8, 0.01))).speech > 0.5);
  });

  it('does not believe in noise, nor in a tone', () => {
    assert.ok(listen(noise(4000, 0.1)).speech < 0.1);
    assert.ok(listen(join(noise(500, 0.001), tone([700], 3000))).speech < 0.4);
  });

  it('knows music by what stays in its place', () => {
    const heard = listen(media('waiting.wav'));
    assert.ok(heard.music > heard.speech, `${heard.music} ${heard.speech}`);
  });

  it('forgets the ring before the answer', () => {
    const ring = join(tone([425], 1000), silence(2500));
    const { voice } = listen(join(ring, media('far-end/hello.wav')));
    assert.ok(voice.credibility > 0.3, `${voice.credibility}`);
  });

  it('believes in an utterance as a whole, and not in notes, barks or clicks', () => {
    const hello = media('far-end/hello.wav');
    const said = listen(join(silence(300), hello, silence(600))).voice;
    assert.ok(said.hasOnset && said.credibility > 0.9, `${said.credibility}`);
    const others = {
      song: repeat(3, melody(250, 392, 494, 587, 494), melody(500, 440, 523)),
      barks: repeat(4, bark(), silence(350)),
      clicks: repeat(6, noise(12, 0.3), silence(300)),
    };
    for (const [name, sound] of Object.entries(others)) {
      const { voice } = listen(join(silence(300), sound, silence(600)));
      const believed = voice.hasOnset ? voice.credibility : 0;
      assert.ok(believed < 0.6, `${name}: ${believed}`);
    }
  });

  it('says nothing in digital silence', () => {
    const { voice } = listen(join(greeting.subarray(0, 8000), silence(500)));
    assert.equal(voice.speechProbability, 0);
    assert.equal(voice.musicProbability, 0);
  });

  it('refuses a table that does not fit', () => {
    assert.throws(() => new VoiceModel({ features: 3, layers: [] }), /features/);
    const layer = { weights: Array<number>(FEATURE_COUNT).fill(0), biases: [0] };
    assert.throws(() => new VoiceModel({ features: FEATURE_COUNT, layers: [layer] }), /outputs/);
    const wrong = { weights: [0], biases: [0] };
    assert.throws(() => new VoiceModel({ features: FEATURE_COUNT, layers: [wrong] }), /do not fit/);
  });
});

describe('What is no speech', () => {
  it('is music when notes stay where they are, and no party', () => {
    const { verdict, reason } = replay(repeat(4, media('waiting.wav')));
    assert.equal(verdict, 'music', reason);
  });

  it('is noise when something keeps sounding, and no party', () => {
    const { verdict, reason } = replay(repeat(24, noise(300, 0.1), noise(300, 0.001)));
    assert.equal(verdict, 'noise', reason);
  });

  it('is written down when it was taken for speech for a while', () => {
    const { verdict, trace } = replay(join(repeat(5, bark(), silence(900)), silence(6000)));
    assert.notEqual(verdict, 'human');
    const mistake = trace.find((entry) => entry.what === 'no speech after all');
    assert.ok(mistake && Number(mistake.values['speechProbability']) < 0.6, JSON.stringify(trace));
  });

  it('does not hide the word that comes after it', () => {
    const clicks = repeat(3, silence(400), noise(40, 0.1));
    const sound = join(clicks, silence(500), media('far-end/hello.wav'), silence(2500));
    const { verdict, reason, events } = replay(sound);
    assert.equal(verdict, 'human', reason);
    const onset = events.find((event) => event.type === 'speech-onset');
    assert.ok(onset?.type === 'speech-onset' && onset.atMs >= 1700, JSON.stringify(onset));
  });
});
