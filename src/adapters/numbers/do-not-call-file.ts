/**
 * The do-not-call list: a file with one number in E.164 a line, or a CSV file whose first column has
 * it. It is read in pieces, so that calls do not wait for it, into a new set that takes the place of the
 * old one as a whole. The file is looked at every few seconds and read again once it has changed and is
 * quiet; a file that cannot be read, or is none, leaves the list as it was and is said in the log.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock, Log } from '../../ports.js';
import type { DoNotCall } from '../../request/customer-number.js';
import { NumberSet } from '../../request/number-set.js';

const LOOK_EVERY_MS = 2000;
/** What is read between two looks at everything else. */
const PIECE_BYTES = 16 * 1024;
const LINE_MAX = 4096;
/** Numbers at most: 12 to 24 bytes each. */
const SIZE_MAX = 20_000_000;
/** Bad lines named in the log. */
const NAMED_MAX = 5;

export interface ReadList {
  readonly numbers: NumberSet;
  /** Lines that have no number, the head of a CSV file left out. */
  readonly badCount: number;
  /** The first of them, counted from 1. */
  readonly badLines: readonly number[];
}

/** @throws Error when the file cannot be read, has a line that no list has, or too many numbers */
export async function readDoNotCall(file: string): Promise<ReadList> {
  const numbers = new NumberSet();
  const badLines: number[] = [];
  let badCount = 0;
  let lineCount = 0;
  const take = (line: string): void => {
    lineCount += 1;
    const written = numberIn(line);
    if (written === '' || numbers.add(written)) return;
    if (lineCount === 1) return;
    badCount += 1;
    if (badLines.length < NAMED_MAX) badLines.push(lineCount);
  };
  let rest = '';
  const stream = createReadStream(file, { encoding: 'utf8', highWaterMark: PIECE_BYTES });
  for await (const piece of stream) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_MAX) throw new Error(`line ${lineCount + 1} is no line of a list`);
    lines.forEach(take);
    if (numbers.size > SIZE_MAX) throw new Error(`more than ${SIZE_MAX} numbers`);
  }
  if (rest !== '') take(rest);
  return { numbers, badCount, badLines };
}

/** Of a line its first column without quotes and punctuation; nothing of an empty one and a comment. */
function numberIn(line: string): string {
  const [first = ''] = line.replace(/^\uFEFF/, '').split(/[,;\t]/, 1);
  const text = first.trim().replace(/^"(.*)"$/, '$1');
  if (text === '' || text.startsWith('#')) return '';
  return text.replace(/[ ().\-/]/g, '');
}

interface Options {
  /** Of the configuration in force; undefined: there is no list. */
  readonly file: () => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The list of the file that the configuration names, kept up to date. */
export class DoNotCallFile implements DoNotCall {
  #numbers = new NumberSet();
  /** What is in force, and what was seen at the last look: path, size, time and inode. */
  #loaded = '';
  #seen = '';
  #failed = '';
  #cancelLook = () => {};
  #reading: Promise<void> = Promise.resolve();
  #isStopped = false;

  private constructor(private readonly options: Options) {}

  /** @throws Error `CBD_DO_NOT_CALL` when there is a file and it cannot be read */
  static async open(options: Options): Promise<DoNotCallFile> {
    const list = new DoNotCallFile(options);
    const file = options.file();
    if (file !== undefined) {
      try {
        await list.#load(file, await signOf(file));
      } catch (error) {
        throw new Error(`CBD_DO_NOT_CALL: ${file}: ${whyOf(error)}`, { cause: error });
      }
    }
    list.#lookLater();
    return list;
  }

  get size(): number {
    return this.#numbers.size;
  }

  has(e164: string): boolean {
    return this.#numbers.has(e164);
  }

  /** Resolves when nothing is read any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelLook();
    await this.#reading;
  }

  #lookLater(): void {
    if (this.#isStopped) return;
    this.#cancelLook = this.options.clock.after(LOOK_EVERY_MS, () => {
      this.#reading = this.look().finally(() => this.#lookLater());
    });
  }

  /** Reads the file again if it has changed, and not since the look before. Never rejects. */
  async look(): Promise<void> {
    const file = this.options.file();
    if (file === undefined) {
      // Even an empty set is a thousand pieces of memory.
      if (this.#numbers.size > 0) this.#numbers = new NumberSet();
      this.#loaded = '';
      return;
    }
    let sign = `${file} `;
    try {
      sign = await signOf(file);
      const isQuiet = sign === this.#seen;
      this.#seen = sign;
      if (sign === this.#loaded || !isQuiet) return;
      await this.#load(file, sign);
      this.#failed = '';
    } catch (error) {
      if (this.#failed === sign) return;
      this.#failed = sign;
      const fields = { code: 'CBD_DO_NOT_CALL', file, why: whyOf(error) };
      this.options.log.error(fields, 'the do-not-call list stays as it was');
    }
  }

  async #load(file: string, sign: string): Promise<void> {
    const { numbers, badCount, badLines } = await readDoNotCall(file);
    if ((await signOf(file)) !== sign) return;
    this.#numbers = numbers;
    this.#loaded = sign;
    const { log } = this.options;
    log.info({ file, numbers: numbers.size }, 'do-not-call list read');
    if (badCount > 0) log.warn({ file, badCount, badLines }, 'lines without a number in E.164');
  }
}

async function signOf(file: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(file);
  return [file, size, mtimeMs, ino].join(' ');
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
