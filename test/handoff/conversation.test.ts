import assert from 'node:assert/strict';
import { settle } from '../fakes/fake-telephony.js';
import { handoffBed, NOTHING_LEFT } from './bed.js';

describe('a conversation', () => {
  const talking = async (handoff: Parameters<typeof handoffBed>[0]) => {
    const bed = await handoffBed(handoff);
    const call = await bed.search();
    const agent = call.answer();
    await settle();
    return { ...bed, agent };
  };
  const sdp = (remoteSdp: string) => ({ kind: 'answered', remoteSdp }) as const;
  const refusal = { kind: 'refused', status: 488, reason: 'Not Acceptable Here' } as const;

  it('is told with its time and whom it is with', async () => {
    const bed = await talking({});
    await bed.bridge('q');
    assert.deepEqual(bed.known(), {
      connectedAtMs: bed.clock.nowMs(),
      connectedTo: 'sip:support@pbx',
      transfer: 'bridged',
    });
    assert.equal(bed.endpoint.bridgedTo, bed.telephony.endpoints.at(-1));
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('leaves the media server when both sides take each other’s description', async () => {
    const bed = await talking({ media: 'direct' });
    bed.dialog.remoteSdp = 'v=0 customer';
    bed.agent.onReinvite = () => sdp('v=0 agent, answering');
    bed.dialog.onReinvite = () => sdp('v=0 customer, answering');
    await bed.bridge('q');
    assert.deepEqual(bed.agent.reinvites, ['v=0 customer']);
    assert.deepEqual(bed.dialog.reinvites, ['v=0 agent, answering']);
    assert.equal(bed.known().transfer, 'direct');
    assert.equal(bed.telephony.liveEndpoints, 0, 'the media server is released');
    assert.equal(bed.telephony.liveDialogs, 2, 'the calls go on');
    // Hold: what one side offers is offered to the other, and its answer comes back.
    bed.agent.onReinvite = () => sdp('v=0 on hold');
    assert.equal(await bed.dialog.offer?.('v=0 hold'), 'v=0 on hold');
    assert.equal(bed.agent.reinvites.at(-1), 'v=0 hold');
    bed.dialog.onReinvite = () => refusal;
    await assert.rejects(async () => bed.agent.offer?.('v=0 other'), /488 Not Acceptable Here/);
    bed.agent.end();
    await settle();
    assert.deepEqual(bed.posted.at(-1), { type: 'agent-hung-up', queueId: 'q' });
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  const direct = async () => {
    const bed = await talking({ media: 'direct' });
    bed.agent.onReinvite = () => sdp('v=0 agent');
    bed.dialog.onReinvite = () => sdp('v=0 customer');
    await bed.bridge('q');
    assert.equal(bed.known().transfer, 'direct');
    return bed;
  };
  const crossing = { kind: 'refused', status: 491, reason: 'Request Pending' } as const;

  it('offers a hold again that crossed an offer of the other side, after a pause', async () => {
    const bed = await direct();
    const answers = [crossing, sdp('v=0 on hold')];
    bed.agent.onReinvite = () => answers.shift() ?? refusal;
    const held = bed.dialog.offer?.('v=0 hold');
    await settle();
    assert.deepEqual(
      await bed.agent.offer?.('v=0 theirs'),
      { kind: 'pending' },
      'the agent’s own offer has to come again: it is not laid across the customer’s',
    );
    await bed.clock.advance(2099);
    assert.equal(bed.agent.reinvites.at(-1), 'v=0 hold');
    const before = bed.agent.reinvites.length;
    await bed.clock.advance(1901);
    assert.equal(bed.agent.reinvites.length, before + 1);
    assert.equal(await held, 'v=0 on hold');
    assert.equal(await bed.agent.offer?.('v=0 theirs'), 'v=0 customer', 'now it is its turn');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('has who holds come again (491) when the other side stays busy, and refuses nothing', async () => {
    const bed = await direct();
    bed.agent.onReinvite = () => crossing;
    const held = bed.dialog.offer?.('v=0 hold');
    for (let n = 0; n < 3; n += 1) {
      await settle();
      await bed.clock.advance(4000);
    }
    assert.deepEqual(await held, { kind: 'pending' });
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('stays with the media server when the agent’s side refuses', async () => {
    const bed = await talking({ media: 'direct' });
    bed.agent.onReinvite = () => refusal;
    await bed.bridge('q');
    assert.deepEqual(bed.dialog.reinvites, [], 'the customer notices nothing');
    assert.equal(bed.known().transfer, 'bridged');
    assert.match(bed.known().transferDetail ?? '', /agent: 488/);
    assert.equal(bed.telephony.liveEndpoints, 2);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('goes back to it when the customer’s side refuses', async () => {
    const bed = await talking({ media: 'direct' });
    bed.agent.onReinvite = () => sdp('v=0 agent');
    bed.dialog.onReinvite = () => refusal;
    await bed.bridge('q');
    assert.equal(bed.agent.reinvites.at(-1), bed.telephony.endpoints.at(-1)?.localSdp);
    assert.match(bed.known().transferDetail ?? '', /customer: 488/);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('tries again when a side’s own offer crosses ours (491): nobody is hung up for that', async () => {
    const bed = await talking({ media: 'direct' });
    const glare = { kind: 'refused', status: 491, reason: 'Request Pending' } as const;
    const answers = [glare, sdp('v=0 agent'), glare, sdp('v=0 agent')];
    bed.agent.onReinvite = () => answers.shift() ?? refusal;
    bed.dialog.onReinvite = () => refusal;
    await bed.bridge('q');
    assert.deepEqual(bed.agent.reinvites.length, 1);
    await bed.clock.advance(2099);
    assert.equal(bed.agent.reinvites.length, 1, 'RFC 3261 14.1: not before 2.1 s');
    await bed.clock.advance(1901);
    await settle();
    assert.equal(bed.dialog.reinvites.length, 1);
    await bed.clock.advance(4000);
    await settle();
    assert.equal(bed.agent.reinvites.at(-1), bed.telephony.endpoints.at(-1)?.localSdp);
    assert.match(bed.known().transferDetail ?? '', /customer: 488/);
    assert.ok(bed.posted.every(({ type }) => type !== 'agent-failed'));
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('has an offer come again (491) that is made between the two of ours, and answers it afterwards', async () => {
    const bed = await talking({ media: 'direct' });
    let refuse = (_outcome: typeof refusal): void => {};
    bed.agent.onReinvite = () => sdp('v=0 agent');
    bed.dialog.reinvite = () => new Promise((resolve) => (refuse = resolve));
    const bridged = bed.bridge('q');
    await settle();
    // Answered by the media server, the agent would send to where nobody is in a moment.
    assert.deepEqual(await bed.agent.offer?.('v=0 agent holds'), { kind: 'pending' });
    assert.deepEqual(await bed.dialog.offer?.('v=0 customer holds'), { kind: 'pending' });
    refuse(refusal);
    await bridged;
    await settle();
    assert.match(bed.known().transferDetail ?? '', /customer: 488/);
    assert.equal(typeof (await bed.agent.offer?.('v=0 agent holds')), 'string');
    assert.equal(typeof (await bed.dialog.offer?.('v=0 customer holds')), 'string');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is not transferred while it is being decided who sends media to whom', async () => {
    const bed = await talking({ media: 'direct' });
    const answers = [{ kind: 'refused', status: 491, reason: 'Request Pending' } as const];
    bed.agent.onReinvite = () => answers.shift() ?? refusal;
    await bed.bridge('q');
    assert.equal(bed.known().transfer, 'bridged');
    assert.equal(bed.agent.askForTransfer, undefined, 'a REFER gets 405');
    await bed.clock.advance(4000);
    await settle();
    assert.match(bed.known().transferDetail ?? '', /agent: 488/);
    assert.ok(bed.agent.askForTransfer);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('waits for nothing any more when the agent hangs up before the next try', async () => {
    const bed = await talking({ media: 'direct' });
    bed.agent.onReinvite = () => ({ kind: 'refused', status: 491, reason: 'Request Pending' });
    await bed.bridge('q');
    bed.agent.end();
    await settle();
    assert.deepEqual(bed.posted.at(-1), { type: 'agent-hung-up', queueId: 'q' });
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('has failed when one side can neither be reached directly nor called back', async () => {
    const bed = await talking({ media: 'direct' });
    const answers = [sdp('v=0 agent'), refusal];
    bed.agent.onReinvite = () => answers.shift() ?? refusal;
    bed.dialog.onReinvite = () => refusal;
    await bed.bridge('q');
    assert.equal(bed.posted.at(-1)?.type, 'agent-failed');
    assert.equal(bed.endpoint.bridgedTo, undefined, 'the customer can be played to');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is recorded where that is asked for, and then stays with the media server', async () => {
    const recording = '/rec/{service}/{date}-{time}/{callbackId}-{attempt}.wav';
    const bed = await talking({ media: 'direct', recording });
    bed.clock.setWallClock(Date.UTC(2026, 10, 27, 14, 25, 1));
    await bed.bridge('q');
    assert.deepEqual(bed.endpoint.recordings, ['/rec/sales/20261127-142501/cb-1-1.wav']);
    assert.deepEqual(bed.agent.reinvites, []);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('gives up an agent from whom no RTP comes', async () => {
    const bed = await handoffBed({}, { mediaSilenceMaxMs: 20_000 });
    (await bed.search()).answer();
    await settle();
    assert.equal(bed.telephony.endpoints.at(-1)?.watchedForMs, 20_000);
    await bed.bridge('q');
    bed.telephony.endpoints.at(-1)?.vanish();
    await settle();
    assert.deepEqual(bed.posted.at(-1), { type: 'agent-hung-up', queueId: 'q' });
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});
