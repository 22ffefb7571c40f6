/**
 * Resolves ${env:NAME} and ${file:PATH}. Values are never shown: a fault names the variable or the
 * path only. Only values of the document are resolved, not names and not comments.
 */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isScalar, visit } from 'yaml';
import { nearestName } from './nearest-name.js';
import type { References } from './parse-context.js';
import type { YamlFile } from './read-yaml.js';
import { findReferences } from './read-yaml.js';

const MAX_REFERENCES = 1000;
const MAX_FILE_BYTES = 64 * 1024;

type Env = Readonly<Record<string, string | undefined>>;
type Resolved = References extends ReadonlyMap<string, infer R> ? R : never;

/** @param folder relative paths start here */
export async function resolveReferences(
  yaml: YamlFile,
  folder: string,
  env: Env,
): Promise<References> {
  const found = new Map<string, { word: string; argument: string }>();
  visit(yaml.document, {
    Scalar(_key, node) {
      if (!isScalar(node) || typeof node.value !== 'string') return undefined;
      for (const { text, word, argument } of findReferences(node.value)) {
        if (found.size < MAX_REFERENCES) found.set(text, { word, argument });
      }
      return undefined;
    },
  });
  const resolved = new Map<string, Resolved>();
  for (const [text, { word, argument }] of found) {
    resolved.set(text, await resolveOne(word, argument, folder, env));
  }
  return resolved;
}

async function resolveOne(
  word: string,
  argument: string,
  folder: string,
  env: Env,
): Promise<Resolved> {
  if (word === 'env') {
    const value = Object.hasOwn(env, argument) ? env[argument] : undefined;
    if (value) return { value };
    const message = `The environment variable ${argument} is not set, or empty.`;
    return { code: 'CONFIG_ENV_MISSING', message };
  }
  if (word === 'file') return readReferenced(resolve(folder, argument));
  const nearest = nearestName(word, ['env', 'file']);
  const hint = nearest === undefined ? '' : ` Did you mean \${${nearest}:${argument}}?`;
  return {
    code: 'CONFIG_UNKNOWN_REFERENCE',
    message: `Only \${env:NAME} and \${file:PATH} are known.${hint}`,
  };
}

/** The line break at the end of a secret's file is not part of the secret. */
async function readReferenced(path: string): Promise<Resolved> {
  const missing = (why: string): Resolved => ({
    code: 'CONFIG_REFERENCE_FILE_MISSING',
    message: `The file ${path} ${why}.`,
  });
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) return missing('is larger than 64 KiB');
    const value = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
    return value === '' ? missing('is empty') : { value };
  } catch {
    return missing('cannot be read');
  }
}
