import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import type { Challenged } from '../../../src/adapters/telephony/credentials.js';
import { DEFAULT_DEADLINES } from '../../../src/adapters/telephony/deadlines.js';
import { OutgoingInvite } from '../../../src/adapters/telephony/outgoing-invite.js';
import type {
  DialogMade,
  SentInvite,
  SipResponseView,
  SrfView,
  UacProgress,
} from '../../../src/adapters/telephony/srf-types.js';
import type { Realms } from '../../../src/ports.js';
import { settle } from '../../fakes/fake-telephony.js';

const MINUTE_MS = 60_000;

/** An INVITE that drachtio has sent, and what came back so far. */
function sentInvite(realms?: Realms) {
  const clock = virtualClock();
  const cancelled: unknown[] = [];
  const gone: unknown[] = [];
  let progress: UacProgress | undefined;
  let auth: Challenged | undefined;
  let done: DialogMade = () => undefined;
  const srf = {
    createUAC: (
      _uri: string,
      options: { auth: Challenged },
      callbacks: UacProgress,
      made: DialogMade,
    ) => {
      ({ auth } = options);
      progress = callbacks;
      done = made;
    },
  } as unknown as SrfView;
  const invite = new OutgoingInvite(
    {
      ...{ uri: 'sip:queue@pbx.example.net', callId: 'c1', localSdp: 'v=0' },
      auth: { username: 'acme', password: 'secret', realms },
    },
    {
      ...{ srf, clock, log: silentLog, deadlines: DEFAULT_DEADLINES, site: 'only' },
      adopt: () => assert.fail('answered'),
      onGone: () => gone.push(invite),
    },
  );
  const message = { get: () => undefined, has: () => false };
  const sent: SentInvite = {
    ...message,
    stackTxnId: 't1',
    cancel: (options) => cancelled.push(options),
    on: () => undefined,
    removeAllListeners: () => undefined,
  };
  progress?.cbRequest(undefined, sent);
  const responds = (status: number): void => {
    const response: SipResponseView = { ...message, status, reason: '' };
    progress?.cbProvisional(response);
  };
  const refuses = (status: number): void => done({ status, reason: '' });
  /** @returns whether whoever asks in this realm is given the credentials */
  const challenges = (realm: string): boolean => {
    let isGiven = false;
    const response = { status: 407, get: () => `Digest realm="${realm}", nonce="1"` };
    auth?.(message, response, (error) => (isGiven = error === null));
    return isGiven;
  };
  return { clock, cancelled, gone, invite, responds, refuses, challenges };
}

describe('an INVITE whose trunk has credentials', () => {
  it('gives them to whoever asks before anybody has been reached', () => {
    const { responds, challenges } = sentInvite();
    responds(100);
    assert.equal(challenges('trunk'), true);
    responds(183);
    assert.equal(challenges('trunk'), true);
    assert.equal(challenges('callee'), false);
  });

  it('gives them in the realms alone that are named, and says in which it has given them', async () => {
    const redirected = sentInvite({ 'Proxy-Authorization': 'trunk' });
    assert.equal(redirected.challenges('callee'), false);
    assert.equal(redirected.challenges('trunk'), true);
    assert.equal(sentInvite({}).challenges('trunk'), false);
    const first = sentInvite();
    first.challenges('trunk');
    first.refuses(302);
    const outcome = await first.invite.outcome;
    assert.deepEqual(outcome.kind === 'failed' && outcome.realms, {
      'Proxy-Authorization': 'trunk',
    });
  });

  it('gives them to no realm that comes up when a phone rings already', () => {
    const { responds, challenges } = sentInvite();
    responds(180);
    assert.equal(challenges('callee'), false);
  });
});

describe('an INVITE that nobody answers', () => {
  it('is given up after three minutes when nothing but 100 has come', async () => {
    const { clock, cancelled, responds } = sentInvite();
    responds(100);
    await clock.advance(3 * MINUTE_MS);
    assert.equal(cancelled.length, 0);
    await clock.advance(MINUTE_MS);
    await settle();
    assert.deepEqual(cancelled, [{ headers: { Reason: 'Q.850;cause=102;text="no answer"' } }]);
  });

  it('rings as long as whoever called wants: a queue of a PBX may take half an hour', async () => {
    const { clock, cancelled, invite, responds } = sentInvite();
    responds(100);
    responds(180);
    await clock.advance(30 * MINUTE_MS);
    assert.equal(cancelled.length, 0);
    invite.cancel('the customer hung up');
    const headers = { Reason: 'Q.850;cause=16;text="the customer hung up"' };
    assert.deepEqual(cancelled, [{ headers }]);
    await clock.advance(MINUTE_MS);
    assert.equal((await invite.outcome).kind, 'cancelled');
    assert.equal(clock.pendingCount, 0);
  });
});

describe('an INVITE that was cancelled, and has no final response', () => {
  /** Cancelled, and told so to whoever called. */
  async function cancelledOne() {
    const sent = sentInvite();
    sent.responds(180);
    sent.invite.cancel('rang long enough');
    await sent.clock.advance(5000);
    assert.equal((await sent.invite.outcome).kind, 'cancelled');
    let isOver = false;
    assert.ok(sent.invite.orphanEnd, 'it may still be answered');
    void sent.invite.orphanEnd.then(() => (isOver = true));
    await settle();
    return { ...sent, isOver: () => isOver };
  }

  it('is not over before its 200 could no longer come', async () => {
    const { clock, isOver, gone } = await cancelledOne();
    await clock.advance(31_900);
    assert.deepEqual([isOver(), gone.length], [false, 0]);
    await clock.advance(200);
    assert.deepEqual([isOver(), gone.length], [true, 1], 'though no response ever came');
  });

  it('is over with the response that comes late', async () => {
    const { refuses, isOver, clock } = await cancelledOne();
    refuses(487);
    await settle();
    assert.equal(isOver(), true);
    assert.equal(clock.pendingCount, 0);
  });

  it('is over at once where the response comes in time', async () => {
    const { invite, responds, refuses } = sentInvite();
    responds(180);
    invite.cancel('rang long enough');
    refuses(487);
    assert.equal((await invite.outcome).kind, 'cancelled');
    assert.equal(invite.orphanEnd, undefined);
  });

  it('leaves no timer behind when we close', async () => {
    const { invite, clock } = await cancelledOne();
    invite.forget();
    assert.equal(clock.pendingCount, 0);
  });
});
