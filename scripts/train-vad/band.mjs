/**
 * Music played by sampled instruments, so that the model hears more than oscillators: random songs, written
 * as MIDI files and played by fluidsynth with the General MIDI bank FluidR3 (MIT licence).
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Dice } from './random.mjs';
import { RAW, readRaw } from './raw.mjs';

const run = promisify(execFile);

const BANK = '/usr/share/sounds/sf2/FluidR3_GM.sf2';
const TICKS_PER_BEAT = 96;
const SECONDS = 24;

/** Programs of General MIDI, from 0: what plays what. 52 to 54 are choirs, left to `music.mjs`. */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const CHORDS_BY = [...range(0, 7), ...range(16, 31), ...range(48, 51), ...range(88, 95)];
const BASS_BY = [...range(32, 39), 43, 58, 87];
const LEAD_BY = [...range(0, 31), ...range(40, 47), ...range(56, 87), ...range(104, 111)];
const STRUCK_BY = range(8, 15);
const SCALES = [
  [0, 2, 4, 5, 7, 9, 11],
  [0, 2, 3, 5, 7, 8, 10],
  [0, 2, 3, 5, 7, 9, 10],
  [0, 2, 4, 7, 9],
  [0, 3, 5, 6, 7, 10],
];
const PROGRESSIONS = [
  [0, 4, 5, 3],
  [0, 3, 4, 4],
  [0, 5, 3, 4],
  [0, 0, 3, 4],
  [1, 4, 0, 0],
  [0, 6, 5, 4],
];
const DRUMS = 9;
const [KICK, SNARE, CLAP, CLOSED, OPEN, CRASH, RIDE, SHAKER] = [36, 38, 39, 42, 46, 49, 51, 70];

/** Events in any order; `bytes` of a whole MIDI file of one track. */
class Score {
  #events = [];

  add(tick, ...bytes) {
    this.#events.push({ tick: Math.max(0, Math.round(tick)), bytes });
  }

  note(channel, key, tick, ticks, velocity) {
    const inRange = Math.min(108, Math.max(24, key));
    this.add(tick, 0x90 | channel, inRange, Math.min(127, Math.max(1, Math.round(velocity))));
    this.add(tick + Math.max(6, ticks), 0x80 | channel, inRange, 0);
  }

  bytes(beatsPerMinute) {
    const perBeat = Math.round(60e6 / beatsPerMinute);
    const track = [0, 0xff, 0x51, 3, perBeat >> 16, (perBeat >> 8) & 255, perBeat & 255];
    let now = 0;
    for (const { tick, bytes } of this.#events.sort((a, b) => a.tick - b.tick)) {
      track.push(...variableLength(tick - now), ...bytes);
      now = tick;
    }
    track.push(0, 0xff, 0x2f, 0);
    const head = Buffer.from('MThd\0\0\0\x06\0\0\0\x01\0\0MTrk\0\0\0\0', 'latin1');
    head.writeUInt16BE(TICKS_PER_BEAT, 12);
    head.writeUInt32BE(track.length, 18);
    return Buffer.concat([head, Buffer.from(track)]);
  }
}

function variableLength(value) {
  const bytes = [value & 127];
  for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift(128 | (rest & 127));
  return bytes;
}

/** A song that nobody wrote. @returns {Buffer} a MIDI file */
function compose(dice) {
  const score = new Score();
  const beatsPerMinute = dice.between(55, 175);
  const beats = Math.ceil((SECONDS * beatsPerMinute) / 60);
  const song = {
    score,
    dice,
    beats,
    steps: dice.pick(SCALES),
    root: dice.whole(36, 47),
    progression: dice.pick(PROGRESSIONS),
    beatsPerChord: dice.pick([2, 4, 4, 8]),
  };
  if (dice.chance(0.2)) {
    // One player alone.
    const program = dice.pick(dice.chance(0.6) ? CHORDS_BY : LEAD_BY);
    if (dice.chance(0.5)) chords(song, 0, program);
    melody(song, 1, program);
  } else {
    if (dice.chance(0.8)) bass(song, 2, dice.pick(BASS_BY));
    if (dice.chance(0.9)) chords(song, 0, dice.pick(CHORDS_BY));
    if (dice.chance(0.4)) chords(song, 3, dice.pick(CHORDS_BY));
    if (dice.chance(0.7)) melody(song, 1, dice.pick(LEAD_BY));
    if (dice.chance(0.25)) melody(song, 4, dice.pick(STRUCK_BY));
    if (dice.chance(0.75)) drums(song);
  }
  return score.bytes(beatsPerMinute);
}

const keyOf = ({ steps, root }, degree) =>
  root +
  steps[((degree % steps.length) + steps.length) % steps.length] +
  12 * Math.floor(degree / steps.length);

const chordAt = ({ progression, beatsPerChord }, beat) =>
  progression[Math.floor(beat / beatsPerChord) % progression.length];

function setUp({ score, dice }, channel, program) {
  score.add(0, 0xc0 | channel, program);
  score.add(0, 0xb0 | channel, 7, dice.whole(50, 120));
  score.add(0, 0xb0 | channel, 91, dice.whole(0, 90));
}

