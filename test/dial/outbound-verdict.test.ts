import assert from 'node:assert/strict';
import { settle } from '../fakes/fake-telephony.js';
import { placeCall } from './outbound-call-bed.js';

describe('OutboundCall and what its audio tells', () => {
  it('arms the audio tap before the INVITE leaves, so that early media is heard', async () => {
    const t = placeCall();
    await settle();
    assert.equal(t.telephony.endpoints[0]?.tappedTo, t.analyser.opened[0]);
    assert.ok(t.analyser.opened[0]);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('cancels on a busy tone in early media and reports it with the leg down', async () => {
    const t = placeCall();
    const invite = await t.invite();
    invite.ring(183, 'v=0 early');
    await settle();
    assert.equal(t.telephony.endpoints[0]?.remoteSdp, 'v=0 early');
    t.analyser.opened[0]?.hearEarly('busy');
    await settle();
    assert.deepEqual(t.heard, ['ringing 183', 'result 6 down']);
    assert.match(t.results[0]?.detail.cpdReason ?? '', /^early media: /);
    assert.ok(invite.cancelledWith);
    await t.quiet();
  });

  it('lets ringback, music and announcements play on, and SIP decide', async () => {
    const t = placeCall();
    const invite = await t.invite();
    for (const sound of ['ringback', 'music', 'announcement'] as const)
      t.analyser.opened[0]?.hearEarly(sound);
    await settle();
    assert.deepEqual(t.heard, []);
    invite.fail(404, { reason: 'Not Found' });
    await settle();
    assert.equal(t.results[0]?.callState, 11);
    await t.quiet();
  });

  it('never lets what was heard before it override an answer', async () => {
    const t = placeCall();
    (await t.invite()).answer();
    await settle();
    t.analyser.opened[0]?.hearEarly('busy');
    t.analyser.opened[0]?.say({
      type: 'verdict',
      verdict: 'busy',
      atMs: 900,
      reason: 'sent before the answer',
      confidence: 1,
      beforeAnswer: true,
    });
    assert.deepEqual(t.heard, ['answered']);
    t.analyser.opened[0]?.decide('human');
    assert.deepEqual(t.heard.slice(1), ['result 0 up']);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('says what became of a machine: greeting end, beep, revision', async () => {
    const t = placeCall();
    (await t.invite()).answer();
    await settle();
    const [analysis] = t.analyser.opened;
    analysis?.decide('human');
    analysis?.say({ type: 'revised', from: 'human', verdict: 'machine', atMs: 4000, reason: 'x' });
    analysis?.say({ type: 'greeting-ended', atMs: 5000 });
    analysis?.say({ type: 'beep', startMs: 5100, endMs: 5500, frequencyHz: 1000 });
    assert.deepEqual(t.heard.slice(2), ['revised 9', 'greeting ended', 'greeting ended, beep']);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('goes on listening while a file plays, unless the tap dies of it', async () => {
    for (const kind of ['audio_fork', 'recording', 'unicast'] as const) {
      const t = placeCall();
      t.telephony.tapKind = kind;
      (await t.invite()).answer();
      await settle();
      t.analyser.opened[0]?.decide('human');
      assert.equal(t.results[0]?.detail.audioTap, kind);
      await t.call.beforePlaying();
      assert.equal(t.analyser.opened[0]?.isClosed, kind === 'unicast', kind);
      await t.call.hangUp('done');
      await t.quiet();
    }
  });

  it('listens no longer than a verdict can be revised, but to the end of a machine', async () => {
    for (const [verdict, isClosed] of [
      ['human', true],
      ['machine', false],
    ] as const) {
      const t = placeCall();
      (await t.invite()).answer();
      await settle();
      t.analyser.opened[0]?.decide(verdict);
      await t.clock.advance(29_000);
      assert.equal(t.analyser.opened[0]?.isClosed, false, 'the beep may still come');
      await t.clock.advance(2000);
      await settle();
      assert.equal(t.analyser.opened[0]?.isClosed, isClosed, verdict);
      await t.call.hangUp('done');
      await t.quiet();
    }
  });

  it('decides "unknown" itself when the detector never does', async () => {
    const t = placeCall();
    (await t.invite()).answer();
    await settle();
    await t.clock.advance(8000);
    assert.deepEqual(t.heard, ['answered', 'result 28 up']);
    await t.call.hangUp('done');
    await t.quiet();
  });
});
