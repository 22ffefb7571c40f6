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
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const entry = JSON.stringify(new URL(`${name}.ts`, base).href);
  return new URL(
    `data:text/javascript,import { register } from ${loader}; register(); await import(${entry});`,
  );
}
