// Audio of calls made up for measuring speed: speech-like, tones, music-like, noise, silence. It only
// has to keep every part of the detector as busy as a real call would; nobody has to understand it.
const RATE_HZ = 8000;
const FULL_SCALE = 32767;

/** Numbers from -1 to 1, the same every time. */
function noiseSource(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const samplesOf = (ms) => Math.round((RATE_HZ * ms) / 1000);

/** A resonance: two poles at a frequency, with a bandwidth. Hz */
function resonance(hz, widthHz) {
  const radius = Math.exp((-Math.PI * widthHz) / RATE_HZ);
  const a = 2 * radius * Math.cos((2 * Math.PI * hz) / RATE_HZ);
  const b = -radius * radius;
  const gain = 1 - radius;
  let y1 = 0;
  let y2 = 0;
  return (x) => {
    const y = gain * x + a * y1 + b * y2;
    y2 = y1;
    y1 = y;
    return y;
  };
}

/** Syllables of 120 to 260 ms: a pulse train with a gliding pitch through three formants, and hiss. */
export function speech(ms, seed = 1) {
  const random = noiseSource(seed);
  const out = new Float64Array(samplesOf(ms));
  for (let at = 0; at < out.length;) {
    const length = samplesOf(190 + 70 * random());
    const formants = [
      resonance(500 + 250 * random(), 80),
      resonance(1500 + 600 * random(), 110),
      resonance(2600 + 300 * random(), 160),
    ];
    const pitchHz = 140 + 50 * random();
    const glide = 0.15 * random();
    let phase = 0;
    for (let i = 0; i < length && at + i < out.length; i++) {
      const progress = i / length;
      phase += (pitchHz * (1 + glide * progress)) / RATE_HZ;
      const pulse = phase >= 1 ? 1 : 0;
      if (pulse) phase -= 1;
      const source = progress < 0.2 ? 0.15 * random() : 3 * pulse + 0.02 * random();
      const voice = formants.reduce((sum, formant) => sum + formant(source), 0);
      out[at + i] = voice * Math.sin(Math.PI * progress);
    }
    at += length + samplesOf(30 + 30 * random());
  }
  return toLevel(out, 0.08);
}

/** Tones of equal level that sound together. */
export function tone(frequenciesHz, ms, level = 0.1) {
  const out = Float64Array.from({ length: samplesOf(ms) }, (_, i) =>
    frequenciesHz.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * i) / RATE_HZ), 0),
  );
  return toLevel(out, level);
}

export function noise(ms, level, seed = 7) {
  const random = noiseSource(seed);
  return toLevel(
    Float64Array.from({ length: samplesOf(ms) }, () => random()),
    level,
  );
}

/** Chords that change every 400 ms, with decays. */
export function music(ms, seed = 3) {
  const random = noiseSource(seed);
  const out = new Float64Array(samplesOf(ms));
  const beat = samplesOf(400);
  let chord = [];
  for (let i = 0; i < out.length; i++) {
    if (i % beat === 0) {
      const root = 220 * 2 ** (Math.round(6 * random()) / 12);
      chord = [root, root * 1.26, root * 1.5, root * 3];
    }
    const decay = Math.exp((-3 * (i % beat)) / beat);
    out[i] = decay * chord.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * i) / RATE_HZ), 0);
  }
  return toLevel(out, 0.08);
}

export const silence = (ms) => new Int16Array(samplesOf(ms));

/** A quiet line: noise at -60 dB. */
export const quiet = (ms, seed = 5) => noise(ms, 0.001, seed);

export function join(...parts) {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const repeat = (times, ...parts) => join(...Array.from({ length: times }, () => join(...parts)));

/** Named recordings of calls, each about half a minute. */
export const CALLS = {
  human: join(quiet(800), speech(600), quiet(1200), speech(900, 2), quiet(2500), speech(20_000, 3)),
  voicemail: join(
    quiet(400),
    speech(5500, 4),
    quiet(500),
    tone([1000], 400),
    quiet(8000),
    speech(14_000, 5),
  ),
  'tones of the network': join(
    repeat(2, tone([440, 480], 2000), quiet(2000)),
    repeat(8, tone([425], 500), quiet(500)),
    join(tone([950], 330), tone([1400], 330), tone([1800], 330), quiet(1000)),
    repeat(20, tone([425], 200), quiet(200)),
    tone([2100], 3000),
  ),
  music: music(30_000),
  noise: noise(30_000, 0.05),
  'a quiet line': quiet(30_000),
  'no audio at all': silence(30_000),
};

function toLevel(samples, level) {
  let energy = 0;
  for (const x of samples) energy += x * x;
  const factor = (level * FULL_SCALE) / Math.sqrt(energy / samples.length + 1e-12);
  return Int16Array.from(samples, (x) => Math.max(-32768, Math.min(32767, Math.round(x * factor))));
}
