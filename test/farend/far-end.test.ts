import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gate } from '../../src/embedded/gates.js';
import { readWavFile } from '../../src/embedded/rtp/wav.js';
import {
  startFarEnd,
  type FarEnd,
  type FarEndOptions,
  type HeardCall,
  type PersonaName,
  type Tempo,
} from '../../src/farend/far-end.js';
import { recognise } from '../../src/farend/recognise.js';
import { Caller, offer } from './caller.js';
import { loadSounds, shortVoices, TREATMENTS, VOICES } from './media.js';

/** A hurried world: what takes seconds elsewhere takes tens of milliseconds here. */
const TEMPO: Partial<Tempo> = {
  ringMs: 30,
  machineRingMs: 30,
  agentRingMs: 30,
  helloAfterMs: 20,
  helloEveryMs: 100,
  beepAfterMs: 50,
  quietMaxMs: 200,
  messageMaxMs: 2000,
  giveUpMs: 1000,
  conversationMs: 100,
  queueMs: 60,
  hangUpAfterMs: 400,
};

/** The voices, cut short. */
let media: string;
let farEnd: FarEnd;
let ended: HeardCall[];
const callers: Caller[] = [];

async function start(persona: PersonaName, more: Partial<FarEndOptions> = {}): Promise<Caller> {
  ended = [];
  farEnd = await startFarEnd({
    rules: () => persona,
    mediaDirectory: media,
    tempo: TEMPO,
    t1Ms: 20,
    ...more,
  });
  farEnd.onCallEnded((call) => ended.push(call));
  return anotherCaller();
}

async function anotherCaller(): Promise<Caller> {
  const caller = await Caller.open(farEnd.port);
  callers.push(caller);
  return caller;
}

