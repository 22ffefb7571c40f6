/** Properties of the code itself, as ARCHITECTURE.md promises them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const LINES_MAX = 400;

interface Source {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Specifiers of static and dynamic imports and re-exports. */
  readonly imports: readonly string[];
}

function sourcesUnder(folder: string): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = relative(ROOT, join(entry.parentPath, entry.name));
      const text = readFileSync(join(ROOT, path), 'utf8');
      const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)];
      return { path, text, imports: imports.map(([, specifier = '']) => specifier) };
    });
}

const sources = sourcesUnder('src');
const tests = sourcesUnder('test');
const under = (folder: string) => sources.filter(({ path }) => path.startsWith(`src/${folder}/`));

/** Where a relative import leads, from the repository's root. */
function target(source: Source, specifier: string): string {
  return normalize(join(dirname(source.path), specifier));
}

function offences(of: readonly Source[], isOffence: (source: Source, to: string) => boolean) {
  return of.flatMap((source) =>
    source.imports.filter((to) => isOffence(source, to)).map((to) => `${source.path}: ${to}`),
  );
}

describe('the code', () => {
  it('is read at all by this test', () => {
    assert.ok(sources.length > 50);
    assert.ok(sources.some(({ imports }) => imports.includes('node:dgram')));
  });

  for (const core of ['callflow', 'cpd', 'handoff/queue']) {
    it(`keeps ${core}/ pure: it imports nothing from outside its folder`, () => {
      const outside = offences(
        under(core),
        (source, to) => !/^\.\.?\//.test(to) || !target(source, to).startsWith(`src/${core}/`),
      );
      assert.deepEqual(outside, []);
    });

    it(`keeps ${core}/ pure: no clock, no chance, no promises`, () => {
      const impure =
        /\b(Date\.now|new Date\(|setTimeout|setInterval|Math\.random|async |await |Promise[.<(])/;
      const found = under(core).filter(({ text }) => impure.test(withoutComments(text)));
      assert.deepEqual(
        found.map(({ path }) => path),
        [],
      );
    });
  }

  it('keeps the embedded engine apart: it knows nothing of the rest', () => {
    const outside = offences(under('embedded'), (source, to) => {
      if (!to.startsWith('.')) return to.startsWith('drachtio');
      const path = target(source, to);
      return !path.startsWith('src/embedded/') && path !== 'src/worker-entry.js';
    });
    assert.deepEqual(outside, []);
  });

  it('speaks to drachtio and FreeSWITCH in adapters/ only', () => {
    const elsewhere = sources.filter(({ path }) => !path.startsWith('src/adapters/'));
    assert.deepEqual(
      offences(elsewhere, (_, to) => to.startsWith('drachtio')),
      [],
    );
  });

  it('tells the time behind the clock only', () => {
    const allowed = /^src\/(adapters|embedded|farend)\//;
    const reads = /\b(Date\.now\(|setTimeout\(|setInterval\(|Math\.random\()/;
    const found = sources.filter(
      ({ path, text }) => !allowed.test(path) && reads.test(withoutComments(text)),
    );
    assert.deepEqual(
      found.map(({ path }) => path),
      [],
    );
  });

  it('imports inwards only: modules of the application do not know adapters, engine or commands', () => {
    const inner = ['dial', 'treatment', 'handoff', 'schedule', 'request', 'config', 'plugin'];
    const outward = offences(
      inner.flatMap((folder) => under(folder)),
      (source, to) =>
        to.startsWith('.') &&
        /^src\/(adapters|embedded|farend|cli|demo)\//.test(target(source, to)),
    );
    assert.deepEqual(outward, []);
  });

  it(`has no file over ${LINES_MAX} lines and no folder called utils`, () => {
    const long = [...sources, ...tests].filter(
      ({ text }) => text.split('\n').length > LINES_MAX + 1,
    );
    assert.deepEqual(
      long.map(({ path }) => path),
      [],
    );
    assert.deepEqual(
      [...sources, ...tests].filter(({ path }) => /\/(utils?|helpers?|common)\//.test(path)),
      [],
    );
  });

  it('leaves no markers, no silenced rules and no any', () => {
    const marker = /\b(TODO|FIXME|XXX|HACK)\b|@ts-ignore|@ts-expect-error|eslint-disable/;
    const untyped = /: any\b|\bas any\b|<any>/;
    const found = sources.filter(
      ({ path, text }) =>
        marker.test(text) || (!path.endsWith('.d.ts') && untyped.test(withoutComments(text))),
    );
    assert.deepEqual(
      found.map(({ path }) => path),
      [],
    );
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}
