import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { checkConfig } from '../../src/config/check-config.js';
import { ConfigError, loadConfig } from '../../src/config/load-config.js';
import { formatProblem, PROBLEM_CODES, type Problem } from '../../src/config/problem.js';

/** The first four comment lines of each file say what must be found in it. */
const folder = new URL('.', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.bad.yaml'));

async function problemsOf(file: string): Promise<readonly Problem[]> {
  try {
    const config = await loadConfig(file, { env: {} });
    return [...config.warnings, ...(await checkConfig(config))];
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.problems;
  }
}

describe('a wrong configuration', () => {
  assert(names.length >= 40);

  for (const name of names) {
    it(`is refused with code, line, path and message: ${name}`, async () => {
      const file = new URL(name, folder).pathname;
      const expected: Record<string, string | undefined> = Object.fromEntries(
        [...readFileSync(file, 'utf8').matchAll(/^# (code|line|path|message): ?(.*)$/gm)].map(
          ([, key = '', value]) => [key, value],
        ),
      );
      const problems = await problemsOf(file);
      const text = problems.map(formatProblem).join('\n');
      const [problem, ...others] = problems.filter(({ code }) => code === expected.code);
      assert(problem, `expected ${expected.code}, found:\n${text || 'nothing'}`);
      assert.equal(others.length, 0, text);
      assert.equal(String(problem.line), expected.line, text);
      assert.equal(problem.path, expected.path);
      const said = formatProblem(problem).split(
        problem.path === '' ? `${problem.code}: ` : `${problem.path}: `,
      )[1];
      assert(said?.startsWith(expected.message ?? '?'), `said: ${said}`);
      const errors = problems.filter(({ severity }) => severity === 'error');
      assert.equal(errors.length, problem.severity === 'error' ? 1 : 0, text);
      assert(Object.hasOwn(PROBLEM_CODES, problem.code));
    });
  }

  it('never shows a secret', async () => {
    for (const name of ['credentials-in-url.bad.yaml', 'secret-is-not-shown.bad.yaml']) {
      const problems = await problemsOf(new URL(name, folder).pathname);
      assert.doesNotMatch(JSON.stringify(problems), /hunter2|too-short/);
    }
  });
});
