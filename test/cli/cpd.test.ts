import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand as run } from './run-command-line.js';

const media = (name: string) => fileURLToPath(new URL(`../../media/${name}`, import.meta.url));

describe('dialback cpd', () => {
  it('prints one JSON document about a person', async () => {
    const { out, code } = await run('cpd', media('far-end/hello.wav'), '--json');
    const document = JSON.parse(out) as Record<string, unknown>;
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(document), [
      'file',
      'verdict',
      'callState',
      'decidedAtMs',
      'greetingEndMs',
      'beepAtMs',
      'reason',
      'trace',
    ]);
    assert.equal(document.verdict, 'human');
    assert.equal(document.callState, 0);
    assert.ok(Array.isArray(document.trace) && document.trace.length > 0);
  });

  it('tells a person what it thought', async () => {
    const { out } = await run('cpd', media('far-end/greeting.wav'));
    assert.match(out, /machine \(call state 9\), decided at \d+ ms/);
    assert.match(out, /because: speech for/);
    assert.match(out, /greeting ended: \d+ ms/);
  });

  it('judges early media as such', async () => {
    const { out } = await run('cpd', media('far-end/hello.wav'), '--early', '--json');
    const document = JSON.parse(out) as Record<string, unknown>;
    assert.equal(document.verdict, 'unknown');
    assert.equal(document.callState, 28);
  });

  it('draws what it heard', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dialback-cpd-'));
    try {
      const file = join(folder, 'hello.svg');
      await run('cpd', media('far-end/hello.wav'), '--plot', file);
      assert.match(await readFile(file, 'utf8'), /^<svg/);
      const refused = await run(
        'cpd',
        media('far-end/hello.wav'),
        '--plot',
        join(folder, 'no/x.svg'),
      );
      assert.equal(refused.code, 1);
      assert.match(refused.err, /^CBD_CPD_PLOT/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('replays the same recording with other options', async () => {
    const greeting = media('far-end/greeting.wav');
    const options = ['--option', 'machineSpeechMs=2000', '--option', 'silenceTimeoutMs=3000'];
    const at = async (...args: string[]) => {
      const { out } = await run('cpd', greeting, '--json', ...args);
      return (JSON.parse(out) as { decidedAtMs: number }).decidedAtMs;
    };
    assert.ok((await at(...options)) < (await at()) - 1000);
  });

  it('replays it with the numbers that a site has tuned for the products it imitates', async () => {
    const decidedAt = async (...args: string[]) => {
      const { out } = await run('cpd', media('far-end/greeting.wav'), '--json', ...args);
      const { verdict, decidedAtMs } = JSON.parse(out) as { verdict: string; decidedAtMs: number };
      assert.equal(verdict, 'machine');
      return decidedAtMs;
    };
    for (const [profile, option] of [
      ['app-amd', 'greetingMs=700'],
      ['gvp', 'machineGreetingMs=900'],
    ] as const) {
      const own = await decidedAt('--profile', profile);
      assert.ok((await decidedAt('--profile', profile, '--option', option)) < own - 500, profile);
    }
  });

  it('compares what the profiles make of it, in words, as JSON and in the drawing', async () => {
    const greeting = media('far-end/greeting.wav');
    const { out } = await run('cpd', greeting, '--profiles', 'balanced, machine-first', '--json');
    const { profiles } = JSON.parse(out) as { profiles: { profile: string; verdict: string }[] };
    assert.deepEqual(
      profiles.map(({ profile, verdict }) => [profile, verdict]),
      [
        ['balanced', 'machine'],
        ['machine-first', 'machine'],
      ],
    );
    assert.match(
      (await run('cpd', greeting, '--profiles', 'all')).out,
      /\n +human-first +machine at/,
    );
  });

  it('says what is wrong with a file, on stderr, and fails', async () => {
    const { out, err, code } = await run('cpd', '/nowhere/at-all.wav', '--json');
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /^CBD_CPD_FILE: .*not-found/);
  });

  it('refuses options it does not know', async () => {
    for (const option of [
      ['--profile', 'fast'],
      ['--country', 'Germany'],
      ['--answered-at', 'x'],
      ['--profiles', 'balanced,fast'],
      ['--option', 'silenceTimeoutMs'],
      ['--option', 'noSuchOption=5'],
      ['--option', 'silenceTimeoutMs=5'],
    ])
      assert.equal((await run('cpd', media('far-end/hello.wav'), ...option)).code, 2);
  });
});
