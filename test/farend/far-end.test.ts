import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWavFile } from '../../src/embedded/rtp/wav.js';
import type { PersonaName } from '../../src/farend/far-end.js';
import { recognise } from '../../src/farend/recognise.js';
import { loadSounds, TREATMENTS, VOICES } from './media.js';
import { farEndStage, TEMPO, until, whats } from './far-end-stage.js';

describe('far end', () => {
  const stage = farEndStage();
  const { start, untilEnded, heardBy } = stage;

  describe('the personas', () => {
    it('human rings, answers, says hello again and again, and ends with the caller', async () => {
      const caller = await start('human');
      const ok = await caller.connect();
      assert.match(ok.header('To') ?? '', /;tag=\S+/);
      assert.match(ok.header('Contact') ?? '', /<sip:4420@127\.0\.0\.1:\d+>/);
      await until(() => caller.heard.length > 8000 * 1.4, 'two times hello');
      caller.bye();
      await caller.response(200, 'BYE');
      const call = await untilEnded();
      assert.equal(call.endedBy, 'caller');
      assert.ok(call.answeredAtMs !== undefined && call.answeredAtMs >= 25);
      assert.deepEqual(whats(call).slice(0, 4), [
        'INVITE received',
        '180 sent',
        '200 sent',
        'ACK received',
      ]);
      const heard = recognise(
        Int16Array.from(caller.heard),
        await loadSounds(['far-end/hello'], stage.media),
      );
      const share = heard.reduce((sum, { heardFraction }) => sum + heardFraction, 0);
      assert.ok(share > 1.5, `heard ${share} hellos`);
    });

    it('voicemail greets, beeps, and hangs up after the message', async () => {
      const caller = await start('voicemail-beep');
      await caller.connect();
      await caller.incoming('BYE');
      const call = await untilEnded();
      assert.equal(call.endedBy, 'far-end');
      assert.deepEqual(await heardBy(caller, VOICES), ['far-end/greeting']);
      const says = whats(call).filter((what) => what.startsWith('says'));
      assert.deepEqual(says, ['says far-end/greeting.wav', 'says tone 1000 Hz']);
    });

    it('voicemail goes on listening while the caller speaks', async () => {
      const caller = await start('voicemail-no-beep', { tempo: { ...TEMPO, quietMaxMs: 150 } });
      await caller.connect();
      await until(
        () =>
          stage.farEnd.calls().some((call) => whats(call).includes('says far-end/greeting.wav')),
        'the greeting',
      );
      const [greeting] = await loadSounds(['far-end/greeting'], stage.media);
      await new Promise((resolve) => setTimeout(resolve, greeting!.pcm.length / 8));
      const [machine] = await loadSounds(['machine']);
      const message = machine!.pcm.subarray(0, 8000);
      await caller.play(message);
      assert.equal(stage.ended.length, 0, 'still recording after a second of message');
      await caller.incoming('BYE');
    });

    it('fax sends its answer tone', async () => {
      const caller = await start('fax');
      await caller.connect();
      await until(() => caller.heard.length > 8000, 'a second of sound');
      const tone = Int16Array.from(caller.heard.slice(4000, 8000));
      assert.ok(share(tone, 2100) > 0.95, `${share(tone, 2100)} of the energy at 2100 Hz`);
    });

    const refusals: readonly [PersonaName, number, RegExp][] = [
      ['busy', 486, /^Reason: Q\.850;cause=17/m],
      ['agent-busy', 486, /^Reason: Q\.850;cause=17/m],
      ['declined', 603, /^Reason: Q\.850;cause=21/m],
      ['unreachable', 503, /^Retry-After: 30/m],
      ['invalid-number', 484, /^Reason: Q\.850;cause=28/m],
    ];
    for (const [persona, status, header] of refusals) {
      it(`${persona} refuses with ${status}`, async () => {
        const caller = await start(persona);
        caller.invite();
        const response = await caller.response(status);
        assert.match(response.text, header);
        assert.equal((await untilEnded()).endedBy, 'rejected');
      });
    }

    const tones: readonly [PersonaName, number, number][] = [
      ['busy-tone', 486, 480],
      ['reorder', 503, 620],
      ['sit', 404, 1400],
    ];
    for (const [persona, status, hz] of tones) {
      it(`${persona} is heard as early media, and ends with ${status} or a CANCEL`, async () => {
        const caller = await start(persona, { tempo: { ...TEMPO, giveUpMs: 1 } });
        caller.invite();
        assert.match((await caller.response(183)).body, /m=audio \d+ RTP\/AVP 0 101/);
        const isInformation = persona.startsWith('sit');
        await until(() => caller.heard.length > (isInformation ? 8800 : 3600), 'the tone');
        assert.ok(share(Int16Array.from(caller.heard), hz) > 0.05, `${hz} Hz is heard`);
        if (isInformation) {
          caller.cancel();
          await caller.response(487);
          assert.equal((await untilEnded()).endedBy, 'cancelled');
        } else {
          await caller.response(status);
          assert.equal((await untilEnded()).endedBy, 'rejected');
        }
      });
    }

    for (const persona of ['no-answer', 'agent-no-answer'] as const) {
      it(`${persona} rings until it is cancelled`, async () => {
        const caller = await start(persona);
        caller.invite();
        await caller.response(180);
        caller.cancel();
        await caller.response(200, 'CANCEL');
        await caller.response(487, 'INVITE');
        assert.equal((await untilEnded()).endedBy, 'cancelled');
      });
    }

    it('silent answers and sends digital silence', async () => {
      const caller = await start('silent');
      await caller.connect();
      await until(() => caller.heard.length > 4000, 'RTP');
      assert.ok(caller.heard.every((sample) => Math.abs(sample) <= 8));
    });

    it('late-cancel answers what is being cancelled, and takes the BYE', async () => {
      const caller = await start('late-cancel');
      caller.invite();
      await caller.response(180);
      caller.cancel();
      await caller.response(200, 'INVITE');
      assert.ok(!caller.received.some(({ status }) => status === 487));
      caller.bye();
      await caller.response(200, 'BYE');
      const call = await untilEnded();
      assert.equal(call.endedBy, 'caller');
      assert.ok(whats(call).indexOf('CANCEL received') < whats(call).indexOf('200 sent'));
    });

    it('hangs-up-during-treatment leaves only once it hears something', async () => {
      const caller = await start('hangs-up-during-treatment');
      await caller.connect();
      const [connect] = await loadSounds(['connect']);
      await caller.play(new Int16Array(8000)); // a second of digital silence
      assert.equal(stage.ended.length, 0);
      await caller.play(connect!.pcm.subarray(0, 8000));
      await caller.incoming('BYE');
      const call = await untilEnded();
      assert.equal(call.endedBy, 'far-end');
      const [heard] = recognise(call.recording, await loadSounds(TREATMENTS));
      assert.equal(heard?.name, 'connect');
      assert.ok(heard.heardFraction < 0.4);
    });

    it('hangs-up-at-once says BYE after the ACK, never before', async () => {
      const caller = await start('hangs-up-at-once');
      caller.autoAck = false;
      const ok = await caller.connect();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok(!caller.received.some(({ method, status }) => method === 'BYE' && status === 0));
      caller.ack(ok);
      await caller.incoming('BYE');
      assert.equal((await untilEnded()).endedBy, 'far-end');
    });

    for (const persona of ['agent', 'queue'] as const) {
      it(`${persona} introduces itself and hangs up after the conversation`, async () => {
        const caller = await start(persona);
        await caller.connect();
        await caller.incoming('BYE');
        assert.deepEqual(await heardBy(caller, VOICES), ['far-end/agent']);
      });
    }
  });

  describe('what was heard', () => {
    it('is recorded through loss and a wrap of sequence and timestamp, and recognised', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'farend-'));
      const caller = await start('silent', {
        recordDirectory: folder,
        tempo: { ...TEMPO, giveUpMs: 20_000 },
      });
      await caller.connect({ headers: ['X-Attempt: 2', 'User-to-User: abc;encoding=hex'] });
      const [connect] = await loadSounds(['connect']);
      const pcm = new Int16Array(3000 + 9600);
      pcm.set(connect!.pcm.subarray(0, 9600), 3000);
      await caller.play(pcm, (n) => n % 40 === 17);
      caller.bye();
      const call = await untilEnded();
      const [heard, ...others] = recognise(call.recording, await loadSounds(TREATMENTS));
      assert.equal(heard?.name, 'connect');
      assert.equal(others.length, 0);
      assert.ok(Math.abs(heard.startMs - 375) <= 25, `heard at ${heard.startMs} ms`);
      const heardMs = (heard.heardFraction * connect!.pcm.length) / 8;
      assert.ok(heardMs > 1000 && heardMs < 1250, `${heardMs} ms heard`);
      assert.equal(call.lostPackets, 2);
      assert.ok(call.packets > 70 && call.maxGapMs >= 20, `${call.packets} ${call.maxGapMs}`);
      assert.deepEqual(call.headers, { 'X-Attempt': '2', 'User-to-User': 'abc;encoding=hex' });
      assert.equal(call.fromUser, '1000');
      assert.equal(call.userPart, '4420');
      await until(() => stage.farEnd.stats().recordingsBeingWritten === 0, 'the file');
      const [file = ''] = await readdir(folder);
      assert.match(file, /^silent-call-[\w-]+\.wav$/);
      const written = await readWavFile(join(folder, file));
      assert.ok(written.ok && written.pcm.length === call.recording.length);
      await rm(folder, { recursive: true });
    });

    it('goes on in A-law, and when another sender takes the call over', async () => {
      const caller = await start('silent', { tempo: { ...TEMPO, giveUpMs: 20_000 } });
      caller.law = 'alaw';
      const ok = await caller.connect({ sdp: caller.sdp.replace('AVP 0 8', 'AVP 8 0') });
      assert.match(ok.body, /RTP\/AVP 8 101/);
      const [hello, agent] = await loadSounds(['far-end/hello', 'far-end/agent']);
      await caller.play(hello!.pcm);
      caller.becomeAnotherSender();
      await caller.play(agent!.pcm.subarray(0, 8000));
      caller.bye();
      const call = await untilEnded();
      const heard = recognise(call.recording, await loadSounds(VOICES));
      assert.deepEqual(
        heard.map(({ name }) => name),
        ['far-end/hello', 'far-end/agent'],
      );
      assert.ok(call.recording.length < 8000 * 4, 'no hole where the clock jumped');
    });
  });
});

/** Share of the energy near one frequency, by Goertzel's sum over blocks of 20 ms. */
function share(pcm: Int16Array, hz: number): number {
  const block = 160;
  let near = 0;
  let total = 0;
  for (let start = 0; start + block <= pcm.length; start += block) {
    let re = 0;
    let im = 0;
    for (let i = 0; i < block; i++) {
      const x = pcm[start + i] ?? 0;
      re += x * Math.cos((2 * Math.PI * hz * i) / 8000);
      im += x * Math.sin((2 * Math.PI * hz * i) / 8000);
      total += x * x;
    }
    near += (2 * (re * re + im * im)) / block;
  }
  return total === 0 ? 0 : near / total;
}
