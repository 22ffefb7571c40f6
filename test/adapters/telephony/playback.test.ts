import assert from 'node:assert/strict';
import type { ExecuteResult } from '../../../src/adapters/telephony/channel.js';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import {
  ChannelPlayback,
  loopName,
  type PlayChannel,
} from '../../../src/adapters/telephony/playback.js';

/** A media server in the test's hands. */
class FakeChannel implements PlayChannel {
  readonly played: string[] = [];
  breakCount = 0;
  #finish: (result: ExecuteResult) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  #started: () => void = () => undefined;

  play(name: string): Promise<ExecuteResult> {
    this.played.push(name);
    return new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
  }
  breakPlay(): Promise<void> {
    this.breakCount += 1;
    return Promise.resolve();
  }
  onFileStarted(handle: () => void): () => void {
    this.#started = handle;
    return () => (this.#started = () => undefined);
  }
  start(): void {
    this.#started();
  }
  /** @param samples how far FreeSWITCH says the file was heard */
  finish(response = 'FILE PLAYED', samples = 8000): void {
    this.#finish({ response, lastPositionSamples: samples, isEndedByKey: false });
  }
  die(): void {
    this.#fail(new Error('the endpoint ended'));
  }
}

function setUp(
  files: readonly string[],
  loop: boolean,
  after: Promise<unknown> = Promise.resolve(),
) {
  const clock = virtualClock();
  const channel = new FakeChannel();
  let soundCount = 0;
  const playback = new ChannelPlayback(channel, {
    files,
    loop,
    clock,
    deadlines: { playStartMs: 1000, stopMs: 600 },
    after,
    onSound: () => (soundCount += 1),
  });
  return { clock, channel, playback, soundCount: () => soundCount };
}

describe('a playback', () => {
  it('plays each file by a command of its own and ends with the last', async () => {
    const { clock, channel, playback, soundCount } = setUp(['/a', '/b'], false);
    await clock.advance(0);
    assert.deepEqual(channel.played, ['/a']);
    channel.start();
    channel.finish();
    await clock.advance(0);
    channel.start();
    channel.finish('FILE PLAYED', 12_000);
    assert.deepEqual(await playback.done, { kind: 'ended', playedMs: 2500 });
    assert.deepEqual(channel.played, ['/a', '/b']);
    assert.equal(soundCount(), 2);
    assert.equal(clock.pendingCount, 0);
  });

  it('does not begin before what went before is over', async () => {
    let release = (): void => undefined;
    const after = new Promise<void>((resolve) => (release = resolve));
    const { clock, channel } = setUp(['/a'], false, after);
    await clock.advance(5000);
    assert.deepEqual(channel.played, []);
    release();
    await clock.advance(0);
    assert.deepEqual(channel.played, ['/a']);
  });

  it('breaks again when the break came before the application began', async () => {
    const { clock, channel, playback } = setUp(['/a'], true);
    await clock.advance(0);
    const stopped = playback.stop();
    assert.equal(channel.breakCount, 1);
    channel.start();
    assert.equal(channel.breakCount, 2);
    await clock.advance(150);
    assert.equal(channel.breakCount, 3);
    channel.finish();
    await stopped;
    assert.deepEqual(await playback.done, { kind: 'stopped', playedMs: 150 });
    assert.equal(clock.pendingCount, 0);
  });

  it('gives way to what ends it without a break, and can still be stopped', async () => {
    const { clock, channel, playback } = setUp(['/a'], true);
    await clock.advance(0);
    channel.start();
    await playback.giveWay();
    assert.equal(channel.breakCount, 0);
    channel.finish('PLAYBACK ERROR');
    assert.equal((await playback.done).kind, 'stopped');
    const other = setUp(['/a'], true);
    await other.clock.advance(0);
    other.channel.start();
    await other.playback.giveWay();
    const stopped = other.playback.stop();
    assert.equal(other.channel.breakCount, 1);
    other.channel.finish();
    await stopped;
  });

  it('settles a stop that the media server never confirms', async () => {
    const { clock, playback } = setUp(['/a'], true);
    await clock.advance(0);
    const stopped = playback.stop();
    await clock.advance(900);
    await stopped;
    assert.deepEqual(await playback.done, { kind: 'stopped', playedMs: 0 });
    assert.equal(clock.pendingCount, 0);
  });

  it('fails when no sound comes within the deadline', async () => {
    const { clock, channel, playback } = setUp(['https://slow.example.net/a.wav'], false);
    await clock.advance(1000);
    assert.ok(channel.breakCount > 0);
    channel.finish();
    assert.deepEqual(await playback.done, {
      kind: 'failed',
      why: 'PLAY_NO_SOUND: none within 1000 ms',
    });
  });

  it('issues a loop again when its list runs out, and does not spin on an empty one', async () => {
    const { clock, channel, playback } = setUp(['/a'], true);
    await clock.advance(0);
    channel.start();
    await clock.advance(5000);
    channel.finish();
    await clock.advance(0);
    assert.equal(channel.played.length, 2);
    channel.finish();
    assert.deepEqual(await playback.done, {
      kind: 'failed',
      why: 'PLAY_NO_SOUND: the files hold none',
    });
  });

  it('fails when the endpoint ends, and counts as stopped when we were stopping', async () => {
    const first = setUp(['/a'], true);
    await first.clock.advance(0);
    first.channel.die();
    assert.deepEqual(await first.playback.done, {
      kind: 'failed',
      why: 'ENDPOINT_ENDED: the endpoint ended',
    });
    const second = setUp(['/a'], true);
    await second.clock.advance(0);
    void second.playback.stop();
    second.channel.die();
    assert.deepEqual(await second.playback.done, { kind: 'stopped', playedMs: 0 });
    await second.playback.stop();
  });

  it('passes on what FreeSWITCH says of a file it could not play', async () => {
    const { clock, channel, playback } = setUp(['/a', '/b'], false);
    await clock.advance(0);
    channel.finish('FILE NOT FOUND');
    const end = await playback.done;
    assert.ok(end.kind === 'failed' && /^PLAY_NOT_FOUND: .*\/a/.test(end.why), JSON.stringify(end));
    assert.deepEqual(channel.played, ['/a']);
  });
});

describe('how much of a playback was heard, field notes 4', () => {
  it('is where FreeSWITCH stood at a break, not what it had read ahead', async () => {
    const { clock, channel, playback } = setUp(['/a'], false);
    await clock.advance(0);
    channel.start();
    const stopped = playback.stop();
    channel.finish('FILE PLAYED', 8000);
    await stopped;
    assert.deepEqual(await playback.done, { kind: 'stopped', playedMs: 1000 });
  });

  it('does not count what an earlier file left behind', async () => {
    const { clock, channel, playback } = setUp(['/a'], false);
    await clock.advance(0);
    const stopped = playback.stop();
    channel.finish('FILE PLAYED', 8000);
    await stopped;
    assert.deepEqual(await playback.done, { kind: 'stopped', playedMs: 0 });
  });
});

describe('the name of a loop', () => {
  it('repeats whole rounds within 100 files and 4096 bytes', () => {
    assert.equal(loopName(['/a']).split('!').length, 100);
    assert.equal(loopName(['/a', '/b', '/c']).split('!').length, 99);
    const long = `/${'x'.repeat(900)}`;
    assert.equal(loopName([long]).split('!').length, 4);
    assert.ok(loopName([long]).startsWith('file_string:///xxx'));
  });

  it('is the file itself when it fits only once', () => {
    const long = `/${'x'.repeat(5000)}`;
    assert.equal(loopName([long]), long);
  });
});
