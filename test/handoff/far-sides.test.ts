import assert from 'node:assert/strict';
import { checked } from '../../src/adapters/telephony/sip-headers.js';
import { referTo } from '../../src/handoff/route-call.js';
import type { ReferOutcome } from '../../src/ports.js';
import { settle } from '../fakes/fake-telephony.js';
import { supportPlans } from '../fakes/queue-desk.js';
import { SEARCH } from '../fakes/service-config.js';
import { handoffBed, NOTHING_LEFT } from './bed.js';
import { agentPlan, agentQueue } from './queue/queue-world.js';

describe('a route point by REFER', () => {
  const asked = async (outcome: ReferOutcome) => {
    const bed = await handoffBed({ transfer: 'refer' });
    bed.dialog.whenReferred = () => Promise.resolve(outcome);
    await bed.route();
    const [target = ''] = bed.dialog.referredTo;
    assert.match(target, /^sip:8999@pbx\?X-GMS-Service-ID=cb-1&X-RouterData70=60$/);
    return bed;
  };

  it('is over for us when the customer’s side has called it', async () => {
    const bed = await asked({ kind: 'transferred', status: 200 });
    assert.deepEqual(bed.posted, [{ type: 'route-transferred', routeId: 'r' }]);
    assert.deepEqual(bed.known(), { transfer: 'referred', connectedTo: 'sip:8999@pbx' });
    assert.equal(bed.telephony.calls.length, 1, 'nobody but the customer was called');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  for (const [name, outcome] of Object.entries({
    refused: { kind: 'refused', status: 603, reason: 'Decline' },
    'never answered': { kind: 'unknown', why: 'no final NOTIFY within 30000 ms' },
  } as const)) {
    it(`is called by us when REFER is ${name}, and the record says why`, async () => {
      const bed = await asked(outcome);
      assert.equal(bed.lastCall().request.uri, 'sip:8999@pbx');
      bed.lastCall().answer();
      await settle();
      assert.deepEqual(bed.posted, [{ type: 'route-done', routeId: 'r' }]);
      await bed.bridge('r');
      const { transfer, transferDetail } = bed.known();
      assert.equal(transfer, 'bridged');
      assert.match(transferDetail ?? '', /^REFER: (603 Decline|no final NOTIFY)/);
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    });
  }

  describe('reported late', () => {
    const late = async () => {
      let report = (): void => {};
      const later = new Promise<void>((resolve) => (report = resolve));
      const bed = await asked({ kind: 'unknown', why: 'no final NOTIFY', later });
      assert.equal(bed.lastCall().request.uri, 'sip:8999@pbx');
      return { bed, report };
    };

    it('is over for us all the same, and our own call is called off', async () => {
      const { bed, report } = await late();
      report();
      await settle();
      assert.deepEqual(bed.posted, [{ type: 'route-transferred', routeId: 'r' }]);
      assert.equal(bed.known().transfer, 'referred');
      assert.ok(bed.lastCall().cancelledWith);
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    });

    it('is not heard once our own call was answered', async () => {
      const { bed, report } = await late();
      bed.lastCall().answer();
      await settle();
      report();
      await settle();
      assert.deepEqual(bed.posted, [{ type: 'route-done', routeId: 'r' }]);
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    });
  });

  it('calls nobody for a customer who hung up meanwhile', async () => {
    const bed = await handoffBed({ transfer: 'refer' });
    let settleRefer: (outcome: ReferOutcome) => void = () => {};
    bed.dialog.whenReferred = () => new Promise((resolve) => (settleRefer = resolve));
    await bed.route();
    bed.dialog.end();
    settleRefer({ kind: 'unknown', why: 'the far side hung up' });
    await settle();
    assert.equal(bed.telephony.calls.length, 1);
    assert.deepEqual(bed.posted, []);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('says nothing any more once it was dropped', async () => {
    const bed = await handoffBed({ transfer: 'refer' });
    let settleRefer: (outcome: ReferOutcome) => void = () => {};
    bed.dialog.whenReferred = () => new Promise((resolve) => (settleRefer = resolve));
    await bed.route();
    bed.farSides.drop('r');
    settleRefer({ kind: 'refused', status: 603, reason: 'Decline' });
    await settle();
    assert.equal(bed.telephony.calls.length, 1);
    assert.deepEqual(bed.posted, []);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});

describe('a Refer-To', () => {
  const uui = { 'User-to-User': '007b7d;encoding=hex' };

  it('carries what travels with the call, escaped', () => {
    const target = referTo('sip:8999@pbx', { 'X-Age': '90', ...uui });
    assert.equal(target, 'sip:8999@pbx?X-Age=90&User-to-User=007b7d%3Bencoding%3Dhex');
    assert.equal(referTo('sip:8999@pbx'), 'sip:8999@pbx');
  });

  it('leaves out what has no room, and is always one that may be sent', () => {
    const target = referTo('sip:8999@pbx', { 'X-Big': "!'()*".repeat(200), ...uui });
    assert.equal(target, 'sip:8999@pbx?User-to-User=007b7d%3Bencoding%3Dhex');
    const odd = referTo('sip:8999@pbx', { 'X-Odd': 'a b&c=d?e!\'()*>"' });
    assert.equal(checked('sip-uri', odd), odd);
  });
});

describe('a route point', () => {
  it('that points elsewhere (302) has failed: nobody is called whom it names', async () => {
    const bed = await handoffBed();
    await bed.route();
    const contacts = ['sip:+19005550100@elsewhere'];
    bed.lastCall().fail(302, { contacts });
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'route-failed', routeId: 'r', why: 'SIP 302 refused' }]);
    assert.equal(bed.telephony.calls.length, 2);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('that is not allowed fails with the reason, and is not called', async () => {
    const bed = await handoffBed();
    await bed.route('sip:1@elsewhere');
    const why = 'elsewhere is not among allowedDestinations';
    assert.deepEqual(bed.posted, [{ type: 'route-failed', routeId: 'r', why }]);
    assert.equal(bed.telephony.calls.length, 1);
    await bed.end();
  });

  it('is bridged by default, and its end is the end of the conversation', async () => {
    const bed = await handoffBed({ recording: '/rec/{callbackId}.wav' });
    await bed.route();
    assert.deepEqual(bed.dialog.referredTo, []);
    const farDialog = bed.lastCall().answer();
    await settle();
    await bed.bridge('r');
    assert.deepEqual(bed.endpoint.recordings, [], 'what leaves us is not recorded');
    farDialog.end();
    await settle();
    assert.deepEqual(bed.posted.at(-1), { type: 'conversation-ended' });
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});

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

describe('an agent', () => {
  const numbers = { 1: ['one.wav'], 2: ['two.wav'] };
  const whisper = ['sales.wav', '{minutes}', 'minutes.wav'];
  const accept = { digit: '1', timeoutMs: 5000 };
  const lastPlay = (bed: Awaited<ReturnType<typeof handoffBed>>) => bed.telephony.plays.at(-1);

  it('hears whom it is about before the two are connected; the customer hears nothing of it', async () => {
    const bed = await handoffBed({ whisper, numbers });
    const call = await bed.search();
    await bed.clock.advance(110_000);
    call.answer();
    await settle();
    assert.deepEqual(lastPlay(bed)?.files, ['/m/sales.wav', '/m/two.wav', '/m/minutes.wav']);
    assert.equal(lastPlay(bed)?.endpoint, bed.telephony.endpoints.at(-1));
    assert.deepEqual(bed.playing()[0], ['/m/waiting.wav'], 'the waiting treatment goes on');
    assert.deepEqual(bed.posted, [], 'not answered yet');
    lastPlay(bed)?.end();
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'agent-answered', queueId: 'q' }]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('takes the call with a key, also while it is being told', async () => {
    const bed = await handoffBed({ whisper, numbers, accept });
    (await bed.search()).answer();
    await settle();
    const agent = bed.telephony.endpoints.at(-1);
    agent?.press('2', 100);
    await settle();
    assert.deepEqual(bed.posted, [], 'another key says nothing');
    agent?.press('1', 100);
    await settle();
    assert.equal(lastPlay(bed)?.isPlaying, false);
    assert.deepEqual(bed.posted, [{ type: 'agent-answered', queueId: 'q' }]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('who presses nothing is a failed try, as a voicemail is', async () => {
    const bed = await handoffBed({ accept });
    (await bed.search()).answer();
    await bed.clock.advance(4999);
    assert.deepEqual(bed.posted, []);
    await bed.clock.advance(1);
    await settle();
    const why = 'sip:support@pbx: not accepted in time';
    assert.deepEqual(bed.posted, [{ type: 'agent-failed', queueId: 'q', why }]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('who hangs up while being told is a failed try, and the customer hears the music all along', async () => {
    const bed = await handoffBed({ whisper: ['sales.wav'], accept });
    const call = await bed.search();
    const agent = call.answer();
    await settle();
    assert.deepEqual(bed.playing(), [['/m/waiting.wav'], ['/m/sales.wav']]);
    agent.end();
    await settle();
    assert.deepEqual(bed.playing(), [['/m/waiting.wav']]);
    assert.deepEqual(
      bed.posted.map(({ type }) => type),
      ['agent-failed'],
    );
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('leaves no timer and no sound behind when the customer goes while it decides', async () => {
    const bed = await handoffBed({ whisper, numbers, accept });
    (await bed.search()).answer();
    await settle();
    lastPlay(bed)?.end();
    await settle();
    bed.farSides.drop('q');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
    assert.deepEqual(bed.posted, []);
  });

  it('is connected without a whisper that cannot be said', async () => {
    const bed = await handoffBed({ whisper, numbers: { 7: ['seven.wav'] } });
    (await bed.search()).answer();
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'agent-answered', queueId: 'q' }]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is asked nothing any more once it was taken for answered and talks to the customer', async () => {
    const confirmed = { search: { ...SEARCH, confirmTimeoutMs: 5000 } };
    const bed = await handoffBed({ whisper, numbers, accept }, confirmed);
    const call = await bed.search();
    call.ring(183, 'v=0 early');
    await bed.clock.advance(5000);
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'agent-answered', queueId: 'q' }]);
    await bed.bridge('q');
    call.answer();
    await settle();
    assert.deepEqual(bed.playing(), [], 'no whisper into the conversation');
    await bed.clock.advance(60_000);
    await settle();
    assert.equal(bed.posted.length, 1, 'and nobody is hung up for want of a key');
    assert.notEqual(bed.endpoint.bridgedTo, undefined);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});

describe('a far side that is heard before its answer', () => {
  const early = supportPlans('sip:support@pbx', 'sip:other@pbx');
  const passed = {
    agents: [],
    queues: early.queues.map((queue) => ({ ...queue, earlyMedia: 'pass' as const })),
  };
  const heard = async (handoff: Parameters<typeof handoffBed>[0] = {}) => {
    const bed = await handoffBed(handoff, {}, passed);
    const call = await bed.search();
    call.ring(183, 'v=0 early');
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'early-media', queueId: 'q', isHeard: true }]);
    void bed.player.stop('waiting');
    bed.farSides.listenIn('q', bed.customer);
    await settle();
    assert.deepEqual(bed.playing(), []);
    assert.notEqual(bed.endpoint.bridgedTo, undefined);
    return { bed, call };
  };

  it('is not connected anew when it answers', async () => {
    const { bed, call } = await heard();
    assert.equal(bed.endpoint.bridgeCount, 1);
    call.answer();
    await settle();
    assert.equal(bed.posted.at(-1)?.type, 'agent-answered');
    await bed.bridge('q');
    assert.equal(bed.endpoint.bridgeCount, 1);
    assert.equal(bed.known().transfer, 'bridged');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is not heard while its agent is screened, and connected anew afterwards', async () => {
    const { bed, call } = await heard({ whisper: ['sales.wav'] });
    const order: string[] = [];
    const unbridge = bed.endpoint.unbridge.bind(bed.endpoint);
    bed.endpoint.unbridge = async () => {
      await settle();
      order.push('apart');
      return unbridge();
    };
    call.answer();
    await settle();
    order.push(...bed.playing().map((files) => files.join()));
    assert.deepEqual(bed.posted.at(-1), { type: 'early-media', queueId: 'q', isHeard: false });
    await settle();
    order.push(...bed.playing().map((files) => files.join()));
    assert.deepEqual(order, ['apart', '/m/sales.wav'], 'no whisper into the customer’s ear');
    bed.player.play(bed.endpoint, { playId: 'waiting', file: 'waiting.wav', loop: true });
    await settle();
    assert.deepEqual(bed.playing(), [['/m/sales.wav'], ['/m/waiting.wav']]);
    bed.telephony.plays.find(({ files }) => files[0] === '/m/sales.wav')?.end();
    await settle();
    assert.equal(bed.posted.at(-1)?.type, 'agent-answered');
    await bed.bridge('q');
    assert.equal(bed.endpoint.bridgeCount, 2);
    assert.notEqual(bed.endpoint.bridgedTo, undefined);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is parted from before the customer is played to again', async () => {
    const { bed, call } = await heard();
    call.fail(480);
    await settle();
    assert.deepEqual(bed.posted.at(-1), { type: 'early-media', queueId: 'q', isHeard: false });
    bed.player.play(bed.endpoint, { playId: 'again', file: 'waiting.wav', loop: true });
    await settle();
    assert.equal(bed.endpoint.bridgedTo, undefined);
    assert.equal(bed.playing().length, 1);
    assert.equal(bed.lastCall().request.uri, 'sip:other@pbx', 'the search goes on');
    await bed.player.stop('again');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is parted from when the search is given up', async () => {
    const { bed, call } = await heard();
    bed.farSides.drop('q', 'waited too long', 'gave-up');
    await settle();
    assert.equal(bed.endpoint.bridgedTo, undefined);
    assert.equal(call.cancelledWith, 'waited too long');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});

describe('a place held ahead of the dial', () => {
  it('becomes a call beside the customer’s endpoint once the customer is there', async () => {
    const plans = { agents: [agentPlan('ann')], queues: [agentQueue('support', ['ann'])] };
    const bed = await handoffBed({}, {}, plans);
    const queue = { type: 'queue', queueId: 'q', queue: 'support', attemptsMax: 5 } as const;
    bed.farSides.search(queue, undefined);
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'agent-near', queueId: 'q', why: 'ann is kept free' }]);
    assert.equal(bed.telephony.calls.length, 1, 'the customer’s only');
    bed.farSides.callAgent('q', bed.customer);
    await settle();
    assert.equal(bed.lastCall().request.uri, 'sip:ann@pbx.example.net');
    assert.equal(bed.telephony.wishes.at(-1)?.beside, bed.endpoint);
    bed.farSides.drop('q', 'the customer hung up', 'abandoned');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});
