import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { TelephonyError } from '../../src/adapters/telephony/errors.js';
import type { CallResult } from '../../src/dial/outbound-call-parts.js';
import { OutboundCall } from '../../src/dial/outbound-call.js';
import { FakeAnalyser, FakeTelephony, settle, silentLog } from '../fakes/fake-telephony.js';
import type { OutboundCallDeps } from '../../src/dial/outbound-call-parts.js';
import { placeCall } from './outbound-call-bed.js';

/** A call whose endpoint comes, or fails, when the test says so. */
function holdEndpoint() {
  let [make, fail] = [(): void => undefined, (): void => undefined];
  const t = placeCall({
    prepare: ({ media }) => {
      const { createEndpoint } = media;
      media.createEndpoint = (wish) =>
        new Promise((resolve, reject) => {
          make = () => resolve(createEndpoint(wish));
          fail = () => reject(new Error('no endpoint'));
        });
    },
  });
  return { ...t, make: () => make(), fail: () => fail() };
}

describe('OutboundCall', () => {
  it('reports a human once the detector has decided, with the leg up', async () => {
    const t = placeCall();
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

  it('lets the governor time the tap and the connection: both are slow before a server falls behind', async () => {
    const timed: string[] = [];
    const setUps: OutboundCallDeps['setUps'] = {
      run: async (phase, work, part) => {
        const result = await work();
        const isFault = part?.isFault?.(new Error('re-INVITE: 487 Request Terminated'));
        const how = isFault === false ? `${phase} of a call that has ended` : phase;
        timed.push(`${how} on ${part?.serverOf?.(result)}`);
        return result;
      },
    };
    const t = placeCall({ setUps });
    const invite = await t.invite();
    assert.deepEqual(timed, ['tap on media'], 'before the INVITE leaves');
    invite.answer();
    await settle();
    assert.deepEqual(timed, ['tap on media', 'connect on media']);
    await t.call.hangUp('done');
    await t.quiet();
    timed.length = 0;
    const gone = placeCall({ setUps });
    (await gone.invite()).answer();
    await gone.telephony.endpoints[0]?.close();
    await settle();
    assert.deepEqual(timed, ['tap on media', 'connect of a call that has ended on media']);
    await gone.call.hangUp('done');
    await gone.quiet();
  });

  describe('a connection of the media that fails', () => {
    /** @returns whether the governor takes it for the media server's fault */
    async function isFault(error: Error, hangsUp = false): Promise<boolean> {
      const heard: boolean[] = [];
      const setUps: OutboundCallDeps['setUps'] = {
        run: (_phase, work, part) =>
          work().catch((thrown: unknown) => {
            heard.push(part?.isFault?.(thrown) ?? true);
            throw thrown;
          }),
      };
      const t = placeCall({ setUps });
      const invite = await t.invite();
      const [endpoint] = t.telephony.endpoints;
      assert.ok(endpoint);
      let fail = (): void => undefined;
      endpoint.connect = () => new Promise((_, reject) => (fail = () => reject(error)));
      const dialog = invite.answer();
      await settle();
      // The media server says only afterwards that it has ended its side.
      let letEnd = (): void => undefined;
      const mayEnd = new Promise<void>((resolve) => (letEnd = resolve));
      const close = endpoint.close.bind(endpoint);
      endpoint.close = () => mayEnd.then(close);
      if (hangsUp) dialog.end();
      await settle();
      fail();
      await settle();
      letEnd();
      await t.call.hangUp('done');
      await t.quiet();
      assert.equal(heard.length, 1);
      return heard[0] === true;
    }

    it('is a fault of the media server', async () => {
      assert.equal(await isFault(new TelephonyError('DEADLINE', 're-INVITE: 4000 ms')), true);
    });

    it('is none when the customer had hung up before the media server had ended its side', async () => {
      const error = new TelephonyError('COMMAND_FAILED', 're-INVITE: 487 Request Terminated');
      assert.equal(await isFault(error, true), false);
    });

    it('is none when the media server cannot speak with that far side', async () => {
      const error = new TelephonyError('SDP_REFUSED', 're-INVITE: 488 Not Acceptable Here');
      assert.equal(await isFault(error), false);
    });
  });

  it('waits for its turn on the trunk with everything ready, and does not leave if it is given up', async () => {
    let go = (): void => undefined;
    const turn = () => new Promise<void>((resolve) => (go = resolve));
    const kept = placeCall({ turn });
    await settle();
    assert.deepEqual([kept.telephony.endpoints.length, kept.telephony.calls.length], [1, 0]);
    go();
    await settle();
    assert.equal(kept.telephony.calls.length, 1);
    await kept.call.hangUp('done');
    await kept.quiet();
    const dropped = placeCall({ turn });
    await settle();
    const hungUp = dropped.call.hangUp('cancelled');
    go();
    await hungUp;
    assert.equal(dropped.telephony.calls.length, 0);
    await dropped.quiet();
  });

  it('has its detector made while the media server makes the endpoint', async () => {
    const held = holdEndpoint();
    await settle();
    assert.deepEqual([held.analyser.opened.length, held.telephony.endpoints.length], [1, 0]);
    held.make();
    await held.invite();
    assert.equal(held.telephony.endpoints[0]?.tappedTo, held.analyser.opened[0]);
    await held.call.hangUp('done');
    await held.quiet();
  });

  it('gives the detector back when it was hung up, and no endpoint came', async () => {
    const held = holdEndpoint();
    await settle();
    const hungUp = held.call.hangUp('cancelled');
    held.fail();
    await hungUp;
    assert.equal(held.analyser.opened.length, 1);
    await held.quiet();
    const failed = holdEndpoint();
    failed.fail();
    await settle();
    assert.deepEqual(failed.heard, ['result 4 down']);
    await failed.quiet();
  });

  it('watches for RTP once answered, not while it rings, and reports a silent call as lost', async () => {
    const t = placeCall({ mediaSilenceMaxMs: 60_000 });
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
    const t = placeCall({ withCpd: false });
    (await t.invite()).answer();
    await settle();
    assert.deepEqual(t.heard, ['answered', 'result 0 up']);
    assert.equal(t.analyser.opened.length, 0);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('has the media server answer an offer that comes before the answer', async () => {
    const t = placeCall();
    const invite = await t.invite();
    assert.equal(typeof (await invite.answerOffer?.('v=0 elsewhere')), 'string');
    assert.equal(t.telephony.endpoints[0]?.remoteSdp, 'v=0 elsewhere');
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('cancels when it rang too long, and calls it no answer', async () => {
    const t = placeCall();
    const invite = await t.invite();
    invite.ring();
    await t.clock.advance(30_000);
    await settle();
    assert.equal(t.results[0]?.callState, 7);
    assert.match(invite.cancelledWith ?? '', /rang 30000 ms/);
    assert.equal(invite.cancelCause, 'ring-timeout');
    await t.quiet();
  });

  it('carries the SIP facts of a failure, an honoured Retry-After among them', async () => {
    const t = placeCall();
    (await t.invite()).fail(503, { retryAfterMs: 90_000, reason: 'Full' });
    await settle();
    assert.equal(t.results[0]?.detail.sipStatus, 503);
    assert.equal(t.results[0]?.detail.retryAfterMs, 90_000);
    assert.equal(t.results[0]?.legUp, false);
    await t.quiet();
  });

  it('calls a hang-up before any verdict state 5', async () => {
    const t = placeCall();
    (await t.invite()).answer().end('remote');
    await settle();
    assert.deepEqual(t.heard, ['answered', 'result 5 down']);
    await t.quiet();
  });

  it('reports a hang-up after the verdict, once, and nothing after it', async () => {
    const t = placeCall();
    const dialog = (await t.invite()).answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    dialog.end('remote');
    t.telephony.endpoints[0]?.vanish();
    await settle();
    assert.deepEqual(t.heard.slice(2), ['hung up']);
  });

  it('takes a request for T.38 for a fax, before a verdict and after one', async () => {
    for (const [before, heard] of [
      [false, 'result 17 up'],
      [true, 'revised 17'],
    ] as const) {
      const t = placeCall();
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
    const t = placeCall();
    const dialog = (await t.invite()).answer();
    await settle();
    assert.equal(await dialog.offer?.('v=0 hold'), 'v=0 answer');
    assert.equal(t.telephony.endpoints[0]?.remoteSdp, 'v=0 hold');
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
    const t = placeCall();
    await settle();
    assert.deepEqual(t.wire, ['endpoint-1', 'sent']);
    (await t.invite()).answer();
    await settle();
    assert.deepEqual(t.wire.slice(2), ['answered']);
    await t.call.hangUp('done');
    assert.deepEqual(t.wire.slice(3), ['over']);
    const cancelled = placeCall();
    await settle();
    await cancelled.call.hangUp('withdrawn');
    assert.deepEqual(cancelled.wire, ['endpoint-1', 'sent', 'over']);
  });

  it('keeps a leg in the ledger whose signalling was lost, until it is ended after all', async () => {
    const t = placeCall({ withCpd: false });
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
    const t = placeCall();
    const { request } = await t.invite();
    assert.equal(request.endpointId, t.telephony.endpoints[0]?.id);
    await t.call.hangUp('done');
    await t.quiet();
  });

  it('tells lost signalling and lost media apart from a hang-up', async () => {
    for (const cause of ['signalling', 'media'] as const) {
      const t = placeCall();
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
      const t = placeCall();
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
