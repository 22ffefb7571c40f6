/** The product's own version and folder, read from its package.json. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of the folder that holds package.json, config/ and media/. */
export const PACKAGE_DIRECTORY = fileURLToPath(new URL('../../', import.meta.url));

export function productVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
