import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command-line.js';

const media = (name: string) => fileURLToPath(new URL(`../../media/${name}`, import.meta.url));
const HEADER = 'file\tclass\tphase\tsource_group\tspeech_on_ms\tgreeting_end_ms';

describe('dialback cpd-eval', function () {
  this.timeout(60_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-cpd-eval-'));
    await copyFile(media('far-end/hello.wav'), join(folder, 'hello.wav'));
    await copyFile(media('far-end/greeting.wav'), join(folder, 'greeting.wav'));
  });
  after(() => rm(folder, { recursive: true }));

  async function evaluate(rows: readonly string[], ...args: string[]) {
    const file = join(folder, 'labels.tsv');
    await writeFile(file, `${[HEADER, ...rows].join('\n')}\n`);
    return runCommand('cpd-eval', file, ...args);
  }

  const ROWS = [
    'hello.wav\thuman_short\tpost\tv1\t0\t700',
    'greeting.wav\tmachine_nobeep\tpost\tv2\t0\t4000',
  ];

  it('prints one JSON document with a line for each clip', async () => {
    const { out, err, code } = await evaluate(ROWS, '--json', '--profile', 'human-first');
    assert.equal(err, '');
    assert.equal(code, 0);
    const document = JSON.parse(out) as {
      clips: Record<string, unknown>[];
      summary: { classes: { className: string; first: { share: number } }[]; curve: object[] };
    };
    assert.deepEqual(Object.keys(document), ['clips', 'summary']);
    assert.deepEqual(Object.keys(document.clips[0]!), [
      'file',
      'verdict',
      'callState',
      'decidedAtMs',
      'revisedTo',
      'revisedAtMs',
      'greetingEndMs',
      'beepAtMs',
      'reason',
    ]);
    assert.deepEqual(
      document.clips.map(({ file, verdict, callState }) => [file, verdict, callState]),
      [
        ['hello.wav', 'human', 0],
        ['greeting.wav', 'machine', 9],
      ],
    );
    assert.equal(document.summary.classes[0]?.first.share, 1);
    assert.equal(document.summary.curve.length, 1);
  });

  it('shows the default profile and the curve over all of them', async () => {
    const { out, code } = await evaluate(ROWS, '--groups');
    assert.equal(code, 0);
    assert.match(out, /^Profile human-first/);
    assert.match(out, /\nbalanced .*\nmachine-first /);
    assert.match(out, /human_short\/v1/);
  });

  it('names what is wrong with the table, by line, and prints no result', async () => {
    const wrong = await evaluate(
      ['hello.wav\tparrot\tpost', 'gone.wav\thuman_short\tafter'],
      '--json',
    );
    assert.equal(wrong.code, 1);
    assert.equal(wrong.out, '');
    assert.match(wrong.err, /CBD_LABELS_CLASS: .*labels\.tsv, line 2: .*allowed/);
    assert.match(wrong.err, /CBD_LABELS_PHASE: .*line 3: .*pre, post, pre\+post/);
  });

  it('names a recording that is missing', async () => {
    const { err, code } = await evaluate([...ROWS, 'gone.flac\thuman_short\tpost']);
    assert.equal(code, 1);
    assert.match(err, /CBD_LABELS_FILE: .*line 4: gone\.flac: not-found/);
  });

  it('fails on a table that is not there, and on a profile nobody knows', async () => {
    const missing = await runCommand('cpd-eval', join(folder, 'no.tsv'));
    assert.equal(missing.code, 1);
    assert.match(missing.err, /^CBD_LABELS_FILE/);
    assert.equal((await evaluate(ROWS, '--profile', 'fast')).code, 2);
  });
});
