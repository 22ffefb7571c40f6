import assert from 'node:assert/strict';
import { mediaFault } from '../../src/treatment/media-file.js';
import { TreatmentPlayer } from '../../src/treatment/treatment-player.js';
import { FakeTelephony, settle } from '../fakes/fake-telephony.js';

async function setUp(unplayable: readonly string[] = []) {
  const telephony = new FakeTelephony();
  const endpoint = await telephony.media.createEndpoint();
  const heard: string[] = [];
  const sounds: string[] = [];
  const player = new TreatmentPlayer(
    { directory: '/m', packagedDirectory: '/p' },
    {
      probe: (path) =>
        Promise.resolve(
          unplayable.includes(path) ? mediaFault('MEDIA_MISSING', 'no such file') : undefined,
        ),
      fetch: () => Promise.resolve({ kind: 'unplayable', code: 'MEDIA_MISSING', why: 'HTTP 404' }),
    },
    {
      onStarted: (file) => sounds.push(`started ${file}`),
      onOver: (file, { kind }) => sounds.push(`${kind} ${file}`),
      onEnded: (playId) => heard.push(`ended ${playId}`),
      onFailed: (playId, why) => heard.push(`failed ${playId}: ${why}`),
    },
  );
  return { telephony, endpoint, player, heard, sounds };
}

