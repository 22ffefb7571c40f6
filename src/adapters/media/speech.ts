/**
 * A voice for text: espeak-ng or flite of this host, whichever is installed. The sound becomes a file
 * where the media server finds its files, so any media server can speak; the same text is read once.
 */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import NodeCache from 'node-cache';
import type { SpeechConfig } from '../../config/config.js';
import { mediaFault, type ResolvedMedia, type Speech } from '../../treatment/media-file.js';

/** Characters of one text; the rest is not said. */
const SPEECH_CHARS_MAX = 2000;
const DEADLINE_MS = 5000;
const AT_ONCE_MAX = 4;
const WAITING_MAX = 100;
/** A text that nobody has asked for in so long is forgotten, its file deleted. */
const KEPT_SECONDS = 3600;
const KEPT_MAX = 1000;
const DEFAULT_LANGUAGE = 'en';
/** Key of the voice for whatever has none of its own. */
const ANY = 'default';
/** What flite's own pace is taken for. */
const FLITE_WORDS_PER_MINUTE = 170;

export interface SpeechOptions extends SpeechConfig {
  /** Asked each time: a reload may move it. */
  readonly cacheDirectory: () => string;
}

interface Voice {
  readonly program: string;
  /** Arguments to try, best first. @param languages from the most to the least special */
  attempts(order: SpeechOrder, options: SpeechOptions): readonly (readonly string[])[];
  /** By standard input, not as an argument. */
  readonly readsInput: boolean;
}

interface SpeechOrder {
  readonly text: string;
  readonly languages: readonly string[];
  /** Where the sound is to be written. */
  readonly path: string;
}

const VOICES: readonly Voice[] = [
  {
    program: 'espeak-ng',
    readsInput: true,
    attempts: ({ languages, path }, { voices, wordsPerMinute }) => {
      const others = [...languages, voices[ANY] ?? DEFAULT_LANGUAGE, DEFAULT_LANGUAGE];
      return [...named(languages, voices), ...others].map((name) => [
        ...['-v', name, '-s', String(wordsPerMinute)],
        ...['-w', path, '--stdin'],
      ]);
    },
  },
  {
    // It opens a file of the text, which the socket that our input is cannot be.
    program: 'flite',
    readsInput: false,
    attempts: ({ text, languages, path }, { voices, wordsPerMinute }) => {
      const stretch = (FLITE_WORDS_PER_MINUTE / wordsPerMinute).toFixed(2);
      const rest = ['--setf', `duration_stretch=${stretch}`, '-t', text, '-o', path];
      const names = named([...languages, ANY], voices);
      return [...names.map((name) => ['-voice', name, ...rest]), rest];
    },
  },
];

function named(languages: readonly string[], voices: SpeechOptions['voices']): string[] {
  return languages.flatMap((language) => voices[language] ?? []);
}

/** @returns undefined when this host has no voice */
export async function createSpeech(options: SpeechOptions): Promise<Speech | undefined> {
  const { program } = options;
  for (const voice of VOICES) {
    if (program !== 'auto' && program !== voice.program) continue;
    const probe = await run(voice.program, ['--version'], '');
    if (probe.isFound) return new HostSpeech(voice, options);
  }
  return undefined;
}

class HostSpeech implements Speech {
  readonly #voice: Voice;
  readonly #options: SpeechOptions;
  readonly #kept = new NodeCache({ stdTTL: KEPT_SECONDS, useClones: false });
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(voice: Voice, options: SpeechOptions) {
    this.#voice = voice;
    this.#options = options;
    this.#kept.on('expired', (_key: string, made: Promise<ResolvedMedia>) => {
      void made.then((media) =>
        media.kind === 'file' ? rm(media.path, { force: true }) : undefined,
      );
    });
  }

  async say(text: string, language: string | undefined): Promise<ResolvedMedia> {
    const words = text.replace(/\p{Cc}/gu, ' ').slice(0, SPEECH_CHARS_MAX);
    const key = createHash('sha256')
      .update(`${language ?? ''}\n${words}`)
      .digest('hex');
    const known = this.#kept.get<Promise<ResolvedMedia>>(key);
    if (known) {
      this.#kept.ttl(key, KEPT_SECONDS);
      return known;
    }
    const made = this.#make(key, words, language);
    if (this.#kept.getStats().keys < KEPT_MAX) this.#kept.set(key, made);
    const media = await made;
    if (media.kind === 'unplayable') this.#kept.del(key);
    return media;
  }

  async #make(key: string, text: string, language: string | undefined): Promise<ResolvedMedia> {
    if (this.#waiting.length >= WAITING_MAX) return unplayable('too many texts at a time');
    await this.#turn();
    try {
      const directory = this.#options.cacheDirectory();
      await mkdir(directory, { recursive: true });
      const path = join(directory, `speech-${key.slice(0, 32)}.wav`);
      const partial = `${path}.${randomUUID()}.part`;
      const { program, readsInput } = this.#voice;
      const order = { text, languages: languagesOf(language), path: partial };
      for (const args of this.#voice.attempts(order, this.#options)) {
        const { isDone } = await run(program, args, readsInput ? text : '');
        // Both may say that all is well and write nothing.
        if (!isDone || !existsSync(partial)) continue;
        await rename(partial, path);
        return { kind: 'file', path };
      }
      return unplayable(`${this.#voice.program} could not say it`);
    } catch (error) {
      return unplayable(error instanceof Error ? error.message : String(error));
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= AT_ONCE_MAX) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
  }
}

/** The language with its region, and without. */
function languagesOf(language: string | undefined): string[] {
  const tag = /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}$/i.exec(language ?? '')?.[0].toLowerCase();
  const [primary] = tag?.split('-') ?? [];
  return [...new Set([tag, primary].filter((one) => one !== undefined))];
}

function run(
  program: string,
  args: readonly string[],
  input: string,
): Promise<{ readonly isFound: boolean; readonly isDone: boolean }> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: DEADLINE_MS, encoding: 'utf8' }, (error) =>
      resolve({ isFound: error?.code !== 'ENOENT', isDone: error === null }),
    );
    // One that is not there, or does not read, says so by its end.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function unplayable(why: string): ResolvedMedia {
  return { kind: 'unplayable', ...mediaFault('MEDIA_UNREADABLE', why) };
}
