/**
 * Speech to train on, made by free synthesisers, so that nobody's recording is in the weights:
 * espeak-ng (formants, over a hundred languages), flite and festival (pieces of, or models of, real
 * voices under BSD-like licences). Each utterance becomes 8 kHz raw samples in a folder.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Dice } from './random.mjs';
import { RAW, readRaw } from './raw.mjs';

const run = promisify(execFile);

const FLITE_VOICES = ['kal', 'kal16', 'awb', 'rms', 'slt'];
const FESTIVAL_VOICES = [
  'kal_diphone',
  'ked_diphone',
  'lp_diphone',
  'pc_diphone',
  'czech_dita',
  'czech_krb',
  'czech_machac',
  'czech_ph',
  'hy_fi_mv_diphone',
  'suo_fi_lj_diphone',
  'cmu_us_slt_arctic_hts',
  'upc_ca_ona_hts',
];
/** Voice variants of espeak-ng that sound like a throat rather than a robot or a whisper. */
const ESPEAK_VARIANTS =
  'f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 Alex Alicia Andrea Andy Annie Denis Diogo Gene Hugo Jacky Lee Marco Mario Michael Mike anika antonio aunty belinda benjamin boris david ed edward grandma grandpa iven john linda max michel miguel norbert pablo paul pedro quincy rob robert sandro shelby steph travis victor zac'.split(
    ' ',
  );

const PHRASES = [
  'hello',
  'hello?',
  'yes',
  'yes please',
  'hello, who is this',
  'good morning',
  'allo',
  'oui, bonjour',
  'pronto',
  'si, digame',
  'hola',
  'hallo',
  'ja, guten Tag',
  'moshi moshi',
  'ahoj, prosim',
  'this is the office, how may I help you',
  'you have reached the voice mail of',
  'please leave a message after the tone',
  'I am not able to take your call right now',
  'the person you are calling is not available',
];
/** Sounds held on their own, which are speech although nothing changes in them for a while. */
const LETTERS =
  'a b c d e f g h i j k l m n o p q r s t u v x y z aa ee oo yes no da ja si oui ha mm'.split(' ');
const ONSETS = 'b d f g h j k l m n p r s t v w z br dr gl kr pl st sk tr sch'.split(' ');
const VOWELS = 'a e i o u ai au ei oi ou ie'.split(' ');
const CODAS = ['', '', '', 'n', 'r', 's', 't', 'l', 'm', 'k'];

/** Words that no language has, numbers, which every voice reads in its own, and phrases. */
function text(dice) {
  const kind = dice.next();
  if (kind < 0.15) return dice.pick(LETTERS);
  if (kind < 0.4) return dice.pick(PHRASES);
  if (kind < 0.6) {
    return Array.from({ length: dice.whole(1, 7) }, () => dice.whole(0, 40)).join(' ');
  }
  const word = () =>
    Array.from(
      { length: dice.whole(1, 3) },
      () => dice.pick(ONSETS) + dice.pick(VOWELS) + dice.pick(CODAS),
    ).join('');
  const words = Array.from({ length: dice.whole(1, 12) }, word);
  if (words.length > 6) words[4] += ',';
  return words.join(' ') + dice.pick(['.', '?', '']);
}

/** Languages espeak-ng has, without its invented ones. */
function espeakLanguages() {
  const listed = execFileSync('espeak-ng', ['--voices'], { encoding: 'utf8' });
  return listed
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1])
    .filter((language) => language && !/^(qdb|piqd|sjn|qya|jbo|lfn|chr)/.test(language));
}

function jobs(dice) {
  const list = [];
  for (const language of espeakLanguages())
    for (let i = 0; i < 7; i++) {
      const voice = dice.chance(0.2) ? language : `${language}+${dice.pick(ESPEAK_VARIANTS)}`;
      const args = ['-v', voice, '-p', `${dice.whole(15, 90)}`, '-s', `${dice.whole(80, 230)}`];
      list.push({ group: `espeak-${language}`, tool: 'espeak-ng', args, text: text(dice) });
    }
  for (const voice of FLITE_VOICES)
    for (let i = 0; i < 70; i++) {
      const stretch = dice.between(0.8, 1.25).toFixed(2);
      const args = ['-voice', voice, '--setf', `duration_stretch=${stretch}`];
      list.push({ group: `flite-${voice}`, tool: 'flite', args, text: text(dice) });
    }
  for (const voice of FESTIVAL_VOICES)
    for (let i = 0; i < 45; i++)
      list.push({ group: `festival-${voice}`, tool: 'festival', voice, text: text(dice) });
  return list;
}

/** The file is named after its job; what exists is not made again. */
async function make(job, folder) {
  const name = `${job.group}.${createHash('sha1').update(JSON.stringify(job)).digest('hex').slice(0, 10)}`;
  const wav = join(folder, `${name}.wav`);
  const raw = join(folder, `${name}.raw`);
  if (existsSync(raw)) return;
  try {
    if (job.tool === 'espeak-ng') await run('espeak-ng', [...job.args, '-w', wav, job.text]);
    else if (job.tool === 'flite') await run('flite', [...job.args, '-t', job.text, '-o', wav]);
    else {
      const child = run('text2wave', ['-eval', `(voice_${job.voice})`, '-o', wav]);
      child.child.stdin.end(`${job.text}\n`);
      await child;
    }
    await run('sox', [wav, ...RAW, raw]);
    rmSync(wav);
  } catch (error) {
    process.stderr.write(`${job.group}: ${error.message.split('\n')[0]}\n`);
  }
}

/**
 * Makes what is missing. Tools that are not installed are left out with a warning.
 * @param {string} folder where the samples go
 */
export async function makeSpeech(folder) {
  mkdirSync(folder, { recursive: true });
  const list = jobs(new Dice(1));
  let next = 0;
  const worker = async () => {
    while (next < list.length) {
      const index = next++;
      await make(list[index], folder);
      if (index % 200 === 0) process.stderr.write(`speech ${index}/${list.length}\n`);
    }
  };
  await Promise.all([worker(), worker()]);
}

/**
 * @param {string} folder
 * @returns {{ group: string, samples: Float32Array }[]} utterances, full scale 1
 */
export function readSpeech(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.raw') && statSync(join(folder, name)).size > 3200)
    .sort()
    .map((name) => ({ group: name.split('.')[0], samples: readRaw(join(folder, name)) }));
}
