import assert from 'node:assert/strict';
import { encodeFrame } from '../../../src/embedded/drachtio/framing.js';
import type { App, Line } from './control-app.js';
import { controlBed, SDP, SECRET, text, transactionIn } from './control-bed.js';

describe('The drachtio control server', () => {
  const bed = controlBed();
  const { log, newApp, login, here, call, fromPeer, inDialog } = bed;

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
      for (const callId of ['1', '2']) bed.peer.send(fromPeer('OPTIONS', { callId }), here());
      for (const app of [first, second]) {
        const offer = await app.request('OPTIONS');
        await app.ask(`sip|${transactionIn(offer)}|`, text('SIP/2.0 200 OK'));
      }
    });

    it('forgets all verbs at once, as drachtio-server does', async () => {
      const app = await login('invite', 'options');
      await app.ask('remove_route|invite');
      bed.peer.send(fromPeer('OPTIONS'), here());
      await bed.peer.seen((m) => m.status === 503);
    });
  });

  describe('for a call it gets', () => {
    const answered = async (app: App, to200: readonly string[] = []): Promise<Line> => {
      bed.peer.send(fromPeer('INVITE'), here());
      const offer = await app.request('INVITE');
      return app.ask(`sip|${transactionIn(offer)}|`, text('SIP/2.0 200 OK', to200, SDP));
    };

    it('hangs up and says so when no ACK comes', async () => {
      const app = await login('invite');
      bed.peer.script = (r) => {
        if (r.method === 'BYE') bed.peer.answer(r, 200);
      };
      await answered(app);
      const told = await app.request('BYE');
      assert.equal(transactionIn(told), 'unsolicited');
      assert.equal(told.sip?.get('Reason'), 'SIP;cause=200;text="ACK timeout"');
      await bed.peer.seen((m) => m.method === 'BYE');
      assert.equal(bed.server.stats().dialogs, 0);
    });

    it('uses the To tag that the application wants', async () => {
      const app = await login('invite');
      await answered(app, ['To: tag=wanted']);
      assert.equal((await bed.peer.seen((m) => m.status === 200)).tagOf('To'), 'wanted');
    });

    it('refuses an INVITE without Contact with 400', async () => {
      await login('invite');
      bed.peer.send(fromPeer('INVITE').delete('Contact'), here());
      await bed.peer.seen((m) => m.status === 400);
    });

    it('passes a CANCEL on; the answer that comes too late is refused', async () => {
      const app = await login('invite');
      const invite = fromPeer('INVITE');
      bed.peer.send(invite, here());
      const txn = transactionIn(await app.request('INVITE'));
      bed.peer.send(fromPeer('CANCEL').set('Via', invite.get('Via') ?? ''), here());
      assert.equal(transactionIn(await app.request('CANCEL')), txn);
      await bed.peer.seen((m) => m.status === 487);
      const { fields } = await app.ask(`sip|${txn}|`, text('SIP/2.0 200 OK'));
      assert.deepEqual(fields.slice(3), ['NOK', 'Response not sent due to unknown transaction']);
    });

    it('answers 480 for an application that leaves without an answer', async () => {
      const app = await login('invite');
      bed.peer.send(fromPeer('INVITE'), here());
      await app.request('INVITE');
      app.end();
      await bed.peer.seen((m) => m.status === 480);
    });

    it('does not do reliable provisional responses, and says so', async () => {
      const app = await login('invite');
      bed.peer.send(fromPeer('INVITE'), here());
      const txn = transactionIn(await app.request('INVITE'));
      const ringing = text('SIP/2.0 183 Session Progress', ['Require: 100rel']);
      const { fields } = await app.ask(`sip|${txn}|`, ringing);
      assert.deepEqual(fields.slice(3), ['NOK', 'not supported by the embedded server']);
      await app.ask(`sip|${txn}|`, text('SIP/2.0 486 Busy Here'));
    });

    it('refuses requests of a dialog it does not know, and those out of order', async () => {
      const app = await login('invite');
      bed.peer.send(fromPeer('BYE', { to: '<sip:me@here>;tag=nobody', callId: 'lost' }), here());
      await bed.peer.seen((m) => m.status === 481);
      await call(app);
      const parts = await inDialog();
      for (const seq of [20, 10]) bed.peer.send(fromPeer('INFO', { ...parts, seq }), here());
      await bed.peer.seen((m) => m.status === 500);
      assert.equal((await app.request('INFO')).sip?.cseq.seq, 20);
    });

    it('ends an unanswered re-INVITE of the peer with 487 when the call ends', async () => {
      const app = await login();
      await call(app);
      const parts = await inDialog();
      bed.peer.send(fromPeer('INVITE', { ...parts, seq: 5 }), here());
      await app.request('INVITE');
      bed.peer.send(fromPeer('BYE', { ...parts, seq: 6 }), here());
      await app.request('BYE');
      await bed.peer.seen((m) => m.status === 487);
    });
  });
});
