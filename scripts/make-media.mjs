// Makes the sounds that ship with the product, so that none of them has an owner but us: the default
// treatments in media/ and the voices of the scripted called parties in media/far-end/.
// Music and tones are computed here; speech needs espeak-ng, and sox to bring it to 8 kHz.
// Run `node scripts/make-media.mjs`; it overwrites the files. Not part of a build: the WAVs are
// committed, because a machine that only runs the product has no speech synthesiser.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RATE_HZ = 8000;
const FULL_SCALE = 32767;
/** Levels relative to full scale. Peaks stay under -6 dB so that no codec clips them. */
const PEAK_DB = -6;
const KNEE_DB = -12;
const RMS_DB = -20;

const mediaFolder = new URL('../media/', import.meta.url).pathname;

const SPEECH = [
  ['connect.wav', 'en-us+f3', 165, 'Hello. This is the call back you asked for.'],
  [
    'machine.wav',
    'en-us+f3',
    165,
    'You asked for a call back. Sorry to have missed you, we will try again.',
  ],
  ['find-agent-fail.wav', 'en-us+f3', 165, 'We are sorry. No one is free to take your call.'],
  ['far-end/hello.wav', 'en-gb+m3', 150, 'Hello?'],
  [
    'far-end/greeting.wav',
    'en-gb+m7',
    175,
    'You have reached my voice mail, please leave your name and number after the tone.',
  ],
  ['far-end/agent.wav', 'en-us+m2', 185, 'Customer service, how can I help?'],
];

/** Prompts of the sample VoiceXML pages in config/examples/vxml/. */
const PAGES = {
  'confirm-ask':
    'This is the call back you asked for. To be connected now, press 1. To be called later, press 2. If you did not ask for it, press 3.',
  'confirm-wrong': 'Please press 1, 2 or 3.',
  'confirm-connect': 'Thank you. Please hold.',
  'confirm-later': 'We will call you again later. Good bye.',
  'confirm-cancel': 'Sorry to have disturbed you. Good bye.',
  'later-minutes': 'In how many minutes may we call? Enter the number, then press the pound key.',
  'later-minutes-wrong': 'Please enter a number of minutes from 1 to 240.',
  'later-message': 'After the tone, say what it is about. Press any key when you are done.',
  'later-heard': 'This is what you said.',
  'later-confirm': 'If that is right, press 1. To say it again, press 2.',
};

/** Recorded fragments for say-as, by name; see src/treatment/say-as.ts. */
const SAY = {
  ...Object.fromEntries(Array.from({ length: 20 }, (_, n) => [n, String(n)])),
  ...Object.fromEntries([20, 30, 40, 50, 60, 70, 80, 90].map((n) => [n, String(n)])),
  ...Object.fromEntries(Array.from({ length: 31 }, (_, n) => [`ordinal-${n + 1}`, ordinal(n + 1)])),
  ...Object.fromEntries(
    'hundred thousand million point minus plus extension star pound dollars cents euros pounds pence and january february march april may june july august september october november december'
      .split(' ')
      .map((word) => [word, word]),
  ),
  am: 'A. M.',
  pm: 'P. M.',
};

/** What announcements and whispers say around a number. */
const SENTENCES = {
  'you-are-number': 'You are number',
  'in-line': 'in line.',
  // No word behind the number that would have to follow it in number.
  'minutes-to-wait': 'Your expected wait, in minutes, is',
  'minutes-waited': 'A call back. Minutes the customer has waited:',
};

function ordinal(n) {
  const ending = n > 10 && n < 14 ? 'th' : { 1: 'st', 2: 'nd', 3: 'rd' }[n % 10];
  return `${n}${ending ?? 'th'}`;
}

/** With arguments only what begins with one of them is made, such as `say/`. */
const only = process.argv.slice(2);
const isWanted = (name) => only.length === 0 || only.some((start) => name.startsWith(start));

const level = (db) => 10 ** (db / 20);

/** Scales to the wanted level, and bends what would pass the knee so that the peak holds. */
function master(samples, rmsDb = RMS_DB) {
  let energy = 0;
  for (const x of samples) energy += x * x;
  const gain = level(rmsDb) / Math.sqrt(energy / samples.length || 1);
  const knee = level(KNEE_DB);
  const room = level(PEAK_DB) - knee;
  return samples.map((x) => {
    const size = Math.abs(x * gain);
    if (size <= knee) return x * gain;
    return Math.sign(x) * (knee + room * Math.tanh((size - knee) / room));
  });
}

function wav(samples) {
  const out = Buffer.alloc(44 + samples.length * 2);
  out.write('RIFF', 0, 'latin1');
  out.writeUInt32LE(36 + samples.length * 2, 4);
  out.write('WAVEfmt ', 8, 'latin1');
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20);
  out.writeUInt16LE(1, 22);
  out.writeUInt32LE(RATE_HZ, 24);
  out.writeUInt32LE(RATE_HZ * 2, 28);
  out.writeUInt16LE(2, 32);
  out.writeUInt16LE(16, 34);
  out.write('data', 36, 'latin1');
  out.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((x, i) => out.writeInt16LE(Math.round(x * FULL_SCALE), 44 + i * 2));
  return out;
}

const noteHz = (semitonesFromA4) => 440 * 2 ** (semitonesFromA4 / 12);

