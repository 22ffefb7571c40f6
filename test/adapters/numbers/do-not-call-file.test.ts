import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DoNotCallFile, readDoNotCall } from '../../../src/adapters/numbers/do-not-call-file.js';
import { virtualClock, type VirtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import type { Log } from '../../../src/ports.js';

describe('The do-not-call list', () => {
  let folder: string;
  let file: string;
  let named: string | undefined;
  let clock: VirtualClock;
  let said: string[];
  let list: DoNotCallFile | undefined;

  const log: Log = {
    debug() {},
    info() {},
    warn: (fields, message) => said.push(`${message} ${JSON.stringify(fields)}`),
    error: (_fields, message) => said.push(message),
  };
  const open = async () => (list = await DoNotCallFile.open({ file: () => named, clock, log }));
  /** Two looks: the change is seen, and then that it is quiet. */
  const look = async () => {
    await list?.look();
    await list?.look();
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-numbers-'));
    file = join(folder, 'list.csv');
    named = file;
    clock = virtualClock();
    said = [];
  });
  afterEach(async () => {
    await list?.stop();
    list = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  it('takes one number a line, or the first column, however it is punctuated', async () => {
    await writeFile(
      file,
      '\uFEFFnumber;since\r\n+442079460123;2020\r\n"+1 (415) 555-0132",x\n\n# a comment\n+4930112233\n0800\n',
    );
    const { numbers, badCount, badLines } = await readDoNotCall(file);
    for (const number of ['+442079460123', '+14155550132', '+4930112233']) {
      assert.ok(numbers.has(number), number);
    }
    assert.equal(numbers.size, 3);
    assert.deepEqual([badCount, badLines], [1, [7]]);
    assert.equal(numbers.has('+14155550133'), false);
    assert.equal(numbers.has('nonsense'), false);
  });

  it('is read again when it has changed and is quiet, as a whole', async () => {
    await writeFile(file, '+442079460123\n');
    const { has } = await open().then((opened) => ({ has: (n: string) => opened.has(n) }));
    assert.ok(has('+442079460123'));
    await writeFile(`${file}.new`, '+442079460124\n+442079460125\n');
    await rename(`${file}.new`, file);
    await list?.look();
    assert.ok(has('+442079460123'), 'it may still be written');
    await list?.look();
    assert.deepEqual([has('+442079460123'), has('+442079460124')], [false, true]);
    assert.equal(list?.size, 2);
  });

  it('looks by itself every two seconds', async () => {
    await writeFile(file, '');
    const opened = await open();
    await writeFile(file, '+442079460123\n');
    // The clock is virtual, the disk is not.
    for (let n = 0; n < 400 && opened.size === 0; n += 1) {
      await clock.advance(2000);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(opened.size, 1);
  });

  it('stays as it was when the file is gone or is no list, and says so once', async () => {
    await writeFile(file, '+442079460123\n');
    const opened = await open();
    await rm(file);
    await look();
    await writeFile(file, 'x'.repeat(100_000));
    await look();
    await look();
    assert.ok(opened.has('+442079460123'));
    assert.deepEqual(said, Array(2).fill('the do-not-call list stays as it was'));
    await writeFile(file, '+442079460124\n');
    await look();
    assert.equal(opened.has('+442079460123'), false);
  });

  it('is empty when the configuration names no file any more, and another when it names another', async () => {
    await writeFile(file, '+442079460123\n');
    const opened = await open();
    named = undefined;
    await opened.look();
    assert.equal(opened.size, 0);
    named = join(folder, 'other');
    await writeFile(named, '+442079460124\n');
    await look();
    assert.ok(opened.has('+442079460124'));
  });

  it('lets nobody start with a file that cannot be read', async () => {
    await assert.rejects(open(), /CBD_DO_NOT_CALL: .*list\.csv: ENOENT/);
  });

  it('tells of lines without a number', async () => {
    await writeFile(file, '+442079460123\n0800 nothing\n');
    await open();
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /lines without a number.*"badLines":\[2\]/);
  });
});
