import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { collectDigits, type CollectRequest } from '../../src/holder/digit-collection.js';
import type { HeldCallFacts } from '../../src/holder/held-call.js';
import { SimulatedCall } from '../../src/holder/simulated-call.js';

const FACTS: HeldCallFacts = {
  interactionId: 'i1',
  callId: 'c1',
  callState: 0,
  answeredBy: 'human',
  customerNumber: '+4930123456',
  dialedNumber: '+4930123456',
  callerId: undefined,
  requestUri: 'sip:+4930123456@example.net',
  sipHeaders: {},
};

function bed(request: Partial<CollectRequest> = {}) {
  const clock = virtualClock();
  const actions: string[] = [];
  const call = new SimulatedCall({
    clock,
    facts: FACTS,
    lengthOf: () => 3000,
    onAction: (what, detail) => actions.push(`${what} ${detail}`),
  });
  const collection = collectDigits(call, clock, { prompts: [], maxDigits: 4, ...request });
  return { clock, call, collection, actions };
}

const PROMPT = { kind: 'file', file: 'menu.wav' } as const;

describe('collecting digits', () => {
  it('ends with as many as are wanted, whatever follows', async () => {
    const { call, collection } = bed({ maxDigits: 2 });
    call.press('123');
    assert.deepEqual(await collection.done, {
      kind: 'collected',
      digits: '12',
      endedBy: 'max-digits',
    });
  });

  it('ends at a key that ends or gives up, which is no part of the answer', async () => {
    const ended = bed({ endDigits: '#' });
    ended.call.press('12#');
    assert.deepEqual(await ended.collection.done, {
      kind: 'collected',
      digits: '12',
      endedBy: 'end-digit',
    });
    const aborted = bed({ abortDigits: '*' });
    aborted.call.press('1*');
    assert.deepEqual(await aborted.collection.done, {
      kind: 'collected',
      digits: '1',
      endedBy: 'abort-digit',
    });
  });

  it('waits for the first key, then for each next one, not longer', async () => {
    const { clock, call, collection } = bed({ firstDigitMs: 10_000, betweenDigitsMs: 2000 });
    let isOver = false;
    void collection.done.then(() => (isOver = true));
    await clock.advance(9000);
    call.press('7');
    await clock.advance(1999);
    assert.equal(isOver, false);
    await clock.advance(2);
    assert.deepEqual(await collection.done, { kind: 'collected', digits: '7', endedBy: 'timeout' });
  });

  it('stops the prompt at the first key, and takes that key', async () => {
    const { clock, call, collection, actions } = bed({ prompts: [PROMPT], maxDigits: 1 });
    await clock.advance(500);
    call.press('1');
    assert.deepEqual(await collection.done, {
      kind: 'collected',
      digits: '1',
      endedBy: 'max-digits',
    });
    assert.deepEqual(actions, ['play menu.wav']);
  });

  it('counts the time from the end of the prompt', async () => {
    const { clock, collection } = bed({ prompts: [PROMPT], firstDigitMs: 4000 });
    let isOver = false;
    void collection.done.then(() => (isOver = true));
    await clock.advance(6900);
    assert.equal(isOver, false);
    await clock.advance(200);
    assert.equal(isOver, true);
  });

  it('forgets what was pressed into a prompt that must be heard', async () => {
    const { clock, call, collection } = bed({
      prompts: [PROMPT],
      isInterruptible: false,
      maxDigits: 1,
    });
    await clock.advance(1000);
    call.press('9');
    await clock.advance(2100);
    call.press('2');
    assert.deepEqual(await collection.done, {
      kind: 'collected',
      digits: '2',
      endedBy: 'max-digits',
    });
  });

  it('ends with the call, and refuses what makes no sense', async () => {
    const { call, collection } = bed();
    call.revoke('hung-up');
    assert.deepEqual(await collection.done, { kind: 'stopped' });
    const refused = await bed({ maxDigits: 0 }).collection.done;
    assert.equal(refused.kind === 'refused' && refused.code, 'HELD_BAD_ARGUMENT');
    const detached = bed();
    await detached.call.detach();
    const { done } = collectDigits(detached.call, detached.clock, {
      prompts: [PROMPT],
      maxDigits: 1,
    });
    const end = await done;
    assert.equal(end.kind === 'refused' && end.code, 'HELD_NOT_ATTACHED');
  });

  it('leaves no timer behind', async () => {
    const { clock, call, collection } = bed({ totalMs: 20_000, maxDigits: 1 });
    call.press('1');
    await collection.done;
    assert.equal(clock.pendingCount, 0);
  });
});
