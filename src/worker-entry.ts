import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Where a worker thread starts. From a build the entry is the compiled `.js` beside the caller; when
 * the sources run directly (the tests), the `.ts` file is loaded through tsx, which has to be
 * registered inside the new thread first because Node 20 does not carry loader hooks over.
 *
 * @param base the caller's `import.meta.url`
 * @param name the entry module without extension, relative to the caller, such as `./worker`
 */
export function workerEntry(base: string, name: string): URL {
  if (!base.endsWith('.ts')) return new URL(`${name}.js`, base);
  // `import.meta.resolve` is missing where mocha loads TypeScript by require: ask for the file instead.
  const path = createRequire(base)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const loader = JSON.stringify(pathToFileURL(path).href);
  const entry = JSON.stringify(new URL(`${name}.ts`, base).href);
  return new URL(
    `data:text/javascript,import { register } from ${loader}; register(); await import(${entry});`,
  );
}
