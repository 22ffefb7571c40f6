import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { purgeRecordings } from '../../../src/adapters/media/purge-recordings.js';
import { recordingParts, recordingPath } from '../../../src/handoff/recording-name.js';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const ID = '0b9b9f0e-7f0e-4a8e-9a53-6a3b2f9d1c2e';

describe('recordings', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'dialback-recordings-test-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const inFolder = (name: string) => `${folder}/calls/${name}`;
  const template = () => inFolder('{service}/{date}-{time}-{callbackId}-{attempt}.wav');
  const kinds = (...templates: string[]) =>
    templates.map((one) => recordingParts(one)).filter((parts) => parts !== undefined);

  async function put(path: string, ageDays: number, bytes = 100): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, Buffer.alloc(bytes));
    const at = new Date(NOW_MS - ageDays * DAY_MS);
    await utimes(path, at, at);
  }

  const recorded = (service: string, attempt: number) =>
    recordingPath(template(), { service, callbackId: ID, attempt, atMs: NOW_MS });

  async function left(): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  }

  it('are deleted when they are old, and nothing else is, whatever it looks like', async () => {
    await put(recorded('sales', 1), 91);
    await put(recorded('gone since/../x', 2), 91);
    await put(recorded('sales', 3), 89);
    const others = [
      inFolder(`sales/20270115-080000-${ID}-1.wav.bak`),
      inFolder('sales/20270115-080000-greeting-1.wav'),
      inFolder(`sales/deep/20270115-080000-${ID}-1.wav`),
      `${folder}/20270115-080000-${ID}-1.wav`,
    ];
    for (const path of others) await put(path, 400);
    await symlink(others[0] ?? '', inFolder(`sales/20270115-080000-${ID}-7.wav`));
    const limits = { ageMaxMs: 90 * DAY_MS, bytesMax: 0 };
    assert.equal(await purgeRecordings(kinds(template(), template()), limits, NOW_MS), 2);
    const link = `20270115-080000-${ID}-7.wav`;
    const kept = [...others.map((path) => path.split('/').at(-1)), link];
    assert.deepEqual(await left(), [...kept, recorded('sales', 3).split('/').at(-1)].sort());
    assert.equal(await purgeRecordings(kinds(template()), limits, NOW_MS), 0);
  });

  it('are deleted oldest first until the rest has room, except what may still grow', async () => {
    for (const [attempt, ageDays] of [30, 20, 10, 0].entries()) {
      await put(recorded('sales', attempt), ageDays, 1000);
    }
    const names = [0, 1, 2, 3].map((attempt) => recorded('sales', attempt).split('/').at(-1));
    const purge = (bytesMax: number) =>
      purgeRecordings(kinds(template()), { ageMaxMs: 0, bytesMax }, NOW_MS);
    assert.equal(await purge(0), 0);
    assert.equal(await purge(4000), 0);
    assert.equal(await purge(2500), 2);
    assert.deepEqual(await left(), names.slice(2));
    assert.equal(await purge(1), 1);
    assert.deepEqual(await left(), names.slice(3));
  });

  it('of a template that may name anything, or of a folder that is not there, are left alone', async () => {
    assert.equal(recordingParts('/var/calls/{service}.wav'), undefined);
    const missing = kinds(`${folder}/none/{callbackId}.wav`);
    assert.equal(await purgeRecordings(missing, { ageMaxMs: 1, bytesMax: 1 }, NOW_MS), 0);
  });
});
