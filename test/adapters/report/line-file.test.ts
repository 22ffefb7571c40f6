import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineFile } from '../../../src/adapters/report/line-file.js';
import { silentLog } from '../../fakes/fake-telephony.js';

describe('A file of lines', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-lines-'));
    file = join(folder, 'records.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (lines: LineFile, texts: readonly string[]): Promise<void> => {
    for (const text of texts) lines.append(text);
    await lines.close();
  };
  const read = (name = '') => readFile(file + name, 'utf8');

  it('has each line once and in order, for its owner alone', async () => {
    const lines = new LineFile(() => ({ file, maxBytes: 1000, keptFiles: 2 }), silentLog);
    await write(lines, ['{"a":1}', '{"b":2}']);
    await write(lines, ['{"c":3}']);
    assert.equal(await read(), '{"a":1}\n{"b":2}\n{"c":3}\n');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it('is put aside before it gets too large, and the oldest one goes', async () => {
    const options = { file, maxBytes: 8, keptFiles: 2 };
    const lines = new LineFile(() => options, silentLog);
    await write(lines, ['one', 'two', 'three', 'a line that is too long for any', 'last']);
    assert.deepEqual((await readdir(folder)).sort(), [
      'records.jsonl',
      'records.jsonl.1',
      'records.jsonl.2',
    ]);
    assert.deepEqual(
      [await read(), await read('.1'), await read('.2')],
      ['last\n', 'a line that is too long for any\n', 'three\n'],
    );
  });

  it('makes the folder that it is to be in, for its owner alone', async () => {
    const deep = join(folder, 'records', 'of today', 'records.jsonl');
    await write(new LineFile(() => ({ file: deep, maxBytes: 1000, keptFiles: 1 }), silentLog), [
      'one',
    ]);
    assert.equal(await readFile(deep, 'utf8'), 'one\n');
    assert.equal((await stat(join(folder, 'records'))).mode & 0o777, 0o700);
  });

  it('goes on in a new one when somebody moves it away, and after a restart', async () => {
    const options = { file, maxBytes: 1000, keptFiles: 1 };
    await write(new LineFile(() => options, silentLog), ['one']);
    await write(new LineFile(() => options, silentLog), ['two']);
    assert.equal(await read(), 'one\ntwo\n');
    await rename(file, `${file}.moved`);
    await write(new LineFile(() => options, silentLog), ['three']);
    assert.equal(await read(), 'three\n');
  });

  it('loses what the disk does not take, says so, and goes on', async () => {
    const errors: object[] = [];
    const log = { ...silentLog, error: (fields: object) => errors.push(fields) };
    await writeFile(join(folder, 'no folder'), '');
    let where = join(folder, 'no folder', 'records.jsonl');
    const lines = new LineFile(() => ({ file: where, maxBytes: 1000, keptFiles: 1 }), log);
    await write(lines, ['one', 'two']);
    assert.deepEqual(
      errors.map((fields) => 'lost' in fields && fields.lost),
      [2],
    );
    where = file;
    await write(lines, ['three']);
    assert.equal(await read(), 'three\n');
  });

  it('is not there while none is wanted', async () => {
    await write(new LineFile(() => undefined, silentLog), ['one']);
    assert.deepEqual(await readdir(folder), []);
  });
});
