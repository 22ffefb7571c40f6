import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import { DEFAULT_DEADLINES } from '../../../src/adapters/telephony/deadlines.js';
import { OutgoingInvite } from '../../../src/adapters/telephony/outgoing-invite.js';
import type {
  SentInvite,
  SipResponseView,
  SrfView,
  UacProgress,
} from '../../../src/adapters/telephony/srf-types.js';
import { settle } from '../../fakes/fake-telephony.js';

const MINUTE_MS = 60_000;

/** An INVITE that drachtio has sent, and what came back so far. */
function sentInvite() {
  const clock = virtualClock();
  const cancelled: unknown[] = [];
  let progress: UacProgress | undefined;
  const srf = {
    createUAC: (_uri: string, _options: unknown, callbacks: UacProgress) => {
      progress = callbacks;
      return new Promise<never>(() => undefined);
    },
  } as unknown as SrfView;
  const invite = new OutgoingInvite(
    { uri: 'sip:queue@pbx.example.net', callId: 'c1', localSdp: 'v=0' },
    {
      ...{ srf, clock, log: silentLog, deadlines: DEFAULT_DEADLINES, site: 'only' },
      adopt: () => assert.fail('answered'),
      onGone: () => undefined,
    },
  );
  const message = { get: () => undefined, has: () => false };
  const sent: SentInvite = {
    ...message,
    stackTxnId: 't1',
    cancel: (options) => cancelled.push(options),
  };
  progress?.cbRequest(undefined, sent);
  const responds = (status: number): void => {
    const response: SipResponseView = { ...message, status, reason: '' };
    progress?.cbProvisional(response);
  };
  return { clock, cancelled, invite, responds };
}

describe('an INVITE that nobody answers', () => {
  it('is given up after three minutes when nothing but 100 has come', async () => {
    const { clock, cancelled, responds } = sentInvite();
    responds(100);
    await clock.advance(3 * MINUTE_MS);
    assert.equal(cancelled.length, 0);
    await clock.advance(MINUTE_MS);
    await settle();
    assert.equal(cancelled.length, 1);
  });

  it('rings as long as whoever called wants: a queue of a PBX may take half an hour', async () => {
    const { clock, cancelled, invite, responds } = sentInvite();
    responds(100);
    responds(180);
    await clock.advance(30 * MINUTE_MS);
    assert.equal(cancelled.length, 0);
    invite.cancel('the customer hung up');
    assert.equal(cancelled.length, 1);
    await clock.advance(MINUTE_MS);
    assert.equal((await invite.outcome).kind, 'cancelled');
    assert.equal(clock.pendingCount, 0);
  });
});
