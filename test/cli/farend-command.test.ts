import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Command } from 'commander';
import { registerFarendCommand } from '../../src/cli/farend-command.js';
import { Caller } from '../farend/caller.js';

/** A program with this one command: the others' modules are none of this test's business. */
const PROGRAM = `
  import { Command } from 'commander';
  import { registerFarendCommand } from ${JSON.stringify(new URL('../../src/cli/farend-command.ts', import.meta.url).href)};
  const program = new Command();
  registerFarendCommand(program);
  await program.parseAsync(['farend', ...process.argv.slice(1)], { from: 'user' });
`;

class Process {
  readonly lines: string[] = [];
  errors = '';
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #exit: Promise<unknown[]>;

  constructor(...args: string[]) {
    const node = ['--import', 'tsx', '--input-type=module', '-e', PROGRAM, '--', ...args];
    this.#child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#exit = once(this.#child, 'exit');
    createInterface(this.#child.stdout).on('line', (line) => this.lines.push(line));
    this.#child.stderr.on('data', (text: Buffer) => (this.errors += text.toString()));
  }

  async line(isWanted: (line: string) => boolean): Promise<string> {
    const endAtMs = performance.now() + 8000;
    for (;;) {
      const found = this.lines.find(isWanted);
      if (found) return found;
      if (performance.now() > endAtMs || this.#child.exitCode !== null)
        throw new Error(`${this.lines.join('\n')}\n${this.errors}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async exit(): Promise<number | null> {
    const [code] = await this.#exit;
    return code as number | null;
  }

  async terminate(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.exit();
  }
}

/** Runs the command in this process: for uses that end at once. */
async function runHere(args: readonly string[]) {
  const program = new Command().exitOverride();
  registerFarendCommand(program);
  const write = process.stderr.write.bind(process.stderr);
  let errors = '';
  process.stderr.write = (text: string | Uint8Array) => ((errors += String(text)), true);
  try {
    await program.parseAsync(['farend', ...args], { from: 'user' });
    return { exitCode: process.exitCode, errors };
  } finally {
    process.stderr.write = write;
    process.exitCode = undefined;
  }
}

interface EventLine {
  readonly event: string;
  readonly port: number;
  readonly what?: string;
  readonly persona?: string;
  readonly endedBy?: string;
  readonly recordedMs?: number;
}

describe('dialback farend', () => {
  it('takes calls, tells of each step as JSON, and ends them on SIGTERM', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'farend-cli-'));
    const farEnd = new Process('--json', '--number', '+4421=busy', '--record', folder);
    const listening = JSON.parse(
      await farEnd.line((line) => line.includes('listening')),
    ) as EventLine;
    const [caller, refused] = await Promise.all([
      Caller.open(listening.port),
      Caller.open(listening.port),
    ]);
    await caller.connect();
    refused.invite({ user: '4421' });
    await refused.response(486);
    await caller.play(new Int16Array(3200));
    const code = farEnd.terminate();
    await caller.incoming('BYE');
    assert.equal(await code, 0);
    const events = farEnd.lines.map((line) => JSON.parse(line) as EventLine);
    const ends = events.filter(({ event }) => event === 'ended');
    assert.deepEqual(ends.map(({ persona, endedBy }) => `${persona} ${endedBy}`).sort(), [
      'busy rejected',
      'human far-end',
    ]);
    assert.ok(events.some(({ event, what }) => event === 'step' && what === '200 sent'));
    assert.ok(ends.some(({ recordedMs = 0 }) => recordedMs >= 300));
    assert.match((await readdir(folder)).join(), /^human-call-[\w-]+\.wav$/);
    await rm(folder, { recursive: true });
    caller.close();
    refused.close();
  }).timeout(20_000);

  it('prints one line per event for people', async () => {
    const farEnd = new Process('--persona', 'declined');
    const [, port] = /:(\d+)$/.exec(await farEnd.line((line) => line.startsWith('listening')))!;
    const caller = await Caller.open(Number(port));
    caller.invite();
    await caller.response(603);
    await farEnd.line((line) =>
      /^declined {2}4420 {2}\S+ {2}\d+ ms {2}ended by rejected/.test(line),
    );
    assert.equal(await farEnd.terminate(), 0);
    caller.close();
  }).timeout(20_000);

  const wrong: readonly [string, string[], RegExp][] = [
    ['an unknown persona', ['--persona', 'humna'], /"humna"; did you mean human\?/],
    ['a name nothing is near to', ['--persona', 'q'], /dialback farend --help/],
    ['an unknown persona for a number', ['--number', '1=fox'], /"fox"; did you mean fax\?/],
    ['a rule that is none', ['--number', '1'], /NUMBER=PERSONA/],
    ['no port', ['--listen', '127.0.0.1'], /not an IPv4 address and port/],
    ['a port too high', ['--listen', '127.0.0.1:70000'], /not an IPv4 address and port/],
  ];
  for (const [what, args, message] of wrong) {
    it(`refuses ${what} with exit code 2, and says what would be right`, async () => {
      const { exitCode, errors } = await runHere(args);
      assert.equal(exitCode, 2);
      assert.match(errors, message);
    });
  }

  it('ends with exit code 1 when it cannot listen', async () => {
    const { exitCode, errors } = await runHere(['--listen', '192.0.2.1:5060']);
    assert.equal(exitCode, 1);
    assert.match(errors, /^CBD_FAREND_START: /m);
  });
});
