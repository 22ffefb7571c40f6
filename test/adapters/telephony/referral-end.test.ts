import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import { DEFAULT_DEADLINES } from '../../../src/adapters/telephony/deadlines.js';
import { DrachtioDialog } from '../../../src/adapters/telephony/sip-dialog.js';
import type {
  DialogView,
  SipMessageView,
  SipResponseView,
  SrfView,
} from '../../../src/adapters/telephony/srf-types.js';
import { settle } from '../../fakes/fake-telephony.js';

const LIMIT_MS = 30_000;

/** A dialog as drachtio-srf keeps it, with the wire in the test's hand. */
class Leg extends EventEmitter {
  readonly type = 'uac';
  readonly sip = { callId: 'call', localTag: 'ours', remoteTag: 'theirs' };
  readonly local = { sdp: '', contact: '<sip:us@127.0.0.1>' };
  readonly remote = { sdp: '' };
  readonly res = { headers: {} };
  connected = true;
  #answer: (error: unknown, response?: SipResponseView) => void = () => undefined;
  handle(): void {}
  request(_: unknown, done: (error: unknown, response?: SipResponseView) => void): void {
    this.#answer = done;
  }
  accepts(): void {
    this.#answer(null, { status: 202, reason: 'Accepted', get: () => '', has: () => false });
  }
  notifies(body: string, state = 'terminated', event?: string): void {
    const headers: Record<string, string | undefined> = {
      'Subscription-State': state,
      Event: event,
    };
    const get = (name: string) => headers[name];
    const request: SipMessageView = { body, get, has: () => false };
    this.emit('notify', request, { send: () => undefined });
  }
}

function referred() {
  const leg = new Leg();
  const clock = virtualClock();
  const dialog = new DrachtioDialog(leg as unknown as DialogView, {
    srf: {} as SrfView,
    ...{ clock, log: silentLog, deadlines: DEFAULT_DEADLINES, onGone: () => undefined },
  });
  const heard: string[] = [];
  dialog.onEnded((how) => heard.push(`ended ${how}`));
  const asked = dialog.refer('sip:queue7@pbx.example.net', LIMIT_MS).then(async (outcome) => {
    heard.push(outcome.kind === 'refused' ? `refused ${outcome.status}` : outcome.kind);
    if (outcome.kind !== 'unknown' || !outcome.later) return;
    await outcome.later;
    heard.push('transferred late');
  });
  return { leg, clock, dialog, heard, asked };
}

describe('what a far side that was referred says', () => {
  it('is heard before the BYE that comes right behind it', async () => {
    const { leg, dialog, heard } = referred();
    leg.accepts();
    await settle();
    leg.notifies('SIP/2.0 200 OK');
    leg.emit('destroy');
    assert.equal(dialog.hasEnded, true);
    await settle();
    assert.deepEqual(heard, ['transferred', 'ended remote']);
  });

  it('is heard before the 202, and with a BYE behind it', async () => {
    const { leg, heard } = referred();
    leg.notifies('SIP/2.0 100 Trying', 'active;expires=60');
    leg.notifies('SIP/2.0 200 OK');
    leg.emit('destroy');
    await settle();
    assert.deepEqual(heard, ['transferred', 'ended remote']);
    leg.accepts();
  });

  it('is heard late, and with a BYE behind it', async () => {
    const { leg, clock, heard } = referred();
    leg.accepts();
    await settle();
    await clock.advance(LIMIT_MS);
    await settle();
    leg.notifies('SIP/2.0 200 OK');
    leg.emit('destroy');
    await settle();
    assert.deepEqual(heard, ['unknown', 'transferred late', 'ended remote']);
  });

  it('does not hold the hang-up back when it is late and says no', async () => {
    const { leg, clock, heard } = referred();
    leg.accepts();
    await settle();
    await clock.advance(LIMIT_MS);
    leg.notifies('SIP/2.0 486 Busy Here');
    leg.emit('destroy');
    await settle();
    assert.deepEqual(heard, ['unknown', 'ended remote']);
  });

  it('counts once: what comes after the first result changes nothing', async () => {
    const { leg, heard } = referred();
    leg.accepts();
    leg.notifies('SIP/2.0 486 Busy Here');
    leg.notifies('SIP/2.0 200 OK');
    await settle();
    leg.notifies('SIP/2.0 200 OK');
    leg.emit('destroy');
    await settle();
    assert.deepEqual(heard, ['refused 486', 'ended remote']);
  });

  it('is not what it says of something else in the same dialog', async () => {
    const { leg, heard } = referred();
    leg.accepts();
    leg.notifies('SIP/2.0 200 OK', 'terminated', 'message-summary');
    await settle();
    assert.deepEqual(heard, []);
    leg.notifies('SIP/2.0 200 OK', 'terminated', 'refer;id=2');
    await settle();
    assert.deepEqual(heard, ['transferred']);
  });

  const bodies = { '': 'unknown', hello: 'unknown', 'SIP/2.0 999 What': 'unknown' };
  const long = { [`SIP/2.0 200${'0'.repeat(70_000)}`]: 'unknown', 'SIP/2.0 200': 'transferred' };
  for (const [body, result] of Object.entries({ ...bodies, ...long })) {
    it(`is ${result} when it ends with ${JSON.stringify(body.slice(0, 16))}`, async () => {
      const { leg, clock, heard } = referred();
      leg.accepts();
      leg.notifies(body);
      await settle();
      assert.deepEqual(heard, [result]);
      assert.equal(clock.pendingCount, 0);
    });
  }

  it('is not waited for once it has hung up, before or after its 202', async () => {
    const [before, after] = [referred(), referred()];
    after.leg.accepts();
    await settle();
    for (const { leg } of [before, after]) leg.emit('destroy');
    await settle();
    assert.deepEqual(before.heard, ['ended remote', 'unknown']);
    assert.deepEqual(after.heard, ['ended remote', 'unknown']);
  });
});
