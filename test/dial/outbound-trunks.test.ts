import assert from 'node:assert/strict';
import { settle } from '../fakes/fake-telephony.js';
import { placeCall } from './outbound-call-bed.js';

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
    const t = placeCall({
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

  it('tries no other trunk for a call that rang before it was redirected', async () => {
    const asked: number[] = [];
    const t = placeCall({
      onward: ({ status }) => {
        asked.push(status);
        return Promise.resolve(second(t.wire));
      },
    });
    const invite = await t.invite();
    invite.ring();
    invite.fail(302);
    await settle();
    t.telephony.calls[1]?.fail(503);
    await settle();
    assert.deepEqual(asked, [302]);
    assert.equal(t.telephony.calls.length, 2);
    await t.quiet();
  });

  it('goes on with another endpoint, and listens there, where only one of the two trunks has SRTP', async () => {
    const t = placeCall({
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
      const t = placeCall({ onward: () => assert.fail('asked') });
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
    const t = placeCall({ onward: () => Promise.resolve(undefined) });
    (await t.invite()).fail(503, { q850Cause: 34, headers: { reason: 'Q.850;cause=34' } });
    await settle();
    const { callState, detail } = t.results[0] ?? {};
    assert.deepEqual([callState, detail?.q850Cause, detail?.farReason], [15, 34, 'Q.850;cause=34']);
    await t.quiet();
  });

  it('is not dialled when the callback was cancelled in between', async () => {
    let goOn: (next: ReturnType<typeof second>) => void = () => {};
    const t = placeCall({ onward: () => new Promise((resolve) => (goOn = resolve)) });
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
