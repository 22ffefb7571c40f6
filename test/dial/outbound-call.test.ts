import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import type { CallResult, OutboundCallRequest } from '../../src/dial/outbound-call-parts.js';
import { OutboundCall } from '../../src/dial/outbound-call.js';
import { FakeAnalyser, FakeTelephony, settle, silentLog } from '../fakes/fake-telephony.js';

function place(
  overrides: {
    withCpd?: boolean;
    mediaSilenceMaxMs?: number;
    onward?: OutboundCallRequest['onward'];
    turn?: OutboundCallRequest['turn'];
  } = {},
) {
  const telephony = new FakeTelephony();
  const analyser = new FakeAnalyser();
  const clock = virtualClock();
  const heard: string[] = [];
  const results: CallResult[] = [];
  /** What the ledger of legs is told. */
  const wire: string[] = [];
  const call = new OutboundCall(
    { telephony, analyser, clock, log: silentLog },
    {
      uri: 'sip:+15550100@127.0.0.1',
      callId: 'call-1',
      ringTimeoutMs: 30_000,
      mediaSilenceMaxMs: overrides.mediaSilenceMaxMs,
      onward: overrides.onward,
      turn: overrides.turn,
      analysis:
        overrides.withCpd === false
          ? undefined
          : { profile: 'human-first', postConnectTimeoutMs: 5000, silenceTimeoutMs: 5000 },
    },
    {
      onRinging: (status) => heard.push(`ringing ${status}`),
      onAnswered: () => heard.push('answered'),
      onResult: (result) => {
        results.push(result);
        heard.push(`result ${result.callState} ${result.legUp ? 'up' : 'down'}`);
      },
      onHeard: () => {},
      onRevised: (callState) => heard.push(`revised ${callState}`),
      onGreetingEnded: (heardBeep) => heard.push(`greeting ended${heardBeep ? ', beep' : ''}`),
      onHungUp: () => heard.push('hung up'),
      onLost: (cause) => heard.push(`lost ${cause}`),
      onEndpoint: (id) => wire.push(id),
      onIdentity: ({ answered }) => wire.push(answered ? 'answered' : 'sent'),
      onOver: () => wire.push('over'),
    },
  );
  const invite = async () => {
    await settle();
    const [sent] = telephony.calls;
    assert.ok(sent, 'an INVITE was sent');
    return sent;
  };
  const quiet = async () => {
    await settle();
    assert.deepEqual(telephony.counts(), { endpoints: 0, dialogs: 0 });
    assert.equal(clock.pendingCount, 0, 'no timer left');
    assert.ok(analyser.opened.every(({ isClosed }) => isClosed));
  };
  return { telephony, analyser, clock, call, heard, results, wire, invite, quiet };
}

