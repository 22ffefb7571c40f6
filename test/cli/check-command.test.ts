import assert from 'node:assert/strict';
import { Command } from 'commander';
import { printConfigError, registerCheckCommand } from '../../src/cli/check-command.js';
import { loadConfig } from '../../src/config/load-config.js';

const bad = (name: string) => new URL(`../config/${name}.bad.yaml`, import.meta.url).pathname;

/** Runs `dialback check ...` in this process and takes what it prints. */
async function run(...words: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const { stdout, stderr, exitCode } = process;
  const writes = { out: stdout.write.bind(stdout), err: stderr.write.bind(stderr) };
  const said = { out: '', err: '' };
  const program = new Command();
  registerCheckCommand(program);
  try {
    stdout.write = (text: unknown) => Boolean((said.out += String(text)));
    stderr.write = (text: unknown) => Boolean((said.err += String(text)));
    await program.parseAsync(['node', 'dialback', 'check', ...words]);
    return { code: process.exitCode, ...said };
  } finally {
    stdout.write = writes.out;
    stderr.write = writes.err;
    process.exitCode = exitCode;
  }
}

describe('dialback check', () => {
  it('says ok and exits 0 for the configuration that ships with the product', async () => {
    const { code, out, err } = await run();
    assert.deepEqual([code, err], [0, '']);
    // The PBX in it is an example.
    assert.match(
      out,
      /^\S+: warning CHECK_HOST_UNREACHABLE .*\nok: 0 errors, 1 warnings in \S+dialback\.yaml\n$/,
    );
  });

  it('prints what a compiler would, and exits 1', async () => {
    const file = bad('unknown-option');
    const { code, out } = await run(file);
    assert.equal(code, 1);
    assert.equal(
      out,
      `${file}:8:5: error CONFIG_UNKNOWN_OPTION services.sales._max_dial_attemps: There is no such option here. (did you mean _max_dial_attempts?)\n` +
        'not ok: 1 errors, 0 warnings\n',
    );
  });

  it('prints one JSON document with --json, and takes the file from --config too', async () => {
    const { code, out, err } = await run('--config', bad('queue-unknown'), '--json');
    assert.equal(code, 1);
    assert.equal(err, '');
    const printed = JSON.parse(out) as { ok: boolean; problems: Record<string, unknown>[] };
    assert.equal(printed.ok, false);
    const {
      code: found,
      severity,
      path,
      line,
      message,
      suggestion,
    } = printed.problems.find((problem) => problem['severity'] === 'error') ?? {};
    assert.deepEqual(
      { found, severity, path, line, message, suggestion },
      {
        found: 'CONFIG_UNKNOWN_QUEUE',
        severity: 'error',
        path: 'services.sales.queue',
        line: 8,
        message: 'No queue of this name is defined.',
        suggestion: 'support',
      },
    );
  });

  it('exits 0 with warnings', async () => {
    const { code, out } = await run(bad('misprint-of-the-page'), '--json');
    const printed = JSON.parse(out) as { ok: boolean; problems: { severity: string }[] };
    assert.equal(code, 0);
    assert.equal(printed.ok, true);
    assert(
      printed.problems.length > 0 &&
        printed.problems.every(({ severity }) => severity === 'warning'),
    );
  });

  it('exits 2 when told two files', async () => {
    const { code, err } = await run(bad('key-twice'), '--config', bad('tab-indent'));
    assert.equal(code, 2);
    assert.match(err, /once/);
  });
});

describe('printConfigError', () => {
  it('passes on what is no fault of the configuration', () => {
    assert.throws(() => printConfigError(new RangeError('a bug')), RangeError);
  });

  it('prints every finding to stderr and names the exit code', async () => {
    const error: unknown = await loadConfig(bad('key-twice')).catch((reason: unknown) => reason);
    const write = process.stderr.write.bind(process.stderr);
    let said = '';
    try {
      process.stderr.write = (text: unknown) => Boolean((said += String(text)));
      assert.equal(printConfigError(error), 1);
    } finally {
      process.stderr.write = write;
    }
    assert.match(said, /CONFIG_DUPLICATE_KEY services\.sales/);
  });
});