/** Waits for something that no message on the wire tells of. */
async function until(isTrue: () => boolean, what: string): Promise<void> {
  const endAtMs = performance.now() + 4000;
  while (!isTrue()) {
    if (performance.now() > endAtMs) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const lastCall = (): HeardCall => {
  const call = ended.at(-1);
  assert.ok(call, 'a call has ended');
  return call;
};

const whats = (call: HeardCall): string[] => call.ladder.map(({ what }) => what);

async function untilEnded(): Promise<HeardCall> {
  await until(() => ended.length > 0, 'the end of the call');
  return lastCall();
}

async function heardBy(caller: Caller, names: readonly string[]): Promise<readonly string[]> {
  const found = recognise(Int16Array.from(caller.heard), await loadSounds(names, media));
  return found.map(({ name }) => name);
}

describe('far end', () => {
  before(async () => {
    media = await shortVoices(600);
  });

  after(() => rm(media, { recursive: true }));

  afterEach(async () => {
    await farEnd.stop();
    const { sip, ...own } = farEnd.stats();
    assert.deepEqual(own, { liveCalls: 0, timers: 0, recordingsBeingWritten: 0 });
    assert.deepEqual(sip, { clientTransactions: 0, serverTransactions: 0, timers: 0 });
    for (const caller of callers.splice(0)) caller.close();
  });

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
        await loadSounds(['far-end/hello'], media),
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
        () => farEnd.calls().some((call) => whats(call).includes('says far-end/greeting.wav')),
        'the greeting',
      );
      const [greeting] = await loadSounds(['far-end/greeting'], media);
      await new Promise((resolve) => setTimeout(resolve, greeting!.pcm.length / 8));
      const [machine] = await loadSounds(['machine']);
      const message = machine!.pcm.subarray(0, 8000);
      await caller.play(message);
      assert.equal(ended.length, 0, 'still recording after a second of message');
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
      assert.equal(ended.length, 0);
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
      await until(() => farEnd.stats().recordingsBeingWritten === 0, 'the file');
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

  describe('as a user agent', () => {
    it('answers a hold and its end, and stops sending meanwhile', async () => {
      const caller = await start('human');
      await caller.connect();
      await until(() => caller.heard.length > 1600, 'RTP');
      caller.request('INVITE', { sdp: caller.sdp.replace('sendrecv', 'sendonly') });
      await until(() => answersTo(caller, 2).length > 0, 'the answer to the hold');
      const [held] = answersTo(caller, 2);
      assert.match(held!.body, /^a=recvonly\r$/m);
      assert.match(held!.body, /^o=far-end \d+ 2 /m);
      await new Promise((resolve) => setTimeout(resolve, 40));
      const count = caller.heard.length;
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(caller.heard.length, count);
      caller.request('INVITE', { sdp: caller.sdp });
      await until(() => caller.heard.length > count + 1600, 'RTP again');
    });

    it('makes an offer of its own when there is none, and takes the answer from the ACK', async () => {
      const caller = await start('agent');
      caller.autoAck = false;
      const ok = await caller.connect({ sdp: '' });
      assert.match(ok.body, /RTP\/AVP 0 8 101/);
      caller.ack(ok, caller.sdp);
      await until(() => caller.heard.length > 3200, 'RTP');
    });

    it('repeats its 200 until the ACK comes, and hangs up when it never does', async () => {
      const caller = await start('human');
      caller.autoAck = false;
      await caller.connect();
      await caller.incoming('BYE');
      const copies = caller.received.filter(({ status }) => status === 200);
      assert.ok(copies.length > 3, `${copies.length} copies of the 200`);
      assert.ok(whats(await untilEnded()).includes('no ACK'));
    });

    const cases: readonly [string, number, (caller: Caller) => void][] = [
      ['OPTIONS', 200, (caller) => caller.request('OPTIONS')],
      ['an INFO outside a dialog', 481, (caller) => caller.request('INFO')],
      ['a BYE outside a dialog', 481, (caller) => caller.request('BYE')],
      ['a method it knows but does not do', 405, (caller) => caller.request('SUBSCRIBE')],
      ['a method it has never heard of', 501, (caller) => caller.request('DANCE')],
      ['an INVITE without Contact', 400, (caller) => caller.invite({ without: 'Contact' })],
      ['a codec it has not', 488, (caller) => caller.invite({ sdp: offer(4000, '18') })],
      ['a body that is no SDP', 488, (caller) => caller.invite({ sdp: 'hello' })],
      [
        'an extension it has not',
        420,
        (caller) => caller.invite({ headers: ['Require: 100rel, replaces'] }),
      ],
    ];
    for (const [what, status, send] of cases) {
      it(`answers ${what} with ${status}`, async () => {
        const caller = await start('human');
        send(caller);
        await caller.response(status);
      });
    }

    it('answers INFO and OPTIONS inside a call, refuses others and old CSeqs', async () => {
      const caller = await start('human');
      await caller.connect();
      caller.request('INFO');
      await caller.response(200, 'INFO');
      caller.request('OPTIONS');
      await caller.response(200, 'OPTIONS');
      caller.request('REFER');
      await caller.response(405, 'REFER');
      caller.bye();
      await caller.response(200, 'BYE');
      caller.request('INFO');
      await caller.response(481, 'INFO');
    });

    it('gives 404 for a number nobody has, and 503 beyond its size', async () => {
      const caller = await start('human', {
        rules: (user) => (user === '4420' ? 'human' : undefined),
        maxCalls: 1,
      });
      await caller.connect();
      const second = await anotherCaller();
      second.invite();
      assert.match((await second.response(503)).text, /^Retry-After: 5/m);
      const third = await anotherCaller();
      caller.bye();
      await caller.response(200, 'BYE');
      third.invite({ user: '4421' });
      await third.response(404);
    });

    it('answers 500 when its rules fail, and performs a script that is no persona', async () => {
      const caller = await start('human', {
        rules: (user) => {
          if (user === '1') throw new Error('no such rule');
          return { steps: [{ step: 'reject', rejection: { status: 410, reason: 'Moved away' } }] };
        },
      });
      caller.invite({ user: '1' });
      await caller.response(500);
      const other = await anotherCaller();
      other.invite({ user: '2' });
      assert.match((await other.response(410)).text, /^SIP\/2\.0 410 Moved away/);
      assert.equal((await untilEnded()).persona, 'script');
    });

    it('answers nothing any more once its party has vanished', async () => {
      const steps = [{ step: 'answer' }, { step: 'vanish' }] as const;
      const caller = await start('human', { rules: () => ({ steps }) });
      await caller.connect();
      assert.equal((await untilEnded()).endedBy, 'vanished');
      caller.bye();
      caller.request('OPTIONS');
      const other = await anotherCaller();
      await other.connect(); // its answer comes after the two were read
      assert.deepEqual(
        caller.received.filter(({ method }) => method !== 'INVITE').map(({ text }) => text),
        [],
      );
    });

    it('answers with the body that its script names', async () => {
      const steps = [{ step: 'answer', sdp: 'no description at all' }] as const;
      const caller = await start('human', { rules: () => ({ steps }) });
      assert.equal((await caller.connect()).body, 'no description at all');
    });

    it('lets the network between lose what it will', async () => {
      const passed: string[] = [];
      const lossy: Gate = (describe) => passed.push(describe());
      const open: Gate = (_describe, forward) => forward();
      const rtp = { inward: lossy, outward: lossy };
      const caller = await start('human', {
        network: { sip: { inward: open, outward: open }, rtp },
      });
      await caller.connect();
      await until(() => passed.some((text) => text.startsWith('rtp ')), 'a lost packet');
      assert.deepEqual(caller.heard, []);
    });

    it('survives garbage, and goes on answering', async () => {
      const caller = await start('human');
      for (const bytes of ['', '\r\n\r\n', 'INVITE', 'x'.repeat(60_000), '\0\x01\x02'.repeat(99)]) {
        caller.raw(bytes);
      }
      caller.raw(
        `INVITE sip:x SIP/2.0\r\nVia: ;;;\r\nFrom: <\r\nTo: >\r\nCall-ID: \r\nCSeq: x\r\n\r\n`,
      );
      await caller.connect();
    });

    it('serves many calls at once, each with its own persona', async () => {
      const caller = await start('human', {
        rules: (user, headers) => (headers['X-Who'] === 'fax' || user === '0' ? 'busy' : 'human'),
      });
      const others = await Promise.all(Array.from({ length: 20 }, () => anotherCaller()));
      const answers = others.map((other, n) =>
        n % 2 === 0
          ? other.connect()
          : (other.invite({ headers: ['X-Who: fax'] }), other.response(486)),
      );
      await Promise.all([caller.connect(), ...answers]);
      assert.equal(farEnd.stats().liveCalls, 11);
    });

    it('stops with BYE for answered calls and a refusal for ringing ones', async () => {
      const caller = await start('human', {
        rules: (user) => (user === '1' ? 'no-answer' : 'human'),
      });
      await caller.connect();
      const ringing = await anotherCaller();
      ringing.invite({ user: '1' });
      await ringing.response(180);
      const stopped = farEnd.stop();
      await caller.incoming('BYE');
      await ringing.response(480);
      await stopped;
    });
  });
});

function answersTo(caller: Caller, cseq: number) {
  return caller.received.filter(
    (message) => message.status === 200 && message.header('CSeq') === `${cseq} INVITE`,
  );
}

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