describe('OutboundCall on another trunk', () => {
  const second = (wire: string[]) => ({
    parts: { uri: 'sip:+15550100@second', callId: 'call-2' },
    trunk: 'second',
    leg: {
      onEndpoint: (id: string) => wire.push(`second ${id}`),
      onIdentity: () => wire.push('second sent'),
      onOver: () => wire.push('second over'),
    },
  });

  it('goes on with the same endpoint after the former leg is over, and has one result', async () => {
    const asked: string[] = [];
    const t = place({
      onward: (failure, { why }) => {
        asked.push(`${failure.status} ${why}`);
        t.wire.push('asked');
        return Promise.resolve(asked.length === 1 ? second(t.wire) : undefined);
      },
    });
    (await t.invite()).fail(503);
    await settle();
    const [, next] = t.telephony.calls;
    assert.equal(next?.request.uri, 'sip:+15550100@second');
    assert.equal(t.call.callId, 'call-2');
    assert.equal(t.telephony.endpoints.length, 1);
    const endpoint = t.telephony.endpoints[0]?.id ?? '';
    assert.deepEqual(t.wire, [
      endpoint,
      'sent',
      'over',
      'asked',
      `second ${endpoint}`,
      'second sent',
    ]);
    next?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    assert.deepEqual(t.heard, ['answered', 'result 0 up']);
    assert.deepEqual(asked, ['503 SIP 503: service unavailable']);
    await t.call.hangUp('done');
    assert.equal(t.wire.at(-1), 'second over');
    await t.quiet();
  });

  it('goes on with another endpoint, and listens there, where only one of the two trunks has SRTP', async () => {
    const t = place({
      onward: () => Promise.resolve({ ...second(t.wire), isSecure: true }),
    });
    (await t.invite()).fail(503);
    await settle();
    const [former, endpoint] = t.telephony.endpoints;
    assert.deepEqual(
      t.telephony.wishes.map(({ isSecure }) => isSecure === true),
      [false, true],
    );
    assert.equal(former?.hasEnded, true);
    assert.ok(endpoint);
    assert.deepEqual(t.wire.slice(-2), [`second ${endpoint.id}`, 'second sent']);
    const [, next] = t.telephony.calls;
    assert.equal(next?.request.endpointId, endpoint.id);
    next.answer();
    await settle();
    t.analyser.opened[1]?.decide('human');
    assert.deepEqual(t.heard, ['answered', 'result 0 up']);
    await t.call.hangUp('done');
    await t.quiet();
  });

  for (const [status, rings] of [
    [486, false],
    [600, false],
    [603, false],
    [404, false],
    [480, false],
    [503, true],
    [408, true],
  ] as const) {
    it(`is not asked for after ${status}${rings ? ' when a phone rang' : ''}`, async () => {
      const t = place({ onward: () => assert.fail('asked') });
      const invite = await t.invite();
      if (rings) invite.ring(180);
      invite.fail(status);
      await settle();
      assert.equal(t.results.length, 1);
      assert.equal(t.telephony.calls.length, 1);
      await t.quiet();
    });
  }

  it('has the result of the last one when none is left', async () => {
    const t = place({ onward: () => Promise.resolve(undefined) });
    (await t.invite()).fail(503, { q850Cause: 34, headers: { reason: 'Q.850;cause=34' } });
    await settle();
    const { callState, detail } = t.results[0] ?? {};
    assert.deepEqual([callState, detail?.q850Cause, detail?.farReason], [15, 34, 'Q.850;cause=34']);
    await t.quiet();
  });

  it('is not dialled when the callback was cancelled in between', async () => {
    let goOn: (next: ReturnType<typeof second>) => void = () => {};
    const t = place({ onward: () => new Promise((resolve) => (goOn = resolve)) });
    (await t.invite()).fail(503);
    await settle();
    const hungUp = t.call.hangUp('cancelled');
    goOn(second(t.wire));
    await hungUp;
    assert.equal(t.telephony.calls.length, 1);
    assert.ok(t.wire.includes('second over'), 'and the ledger is told');
    await t.quiet();
  });
});

