import assert from 'node:assert/strict';
import { settle } from '../fakes/fake-telephony.js';
import { SEARCH } from '../fakes/service-config.js';
import { handoffBed, NOTHING_LEFT } from './bed.js';

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
