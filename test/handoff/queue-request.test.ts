import assert from 'node:assert/strict';
import { QueueRequest } from '../../src/handoff/queue-request.js';
import { FakeTelephony, settle } from '../fakes/fake-telephony.js';

function ask(targets: readonly string[]) {
  const telephony = new FakeTelephony();
  const heard: string[] = [];
  let ids = 0;
  const request = new QueueRequest(
    telephony,
    { uuid: () => `id-${(ids += 1)}`, fraction: () => 0.5 },
    { targets, callerId: '5551234', headers: { 'X-GMS-Service-ID': 'cb-1' } },
    {
      onAnswered: () => heard.push('answered'),
      onFailed: (why) => heard.push(`failed: ${why}`),
      onHungUp: () => heard.push('hung up'),
    },
  );
  return { telephony, request, heard };
}

describe('QueueRequest', () => {
  it('calls the targets in their order until one answers', async () => {
    const { telephony, request, heard } = ask(['sip:a@h', 'sip:b@h']);
    await settle();
    telephony.calls[0]?.fail(486);
    await settle();
    telephony.calls[1]?.answer();
    await settle();
    assert.deepEqual(
      telephony.calls.map(({ request: { uri } }) => uri),
      ['sip:a@h', 'sip:b@h'],
    );
    assert.deepEqual(heard, ['answered']);
    assert.equal(request.endpoint?.hasEnded, false);
    assert.equal(telephony.calls[1]?.request.headers?.['X-GMS-Service-ID'], 'cb-1');
    await request.hangUp('done');
    assert.deepEqual(telephony.counts(), { endpoints: 0, dialogs: 0 });
  });

  it('fails with the last reason when nobody answers, and leaves nothing behind', async () => {
    const { telephony, heard } = ask(['sip:a@h']);
    await settle();
    telephony.calls[0]?.fail(480);
    await settle();
    assert.deepEqual(heard, ['failed: sip:a@h: SIP 480 refused']);
    assert.deepEqual(telephony.counts(), { endpoints: 0, dialogs: 0 });
  });

  it('fails at once, but not at once inside the caller, when the queue is empty', async () => {
    const { heard } = ask([]);
    assert.deepEqual(heard, []);
    await settle();
    assert.deepEqual(heard, ['failed: the queue has no targets']);
  });

  it('says when an agent who answered leaves, and withdraws quietly', async () => {
    const { telephony, heard } = ask(['sip:a@h']);
    await settle();
    telephony.calls[0]?.answer();
    await settle();
    telephony.calls[0]?.dialog?.end('remote');
    await settle();
    assert.deepEqual(heard, ['answered', 'hung up']);

    const other = ask(['sip:a@h', 'sip:b@h']);
    await settle();
    await other.request.hangUp('withdrawn');
    await settle();
    assert.equal(other.telephony.calls.length, 1, 'no further target is called');
    assert.deepEqual(other.heard, []);
    assert.deepEqual(other.telephony.counts(), { endpoints: 0, dialogs: 0 });
  });
});
