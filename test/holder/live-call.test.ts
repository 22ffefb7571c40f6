import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { CALL_STATE } from '../../src/callflow/call-state.js';
import { Comfort } from '../../src/holder/comfort.js';
import { LiveCall } from '../../src/holder/live-call.js';
import { TreatmentPlayer } from '../../src/treatment/treatment-player.js';
import { mediaFault, type MediaFiles } from '../../src/treatment/media-file.js';
import { FakeTelephony, settle } from '../fakes/fake-telephony.js';

const PLACES = { directory: '/m', packagedDirectory: '/p' };
const FILES: MediaFiles = {
  probe: (path) =>
    Promise.resolve(path.includes('missing') ? mediaFault('MEDIA_MISSING', 'none') : undefined),
  fetch: (url) => Promise.resolve({ kind: 'file', path: `/cache/${url.length}.wav` }),
};
const SILENCE_MAX_MS = 5000;

async function lend(isAttached = true) {
  const clock = virtualClock(1000);
  const telephony = new FakeTelephony();
  const endpoint = await telephony.media.createEndpoint();
  const player = new TreatmentPlayer(PLACES, FILES, {
    onStarted: () => {},
    onOver: () => {},
    onEnded: () => {},
    onFailed: () => {},
  });
  let isUp = true;
  const notes: string[] = [];
  const hungUp: string[] = [];
  const there = () => (isUp ? endpoint : undefined);
  const comfort = new Comfort(clock, player, there);
  const call = new LiveCall(
    {
      clock,
      files: FILES,
      places: PLACES,
      lengthMs: () => Promise.resolve(2000),
      endpoint: there,
      beforePlaying: () => Promise.resolve(),
      comfort,
      silenceMaxMs: SILENCE_MAX_MS,
      hangUp: (why) => {
        hungUp.push(why);
        isUp = false;
        return Promise.resolve();
      },
      note: (what, detail) => notes.push(`${what} ${detail ?? ''}`.trim()),
    },
    {
      interactionId: 'call-1',
      callId: 'call-1',
      callState: CALL_STATE.Ok,
      answeredBy: 'human',
      customerNumber: '+15550100',
      dialedNumber: '+15550100',
      callerId: undefined,
      requestUri: 'sip:+15550100@trunk',
      sipHeaders: {},
    },
    isAttached,
  );
  const playing = () => telephony.plays.filter((play) => play.isPlaying);
  const down = () => (isUp = false);
  return { clock, telephony, endpoint, comfort, call, playing, notes, hungUp, down };
}

const file = (name: string) => ({ kind: 'file', file: name }) as const;
const silence = (durationMs: number) => ({ kind: 'silence', durationMs }) as const;

