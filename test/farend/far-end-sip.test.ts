import assert from 'node:assert/strict';
import type { Gate } from '../../src/embedded/gates.js';
import type { Caller } from './caller.js';
import { offer } from './caller.js';
import { farEndStage, until, whats } from './far-end-stage.js';

describe('far end', () => {
  const stage = farEndStage();
  const { start, anotherCaller, untilEnded } = stage;

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

    it('sends its caller on by REFER, says what it was answered and told, and goes on', async () => {
      const refer = { step: 'refer', to: 'sip:desk@127.0.0.1:9' } as const;
      const ending = [{ step: 'wait', ms: 500 }, { step: 'hang-up' }] as const;
      const steps = [{ step: 'answer' }, refer, ...ending] as const;
      const caller = await start('human', { rules: () => ({ steps }) });
      await caller.connect();
      const asked = await caller.incoming('REFER');
      assert.equal(asked.header('Refer-To'), '<sip:desk@127.0.0.1:9>');
      caller.request('NOTIFY', { sdp: 'SIP/2.0 200 OK\r\n' });
      await caller.response(200, 'NOTIFY');
      await caller.incoming('BYE');
      const told = (await untilEnded()).ladder.map(({ what }) => what);
      for (const what of ['REFER sent', '200 received to REFER', 'told SIP/2.0 200 OK']) {
        assert.ok(told.includes(what), `${what} in ${told.join(', ')}`);
      }
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
      assert.equal(stage.farEnd.stats().liveCalls, 11);
    });

    it('stops with BYE for answered calls and a refusal for ringing ones', async () => {
      const caller = await start('human', {
        rules: (user) => (user === '1' ? 'no-answer' : 'human'),
      });
      await caller.connect();
      const ringing = await anotherCaller();
      ringing.invite({ user: '1' });
      await ringing.response(180);
      const stopped = stage.farEnd.stop();
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
