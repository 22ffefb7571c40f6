import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { encodeFrame } from '../../../src/embedded/drachtio/framing.js';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.js';
import { SipMessage, type SipAddress } from '../../../src/embedded/sip/message.js';
import { SipStack } from '../../../src/embedded/sip/stack.js';
import { ScriptedPeer } from '../../conformance/drachtio-peer.js';
import { App, type Line } from './control-app.js';

const SECRET = 'only us';
const T1_MS = 25;
const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';

const LARGE = `X-Large: ${'x'.repeat(1400)}`;

const text = (start: string, headers: readonly string[] = [], body = ''): string =>
  [start, ...headers, '', body].join('\r\n');
const dialogIn = ({ fields }: Line): string => fields[9] ?? '';
const transactionIn = ({ fields }: Line): string => fields[8] ?? '';
const sentTransaction = ({ fields }: Line): string => fields[10] ?? '';

describe('The drachtio control server', () => {
  let stack: SipStack;
  let server: DrachtioServer;
  let peer: ScriptedPeer;
  let peerPort: number;
  let apps: App[];
  const log: unknown[] = [];

  beforeEach(async () => {
    stack = await new SipStack({ t1Ms: T1_MS }).start();
    const onLog = (_level: string, _message: string, fields?: Readonly<Record<string, unknown>>) =>
      log.push(fields?.['why']);
    server = new DrachtioServer({ stack, host: '127.0.0.1', port: 0, secret: SECRET, onLog });
    await server.start();
    apps = [];
    const spare = await new SipStack().start();
    peerPort = spare.port;
    await spare.stop();
    peer = await new ScriptedPeer('127.0.0.1', peerPort).start();
  });

  afterEach(async () => {
    for (const app of apps) app.end();
    await server.stop();
    await stack.stop();
    await peer.stop();
    assert.deepEqual(stack.stats(), { clientTransactions: 0, serverTransactions: 0, timers: 0 });
    const { clients, timers } = server.stats();
    assert.deepEqual([clients, timers], [0, 0]);
  });

  const newApp = (): App => {
    const app = new App(server.port);
    apps.push(app);
    return app;
  };
  const login = async (...verbs: string[]): Promise<App> => {
    const app = newApp();
    await app.ask(`authenticate|${SECRET}|`);
    for (const verb of verbs) await app.ask(`route|${verb}`);
    return app;
  };
  const bob = (): string => `sip:bob@127.0.0.1:${peerPort}`;
  const here = (): SipAddress => ({ host: stack.host, port: stack.port });
  const answerWith = (status: number, contact = `<${bob()}>`): void => {
    peer.script = (r) => {
      if (r.method === 'INVITE') {
        peer.answer(r, status, { headers: { Contact: contact }, body: status < 300 ? SDP : '' });
      } else if (r.method !== 'ACK') peer.answer(r, 200);
    };
  };
  const call = async (app: App, contact?: string): Promise<string> => {
    answerWith(200, contact);
    await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`, [], SDP));
    const dialog = dialogIn(await app.status(200));
    await app.ask(`sip||${dialog}`, text('ACK sip:placeholder SIP/2.0'));
    await peer.seen((m) => m.method === 'ACK');
    return dialog;
  };
  const fromPeer = (
    method: string,
    parts: Partial<Record<'to' | 'from' | 'callId' | 'contact', string>> & { seq?: number } = {},
  ): SipMessage => {
    const {
      to = '<sip:me@here>',
      from = '<sip:caller@there>;tag=c1',
      callId = 'from-peer',
      seq = 1,
    } = parts;
    const message = SipMessage.request(method, `sip:me@${stack.host}:${stack.port}`)
      .add('Via', `SIP/2.0/UDP 127.0.0.1:${peerPort};branch=z9hG4bK${randomUUID()}`)
      .add('From', from)
      .add('To', to)
      .add('Call-ID', callId)
      .add('CSeq', `${seq} ${method}`);
    if (method === 'INVITE')
      message.add('Contact', parts.contact ?? `<sip:caller@127.0.0.1:${peerPort}>`);
    return message;
  };
  /** The dialog's headers as the peer sees them: its own end is From. */
  const inDialog = async (): Promise<{ from: string; to: string; callId: string }> => {
    const ack = await peer.seen((m) => m.method === 'ACK');
    return { from: ack.get('To') ?? '', to: ack.get('From') ?? '', callId: ack.callId };
  };

  describe('at its door', () => {
    it('hears nothing before the secret', async () => {
      const app = newApp();
      app.raw(encodeFrame('1|ping'));
      await app.closed();
      assert.deepEqual(app.lines, []);
    });

    it('logs once what it refuses', async () => {
      const app = await login();
      await app.ask('sip||', 'no request');
      app.raw('x');
      await app.closed();
      assert.deepEqual(log.slice(-2), [
        'invalid sip message: neither a request nor a status line',
        'no frame length',
      ]);
    });

    it('refuses a wrong secret and closes', async () => {
      const app = newApp();
      const { fields } = await app.ask(`authenticate|${SECRET}x|`);
      assert.deepEqual(fields.slice(3), ['NO', 'incorrect secret']);
      await app.closed();
    });

    it('closes on a stream that is no protocol of ours', async () => {
      const app = await login();
      app.raw('GET / HTTP/1.1\r\n\r\n');
      await app.closed();
    });

    it('refuses by name what it does not do, and stays connected', async () => {
      const app = await login();
      for (const line of ['proxy|t||||serial|||sip:a', 'route|cdr:attempt']) {
        const { fields } = await app.ask(line);
        assert.deepEqual(fields.slice(3), ['NOK', 'not supported by the embedded server'], line);
      }
      assert.equal((await app.ask('ping')).fields[4], 'pong');
    });

    it('lets applications that want a verb take turns', async () => {
      const [first, second] = [await login('options'), await login('options')];
      for (const callId of ['1', '2']) peer.send(fromPeer('OPTIONS', { callId }), here());
      for (const app of [first, second]) {
        const offer = await app.request('OPTIONS');
        await app.ask(`sip|${transactionIn(offer)}|`, text('SIP/2.0 200 OK'));
      }
    });

    it('forgets all verbs at once, as drachtio-server does', async () => {
      const app = await login('invite', 'options');
      await app.ask('remove_route|invite');
      peer.send(fromPeer('OPTIONS'), here());
      await peer.seen((m) => m.status === 503);
    });
  });

  describe('for a call it makes', () => {
    it('sends an outbound proxy what is for somebody else', async () => {
      const app = await login();
      answerWith(486);
      await app.ask(`sip|||sip:127.0.0.1:${peerPort}`, text('INVITE sip:x@far.invalid SIP/2.0'));
      await app.status(486);
      assert.equal((await peer.seen((m) => m.method === 'INVITE')).uri, 'sip:x@far.invalid');
    });

    it('makes the dialog at a reliable provisional, so that PRACK can be sent', async () => {
      const app = await login();
      peer.script = (r) => {
        const headers = { Contact: `<${bob()}>`, Require: '100rel', RSeq: '7' };
        if (r.method === 'INVITE') peer.answer(r, 183, { headers });
        if (r.method !== 'PRACK') return;
        peer.answer(r, 200);
        const invite = peer.received.find((m) => m.method === 'INVITE');
        if (invite) peer.answer(invite, 200, { headers: { Contact: `<${bob()}>` }, body: SDP });
      };
      await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`));
      const dialog = dialogIn(await app.status(183));
      const prack = text('PRACK sip:placeholder SIP/2.0', ['RAck: 7 1 INVITE']);
      await app.ask(`sip||${dialog}`, prack);
      const got = await peer.seen((m) => m.method === 'PRACK');
      assert.equal(got.get('RAck'), '7 1 INVITE');
      await app.next(({ sip }) => sip?.status === 200 && sip.cseq.method === 'INVITE');
      await app.ask(`sip||${dialog}`, text('ACK sip:placeholder SIP/2.0'));
      const invite = peer.received.find((m) => m.method === 'INVITE');
      const ack = await peer.seen((m) => m.method === 'ACK');
      assert.equal(ack.cseq.seq, invite?.cseq.seq);
    });

    it('acknowledges and ends the second of two called parties who both answer', async () => {
      const app = await login();
      const dialog = await call(app);
      const invite = await peer.seen((m) => m.method === 'INVITE');
      const fork = SipMessage.response(200);
      for (const name of ['Via', 'From', 'Call-ID', 'CSeq']) fork.add(name, invite.get(name) ?? '');
      fork.add('To', `<${bob()}>;tag=fork`).add('Contact', `<${bob()}>`);
      peer.send(fork, here());
      const bye = await peer.seen((m) => m.method === 'BYE');
      assert.equal(bye.tagOf('To'), 'fork');
      assert.ok(server.stats().dialogs === 1 && dialog);
    });

    it('hangs up an answer for an application that has gone', async () => {
      const app = await login();
      peer.script = (r) => {
        if (r.method === 'BYE') peer.answer(r, 200);
      };
      await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`));
      const invite = await peer.seen((m) => m.method === 'INVITE');
      app.end();
      while (server.stats().clients > 0) await new Promise((resolve) => setImmediate(resolve));
      peer.answer(invite, 200, { headers: { Contact: `<${bob()}>` } });
      await peer.seen((m) => m.method === 'ACK');
      await peer.seen((m) => m.method === 'BYE');
      assert.equal(server.stats().dialogs, 0);
    });

    it('answers 481 to the far end when the application of a call has gone', async () => {
      const app = await login();
      await call(app);
      const parts = await inDialog();
      app.end();
      while (server.stats().clients > 0) await new Promise((resolve) => setImmediate(resolve));
      peer.send(fromPeer('BYE', parts), here());
      await peer.seen((m) => m.status === 481);
      assert.equal(server.stats().dialogs, 0);
    });

    it('takes a request with the Call-ID of a live dialog into that dialog', async () => {
      const first = await login();
      await call(first);
      const { callId, to } = await inDialog();
      first.end();
      const second = await login();
      await second.ask('sip||', text(`BYE ${bob()} SIP/2.0`, [`Call-ID: ${callId}`]));
      await second.status(200);
      const bye = await peer.seen((m) => m.method === 'BYE');
      assert.equal(bye.get('From'), to);
      assert.equal(server.stats().dialogs, 0);
    });

    for (const contact of ['<tel:+4930>', '<sip:bob@127.0.0.1:5;transport=tls>', '<', '']) {
      it(`can be ended although the peer's Contact is "${contact}"`, async () => {
        const app = await login();
        const dialog = await call(app, contact);
        await app.ask(`sip||${dialog}`, text('BYE sip:placeholder SIP/2.0'));
        await peer.seen((m) => m.method === 'BYE');
        await app.status(200);
        assert.equal(server.stats().dialogs, 0);
      });
    }

    it('sends over TCP what is too large for a datagram', async () => {
      const app = await login();
      await peer.startTcp();
      answerWith(486);
      const { sip } = await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`, [LARGE], SDP));
      assert.match(sip?.get('Via') ?? '', /^SIP\/2\.0\/TCP /, 'the application is told');
      await app.status(486);
      const ack = await peer.seen((m) => m.method === 'ACK');
      assert.deepEqual(
        peer.received.map(({ source }) => source?.transport),
        ['tcp', 'tcp'],
      );
      assert.match(ack.get('Via') ?? '', /^SIP\/2\.0\/TCP /);
      assert.equal(ack.branch, peer.received[0]?.branch);
    });

    it('sends it over UDP after all to a peer that takes no connections, and remembers', async () => {
      const app = await login();
      answerWith(486);
      for (const via of ['SIP/2.0/TCP', 'SIP/2.0/UDP']) {
        peer.received.length = 0;
        const { sip } = await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`, [LARGE], SDP));
        assert.equal(sip?.get('Via')?.split(' ')[0], via, 'as it was tried first');
        await app.status(486);
        await peer.seen((m) => m.method === 'ACK');
        const got = peer.received.map((m) => `${m.source?.transport ?? 'udp'} ${m.get('Via')}`);
        assert.equal(got.length, 2);
        for (const line of got) assert.match(line, /^udp SIP\/2\.0\/UDP /);
      }
    });

    it('stays on UDP, whatever the size, when the URI says so', async () => {
      const app = await login();
      await peer.startTcp();
      answerWith(486);
      await app.ask('sip||', text(`INVITE ${bob()};transport=udp SIP/2.0`, [LARGE], SDP));
      await app.status(486);
      assert.equal(peer.received[0]?.source?.transport, undefined);
    });

    for (const takesTcp of [false, true]) {
      it(`brings a large description in an ACK, TCP ${takesTcp ? 'taken' : 'refused'}`, async () => {
        const app = await login();
        if (takesTcp) await peer.startTcp();
        answerWith(200);
        await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`));
        const dialog = dialogIn(await app.status(200));
        const body = `${SDP}a=${'x'.repeat(1400)}\r\n`;
        await app.ask(`sip||${dialog}`, text('ACK sip:placeholder SIP/2.0', [], body));
        const ack = await peer.seen((m) => m.method === 'ACK');
        assert.equal(ack.body, body);
        assert.equal(ack.source?.transport, takesTcp ? 'tcp' : undefined);
      });
    }

    it('reaches a peer behind NAT at its source address', async () => {
      const app = await login();
      const dialog = await call(app, '<sip:bob@10.11.12.13:5099>');
      await app.ask(`sip||${dialog}`, text('BYE sip:placeholder SIP/2.0'));
      assert.equal((await peer.seen((m) => m.method === 'BYE')).uri, 'sip:bob@10.11.12.13:5099');
    });

    it('follows a record route, through its first hop', async () => {
      const app = await login();
      peer.script = (r) => {
        const headers = {
          Contact: '<sip:bob@192.0.2.99>',
          'Record-Route': `<sip:far;lr>, <sip:127.0.0.1:${peerPort};lr>`,
        };
        if (r.method === 'INVITE') peer.answer(r, 200, { headers });
      };
      await app.ask('sip||', text(`INVITE ${bob()} SIP/2.0`));
      await app.ask(`sip||${dialogIn(await app.status(200))}`, text('ACK sip:x SIP/2.0'));
      const ack = await peer.seen((m) => m.method === 'ACK');
      assert.equal(ack.uri, 'sip:bob@192.0.2.99');
      assert.deepEqual(ack.all('Route'), [`<sip:127.0.0.1:${peerPort};lr>`, '<sip:far;lr>']);
    });

    it('cancels its own re-INVITE when a BYE overtakes it, and passes none of its end on', async () => {
      const app = await login();
      const dialog = await call(app);
      peer.reset((r) => {
        if (r.method === 'INVITE') peer.answer(r, 100);
        else if (r.method !== 'ACK') peer.answer(r, 200);
        const reinvite = peer.received.find((m) => m.method === 'INVITE');
        if (r.method === 'CANCEL' && reinvite) peer.answer(reinvite, 487);
      });
      await app.ask(`sip||${dialog}`, text('INVITE sip:placeholder SIP/2.0', [], SDP));
      await app.ask(`sip||${dialog}`, text('BYE sip:placeholder SIP/2.0'));
      await peer.seen((m) => m.method === 'CANCEL');
      await peer.seen((m) => m.method === 'ACK');
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

  describe('for a call it gets', () => {
    const answered = async (app: App, to200: readonly string[] = []): Promise<Line> => {
      peer.send(fromPeer('INVITE'), here());
      const offer = await app.request('INVITE');
      return app.ask(`sip|${transactionIn(offer)}|`, text('SIP/2.0 200 OK', to200, SDP));
    };

    it('hangs up and says so when no ACK comes', async () => {
      const app = await login('invite');
      peer.script = (r) => {
        if (r.method === 'BYE') peer.answer(r, 200);
      };
      await answered(app);
      const told = await app.request('BYE');
      assert.equal(transactionIn(told), 'unsolicited');
      assert.equal(told.sip?.get('Reason'), 'SIP;cause=200;text="ACK timeout"');
      await peer.seen((m) => m.method === 'BYE');
      assert.equal(server.stats().dialogs, 0);
    });

    it('uses the To tag that the application wants', async () => {
      const app = await login('invite');
      await answered(app, ['To: tag=wanted']);
      assert.equal((await peer.seen((m) => m.status === 200)).tagOf('To'), 'wanted');
    });

    it('refuses an INVITE without Contact with 400', async () => {
      await login('invite');
      peer.send(fromPeer('INVITE').delete('Contact'), here());
      await peer.seen((m) => m.status === 400);
    });

    it('passes a CANCEL on; the answer that comes too late is refused', async () => {
      const app = await login('invite');
      const invite = fromPeer('INVITE');
      peer.send(invite, here());
      const txn = transactionIn(await app.request('INVITE'));
      peer.send(fromPeer('CANCEL').set('Via', invite.get('Via') ?? ''), here());
      assert.equal(transactionIn(await app.request('CANCEL')), txn);
      await peer.seen((m) => m.status === 487);
      const { fields } = await app.ask(`sip|${txn}|`, text('SIP/2.0 200 OK'));
      assert.deepEqual(fields.slice(3), ['NOK', 'Response not sent due to unknown transaction']);
    });

    it('answers 480 for an application that leaves without an answer', async () => {
      const app = await login('invite');
      peer.send(fromPeer('INVITE'), here());
      await app.request('INVITE');
      app.end();
      await peer.seen((m) => m.status === 480);
    });

    it('does not do reliable provisional responses, and says so', async () => {
      const app = await login('invite');
      peer.send(fromPeer('INVITE'), here());
      const txn = transactionIn(await app.request('INVITE'));
      const ringing = text('SIP/2.0 183 Session Progress', ['Require: 100rel']);
      const { fields } = await app.ask(`sip|${txn}|`, ringing);
      assert.deepEqual(fields.slice(3), ['NOK', 'not supported by the embedded server']);
      await app.ask(`sip|${txn}|`, text('SIP/2.0 486 Busy Here'));
    });

    it('refuses requests of a dialog it does not know, and those out of order', async () => {
      const app = await login('invite');
      peer.send(fromPeer('BYE', { to: '<sip:me@here>;tag=nobody', callId: 'lost' }), here());
      await peer.seen((m) => m.status === 481);
      await call(app);
      const parts = await inDialog();
      for (const seq of [20, 10]) peer.send(fromPeer('INFO', { ...parts, seq }), here());
      await peer.seen((m) => m.status === 500);
      assert.equal((await app.request('INFO')).sip?.cseq.seq, 20);
    });

    it('ends an unanswered re-INVITE of the peer with 487 when the call ends', async () => {
      const app = await login();
      await call(app);
      const parts = await inDialog();
      peer.send(fromPeer('INVITE', { ...parts, seq: 5 }), here());
      await app.request('INVITE');
      peer.send(fromPeer('BYE', { ...parts, seq: 6 }), here());
      await app.request('BYE');
      await peer.seen((m) => m.status === 487);
    });
  });
});
