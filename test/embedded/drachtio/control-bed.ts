/** The control server between applications that speak by hand and a scripted SIP peer, anew for each test. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { DrachtioServer } from '../../../src/embedded/drachtio/server.js';
import { type SipAddress, SipMessage } from '../../../src/embedded/sip/message.js';
import { SipStack } from '../../../src/embedded/sip/stack.js';
import { ScriptedPeer } from '../../conformance/drachtio-peer.js';
import { App, type Line } from './control-app.js';

export const SECRET = 'only us';
const T1_MS = 25;
export const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';

export const text = (start: string, headers: readonly string[] = [], body = ''): string =>
  [start, ...headers, '', body].join('\r\n');
export const dialogIn = ({ fields }: Line): string => fields[9] ?? '';
export const transactionIn = ({ fields }: Line): string => fields[8] ?? '';
export const sentTransaction = ({ fields }: Line): string => fields[10] ?? '';

/** For the body of a `describe`. */
export function controlBed() {
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

  return {
    get stack() {
      return stack;
    },
    get server() {
      return server;
    },
    get peer() {
      return peer;
    },
    get peerPort() {
      return peerPort;
    },
    /** Why something was refused, as logged. */
    log,
    newApp,
    login,
    bob,
    here,
    answerWith,
    call,
    fromPeer,
    inDialog,
  };
}
