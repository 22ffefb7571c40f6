import assert from 'node:assert/strict';
import { QueueRequest } from '../../src/handoff/queue-request.js';
import { FakeTelephony, settle } from '../fakes/fake-telephony.js';

function ask(targets: readonly string[]) {
  const telephony = new FakeTelephony();
  const heard: string[] = [];
  const wire: string[] = [];
  let ids = 0;
  const request = new QueueRequest(
    telephony,
    { uuid: () => `id-${(ids += 1)}`, fraction: () => 0.5 },
    { targets, callerId: '5551234', headers: { 'X-GMS-Service-ID': 'cb-1' } },
    {
      onCall: (callId) => ({
        onEndpoint: (id) => wire.push(`${callId} ${id}`),
        onIdentity: ({ answered }) => wire.push(`${callId} ${answered ? 'answered' : 'sent'}`),
        onOver: () => wire.push(`${callId} over`),
      }),
      onAnswered: () => heard.push('answered'),
      onFailed: (why) => heard.push(`failed: ${why}`),
      onHungUp: () => heard.push('hung up'),
    },
  );
  return { telephony, request, heard, wire };
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

  it('wants its endpoint beside the customer’s, where the two can be bridged', async () => {
    const telephony = new FakeTelephony();
    const beside = await telephony.media.createEndpoint();
    const ignore = () => undefined;
    const request = new QueueRequest(
      telephony,
      { uuid: () => 'id-1', fraction: () => 0.5 },
      { targets: ['sip:a@h'], headers: {}, beside },
      {
        onCall: () => ({ onEndpoint: ignore, onIdentity: ignore, onOver: ignore }),
        ...{ onAnswered: ignore, onFailed: ignore, onHungUp: ignore },
      },
    );
    await settle();
    assert.equal(telephony.wishes.at(-1)?.beside, beside);
    assert.equal(telephony.calls[0]?.request.endpointId, telephony.endpoints[1]?.id);
    await request.hangUp('done');
  });

  it('tells what is on the wire of each target', async () => {
    const { telephony, request, wire } = ask(['sip:a@h', 'sip:b@h']);
    await settle();
    telephony.calls[0]?.fail(486);
    await settle();
    telephony.calls[1]?.answer();
    await settle();
    await request.hangUp('done');
    assert.deepEqual(
      wire.filter((line) => line.startsWith('id-1')),
      ['id-1 endpoint-1', 'id-1 sent', 'id-1 over'],
    );
    assert.deepEqual(
      wire.filter((line) => line.startsWith('id-2')),
      ['id-2 endpoint-2', 'id-2 sent', 'id-2 answered', 'id-2 over'],
    );
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
