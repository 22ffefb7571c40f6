import assert from 'node:assert/strict';
import { isAbsolute } from 'node:path';
import { configOf } from '../request/test-config.js';

describe('callRecords', () => {
  it('names a file beside the configuration, with limits; without a file there is none', async () => {
    const { callRecords } = await configOf('callRecords: { file: records/calls.jsonl }\n');
    assert.ok(callRecords && isAbsolute(callRecords.file));
    assert.match(callRecords.file, /records.calls\.jsonl$/);
    const { maxBytes, keptFiles } = callRecords;
    assert.deepEqual([maxBytes, keptFiles], [100_000_000, 9]);
    assert.equal((await configOf('callRecords: { keptFiles: 2 }\n')).callRecords, undefined);
  });
});
