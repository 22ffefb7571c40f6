import assert from 'node:assert/strict';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import { controlBed, dialogIn, SDP, sentTransaction, text } from './control-bed.js';

const LARGE = `X-Large: ${'x'.repeat(1400)}`;

describe('The drachtio control server', () => {
  const bed = controlBed();
  const { login, bob, here, answerWith, call, fromPeer, inDialog } = bed;

  describe('for a call it makes', () => {
    it('sends an outbound proxy what is for somebody else', async () => {
      const app = await login();
      answerWith(486);
      await app.ask(
        `sip|||sip:127.0.0.1:${bed.peerPort}`,
        text('INVITE sip:x@far.invalid SIP/2.0'),
      );
      await app.status(486);
      assert.equal((await bed.peer.seen((m) => m.method === 'INVITE')).uri, 'sip:x@far.invalid');
    });

    it('makes the dialog at a reliable provisional, so that PRACK can be sent', async () => {
      const app = await login();
      bed.peer.script = (r) => {
        const headers = { Contact: `<${bob()}>`, Require: '100rel', RSeq: '7' };
        if (r.method === 'INVITE') bed.peer.answer(r, 183, { headers });
        if (r.method !== 'PRACK') return;
        bed.peer.answer(r, 200);
        const invite = bed.peer.received.find((m) => m.method === 'INVITE');
        if (invite) bed.peer.answer(invite, 200, { headers: { Contact: `<${bob()}>` }, body: SDP });
      };
      await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`));
      const dialog = dialogIn(await app.status(183));
      const prack = text('PRACK sip:placeholder SIP/2.0', ['RAck: 7 1 INVITE']);
      await app.ask(`sip||${dialog}`, prack);
      const got = await bed.peer.seen((m) => m.method === 'PRACK');
      assert.equal(got.get('RAck'), '7 1 INVITE');
      await app.next(({ sip }) => sip?.status === 200 && sip.cseq.method === 'INVITE');
      await app.ask(`sip||${dialog}`, text('ACK sip:placeholder SIP/2.0'));
      const invite = bed.peer.received.find((m) => m.method === 'INVITE');
      const ack = await bed.peer.seen((m) => m.method === 'ACK');
      assert.equal(ack.cseq.seq, invite?.cseq.seq);
    });

    it('acknowledges and ends the second of two called parties who both answer', async () => {
      const app = await login();
      const dialog = await call(app);
      const invite = await bed.peer.seen((m) => m.method === 'INVITE');
      const fork = SipMessage.response(200);
      for (const name of ['Via', 'From', 'Call-ID', 'CSeq']) fork.add(name, invite.get(name) ?? '');
      fork.add('To', `<${bob()}>;tag=fork`).add('Contact', `<${bob()}>`);
      bed.peer.send(fork, here());
      const bye = await bed.peer.seen((m) => m.method === 'BYE');
      assert.equal(bye.tagOf('To'), 'fork');
      assert.ok(bed.server.stats().dialogs === 1 && dialog);
    });

    it('hangs up an answer for an application that has gone', async () => {
      const app = await login();
      bed.peer.script = (r) => {
        if (r.method === 'BYE') bed.peer.answer(r, 200);
      };
      await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`));
      const invite = await bed.peer.seen((m) => m.method === 'INVITE');
      app.end();
      while (bed.server.stats().clients > 0) await new Promise((resolve) => setImmediate(resolve));
      bed.peer.answer(invite, 200, { headers: { Contact: `<${bob()}>` } });
      await bed.peer.seen((m) => m.method === 'ACK');
      await bed.peer.seen((m) => m.method === 'BYE');
      assert.equal(bed.server.stats().dialogs, 0);
    });

    it('answers 481 to the far end when the application of a call has gone', async () => {
      const app = await login();
      await call(app);
      const parts = await inDialog();
      app.end();
      while (bed.server.stats().clients > 0) await new Promise((resolve) => setImmediate(resolve));
      bed.peer.send(fromPeer('BYE', parts), here());
      await bed.peer.seen((m) => m.status === 481);
      assert.equal(bed.server.stats().dialogs, 0);
    });

    it('takes a request with the Call-ID of a live dialog into that dialog', async () => {
      const first = await login();
      await call(first);
      const { callId, to } = await inDialog();
      first.end();
      const second = await login();
      await second.ask('sip||', text(`BYE ${bob()} SIP/2.0`, [`Call-ID: ${callId}`]));
      await second.status(200);
      const bye = await bed.peer.seen((m) => m.method === 'BYE');
      assert.equal(bye.get('From'), to);
      assert.equal(bed.server.stats().dialogs, 0);
    });

    for (const contact of ['<tel:+4930>', '<sip:bob@127.0.0.1:5;transport=tls>', '<', '']) {
      it(`can be ended although the peer's Contact is "${contact}"`, async () => {
        const app = await login();
        const dialog = await call(app, contact);
        await app.ask(`sip||${dialog}`, text('BYE sip:placeholder SIP/2.0'));
        await bed.peer.seen((m) => m.method === 'BYE');
        await app.status(200);
        assert.equal(bed.server.stats().dialogs, 0);
      });
    }

    it('sends over TCP what is too large for a datagram', async () => {
      const app = await login();
      await bed.peer.startTcp();
      answerWith(486);
      const { sip } = await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`, [LARGE], SDP));
      assert.match(sip?.get('Via') ?? '', /^SIP\/2\.0\/TCP /, 'the application is told');
      await app.status(486);
      const ack = await bed.peer.seen((m) => m.method === 'ACK');
      assert.deepEqual(
        bed.peer.received.map(({ source }) => source?.transport),
        ['tcp', 'tcp'],
      );
      assert.match(ack.get('Via') ?? '', /^SIP\/2\.0\/TCP /);
      assert.equal(ack.branch, bed.peer.received[0]?.branch);
    });

    it('sends it over UDP after all to a peer that takes no connections, and remembers', async () => {
      const app = await login();
      answerWith(486);
      for (const via of ['SIP/2.0/TCP', 'SIP/2.0/UDP']) {
        bed.peer.received.length = 0;
        const { sip } = await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`, [LARGE], SDP));
        assert.equal(sip?.get('Via')?.split(' ')[0], via, 'as it was tried first');
        await app.status(486);
        await bed.peer.seen((m) => m.method === 'ACK');
        const got = bed.peer.received.map((m) => `${m.source?.transport ?? 'udp'} ${m.get('Via')}`);
        assert.equal(got.length, 2);
        for (const line of got) assert.match(line, /^udp SIP\/2\.0\/UDP /);
      }
    });

    it('stays on UDP, whatever the size, when the URI says so', async () => {
      const app = await login();
      await bed.peer.startTcp();
      answerWith(486);
      await app.ask('sip||', text(`INVITE ${bob()};transport=udp SIP/2.0`, [LARGE], SDP));
      await app.status(486);
      assert.equal(bed.peer.received[0]?.source?.transport, undefined);
    });

    for (const takesTcp of [false, true]) {
      it(`brings a large description in an ACK, TCP ${takesTcp ? 'taken' : 'refused'}`, async () => {
        const app = await login();
        if (takesTcp) await bed.peer.startTcp();
        answerWith(200);
        await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`));
        const dialog = dialogIn(await app.status(200));
        const body = `${SDP}a=${'x'.repeat(1400)}\r\n`;
        await app.ask(`sip||${dialog}`, text('ACK sip:placeholder SIP/2.0', [], body));
        const ack = await bed.peer.seen((m) => m.method === 'ACK');
        assert.equal(ack.body, body);
        assert.equal(ack.source?.transport, takesTcp ? 'tcp' : undefined);
      });
    }

    it('reaches a peer behind NAT at its source address', async () => {
      const app = await login();
      const dialog = await call(app, '<sip:bob@10.11.12.13:5099>');
      await app.ask(`sip||${dialog}`, text('BYE sip:placeholder SIP/2.0'));
      assert.equal(
        (await bed.peer.seen((m) => m.method === 'BYE')).uri,
        'sip:bob@10.11.12.13:5099',
      );
    });

    it('follows a record route, through its first hop', async () => {
      const app = await login();
      bed.peer.script = (r) => {
        const headers = {
          Contact: '<sip:bob@192.0.2.99>',
          'Record-Route': `<sip:far;lr>, <sip:127.0.0.1:${bed.peerPort};lr>`,
        };
        if (r.method === 'INVITE') bed.peer.answer(r, 200, { headers });
      };
      await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`));
      await app.ask(`sip||${dialogIn(await app.status(200))}`, text('ACK sip:x SIP/2.0'));
      const ack = await bed.peer.seen((m) => m.method === 'ACK');
      assert.equal(ack.uri, 'sip:bob@192.0.2.99');
      assert.deepEqual(ack.all('Route'), [`<sip:127.0.0.1:${bed.peerPort};lr>`, '<sip:far;lr>']);
    });

    it('cancels its own re-INVITE when a BYE overtakes it, and passes none of its end on', async () => {
      const app = await login();
      const dialog = await call(app);
      bed.peer.reset((r) => {
        if (r.method === 'INVITE') bed.peer.answer(r, 100);
        else if (r.method !== 'ACK') bed.peer.answer(r, 200);
        const reinvite = bed.peer.received.find((m) => m.method === 'INVITE');
        if (r.method === 'CANCEL' && reinvite) bed.peer.answer(reinvite, 487);
      });
      await app.ask(`sip||${dialog}`, text('INVITE sip:placeholder SIP/2.0', [], SDP));
      await app.ask(`sip||${dialog}`, text('BYE sip:placeholder SIP/2.0'));
      await bed.peer.seen((m) => m.method === 'CANCEL');
      await bed.peer.seen((m) => m.method === 'ACK');
      await app.status(200);
      assert.deepEqual(app.lines, []);
    });

    it('refuses an application that acknowledges twice', async () => {
      const app = await login();
      const dialog = await call(app);
      const { fields } = await app.ask(`sip||${dialog}`, text('ACK sip:placeholder SIP/2.0'));
      assert.match(fields[4] ?? '', /^Server error: ACK for non-success/);
    });

    it('forgets a cancelled call: a second CANCEL is for nothing', async () => {
      const app = await login();
      answerWith(486);
      const sent = await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`));
      await app.status(486);
      const txn = sentTransaction(sent);
      const { fields } = await app.ask(`sip|${txn}|`, text('CANCEL sip:placeholder SIP/2.0'));
      assert.equal(fields[4], `unable to cancel unknown transaction id: ${txn}`);
    });
  });
});
