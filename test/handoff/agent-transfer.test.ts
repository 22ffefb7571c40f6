import assert from 'node:assert/strict';
import type { ServiceConfig } from '../../src/config/config.js';
import type { FakeCall, FakeDialog } from '../fakes/fake-telephony.js';
import { settle } from '../fakes/fake-telephony.js';
import { HANDOFF, SERVICE_OPTIONS } from '../fakes/service-config.js';
import { handoffBed, NOTHING_LEFT } from './bed.js';

const TARGET = 'sip:second-line@pbx';

describe('An agent who transfers the customer by REFER', () => {
  async function talking(more: Partial<ServiceConfig> = {}) {
    const bed = await handoffBed({}, more);
    const first = await bed.search();
    const agent = first.answer();
    await settle();
    await bed.bridge('q');
    bed.posted.length = 0;
    const said: string[] = [];
    const refer = async (target = TARGET, by: FakeDialog = agent): Promise<FakeCall> => {
      by.askForTransfer?.({
        target,
        refuse: (status) => said.push(`refused ${status}`),
        follow: () => {
          said.push('accepted');
          return (status, reason) => said.push(`${status} ${reason}`);
        },
      });
      await settle();
      return bed.lastCall();
    };
    return { bed, agent, refer, said };
  }

  const over = (dialog: FakeDialog): boolean => dialog.hasEnded;

  it('is told how it goes, and released once the customer talks to the other', async () => {
    const { bed, agent, refer, said } = await talking();
    const second = await refer();
    assert.equal(second.request.uri, TARGET);
    second.ring();
    assert.ok(!over(agent), 'the two talk on');
    second.answer();
    await settle();
    assert.deepEqual(said, ['accepted', '100 Trying', '180 Ringing', '200 OK']);
    assert.equal(agent.endedWith, 'transferred');
    assert.equal(bed.endpoint.bridgedTo, bed.telephony.endpoints.at(-1));
    const { transfer, connectedTo } = bed.known();
    assert.deepEqual([transfer, connectedTo], ['transferred', TARGET]);
    assert.deepEqual(bed.posted, []);
    second.dialog?.end();
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'agent-hung-up', queueId: 'q' }]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('may hang up at once: the customer hears the waiting treatment until somebody answers', async () => {
    const { bed, agent, refer } = await talking();
    const second = await refer();
    agent.end();
    await settle();
    assert.deepEqual(bed.posted, []);
    assert.deepEqual(bed.playing(), [['/m/waiting.wav']]);
    second.answer();
    await settle();
    assert.deepEqual(bed.playing(), []);
    assert.equal(bed.endpoint.bridgedTo, bed.telephony.endpoints.at(-1));
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('leaves no silence behind where no waiting treatment can be played', async () => {
    const { bed, agent, refer } = await talking({
      options: { ...SERVICE_OPTIONS, waitingForAgentTreatment: undefined },
    });
    await refer();
    agent.end();
    await settle();
    assert.deepEqual(bed.playing(), [['/p/comfort.wav']]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('leaves the customer with the comfort sound where the treatment cannot be played', async () => {
    const { bed, agent, refer } = await talking();
    await refer();
    agent.end();
    await settle();
    bed.telephony.plays.at(-1)?.end({ kind: 'failed', why: 'PLAY_NOT_FOUND' });
    await settle();
    assert.deepEqual(bed.playing(), [['/p/comfort.wav']]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('has the customer hear nothing no longer than the service allows', async () => {
    const { waitingForAgentTreatment: waiting } = SERVICE_OPTIONS;
    assert.ok(waiting);
    const fetched = { ...waiting, file: 'http://127.0.0.1/slow.wav' };
    const { bed, agent, refer } = await talking({
      options: { ...SERVICE_OPTIONS, waitingForAgentTreatment: fetched, humanSilenceMaxMs: 3000 },
    });
    bed.files.fetch = () => new Promise(() => undefined);
    await refer();
    agent.end();
    await bed.clock.advance(2999);
    await settle();
    assert.deepEqual(bed.playing(), []);
    await bed.clock.advance(1);
    await settle();
    assert.deepEqual(bed.playing(), [['/p/comfort.wav']]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is recorded no further than the agent’s own part of the conversation', async () => {
    const recording = '/rec/{callbackId}.wav';
    for (const leavesAtOnce of [false, true]) {
      const { bed, agent, refer } = await talking({ handoff: { ...HANDOFF, recording } });
      const second = await refer();
      assert.ok(bed.endpoint.isRecording, 'while the two talk on');
      if (leavesAtOnce) agent.end();
      await settle();
      assert.equal(bed.endpoint.isRecording, !leavesAtOnce);
      second.answer();
      await settle();
      assert.equal(bed.endpoint.bridgedTo, bed.telephony.endpoints.at(-1));
      assert.ok(!bed.endpoint.isRecording, 'the other side is not recorded');
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    }
  });

  it('may be followed by a transfer of whom it went to, who may hang up at once as well', async () => {
    const { bed, refer, said } = await talking();
    const second = (await refer()).answer();
    await settle();
    said.length = 0;
    const third = await refer('sip:third-line@pbx', second);
    assert.equal(third.request.uri, 'sip:third-line@pbx');
    second.end();
    await settle();
    assert.deepEqual(bed.posted, [], 'the customer waits for the third');
    assert.deepEqual(bed.playing(), [['/m/waiting.wav']]);
    const farDialog = third.answer();
    await settle();
    assert.deepEqual(said, ['accepted', '100 Trying', '200 OK']);
    assert.equal(bed.endpoint.bridgedTo, bed.telephony.endpoints.at(-1));
    assert.equal(bed.known().connectedTo, 'sip:third-line@pbx');
    farDialog.end();
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'agent-hung-up', queueId: 'q' }]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is offered to every far side, in the INVITE', async () => {
    const { bed, refer } = await talking();
    const second = await refer();
    const [customer, ...far] = bed.telephony.calls.map(({ request }) => request.mayRefer);
    assert.deepEqual([customer, far, second.request.mayRefer], [undefined, [true, true], true]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('has the customer still when nobody answers, and may try again', async () => {
    const { bed, agent, refer, said } = await talking();
    (await refer()).fail(486);
    await settle();
    assert.deepEqual(said, ['accepted', '100 Trying', '486 not reached']);
    assert.ok(!over(agent) && !bed.dialog.hasEnded);
    assert.deepEqual(bed.posted, []);
    (await refer()).answer();
    await settle();
    assert.equal(agent.endedWith, 'transferred');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('has the customer back when the two cannot be connected', async () => {
    const { bed, agent, refer, said } = await talking();
    const theirs = bed.endpoint.bridgedTo;
    const second = await refer();
    const bridge = bed.endpoint.bridge.bind(bed.endpoint);
    bed.endpoint.bridge = (other) =>
      other === theirs ? bridge(other) : Promise.reject(new Error('no such channel'));
    second.answer();
    await settle();
    assert.deepEqual(said, ['accepted', '100 Trying', '503 not reached'], 'and is not told 200');
    assert.equal(bed.endpoint.bridgedTo, theirs);
    assert.ok(!over(agent) && second.dialog?.hasEnded);
    assert.deepEqual(bed.posted, []);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('has the customer back when the other hangs up before the two are connected', async () => {
    const { bed, agent, refer, said } = await talking();
    const theirs = bed.endpoint.bridgedTo;
    const second = await refer();
    const unbridge = bed.endpoint.unbridge.bind(bed.endpoint);
    bed.endpoint.unbridge = () => {
      second.dialog?.end();
      return unbridge();
    };
    second.answer();
    await settle();
    assert.deepEqual(said, ['accepted', '100 Trying', '480 not reached']);
    assert.equal(bed.endpoint.bridgedTo, theirs);
    assert.ok(!over(agent));
    assert.deepEqual(bed.posted, []);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('hears no music in the conversation when the agent leaves while the two are connected', async () => {
    const { bed, agent, refer } = await talking();
    const second = await refer();
    const bridge = bed.endpoint.bridge.bind(bed.endpoint);
    bed.endpoint.bridge = async (other) => {
      agent.end();
      await bridge(other);
    };
    second.answer();
    await settle();
    assert.equal(bed.endpoint.bridgedTo, bed.telephony.endpoints.at(-1));
    assert.deepEqual(bed.playing(), []);
    assert.deepEqual(bed.posted, []);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('comes to nothing once the two talk past the media server', async () => {
    const { bed, agent, refer, said } = await talking();
    const second = await refer();
    await bed.customer.call.releaseMedia();
    second.answer();
    await settle();
    assert.deepEqual(said.at(-1), '503 not reached');
    assert.ok(!over(agent) && second.dialog?.hasEnded);
    assert.deepEqual(bed.posted, []);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('leaves nobody when both the agent and the other are gone', async () => {
    const { bed, agent, refer } = await talking();
    const second = await refer();
    agent.end();
    second.fail(480);
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'agent-hung-up', queueId: 'q' }]);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  for (const target of [
    'sip:+19005550100@127.0.0.1:5999',
    'sip:a@pbx:5070',
    'sip:a@pbx;maddr=192.0.2.9',
    'sips:a:secret@pbx',
  ]) {
    it(`is refused ${target}, which is not on the list`, async () => {
      const { bed, agent, refer, said } = await talking();
      const count = bed.telephony.calls.length;
      await refer(target);
      assert.deepEqual(said, ['refused 403']);
      assert.equal(bed.telephony.calls.length, count);
      assert.ok(!over(agent));
      assert.deepEqual(await bed.end(), NOTHING_LEFT);
    });
  }

  it('is refused a second one while the first is under way, which ends with the customer', async () => {
    const { bed, refer, said } = await talking();
    const second = await refer();
    await refer();
    assert.equal(said.at(-1), 'refused 603');
    bed.farSides.dropAll('the customer hung up');
    await settle();
    assert.equal(second.cancelledWith, 'the customer hung up');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});