describe('LiveCall', () => {
  it('hands a queue of prompts to the media server as one list', async () => {
    const t = await lend();
    const playback = t.call.play([file('a.wav'), silence(500), file('http://h/b.wav')]);
    await settle();
    const [play] = t.playing();
    assert.deepEqual(play?.files, ['/m/a.wav', 'silence_stream://500', '/cache/14.wav']);
    play?.end({ kind: 'ended', playedMs: 4400 });
    assert.deepEqual(await playback.done, { kind: 'ended', playedMs: 4500 });
  });

  it('says where a stopped queue was, to the sample', async () => {
    const t = await lend();
    const playback = t.call.play([file('a.wav'), file('b.wav')]);
    await settle();
    t.playing()[0]?.end({ kind: 'stopped', playedMs: 2700 });
    assert.deepEqual(await playback.done, {
      kind: 'stopped',
      playedMs: 2700,
      promptIndex: 1,
      promptPlayedMs: 700,
    });
  });

  it('refuses the whole queue when one of it cannot be played, and names from outside', async () => {
    const t = await lend();
    for (const [prompt, why] of [
      [file('missing.wav'), /HELD_UNPLAYABLE MEDIA_MISSING: "missing\.wav": none/],
      [file('/etc/passwd'), /HELD_UNPLAYABLE MEDIA_OUTSIDE/],
      [file('C:\\a.wav'), /HELD_UNPLAYABLE MEDIA_OUTSIDE/],
      [file('../a.wav'), /HELD_UNPLAYABLE MEDIA_OUTSIDE/],
      [file('shell_stream://date'), /HELD_UNPLAYABLE MEDIA_OUTSIDE/],
      [file(''), /HELD_UNPLAYABLE MEDIA_OUTSIDE/],
      [{ kind: 'recording', recordingId: 'x' } as const, /HELD_UNPLAYABLE MEDIA_MISSING/],
      [{ kind: 'speech', text: 'hello' } as const, /HELD_UNSUPPORTED/],
      [silence(0), /HELD_BAD_ARGUMENT/],
      [silence(1.5), /HELD_BAD_ARGUMENT/],
    ] as const) {
      const end = await t.call.play([file('a.wav'), prompt]).done;
      assert.ok(end.kind === 'refused');
      assert.match(`${end.code} ${end.why}`, why);
    }
    assert.equal((await t.call.play([]).done).kind, 'refused');
    assert.deepEqual(t.telephony.plays, []);
  });

  it('stops what plays when the holder plays something else', async () => {
    const t = await lend();
    const first = t.call.play([file('a.wav')], { loop: true });
    await settle();
    assert.equal(t.playing()[0]?.loop, true);
    t.call.play([file('b.wav')]);
    assert.equal((await first.done).kind, 'stopped');
    await settle();
    assert.deepEqual(
      t.playing().map(({ files }) => files),
      [['/m/b.wav']],
    );
  });

  it('is over for the holder once it is taken back', async () => {
    const t = await lend();
    const causes: string[] = [];
    t.call.onRevoked((cause) => causes.push(cause));
    const playback = t.call.play([file('a.wav')]);
    await settle();
    t.call.revoke('timeout');
    t.call.revoke('ended');
    t.call.onRevoked((cause) => causes.push(`again ${cause}`));
    assert.deepEqual(causes, ['timeout', 'again timeout']);
    assert.equal((await playback.done).kind, 'stopped');
    assert.deepEqual(t.playing(), []);
    assert.equal(t.call.isAttached, false);
    for (const outcome of [
      await t.call.play([file('a.wav')]).done,
      await t.call.hangUp('no'),
      await t.call.attach(),
      await t.call.detach(),
      await t.call.record({ maxMs: 1000 }).done,
    ]) {
      assert.ok(outcome.kind === 'refused' && outcome.code === 'HELD_REVOKED');
    }
    t.call.onDigit(() => assert.fail('no keys any more'));
    t.endpoint.press('1', 100);
    assert.deepEqual(t.hungUp, []);
  });

  it('obeys nobody who has detached it, until it is attached again', async () => {
    const t = await lend(false);
    assert.ok(!t.call.isAttached);
    const refused = await t.call.play([file('a.wav')]).done;
    assert.ok(refused.kind === 'refused' && refused.code === 'HELD_NOT_ATTACHED');
    assert.deepEqual(await t.call.attach(), { kind: 'done' });
    const playback = t.call.play([file('a.wav')]);
    await settle();
    assert.deepEqual(await t.call.detach(), { kind: 'done' });
    assert.equal((await playback.done).kind, 'stopped');
    assert.ok(!t.call.isAttached);
  });

  it('hangs up once, and is gone', async () => {
    const t = await lend();
    assert.deepEqual(await t.call.hangUp('had enough'), { kind: 'done' });
    assert.deepEqual(t.hungUp, ['had enough']);
    assert.equal(t.call.revokedBy, 'hung-up');
    assert.equal((await t.call.hangUp('again')).kind, 'refused');
  });

  it('tells keys with their time, and those of before to who comes first', async () => {
    const t = await lend();
    await t.clock.advance(500);
    t.endpoint.press('1', 120);
    const heard: object[] = [];
    const forget = t.call.onDigit((press) => heard.push(press));
    assert.deepEqual(heard, [{ digit: '1', beganAtMs: 1380, endedAtMs: 1500 }]);
    t.endpoint.press('2', 100);
    forget();
    t.endpoint.press('3', 100);
    assert.equal(heard.length, 2);
    t.call.flushDigits();
    t.call.onDigit((press) => heard.push(press));
    assert.equal(heard.length, 2, 'forgotten');
    assert.ok(t.notes.includes('key 3'));
  });

  it('keeps 64 keys and no more', async () => {
    const t = await lend();
    for (let count = 0; count < 100; count += 1) t.endpoint.press('5', 100);
    let heard = 0;
    t.call.onDigit(() => (heard += 1));
    assert.equal(heard, 64);
  });
});

describe('the comfort sound of a lent call', () => {
  const COMFORT = { playId: 'play-1', file: 'comfort.wav', loop: true };

  it('gives way to the holder, and comes back after the longest silence', async () => {
    const t = await lend();
    t.comfort.want(COMFORT);
    await settle();
    const files = () => t.playing().map((play) => play.files[0]);
    assert.deepEqual(files(), ['/m/comfort.wav']);
    t.call.play([file('a.wav')]);
    await settle();
    assert.deepEqual(files(), ['/m/a.wav']);
    t.playing()[0]?.end();
    await settle();
    await t.clock.advance(SILENCE_MAX_MS - 1);
    await settle();
    assert.deepEqual(files(), []);
    await t.clock.advance(1);
    await settle();
    assert.deepEqual(files(), ['/m/comfort.wav']);
  });

  it('waits while the holder waits for the customer, but not for ever', async () => {
    const t = await lend();
    t.comfort.want(COMFORT);
    await settle();
    const ended = t.call.awaitCustomer(60_000);
    await settle();
    assert.deepEqual(t.playing(), []);
    await t.clock.advance(29_999);
    await settle();
    assert.deepEqual(t.playing(), []);
    await t.clock.advance(1);
    await settle();
    assert.equal(t.playing().length, 1);
    ended();
  });

  it('is not heard when the flow has taken it back meanwhile', async () => {
    const t = await lend();
    t.comfort.want(COMFORT);
    t.call.play([file('a.wav')]);
    await settle();
    t.comfort.forget('play-1');
    t.playing()[0]?.end();
    await settle();
    await t.clock.advance(SILENCE_MAX_MS);
    await settle();
    assert.deepEqual(t.playing(), []);
  });

  it('leaves no timer behind when the call is gone', async () => {
    const t = await lend();
    t.comfort.want(COMFORT);
    t.call.play([file('a.wav')]);
    await settle();
    t.down();
    t.call.revoke('hung-up');
    await settle();
    assert.equal(t.clock.pendingCount, 0);
  });
});