function bass(song, channel, program) {
  const { score, dice, beats } = song;
  setUp(song, channel, program);
  const pattern = dice.pick([[1], [0.5], [2], [1.5, 1.5, 1], [0.75, 0.75, 0.5], [4]]);
  for (let beat = 0, i = 0; beat < beats; i++) {
    const length = pattern[i % pattern.length];
    const degree = chordAt(song, beat) + (dice.chance(0.2) ? 4 : 0);
    const ticks = length * TICKS_PER_BEAT * dice.between(0.6, 1);
    score.note(channel, keyOf(song, degree), beat * TICKS_PER_BEAT, ticks, dice.between(70, 120));
    beat += length;
  }
}

/** Held, struck on the beat, or broken into single notes. */
function chords(song, channel, program) {
  const { score, dice, beats } = song;
  setUp(song, channel, program);
  const way = dice.pick(['held', 'struck', 'struck', 'broken']);
  const step = way === 'held' ? song.beatsPerChord : dice.pick([0.5, 1, 1, 2]);
  const tones = dice.pick([
    [0, 2, 4],
    [0, 2, 4, 6],
    [0, 4, 7],
  ]);
  const octave = song.steps.length * dice.whole(1, 2);
  for (let beat = 0, i = 0; beat < beats; beat += step, i++) {
    if (way === 'struck' && dice.chance(0.15)) continue;
    const played = way === 'broken' ? [tones[i % tones.length]] : tones;
    for (const tone of played) {
      const key = keyOf(song, chordAt(song, beat) + tone + octave);
      const at = (beat + dice.between(0, 0.03)) * TICKS_PER_BEAT;
      score.note(channel, key, at, step * TICKS_PER_BEAT * 0.95, dice.between(50, 105));
    }
  }
}

function melody(song, channel, program) {
  const { score, dice, beats } = song;
  setUp(song, channel, program);
  const lengths = dice.pick([
    [0.5, 0.5, 1, 1, 2],
    [0.25, 0.25, 0.5],
    [1, 1, 2, 4],
    [0.5],
    [1.5, 0.5, 1],
  ]);
  const rests = dice.between(0, 0.35);
  let degree = song.steps.length * 2 + dice.whole(0, 6);
  for (let beat = 0; beat < beats;) {
    const length = dice.pick(lengths);
    degree = Math.min(28, Math.max(8, degree + dice.whole(-3, 3)));
    const at = beat * TICKS_PER_BEAT;
    if (!dice.chance(rests))
      score.note(
        channel,
        keyOf(song, degree),
        at,
        length * TICKS_PER_BEAT * dice.between(0.5, 1.05),
        dice.between(60, 120),
      );
    if (dice.chance(0.05)) bend(score, channel, at, dice);
    beat += length;
  }
}

/** Slides into the note. */
function bend(score, channel, tick, dice) {
  const from = dice.whole(20, 108);
  for (let i = 0; i <= 8; i++)
    score.add(tick + 4 * i, 0xe0 | channel, 0, Math.round(from + ((64 - from) * i) / 8));
}

function drums({ score, dice, beats }) {
  score.add(0, 0xb0 | DRUMS, 7, dice.whole(50, 127));
  const ticking = dice.pick([CLOSED, CLOSED, RIDE, SHAKER, OPEN]);
  const backbeat = dice.pick([SNARE, SNARE, CLAP]);
  const sixteenths = Array.from({ length: 16 }, (_, i) => ({
    kick: i % 8 === 0 || dice.chance(0.12),
    snare: i % 8 === 4 ? dice.chance(0.9) : dice.chance(0.05),
    tick: i % 4 === 0 || dice.chance(i % 2 ? 0.2 : 0.7),
  }));
  for (let i = 0; i < beats * 4; i++) {
    const at = (i * TICKS_PER_BEAT) / 4;
    const { kick, snare, tick } = sixteenths[i % 16];
    const hit = (key, velocity) => score.note(DRUMS, key, at, 12, velocity * dice.between(0.8, 1));
    if (kick) hit(KICK, 115);
    if (snare) hit(backbeat, 110);
    if (tick) hit(ticking, 85);
    if (i % 64 === 0 && dice.chance(0.5)) hit(CRASH, 100);
  }
}

/**
 * Makes what is missing, as 8 kHz raw samples.
 * @param {string} folder where the samples go
 * @param {number} count how many songs
 */
export async function makeMusic(folder, count) {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(BANK)) throw new Error(`no instruments: ${BANK} (Debian: fluid-soundfont-gm)`);
  for (let i = 0; i < count; i++) {
    const name = join(folder, `song-${String(i).padStart(4, '0')}`);
    if (existsSync(`${name}.raw`)) continue;
    writeFileSync(`${name}.mid`, compose(new Dice(7919 + i)));
    const wav = `${name}.wav`;
    await run('fluidsynth', ['-niq', '-r', '16000', '-g', '0.4', '-F', wav, BANK, `${name}.mid`]);
    await run('sox', [wav, ...RAW, `${name}.raw`, 'trim', '0', String(SECONDS)]);
    rmSync(wav);
    rmSync(`${name}.mid`);
    if (i % 50 === 0) process.stderr.write(`songs ${i}/${count}\n`);
  }
}

/**
 * @param {string} folder
 * @returns {Float32Array[]} songs, full scale 1
 */
export function readMusic(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.raw'))
    .sort()
    .map((name) => readRaw(join(folder, name)));
}
