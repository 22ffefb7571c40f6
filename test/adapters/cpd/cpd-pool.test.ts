import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { CpdPool as Pool, CpdTap } from '../../../src/adapters/cpd/cpd-pool.js';
import type { Log } from '../../../src/ports.js';
import type { CpdEvent } from '../../../src/cpd/types.js';
import { join, media, silence } from '../../cpd/sounds.js';

// A real import, not mocha's require: the worker's entry is found through `import.meta.resolve`.
const { CpdError, CpdPool } = await import('../../../src/adapters/cpd/cpd-pool.js');

const FRAME_SAMPLES = 160;

/** Sends a sound to a port as packets of 20 ms, all at once, as after a stall. */
async function send(port: number, sound: Int16Array): Promise<void> {
  const socket = createSocket('udp4');
  try {
    for (let at = 0; at + FRAME_SAMPLES <= sound.length; at += FRAME_SAMPLES) {
      const bytes = Buffer.alloc(2 * FRAME_SAMPLES);
      for (let i = 0; i < FRAME_SAMPLES; i++) bytes.writeInt16LE(sound[at + i]!, 2 * i);
      await new Promise<void>((resolve) => socket.send(bytes, port, '127.0.0.1', () => resolve()));
    }
  } finally {
    socket.close();
  }
}

/** Resolves with the first event of a type. */
function waitFor<T extends CpdEvent['type']>(tap: CpdTap, type: T) {
  return new Promise<Extract<CpdEvent, { type: T }>>((resolve) => {
    tap.onEvent((event) => {
      if (event.type === type) resolve(event as Extract<CpdEvent, { type: T }>);
    });
  });
}

/** A log that hands its fields over and prints nothing. */
const silentLog = (take: (fields: object) => void): Log => ({
  debug: take,
  info: take,
  warn: take,
  error: take,
});

const hello = join(media('far-end/hello.wav'), silence(1200));

