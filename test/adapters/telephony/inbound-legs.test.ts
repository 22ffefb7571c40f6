/**
 * What is known of a call that came to us is enough to end it without whoever answered it: against the
 * embedded engine or real servers.
 */
import assert from 'node:assert/strict';
import type { LegIdentity, SipDialog } from '../../../src/ports.js';
import { Caller, type SipText } from '../../farend/caller.js';
import { useSite } from './site.js';

describe('The leg of a call from outside', function () {
  this.timeout(60_000);
  const site = useSite();
  let caller: Caller;
  let answer: SipText;
  let dialog: SipDialog;
  let identity: LegIdentity;

  beforeEach(async () => {
    const far = await site().far();
    const outcome = await site().invite(far).outcome;
    assert.ok(outcome.kind === 'answered');
    await outcome.dialog.bye('it has told where the signalling server is');
    const via = far.requests('INVITE')[0]?.header('via') ?? '';
    caller = await Caller.toSender(via);
    const taken = new Promise<void>((resolve) =>
      site().telephony.onInbound(async (call) => {
        dialog = await call.accept(far.rtp.sdp, { onIdentity: (told) => (identity = told) });
        resolve();
        return { kind: 'taken' };
      }),
    );
    caller.invite();
    answer = await caller.response(200, 'INVITE');
    await taken;
  });
  afterEach(() => caller.close());

  async function isEndedBy(leg: LegIdentity): Promise<void> {
    const { callId } = caller;
    assert.equal(await site().telephony.endOrphan({ callId, identity: leg }), 'ended');
    const bye = await caller.incoming('BYE');
    assert.match(bye.text, /^BYE sip:1000@127\.0\.0\.1:\d+/);
    const tagOf = (address = '') => /;tag=([^;\s]+)/.exec(address)?.[1];
    assert.equal(tagOf(bye.header('From')), tagOf(answer.header('To')), 'it is ours');
    assert.equal(tagOf(bye.header('To')), 'caller');
    assert.equal(bye.header('Call-ID'), callId);
    assert.match(bye.header('Reason') ?? '', /restarted/);
    await dialog.bye('whoever answered it learns of nothing here');
  }

  it('is ended in its dialog, which the signalling server knows by the tag of the caller', async () => {
    assert.equal(identity.dialogTag, 'caller');
    await isEndedBy(identity);
  });

  it('is ended by its tags and addresses where the signalling server names no dialog', async () => {
    await isEndedBy({ ...identity, dialogTag: 'forgotten' });
  });
});