describe('OutboundCall', () => {
  it('reports a human once the detector has decided, with the leg up', async () => {
    const t = place();
    const invite = await t.invite();
    assert.equal(invite.callId, 'call-1');
    invite.ring();
    invite.answer();
    await settle();
    assert.equal(t.analyser.opened[0]?.isAnswered, true);
    t.analyser.opened[0]?.decide('human');
    assert.deepEqual(t.heard, ['ringing 180', 'answered', 'result 0 up']);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('waits for its turn on the trunk with everything ready, and does not leave if it is given up', async () => {
    let go = (): void => undefined;
    const turn = () => new Promise<void>((resolve) => (go = resolve));
    const kept = place({ turn });
    await settle();
    assert.deepEqual([kept.telephony.endpoints.length, kept.telephony.calls.length], [1, 0]);
    go();
    await settle();
    assert.equal(kept.telephony.calls.length, 1);
    await kept.call.hangUp('done');
    await kept.quiet();
    const dropped = place({ turn });
    await settle();
    const hungUp = dropped.call.hangUp('cancelled');
    go();
    await hungUp;
    assert.equal(dropped.telephony.calls.length, 0);
    await dropped.quiet();
  });

  it('arms the audio tap before the INVITE leaves, so that early media is heard', async () => {
    const t = place();
    await settle();
    const { host, port } = t.telephony.endpoints[0]?.tappedTo ?? {};
    assert.deepEqual([host, port], ['127.0.0.1', 40000]);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('watches for RTP once answered, not while it rings, and reports a silent call as lost', async () => {
    const t = place({ mediaSilenceMaxMs: 60_000 });
    const invite = await t.invite();
    invite.ring(183, 'v=0 early');
    await settle();
    assert.equal(t.telephony.endpoints[0]?.watchedForMs, undefined);
    invite.answer();
    await settle();
    assert.equal(t.telephony.endpoints[0]?.watchedForMs, 60_000);
    t.analyser.opened[0]?.decide('human');
    t.telephony.endpoints[0]?.vanish();
    await settle();
    assert.equal(t.heard.at(-1), 'lost media');
    await t.quiet();
  });

  it('takes a 200 for a human when analysis is off', async () => {
    const t = place({ withCpd: false });
    (await t.invite()).answer();
    await settle();
    assert.deepEqual(t.heard, ['answered', 'result 0 up']);
    assert.equal(t.analyser.opened.length, 0);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('cancels when it rang too long, and calls it no answer', async () => {
    const t = place();
    const invite = await t.invite();
    invite.ring();
    await t.clock.advance(30_000);
    await settle();
    assert.equal(t.results[0]?.callState, 7);
    assert.match(invite.cancelledWith ?? '', /rang 30000 ms/);
    await t.quiet();
  });

  it('cancels on a busy tone in early media and reports it with the leg down', async () => {
    const t = place();
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
    const t = place();
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
    const t = place();
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

  it('carries the SIP facts of a failure, an honoured Retry-After among them', async () => {
    const t = place();
    (await t.invite()).fail(503, { retryAfterMs: 90_000, reason: 'Full' });
    await settle();
    assert.equal(t.results[0]?.detail.sipStatus, 503);
    assert.equal(t.results[0]?.detail.retryAfterMs, 90_000);
    assert.equal(t.results[0]?.legUp, false);
    await t.quiet();
  });

  it('calls a hang-up before any verdict state 5', async () => {
    const t = place();
    (await t.invite()).answer().end('remote');
    await settle();
    assert.deepEqual(t.heard, ['answered', 'result 5 down']);
    await t.quiet();
  });

  it('reports a hang-up after the verdict, once, and nothing after it', async () => {
    const t = place();
    const dialog = (await t.invite()).answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    dialog.end('remote');
    t.telephony.endpoints[0]?.vanish();
    await settle();
    assert.deepEqual(t.heard.slice(2), ['hung up']);
  });

  it('says what became of a machine: greeting end, beep, revision', async () => {
    const t = place();
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

  it('takes a request for T.38 for a fax, before a verdict and after one', async () => {
    for (const [before, heard] of [
      [false, 'result 17 up'],
      [true, 'revised 17'],
    ] as const) {
      const t = place();
      const dialog = (await t.invite()).answer();
      await settle();
      if (before) t.analyser.opened[0]?.decide('human');
      dialog.askForFax();
      assert.equal(t.heard.at(-1), heard);
      await t.call.hangUp('done');
      await t.quiet();
    }
  });

  it('lets the media endpoint answer new offers of the far side', async () => {
    const t = place();
    const dialog = (await t.invite()).answer();
    await settle();
    assert.equal(await dialog.offer?.('v=0 hold'), 'v=0 answer');
    assert.equal(t.telephony.endpoints[0]?.remoteSdp, 'v=0 hold');
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('goes on listening while a file plays, unless the tap dies of it', async () => {
    for (const kind of ['audio_fork', 'recording', 'unicast'] as const) {
      const t = place();
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
      const t = place();
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
    const t = place();
    (await t.invite()).answer();
    await settle();
    await t.clock.advance(8000);
    assert.deepEqual(t.heard, ['answered', 'result 28 up']);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('ends in a system error when no media endpoint can be had', async () => {
    const telephony = new FakeTelephony();
    telephony.mediaProblem = 'no endpoint in 4500 ms';
    const results: CallResult[] = [];
    const ignore = () => {};
    new OutboundCall(
      { telephony, analyser: new FakeAnalyser(), clock: virtualClock(), log: silentLog },
      { uri: 'sip:1@h', callId: 'c', ringTimeoutMs: 1000 },
      {
        onRinging: ignore,
        onAnswered: ignore,
        onResult: (result) => results.push(result),
        onHeard: ignore,
        onRevised: ignore,
        onGreetingEnded: ignore,
        onHungUp: ignore,
        onLost: ignore,
        onEndpoint: ignore,
        onIdentity: ignore,
        onOver: ignore,
      },
    );
    await settle();
    assert.equal(results.length, 1);
    assert.equal(results[0]?.callState, 4);
    assert.equal(telephony.calls.length, 0, 'nothing was dialled');
  });

  it('tells what is on the wire: the endpoint before the INVITE, and the end when all is given back', async () => {
    const t = place();
    await settle();
    assert.deepEqual(t.wire, ['endpoint-1', 'sent']);
    (await t.invite()).answer();
    await settle();
    assert.deepEqual(t.wire.slice(2), ['answered']);
    await t.call.hangUp('done');
    assert.deepEqual(t.wire.slice(3), ['over']);
    const cancelled = place();
    await settle();
    await cancelled.call.hangUp('withdrawn');
    assert.deepEqual(cancelled.wire, ['endpoint-1', 'sent', 'over']);
  });

  it('keeps a leg in the ledger whose signalling was lost, until it is ended after all', async () => {
    const t = place({ withCpd: false });
    const invite = await t.invite();
    const dialog = invite.answer();
    await settle();
    let end = (): void => undefined;
    invite.orphanEnd = new Promise((resolve) => (end = resolve));
    dialog.end('lost');
    await t.call.hangUp('lost');
    assert.ok(!t.wire.includes('over'), 'the far side does not know yet');
    end();
    await settle();
    assert.equal(t.wire.at(-1), 'over');
    await t.quiet();
  });

  it('says by which endpoint the INVITE has to leave', async () => {
    const t = place();
    const { request } = await t.invite();
    assert.equal(request.endpointId, t.telephony.endpoints[0]?.id);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('tells lost signalling and lost media apart from a hang-up', async () => {
    for (const cause of ['signalling', 'media'] as const) {
      const t = place();
      const dialog = (await t.invite()).answer();
      await settle();
      t.analyser.opened[0]?.decide('human');
      if (cause === 'signalling') dialog.end('lost');
      else t.telephony.endpoints[0]?.vanish();
      await settle();
      assert.deepEqual(t.heard.slice(2), [`lost ${cause}`]);
      assert.equal(t.telephony.liveDialogs, 0, 'the leg is not left up');
    }
  });

  for (const stage of ['before the endpoint', 'while ringing', 'after the answer'] as const) {
    it(`gives everything back when hung up ${stage}, and reports nothing`, async () => {
      const t = place();
      if (stage !== 'before the endpoint') {
        const invite = await t.invite();
        if (stage === 'after the answer') invite.answer();
        await settle();
      }
      const before = t.heard.length;
      await t.call.hangUp('cancelled');
      t.analyser.opened[0]?.decide('human');
      await t.quiet();
      assert.equal(t.heard.length, before);
    });
  }
});