describe('The pool of detectors', () => {
  let pool: Pool;
  before(async () => {
    pool = await CpdPool.start();
  });
  after(() => pool.stop());

  it('hears a hello on a socket of its own, opened when it is asked for', async () => {
    const tap = await pool.open({ id: 'call-1' });
    assert.equal(tap.host, '127.0.0.1');
    const verdict = waitFor(tap, 'verdict');
    tap.answered();
    await send(await tap.openPort(), hello);
    assert.equal((await verdict).verdict, 'human');
    await tap.close();
    await tap.close();
    assert.equal(pool.stats().openTaps, 0);
  });

  it('keeps events for a handler that is set late', async () => {
    const tap = await pool.open({ id: 'call-2', postConnectTimeoutMs: 500 });
    tap.answered();
    await send(await tap.openPort(), silence(1000));
    const other = await pool.open({ id: 'call-3' });
    await other.close();
    assert.equal((await waitFor(tap, 'verdict')).verdict, 'silence');
    await tap.close();
  });

  it('tells calls apart', async () => {
    const [a, b] = await Promise.all([pool.open({ id: 'a' }), pool.open({ id: 'b' })]);
    const [portA, portB] = await Promise.all([a.openPort(), b.openPort()]);
    assert.notEqual(portA, portB);
    const verdicts = Promise.all([waitFor(a, 'verdict'), waitFor(b, 'verdict')]);
    a.answered();
    b.answered();
    await send(portA, hello);
    await send(portB, join(silence(100), media('far-end/greeting.wav').subarray(0, 16_000)));
    await send(portB, silence(1200));
    const [first] = await verdicts;
    assert.equal(first.verdict, 'human');
    await Promise.all([a.close(), b.close()]);
  });

  it('goes on listening on a new port when it is asked for another', async () => {
    const tap = await pool.open({ id: 'call-4' });
    tap.answered();
    const before = await tap.openPort();
    const port = await tap.openPort();
    assert.notEqual(port, before);
    const verdict = waitFor(tap, 'verdict');
    await send(port, hello);
    assert.equal((await verdict).verdict, 'human');
    await tap.close();
  });

  it('decides by numbers of the caller’s own', async () => {
    const own = { profile: 'app-amd', appAmd: { greetingMs: 200 } } as const;
    const tap = await pool.open({ id: 'call-7', ...own });
    const verdict = waitFor(tap, 'verdict');
    tap.answered();
    await send(await tap.openPort(), hello);
    assert.equal((await verdict).code, 'app-amd-longgreeting');
    await tap.close();
  });

  it('refuses senders that are not expected', async () => {
    const strict = await CpdPool.start({ sources: ['192.0.2.1'] });
    try {
      const tap = await strict.open({ id: 'call-5', postConnectTimeoutMs: 500 });
      const verdict = waitFor(tap, 'verdict');
      tap.answered();
      await send(await tap.openPort(), hello);
      assert.equal((await verdict).verdict, 'silence');
      await tap.close();
      const { accepted, refused } = strict.stats().packets;
      assert.equal(accepted, 0);
      assert.ok(refused > 0);
    } finally {
      await strict.stop();
    }
  });

  it('refuses an option outside its range and more taps than allowed', async () => {
    await assert.rejects(
      pool.open({ id: 'x', cedMinMs: 1 }),
      (error) => error instanceof CpdError && error.code === 'CPD_BAD_OPTION',
    );
    const small = new CpdPool({ maxTaps: 1 });
    try {
      const tap = await small.open({ id: 'first' });
      await assert.rejects(
        small.open({ id: 'second' }),
        (error) => error instanceof CpdError && error.code === 'CPD_TOO_MANY_TAPS',
      );
      await tap.close();
      await (await small.open({ id: 'third' })).close();
    } finally {
      await small.stop();
    }
  });

  it('leaves nobody waiting when it stops', async () => {
    const short = new CpdPool();
    const tap = await short.open({ id: 'left' });
    const verdict = waitFor(tap, 'verdict');
    await short.stop();
    assert.equal((await verdict).verdict, 'unknown');
    await tap.close();
    await assert.rejects(
      short.open({ id: 'late' }),
      (error) => error instanceof CpdError && error.code === 'CPD_STOPPED',
    );
  });

  it('can be closed while it opens a socket', async () => {
    const tap = await pool.open({ id: 'call-6' });
    const opening = tap.openPort();
    const closing = tap.close();
    await assert.rejects(opening, /closed/);
    await closing;
    assert.equal(pool.stats().openTaps, 0);
  });

  describe('with a recorder and shadow profiles', () => {
    let folder: string;
    const logged: object[] = [];
    const log = silentLog((fields) => logged.push(fields));

    beforeEach(async () => {
      folder = await mkdtemp(path(tmpdir(), 'dialback-pool-'));
      logged.length = 0;
    });
    afterEach(() => rm(folder, { recursive: true }));

    async function judge(other: Pool, service: string, sound: Int16Array): Promise<void> {
      const tap = await other.open({ id: `${service}@here`, service });
      const verdict = waitFor(tap, 'verdict');
      tap.answered();
      await send(await tap.openPort(), sound);
      await verdict;
      await tap.close();
    }

    it('keeps the calls of the services it is told to, with what was made of them', async () => {
      const directory = path(folder, 'calls');
      const recorder = { directory, seconds: 2, retentionDays: 7, services: ['sales'] };
      const other = await CpdPool.start({ recorder });
      await judge(other, 'sales', hello);
      await judge(other, 'support', hello);
      await other.stop();
      const names = (await readdir(directory)).sort();
      assert.equal(names.length, 2);
      assert.match(names[0]!, /^cpd-\d{8}T\d{6}Z-sales_here\.json$/);
      assert.match(names[1]!, /^cpd-.*\.wav$/);
      const story = JSON.parse(await readFile(path(directory, names[0]!), 'utf8')) as {
        first: string;
        service: string;
        audio: { answeredAtMs: number; recordedMs: number };
        events: object[];
        trace: object[];
      };
      assert.equal(story.first, 'human');
      assert.equal(story.service, 'sales');
      assert.equal(story.audio.answeredAtMs, 0);
      assert.ok(story.audio.recordedMs > 0 && story.audio.recordedMs <= 2000);
      assert.ok(story.events.length > 0 && story.trace.length > 0);
    });

    it('says when a recording cannot be written, and goes on', async () => {
      const directory = path(folder, 'file');
      await writeFile(directory, '');
      const recorder = { directory, seconds: 2, retentionDays: 7, services: [] };
      const other = await CpdPool.start({ recorder, log });
      await judge(other, 'sales', hello);
      await other.stop();
      assert.ok(logged.some((fields) => 'why' in fields));
    });

    it('logs and counts the calls on which a shadow profile would have decided otherwise', async () => {
      const other = await CpdPool.start({ shadowProfiles: ['machine-first', 'human-first'], log });
      const sentence = join(media('far-end/greeting.wav').subarray(0, 8 * 2600), silence(2500));
      await judge(other, 'sales', hello);
      await judge(other, 'sales', sentence);
      assert.deepEqual(other.stats().shadows, { 'machine-first': { compared: 2, disagreed: 1 } });
      await other.stop();
      const [found] = logged as { live: { first: string }; shadow: { first: string } }[];
      assert.equal(found?.live.first, 'human');
      assert.equal(found.shadow.first, 'machine');
    });

    it('leaves a shadow its own timing when the call brings times for the profile in use', async () => {
      const other = await CpdPool.start({ shadowProfiles: ['machine-first'], log });
      const sentence = join(media('far-end/greeting.wav').subarray(0, 8 * 2600), silence(2500));
      const timing = { machineSpeechMs: 5000 };
      const tap = await other.open({ id: 'sales@here', profile: 'balanced', timing });
      const verdict = waitFor(tap, 'verdict');
      tap.answered();
      await send(await tap.openPort(), sentence);
      assert.equal((await verdict).verdict, 'human');
      await tap.close();
      await other.stop();
      const [found] = logged as { live: { first: string }; shadow: { first: string } }[];
      assert.equal(found?.shadow.first, 'machine');
    });

    it('shows what the products that it imitates would have decided', async () => {
      const other = await CpdPool.start({ shadowProfiles: ['app-amd', 'gvp'], log });
      // Longer than app_amd lets a person speak, and shorter than GVP does: this greeting has pauses.
      const sentence = join(media('far-end/greeting.wav').subarray(0, 8 * 2600), silence(2500));
      await judge(other, 'sales', sentence);
      assert.deepEqual(other.stats().shadows['app-amd'], { compared: 1, disagreed: 1 });
      assert.equal(other.stats().shadows['gvp']?.compared, 1);
      await other.stop();
      const found = (logged as { shadow: { profile: string; first: string } }[]).map(
        ({ shadow: { profile, first } }) => `${profile}: ${first}`,
      );
      assert.ok(found.includes('app-amd: machine'), found.join(', '));
    });
  });
});
