/**
 * The text of a configuration: one file, or all `*.yaml` and `*.yml` directly in a folder, in the
 * order of their names.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Problem, ProblemCode } from './problem.js';

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 100;

export interface SourceTexts {
  /** Relative paths in the configuration start here. */
  readonly folder: string;
  readonly files: readonly { readonly file: string; readonly text: string }[];
  readonly problems: readonly Problem[];
}

/** @param path absolute; of a file or folder */
export async function readSources(path: string): Promise<SourceTexts> {
  const kind = await kindOf(path);
  if (kind === undefined)
    return failed(path, 'CONFIG_FILE_MISSING', 'There is no such file or folder.');
  if (kind === 'file') return readAll(dirname(path), [path]);
  let names: string[];
  try {
    names = (await readdir(path)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  } catch {
    return failed(path, 'CONFIG_FILE_UNREADABLE', 'The folder cannot be read.');
  }
  if (names.length === 0)
    return failed(path, 'CONFIG_FILE_MISSING', 'The folder holds no .yaml file.');
  if (names.length > MAX_FILES)
    return failed(path, 'CONFIG_FILE_TOO_LARGE', 'More than 100 files.');
  return readAll(
    path,
    names.map((name) => join(path, name)),
  );
}

async function readAll(folder: string, paths: readonly string[]): Promise<SourceTexts> {
  const files: { file: string; text: string }[] = [];
  const problems: Problem[] = [];
  for (const file of paths) {
    const result = await readText(file);
    if ('text' in result) files.push({ file, text: result.text });
    else problems.push(problemAt(file, result.code, result.message));
  }
  return { folder, files, problems };
}

async function readText(
  file: string,
): Promise<{ text: string } | { code: ProblemCode; message: string }> {
  try {
    if ((await stat(file)).size > MAX_FILE_BYTES) {
      return { code: 'CONFIG_FILE_TOO_LARGE', message: 'The file is larger than 1 MiB.' };
    }
    const bytes = await readFile(file);
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    const isEncoding = error instanceof TypeError;
    const message = isEncoding ? 'The file is not UTF-8 text.' : 'The file cannot be read.';
    return { code: 'CONFIG_FILE_UNREADABLE', message };
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return undefined;
  }
}

function failed(path: string, code: ProblemCode, message: string): SourceTexts {
  return { folder: dirname(path), files: [], problems: [problemAt(path, code, message)] };
}

function problemAt(file: string, code: ProblemCode, message: string): Problem {
  return { code, severity: 'error', file, line: 1, column: 1, path: '', message };
}
