/**
 * What is said to the server and to its SIP peer, scenario by scenario, in the order in which the
 * golden transcript was recorded from drachtio-server 0.9.10.
 */
import { SipMessage } from '../../src/embedded/sip/message.js';
import type { ScriptedPeer } from './drachtio-peer.js';
import { tcpScenarios } from './drachtio-scenarios-tcp.js';
import { ControlConnection, type Transcript } from './drachtio-transcript.js';

export const SDP =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
/** Long enough that what the application says next comes first. */
const LATER_MS = 60;

export interface Stage {
  readonly transcript: Transcript;
  readonly peer: ScriptedPeer;
  readonly control: { readonly host: string; readonly port: number; readonly secret: string };
}

export interface Session extends Stage {
  readonly c: ControlConnection;
  readonly bob: string;
  readonly self: string;
}

export type Scenario = (session: Session) => Promise<void>;

export const sip = (startLine: string, headers: readonly string[] = [], body = ''): string =>
  [startLine, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');

export const request = (
  method: string,
  uri: string,
  headers: readonly string[] = [],
  body = '',
): string => sip(`${method} ${uri} SIP/2.0`, headers, body);

/** Runs everything; the transcript is complete when this resolves. */
export async function play(stage: Stage): Promise<void> {
  const { transcript, control } = stage;
  transcript.title('wrong secret');
  const stranger = new ControlConnection('c0', transcript, control);
  await stranger.ask('authenticate|nope|');
  await stranger.closed();

  transcript.title('auth+ping+route+unknown');
  const c = new ControlConnection('c', transcript, control);
  await c.ask(`authenticate|${control.secret}|tagA,tagB`);
  await c.ask('ping');
  await c.ask('route|invite');
  await c.ask('remove_route|invite');

  const bob = `sip:bob@${stage.peer.host}`;
  const session = { ...stage, c, bob, self: transcript.addresses.sipHost };
  for (const [title, scenario] of scenarios) {
    transcript.title(title);
    stage.peer.reset(() => undefined);
    await scenario(session);
    for (const message of stage.peer.received) transcript.peerGot(message);
  }

  transcript.title('unknown message type');
  await c.ask('bogus|x');
  await c.closed();
}

const missingContentType: Scenario = async ({ c, bob }) => {
  await c.ask('sip||', request('INVITE', bob, [], 'hello'));
};

const self: Scenario = async ({ c, self: own, transcript }) => {
  await c.ask('sip||', request('OPTIONS', `sip:x@${own}:${transcript.addresses.sipPort}`));
};

const dialogNotFound: Scenario = async ({ c }) => {
  await c.ask('sip||nope;from-tag=x', request('BYE', 'sip:placeholder'));
  await c.ask('sip||nope;from-tag=x', request('ACK', 'sip:placeholder'));
  const unknown = '11111111-2222-3333-4444-555555555555';
  await c.ask(`sip|${unknown}|`, request('CANCEL', 'sip:placeholder'));
  await c.ask(`sip|${unknown}|`, sip('SIP/2.0 200 OK'));
};

const busy: Scenario = async ({ c, bob, peer }) => {
  peer.script = (r) => {
    if (r.method === 'INVITE') peer.answer(r, 486, { headers: { Reason: 'Q.850;cause=17' } });
  };
  const headers = ['From: "N" <sip:100@localhost>', 'X-Foo: bar'];
  await c.ask('sip||', request('INVITE', bob, headers, SDP));
  const { fields } = await c.status(486);
  await peer.seen((m) => m.method === 'ACK');
  await c.ask(`sip||${dialogOf(fields)}`, request('ACK', bob));
};

const full: Scenario = async ({ c, bob, peer }) => {
  peer.script = (r) => {
    if (r.method !== 'INVITE') return;
    peer.answer(r, 503, { reason: 'Full', headers: { 'Retry-After': '7' } });
  };
  await c.ask('sip||', request('INVITE', bob, [], SDP));
  await c.status(503);
  await peer.seen((m) => m.method === 'ACK');
};

const answered: Scenario = async ({ c, bob, peer }) => {
  const headers = { Contact: `<${bob}>` };
  peer.script = (r) => {
    if (r.method === 'ACK') return;
    if (r.method === 'INVITE' && !r.tagOf('To')) peer.answer(r, 180);
    if (r.method === 'INVITE') peer.answer(r, 200, { headers, body: SDP });
    else peer.answer(r, 200);
  };
  const ok = (method: string) =>
    c.next((m) => m.sip?.status === 200 && m.sip.cseq.method === method && m.kind === 'sip');
  await c.ask('sip||', request('INVITE', bob, [], SDP));
  await c.status(180);
  const dialog = dialogOf((await ok('INVITE')).fields);
  await c.ask(`sip||${dialog}`, request('ACK', bob));
  await c.ask(`sip||${dialog}`, request('INVITE', 'sip:placeholder', [], SDP));
  await ok('INVITE');
  await c.ask(`sip||${dialog}`, request('ACK', 'sip:placeholder'));
  await c.ask(
    `sip||${dialog}`,
    request('INFO', 'sip:placeholder', ['Content-Type: text/plain'], 'x'),
  );
  await ok('INFO');
  await c.ask(`sip||${dialog}`, request('BYE', 'sip:placeholder'));
  await ok('BYE');
  await c.ask(`sip||${dialog}`, request('BYE', 'sip:placeholder'));
};

const farEndBye: Scenario = async ({ c, bob, peer, self: own, transcript }) => {
  const server = { host: own, port: transcript.addresses.sipPort };
  peer.script = (r) => {
    if (r.method === 'INVITE') peer.answer(r, 200, { headers: { Contact: `<${bob}>` }, body: SDP });
  };
  await c.ask('sip||', request('INVITE', bob, [], SDP));
  const { fields, sip: ok } = await c.status(200);
  await c.ask(`sip||${dialogOf(fields)}`, request('ACK', bob));
  const invite = await peer.seen((m) => m.method === 'INVITE');
  const bye = (seq: number): SipMessage =>
    SipMessage.request('BYE', `sip:x@${own}`)
      .add('Via', `SIP/2.0/UDP ${peer.host}:${peer.port};branch=z9hG4bKbye${seq}${invite.callId}`)
      .add('Max-Forwards', '70')
      .add('From', ok?.get('To') ?? '')
      .add('To', ok?.get('From') ?? '')
      .add('Call-ID', invite.callId)
      .add('CSeq', `${seq} BYE`);
  peer.send(bye(10), server);
  const { fields: byeFields } = await c.request('BYE');
  await c.ask(`sip|${transactionOf(byeFields)}|`, sip('SIP/2.0 200 OK'));
  await peer.seen((m) => m.status === 200);
  peer.send(bye(11), server);
  await peer.seen((m) => m.status === 481);
};

const cancel: Scenario = async ({ c, bob, peer }) => {
  let invite: SipMessage | undefined;
  peer.script = (r) => {
    if (r.method === 'INVITE') {
      invite = r;
      setTimeout(() => peer.answer(r, 180), LATER_MS);
    }
    if (r.method !== 'CANCEL' || !invite) return;
    peer.answer(r, 200);
    peer.answer(invite, 487);
  };
  const { fields } = await c.ask('sip||', request('INVITE', bob, [], SDP));
  const cancelText = request('CANCEL', bob, ['Reason: SIP;cause=200']);
  await c.ask(`sip|${sentTransactionOf(fields)}|`, cancelText);
  await c.status(180);
  await c.status(487);
  await peer.seen((m) => m.method === 'ACK');
};

const glare: Scenario = async ({ c, bob, peer }) => {
  let invite: SipMessage | undefined;
  peer.script = (r) => {
    if (r.method === 'INVITE') {
      invite = r;
      setTimeout(() => peer.answer(r, 180), LATER_MS);
    }
    if (r.method === 'CANCEL' && invite) {
      peer.answer(r, 200);
      peer.answer(invite, 200, { headers: { Contact: `<${bob}>` }, body: SDP });
    }
    if (r.method === 'BYE') peer.answer(r, 200);
  };
  const { fields } = await c.ask('sip||', request('INVITE', bob, [], SDP));
  await c.ask(`sip|${sentTransactionOf(fields)}|`, request('CANCEL', bob));
  await c.status(180);
  const ok = await c.status(200);
  await c.ask(`sip||${dialogOf(ok.fields)}`, request('ACK', bob));
  await c.request('BYE');
  await peer.seen((m) => m.method === 'BYE');
};

export const inbound = ({ peer, self: own }: Session, transport = 'UDP'): SipMessage => {
  const callId = `in-${Date.now()}`;
  const message = SipMessage.request('INVITE', `sip:me@${own}`)
    .add('Via', `SIP/2.0/${transport} ${peer.host}:${peer.port};branch=z9hG4bK${callId}`)
    .add('Max-Forwards', '70')
    .add('From', `<sip:a@${peer.host}>;tag=a1`)
    .add('To', `<sip:me@${own}>`)
    .add('Call-ID', callId)
    .add('CSeq', '1 INVITE')
    .add('Contact', `<sip:a@${peer.host}>`)
    .add('Content-Type', 'application/sdp');
  message.body = SDP;
  return message;
};

export const acknowledge = (
  invite: SipMessage,
  response: SipMessage,
  session: Session,
  transport = 'UDP',
): SipMessage =>
  SipMessage.request('ACK', `sip:me@${session.self}`)
    .add(
      'Via',
      `SIP/2.0/${transport} ${session.peer.host}:${session.peer.port};branch=z9hG4bKack${invite.callId}`,
    )
    .add('Max-Forwards', '70')
    .add('From', invite.get('From') ?? '')
    .add('To', response.get('To') ?? '')
    .add('Call-ID', invite.callId)
    .add('CSeq', '1 ACK');

const inboundNobody: Scenario = async (session) => {
  const { peer, self: own, transcript } = session;
  const server = { host: own, port: transcript.addresses.sipPort };
  const invite = inbound(session);
  peer.send(invite, server);
  const failure = await peer.seen((m) => m.status === 503);
  const ack = acknowledge(invite, failure, session);
  peer.send(ack.set('Via', invite.get('Via') ?? ''), server);
};

const inboundAnswered: Scenario = async (session) => {
  const { c, peer, self: own, transcript } = session;
  const server = { host: own, port: transcript.addresses.sipPort };
  peer.script = (r) => {
    if (r.method === 'BYE') peer.answer(r, 200);
  };
  await c.ask('route|invite');
  const invite = inbound(session);
  peer.send(invite, server);
  const transaction = transactionOf((await c.request('INVITE')).fields);
  await c.ask(`sip|${transaction}|`, sip('SIP/2.0 180 Ringing'));
  await peer.seen((m) => m.status === 180);
  const sent = await c.ask(`sip|${transaction}|`, sip('SIP/2.0 200 OK', [], SDP));
  const ok = await peer.seen((m) => m.status === 200);
  peer.send(acknowledge(invite, ok, session), server);
  await c.request('ACK');
  await c.ask(`sip||${sent.fields[11] ?? ''}`, request('BYE', 'sip:placeholder'));
  await c.next((m) => m.kind === 'sip' && m.sip?.cseq.method === 'BYE');
};

const scenarios: readonly (readonly [title: string, scenario: Scenario])[] = [
  ['missing content-type', missingContentType],
  ['self', self],
  ['dialog not found', dialogNotFound],
  ['486', busy],
  ['503 with retry-after', full],
  ['answer, ack, reinvite, info, bye', answered],
  ['far-end bye', farEndBye],
  ['cancel', cancel],
  ['cancel/200 glare', glare],
  ['inbound, no client', inboundNobody],
  ['inbound answered', inboundAnswered],
  ...tcpScenarios,
];

export const dialogOf = (fields: readonly string[]): string => fields[9] ?? '';
export const transactionOf = (fields: readonly string[]): string => fields[8] ?? '';
const sentTransactionOf = (fields: readonly string[]): string => fields[10] ?? '';
