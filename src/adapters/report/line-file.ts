/**
 * A file that grows by lines and is put aside when it is large: `FILE` becomes `FILE.1`, that one
 * `FILE.2`, and so on. It is opened for each write, so that somebody else may move it away as well; its folder
 * is made. A disk that takes nothing costs lines, never memory or calls: what could not be written is counted
 * in the log.
 */
import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../../ports.js';

/** Lines that may wait for the disk. */
const WAITING_MAX = 10_000;

export interface LineFileOptions {
  /** Absolute. */
  readonly file: string;
  /** A line that would make it larger goes into a new file. */
  readonly maxBytes: number;
  /** Earlier files that stay. */
  readonly keptFiles: number;
}

export class LineFile {
  readonly #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #lostCount = 0;

  /** @param options asked before each write; undefined: nothing is kept */
  constructor(
    private readonly options: () => LineFileOptions | undefined,
    private readonly log: Log,
  ) {}

  /** Written behind. @param line without its end */
  append(line: string): void {
    if (this.options() === undefined) return;
    if (this.#waiting.length >= WAITING_MAX) this.#lostCount += 1;
    else this.#waiting.push(`${line}\n`);
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Resolves when nothing waits any more. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    // What comes in the same turn is written together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const options = this.options();
      const lines = this.#waiting.splice(0);
      if (options === undefined) return;
      try {
        await writeLines(lines, options);
      } catch (error) {
        this.#lostCount += lines.length;
        this.log.error(
          { file: options.file, lost: this.#lostCount, error: String(error) },
          'lines could not be written',
        );
      }
    }
  }
}

async function writeLines(
  lines: readonly string[],
  { file, maxBytes, keptFiles }: LineFileOptions,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  let size = await sizeOf(file);
  let text = '';
  for (const line of lines) {
    const bytes = Buffer.byteLength(line);
    if (size > 0 && size + bytes > maxBytes) {
      await append(file, text);
      await putAside(file, keptFiles);
      [size, text] = [0, ''];
    }
    size += bytes;
    text += line;
  }
  await append(file, text);
}

/** There are numbers in it: nobody else may read it. */
async function append(file: string, text: string): Promise<void> {
  if (text !== '') await appendFile(file, text, { mode: 0o600 });
}

async function putAside(file: string, keptFiles: number): Promise<void> {
  for (let number = keptFiles; number > 0; number -= 1) {
    const newer = number === 1 ? file : `${file}.${number - 1}`;
    await rename(newer, `${file}.${number}`).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