describe('TreatmentPlayer', () => {
  it('plays a file to its end and says so', async () => {
    const { telephony, endpoint, player, heard } = await setUp();
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: false });
    await settle();
    assert.deepEqual(telephony.plays[0]?.files, ['/m/a.wav']);
    telephony.plays[0]?.end();
    await settle();
    assert.deepEqual(heard, ['ended p1']);
  });

  it('starts the next sound only when the one before has stopped', async () => {
    const { telephony, endpoint, player, heard, sounds } = await setUp();
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: true });
    await settle();
    player.play(endpoint, { playId: 'p2', file: 'b.wav', loop: false });
    await settle();
    assert.deepEqual(
      telephony.plays.map(({ isPlaying }) => isPlaying),
      [false, true],
    );
    assert.deepEqual(heard, [], 'a sound that was replaced does not report an end');
    assert.deepEqual(sounds, ['started a.wav', 'stopped a.wav', 'started b.wav']);
  });

  it('stops in time even when the stop comes before the file was found', async () => {
    const { telephony, endpoint, player, heard } = await setUp();
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: true });
    await player.stop('p1');
    await settle();
    assert.ok(telephony.plays.every(({ isPlaying }) => !isPlaying));
    assert.deepEqual(heard, []);
  });

  it('does not stop a later sound with an old id', async () => {
    const { telephony, endpoint, player } = await setUp();
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: false });
    await settle();
    telephony.plays[0]?.end();
    player.play(endpoint, { playId: 'p2', file: 'b.wav', loop: true });
    await player.stop('p1');
    await settle();
    assert.equal(telephony.plays[1]?.isPlaying, true);
  });

  it('reports what cannot be played with the reason', async () => {
    const { endpoint, player, heard } = await setUp(['/m/a.wav', '/p/a.wav']);
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: false });
    await settle();
    player.play(endpoint, { playId: 'p2', file: 'https://h/x.wav', loop: false });
    await settle();
    assert.deepEqual(heard, [
      'failed p1: MEDIA_MISSING: no such file',
      'failed p2: MEDIA_MISSING: HTTP 404',
    ]);
  });

  it('leaves the sound that was to stop to the bridge, which ends it', async () => {
    const { telephony, endpoint, player, heard } = await setUp();
    const isPlaying = () => telephony.plays.some((play) => play.isPlaying);
    await endpoint.connect('v=0 remote');
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: true });
    await settle();
    void player.stop('p1');
    await player.handOver(async () => {
      assert.equal(isPlaying(), true, 'no silence before the connection');
      await endpoint.bridge(endpoint);
      return true;
    });
    assert.deepEqual([isPlaying(), heard], [false, []]);
  });

  it('stops the sound when nobody was connected after all', async () => {
    const { telephony, endpoint, player } = await setUp();
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: true });
    await settle();
    void player.stop('p1');
    await player.handOver(() => Promise.resolve(false));
    assert.equal(telephony.plays[0]?.isPlaying, false);
    player.play(endpoint, { playId: 'p2', file: 'a.wav', loop: true });
    await settle();
    void player.stop('p2');
    await assert.rejects(player.handOver(() => Promise.reject(new Error('no bridge'))));
    assert.equal(telephony.plays[1]?.isPlaying, false);
  });

  it('lets a bridge pass a file that is still being fetched, and never plays it then', async () => {
    const telephony = new FakeTelephony();
    const endpoint = await telephony.media.createEndpoint();
    let deliver: (media: { kind: 'file'; path: string }) => void = () => {};
    const fetched = new Promise<{ kind: 'file'; path: string }>((resolve) => (deliver = resolve));
    const player = new TreatmentPlayer(
      { directory: '/m', packagedDirectory: '/p' },
      { probe: () => Promise.resolve(undefined), fetch: () => fetched },
      {
        onStarted: () => assert.fail('started'),
        onOver: () => assert.fail('over'),
        onEnded: () => assert.fail('ended'),
        onFailed: () => assert.fail('failed'),
      },
    );
    player.play(endpoint, { playId: 'p1', file: 'https://h/slow.wav', loop: true });
    await player.stop('p1');
    await player.handOver(() => Promise.resolve(true));
    deliver({ kind: 'file', path: '/cache/slow.wav' });
    await settle();
    assert.deepEqual(telephony.plays, []);
  });

  it('reports a media server that throws instead of answering', async () => {
    const { endpoint, player, heard } = await setUp();
    endpoint.play = () => {
      throw new Error('socket gone');
    };
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: false });
    await settle();
    assert.deepEqual(heard, ['failed p1: socket gone']);
  });

  it('says something in the middle of a loop, which then begins anew', async () => {
    const { telephony, endpoint, player, heard, sounds } = await setUp();
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: true });
    await settle();
    await player.interject(endpoint, ['/m/you-are.wav', '/m/one.wav']);
    assert.deepEqual(telephony.plays[1]?.files, ['/m/you-are.wav', '/m/one.wav']);
    assert.equal(telephony.plays[0]?.isPlaying, false, 'one sound at a time');
    telephony.plays[1]?.end();
    await settle();
    assert.deepEqual([telephony.plays[2]?.files, telephony.plays[2]?.loop], [['/m/a.wav'], true]);
    assert.equal(sounds.at(-1), 'started a.wav');
    assert.deepEqual(heard, [], 'for the flow it is one sound that goes on');
  });

  it('lets what is being said be said to its end, however soon there is more', async () => {
    const { telephony, endpoint, player } = await setUp();
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: true });
    await settle();
    await player.interject(endpoint, ['/m/long.wav']);
    await player.interject(endpoint, ['/m/more.wav']);
    assert.deepEqual([telephony.plays.length, telephony.plays[1]?.isPlaying], [2, true]);
    telephony.plays[1]?.end();
    await settle();
    assert.equal(telephony.plays[2]?.loop, true);
    await player.interject(endpoint, ['/m/more.wav']);
    assert.deepEqual(telephony.plays[3]?.files, ['/m/more.wav']);
  });

  it('is quiet after a stop in the middle of what was said, and says nothing afterwards', async () => {
    const { telephony, endpoint, player } = await setUp();
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: true });
    await settle();
    await player.interject(endpoint, ['/m/b.wav']);
    await player.stop('p1');
    await player.interject(endpoint, ['/m/c.wav']);
    await settle();
    assert.equal(telephony.plays.length, 2);
    assert.ok(telephony.plays.every(({ isPlaying }) => !isPlaying));
  });

  it('does not interrupt a sound that is played once', async () => {
    const { telephony, endpoint, player } = await setUp();
    player.play(endpoint, { playId: 'p0', file: 'music.wav', loop: true });
    await settle();
    player.play(endpoint, { playId: 'p1', file: 'a.wav', loop: false });
    await settle();
    await player.interject(endpoint, ['/m/b.wav']);
    assert.equal(telephony.plays.length, 2);
  });
});
