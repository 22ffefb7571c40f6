import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.js';
import {
  answerSessionExpires,
  readSessionExpires,
} from '../../../src/embedded/drachtio/session-timers.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import { SipStack } from '../../../src/embedded/sip/stack.js';
import { ScriptedPeer } from '../../conformance/drachtio-peer.js';
import { App } from './control-app.js';

const SECRET = 'only us';
const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';
const HERE = '127.0.0.1';

const text = (start: string, headers: readonly string[] = [], body = ''): string =>
  [start, ...headers, '', body].join('\r\n');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('Session timers', () => {
  let stack: SipStack;
  let server: DrachtioServer;
  let peer: ScriptedPeer;
  let peerPort: number;
  let app: App;
  /** What the peer answers to re-INVITEs. */
  let refreshStatus = 200;
  let expires = '';

  beforeEach(async () => {
    stack = await new SipStack({ t1Ms: 25 }).start();
    server = new DrachtioServer({ stack, host: HERE, port: 0, secret: SECRET });
    await server.start();
    const spare = await new SipStack().start();
    peerPort = spare.port;
    await spare.stop();
    peer = await new ScriptedPeer(HERE, peerPort).start();
    refreshStatus = 200;
    peer.script = (request) => {
      if (request.method === 'ACK') return;
      const isFirst = request.tagOf('To') === undefined;
      const status = request.method === 'INVITE' && !isFirst ? refreshStatus : 200;
      const headers = { Contact: `<sip:bob@${HERE}:${peerPort}>`, 'Session-Expires': expires };
      peer.answer(request, status, request.method === 'INVITE' ? { headers, body: SDP } : {});
    };
    app = new App(server.port);
    await app.ask(`authenticate|${SECRET}|`);
    await app.ask('route|invite');
  });

  afterEach(async () => {
    app.end();
    await server.stop();
    await stack.stop();
    await peer.stop();
    assert.equal(server.stats().timers, 0);
  });

  /** A call to the peer, whose 200 says that. @returns the dialog's id */
  async function call(sessionExpires: string): Promise<string> {
    expires = sessionExpires;
    await app.ask('sip||', text(`INVITE sip:bob@${HERE}:${peerPort} SIP/2.0`, [], SDP));
    const dialog = (await app.status(200)).fields[9] ?? '';
    await app.ask(`sip||${dialog}`, text('ACK sip:placeholder SIP/2.0'));
    return dialog;
  }

  const requests = (method: string): SipMessage[] =>
    peer.received.filter((message) => message.method === method);

  it('are refreshed by us, with the description of the call, without a word to the application', async () => {
    await call('1;refresher=uac');
    app.lines.length = 0;
    await pause(1300);
    const [, ...refreshes] = requests('INVITE');
    assert.ok(refreshes.length >= 2, `${refreshes.length} in 1.3 s`);
    for (const refresh of refreshes) {
      assert.equal(refresh.get('Session-Expires'), '1;refresher=uac');
      assert.equal(refresh.get('Min-SE'), '90');
      assert.equal(refresh.body, SDP);
    }
    assert.equal(requests('ACK').length, refreshes.length + 1);
    assert.equal(requests('BYE').length, 0);
    assert.deepEqual(app.lines, []);
  });

  it('end the call when the far end, which was to refresh it, does not', async () => {
    await call('1;refresher=uas');
    const told = await app.request('BYE');
    assert.equal(told.fields[8], 'unsolicited');
    assert.equal(told.sip?.get('Reason'), 'SIP;cause=200;text="Session timer expired"');
    await peer.seen((message) => message.method === 'BYE');
    assert.equal(server.stats().dialogs, 0);
  });

  it('end the call when the far end no longer knows it', async () => {
    refreshStatus = 481;
    await call('1');
    await app.request('BYE');
    assert.equal(requests('INVITE').length, 2);
  });

  it('try again when both sides refresh at once', async () => {
    refreshStatus = 491;
    await call('1;refresher=uac');
    await pause(1200);
    assert.ok(requests('INVITE').length >= 3);
    assert.equal(requests('BYE').length, 0);
  });

  it('end the call of an application that has gone instead of refreshing it', async () => {
    await call('1;refresher=uac');
    app.end();
    await peer.seen((message) => message.method === 'BYE');
    assert.equal(requests('INVITE').length, 1);
  });

  it('end with the call', async () => {
    const dialog = await call('1;refresher=uac');
    await app.ask(`sip||${dialog}`, text('BYE sip:placeholder SIP/2.0'));
    await app.status(200);
    await pause(700);
    assert.equal(requests('INVITE').length, 1);
  });

  it('are agreed to for a call that comes in, and end it when the caller falls silent', async () => {
    const invite = SipMessage.request('INVITE', `sip:me@${stack.host}:${stack.port}`)
      .add('Via', `SIP/2.0/UDP ${HERE}:${peerPort};branch=z9hG4bK${randomUUID()}`)
      .add('From', '<sip:caller@there>;tag=c1')
      .add('To', '<sip:me@here>')
      .add('Call-ID', randomUUID())
      .add('CSeq', '1 INVITE')
      .add('Contact', `<sip:caller@${HERE}:${peerPort}>`)
      .add('Session-Expires', '1;refresher=uac');
    peer.send(invite, { host: stack.host, port: stack.port });
    const offer = await app.request('INVITE');
    await app.ask(`sip|${offer.fields[8] ?? ''}|`, text('SIP/2.0 200 OK', [], SDP));
    const ok = await peer.seen((message) => message.status === 200);
    assert.equal(ok.get('Session-Expires'), '1;refresher=uac');
    const inDialog = (method: string, seq: number): SipMessage =>
      SipMessage.request(method, `sip:me@${stack.host}:${stack.port}`)
        .add('Via', `SIP/2.0/UDP ${HERE}:${peerPort};branch=z9hG4bK${randomUUID()}`)
        .add('From', invite.get('From') ?? '')
        .add('To', ok.get('To') ?? '')
        .add('Call-ID', invite.callId)
        .add('CSeq', `${seq} ${method}`);
    peer.send(inDialog('ACK', 1), { host: stack.host, port: stack.port });
    const update = inDialog('UPDATE', 2).add('Session-Expires', '60;refresher=uac');
    peer.send(update, { host: stack.host, port: stack.port });
    const tooSmall = await peer.seen((message) => message.status === 422);
    assert.equal(tooSmall.get('Min-SE'), '90');
    await app.request('BYE');
    assert.equal(server.stats().dialogs, 0);
  });
});

describe('Session-Expires', () => {
  const read = (value: string): unknown =>
    readSessionExpires(SipMessage.request('INVITE', 'sip:x@y').add('Session-Expires', value));

  it('is a number of seconds and may name the refresher', () => {
    assert.deepEqual(read('1800;refresher=UAS'), { seconds: 1800, refresher: 'uas' });
    assert.deepEqual(read(' 90 ; x=y'), { seconds: 90, refresher: undefined });
    assert.deepEqual(read('4294967295'), { seconds: 1_000_000, refresher: undefined });
    for (const bad of ['', '0', '-1', 'x', '99999999999']) assert.equal(read(bad), undefined, bad);
  });

  it('is answered only when the caller says who refreshes', () => {
    const request = SipMessage.request('INVITE', 'sip:x@y').add('Session-Expires', '1800');
    assert.equal(answerSessionExpires(request), undefined);
    request.set('Session-Expires', '1800;refresher=uas');
    assert.equal(answerSessionExpires(request), '1800;refresher=uas');
  });
});
