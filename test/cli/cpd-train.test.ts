import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command-line.js';

describe('dialback cpd-train', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-cpd-train-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('refuses too few recordings, or too few voices, and says how many it needs', async () => {
    const file = join(folder, 'labels.tsv');
    const rows = Array.from({ length: 30 }, (_, i) => `a${i}.wav\thuman_short\tpost\tvoice`);
    await writeFile(file, ['file\tclass\tphase\tsource_group', ...rows].join('\n'));
    const { err, out, code } = await runCommand('cpd-train', file);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /^CBD_TRAIN_TOO_FEW: .*30 answered clips of a human from 1 source groups/);
  });

  it('names what is wrong with the table', async () => {
    const { err, code } = await runCommand('cpd-train', join(folder, 'none.tsv'));
    assert.equal(code, 1);
    assert.match(err, /^CBD_LABELS_FILE/);
  });
});