/** Adds a note to a buffer that is a loop: what rings past the end goes on at the beginning. */
function addNote(loop, { atSeconds, hz, seconds, size, attackSeconds, decaySeconds, partials }) {
  const start = Math.round(atSeconds * RATE_HZ);
  const length = Math.round(seconds * RATE_HZ);
  for (let i = 0; i < length; i++) {
    const t = i / RATE_HZ;
    const fadeOut = Math.min(1, (length - i) / (0.05 * RATE_HZ));
    const envelope = Math.min(1, t / attackSeconds) * Math.exp(-t / decaySeconds) * fadeOut;
    let sum = 0;
    partials.forEach((part, n) => {
      if (hz * (n + 1) < 3400) sum += part * Math.sin(2 * Math.PI * hz * (n + 1) * t);
    });
    loop[(start + i) % loop.length] += size * envelope * sum;
  }
}

/** Four chords of two seconds with a plucked figure over them; the last one leads back to the first. */
function waitingMusic() {
  const chords = [
    [-21, -9, -5, -2, 2], // C
    [-24, -12, -9, -5, 0], // A minor
    [-28, -16, -12, -9, -4], // F
    [-26, -14, -10, -7, -2], // G
  ];
  const loop = new Array(8 * RATE_HZ).fill(0);
  chords.forEach((chord, bar) => {
    for (const tone of chord.slice(0, 4)) {
      addNote(loop, {
        atSeconds: bar * 2,
        hz: noteHz(tone),
        seconds: 2.4,
        size: 0.25,
        attackSeconds: 0.25,
        decaySeconds: 2.5,
        partials: [1, 0.4, 0.15],
      });
    }
    [1, 3, 4, 3, 2, 4, 3, 4].forEach((step, beat) => {
      addNote(loop, {
        atSeconds: bar * 2 + beat * 0.25,
        hz: noteHz(chord[step] + 12),
        seconds: 0.8,
        size: 0.5,
        attackSeconds: 0.006,
        decaySeconds: 0.22,
        partials: [1, 0.5, 0.2, 0.1],
      });
    });
  });
  return master(loop);
}

/** One second of two soft swelling notes; it says "the line is alive" and nothing else. */
function comfortTone() {
  const pad = new Array(RATE_HZ).fill(0).map((_, i) => {
    const t = i / RATE_HZ;
    const swell = Math.sin(Math.PI * t) ** 2;
    return swell * (Math.sin(2 * Math.PI * 392 * t) + 0.6 * Math.sin(2 * Math.PI * 587.3 * t));
  });
  return master(pad, RMS_DB - 6);
}

/** The tone before a recording. */
function recordBeep() {
  const samples = Math.round(0.3 * RATE_HZ);
  return master(
    Array.from({ length: samples }, (_, i) => {
      const edge = Math.min(1, i / 80, (samples - i) / 80);
      return edge * Math.sin((2 * Math.PI * 1000 * i) / RATE_HZ);
    }),
    RMS_DB - 6,
  );
}

function requireTool(tool, args) {
  try {
    execFileSync(tool, args, { stdio: 'ignore' });
  } catch {
    console.error(
      `make-media: ${tool} is missing; speech needs espeak-ng and sox (apt install espeak-ng sox)`,
    );
    process.exit(1);
  }
}

/** Speech at 8 kHz without the silence around it, with 50 ms of quiet at each end. */
function speak(folder, voice, wordsPerMinute, text) {
  const spoken = join(folder, 'spoken.wav');
  const raw = join(folder, 'speech.raw');
  execFileSync('espeak-ng', ['-v', voice, '-s', String(wordsPerMinute), '-w', spoken, text]);
  const trim = ['silence', '1', '0.01', '0.5%'];
  const effects = [
    'gain',
    '-6',
    'highpass',
    '120',
    ...trim,
    'reverse',
    ...trim,
    'reverse',
    'pad',
    '0.05',
    '0.05',
  ];
  execFileSync('sox', [
    '-D',
    spoken,
    '-r',
    String(RATE_HZ),
    '-c',
    '1',
    '-b',
    '16',
    '-e',
    'signed',
    raw,
    ...effects,
  ]);
  const bytes = readFileSync(raw);
  return master(
    Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2) / FULL_SCALE),
  );
}

function write(name, samples) {
  writeFileSync(join(mediaFolder, name), wav(samples));
  const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
  const db = (x) => (20 * Math.log10(x)).toFixed(1);
  console.log(
    `${name}: ${(samples.length / RATE_HZ).toFixed(2)} s, peak ${db(peak)} dB, RMS ${db(rms)} dB`,
  );
}

requireTool('espeak-ng', ['--version']);
requireTool('sox', ['--version']);
for (const folder of ['far-end', 'vxml', 'say/en']) {
  mkdirSync(join(mediaFolder, folder), { recursive: true });
}
if (isWanted('waiting.wav')) write('waiting.wav', waitingMusic());
if (isWanted('comfort.wav')) write('comfort.wav', comfortTone());
if (isWanted('say/beep.wav')) write('say/beep.wav', recordBeep());
const spoken = [
  ...SPEECH,
  ...Object.entries(PAGES).map(([name, text]) => [`vxml/${name}.wav`, 'en-us+f3', 165, text]),
  ...Object.entries({ ...SAY, ...SENTENCES }).map(([name, text]) => [
    `say/en/${name}.wav`,
    'en-us+f3',
    165,
    text,
  ]),
];
const scratch = mkdtempSync(join(tmpdir(), 'make-media-'));
try {
  for (const [name, voice, speed, text] of spoken) {
    if (isWanted(name)) write(name, speak(scratch, voice, speed, text));
  }
} finally {
  rmSync(scratch, { recursive: true });
}
