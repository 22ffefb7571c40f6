/**
 * The scenarios over TCP: calls in both directions, nobody there, and a large request that has to
 * go over UDP because its URI says so.
 */
import {
  SDP,
  acknowledge,
  dialogOf,
  inbound,
  request,
  sip,
  transactionOf,
  type Scenario,
} from './drachtio-scenarios.js';

/** More than RFC 3261 section 18.1.1 lets go over UDP. */
const LARGE = `X-Large: ${'x'.repeat(1400)}`;

const overTcp: Scenario = async ({ c, bob, peer }) => {
  await peer.startTcp();
  const uri = `${bob};transport=tcp`;
  peer.script = (r) => {
    if (r.method === 'ACK') return;
    if (r.method === 'INVITE') peer.answer(r, 180);
    peer.answer(
      r,
      200,
      r.method === 'INVITE' ? { headers: { Contact: `<${uri}>` }, body: SDP } : {},
    );
  };
  await c.ask('sip||', request('INVITE', uri, [], SDP));
  await c.status(180);
  const { fields } = await c.status(200);
  await c.ask(`sip||${dialogOf(fields)}`, request('ACK', uri));
  await c.ask(`sip||${dialogOf(fields)}`, request('BYE', 'sip:placeholder'));
  await c.status(200);
  await peer.stopTcp();
};

const inboundOverTcp: Scenario = async (session) => {
  const { c, peer, self, transcript } = session;
  peer.script = (r) => {
    if (r.method === 'BYE') peer.answer(r, 200);
  };
  const server = await peer.connect({ host: self, port: transcript.addresses.sipPort });
  const invite = inbound(session, 'TCP').set('Contact', `<sip:a@${peer.host};transport=tcp>`);
  await peer.startTcp();
  peer.send(invite, server);
  const transaction = transactionOf((await c.request('INVITE')).fields);
  const sent = await c.ask(`sip|${transaction}|`, sip('SIP/2.0 200 OK', [], SDP));
  const ok = await peer.seen((m) => m.status === 200);
  peer.send(acknowledge(invite, ok, session, 'TCP'), server);
  await c.request('ACK');
  await c.ask(`sip||${sent.fields[11] ?? ''}`, request('BYE', 'sip:placeholder'));
  await c.next((m) => m.kind === 'sip' && m.sip?.cseq.method === 'BYE');
  await peer.stopTcp();
};

const largeOverUdp: Scenario = async ({ c, bob, peer }) => {
  peer.script = (r) => {
    if (r.method === 'INVITE') peer.answer(r, 486);
  };
  await c.ask('sip||', request('INVITE', `${bob};transport=udp`, [LARGE], SDP));
  await c.status(486);
  await peer.seen((m) => m.method === 'ACK');
};

const refused: Scenario = async ({ c, bob }) => {
  await c.ask('sip||', request('OPTIONS', `${bob};transport=tcp`));
  await c.next(({ kind, sip: message }) => kind === 'sip' && message?.status !== undefined);
};

export const tcpScenarios: readonly (readonly [title: string, scenario: Scenario])[] = [
  ['over TCP', overTcp],
  ['inbound over TCP', inboundOverTcp],
  ['large request over UDP', largeOverUdp],
  ['over TCP, nobody takes connections', refused],
];
