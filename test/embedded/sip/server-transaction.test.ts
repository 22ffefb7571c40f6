import assert from 'node:assert/strict';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import type { SipStack } from '../../../src/embedded/sip/stack.js';
import type { ServerTransaction } from '../../../src/embedded/sip/transaction.js';
import { VirtualNetwork, request } from './virtual-network.js';

const ALICE = '10.0.0.1';
const BOB = '10.0.0.2';
const TO_BOB = { host: BOB, port: 5060 };
const QUIET = { clientTransactions: 0, serverTransactions: 0, timers: 0 };

/** Alice only speaks and listens: her messages are sent outside transactions. */
describe('A server transaction', () => {
  let network: VirtualNetwork;
  let alice: SipStack;
  let bob: SipStack;
  let incoming: ServerTransaction[];
  let acks: SipMessage[];

  beforeEach(async () => {
    network = new VirtualNetwork();
    alice = await network.endpoint(ALICE);
    bob = await network.endpoint(BOB);
    [incoming, acks] = [[], []];
    bob.onRequest = (_request, transaction) => incoming.push(transaction);
    bob.onAck = (message) => acks.push(message);
  });

  afterEach(async () => {
    network.clock.advance(200_000);
    for (const transaction of incoming) transaction.terminate();
    assert.deepEqual(bob.stats(), QUIET);
    await alice.stop();
    await bob.stop();
  });

  function send(method: string, parts: Parameters<typeof request>[3] = {}): SipMessage {
    const message = request(alice, method, BOB, parts);
    alice.send(message, TO_BOB);
    return message;
  }

  /** The ACK to a 2xx, with a branch of its own; to a failure, with the INVITE's. */
  function acknowledge(invite: SipMessage, sameBranch: boolean): void {
    const ack = request(alice, 'ACK', BOB, { toTag: incoming[0]?.localTag ?? '' });
    if (sameBranch) ack.set('Via', invite.get('Via') ?? '');
    alice.send(ack, TO_BOB);
  }

  it('answers an INVITE with 100 and offers it once, however often it comes', () => {
    const invite = send('INVITE');
    alice.send(invite, TO_BOB);
    assert.equal(incoming.length, 1);
    assert.deepEqual(network.story(BOB), ['0 100 INVITE', '0 100 INVITE']);
    assert.equal(network.sent.at(-1)?.message.tagOf('To'), undefined);
    incoming[0]?.respond(180);
    alice.send(invite, TO_BOB);
    assert.deepEqual(network.story(BOB).slice(2), ['0 180 INVITE', '0 180 INVITE']);
  });

  it('gives every response above 100 the same To tag, and the record route to those below 300', () => {
    const invite = request(alice, 'INVITE', BOB).add('Record-Route', '<sip:proxy;lr>');
    alice.send(invite, TO_BOB);
    const [ringing, busy] = [incoming[0]?.respond(180), incoming[0]?.respond(486)];
    assert.equal(ringing?.tagOf('To'), incoming[0]?.localTag);
    assert.equal(busy?.tagOf('To'), incoming[0]?.localTag);
    assert.deepEqual([ringing?.has('Record-Route'), busy?.has('Record-Route')], [true, false]);
  });

  it('takes a tag of our choice until one has been sent', () => {
    send('INVITE');
    assert.equal(incoming[0]?.respond(180, { localTag: 'mine' })?.tagOf('To'), 'mine');
    assert.equal(incoming[0]?.respond(200, { localTag: 'other' })?.tagOf('To'), 'mine');
    incoming[0]?.acknowledge();
  });

  it('sends exactly one final response', () => {
    send('OPTIONS');
    assert.ok(incoming[0]?.respond(200));
    assert.equal(incoming[0]?.respond(500), undefined);
    assert.equal(incoming[0]?.isFinal, true);
  });

  it('repeats a 2xx until its ACK, which is reported once', () => {
    const invite = send('INVITE');
    incoming[0]?.respond(200);
    network.clock.advance(4000);
    acknowledge(invite, false);
    acknowledge(invite, false);
    network.clock.advance(60_000);
    assert.deepEqual(
      network.story(BOB).slice(1),
      [0, 500, 1500, 3500].map((ms) => `${ms} 200 INVITE`),
    );
    assert.equal(acks.length, 1);
  });

  it('tells its user after 64*T1 without an ACK to the 2xx', () => {
    let timedOutAtMs = 0;
    send('INVITE');
    const [transaction] = incoming;
    if (transaction) transaction.onAckTimeout = () => (timedOutAtMs = network.clock.nowMs);
    transaction?.respond(200);
    network.clock.advance(60_000);
    assert.equal(timedOutAtMs, 32_000);
    assert.equal(network.story(BOB).length, 1 + 11); // 0, .5, 1.5, 3.5, 7.5 and then every 4 s
  });

  it('repeats a failure until its ACK, which nobody else hears of', () => {
    const invite = send('INVITE');
    incoming[0]?.respond(486);
    network.clock.advance(600);
    acknowledge(invite, true);
    network.clock.advance(60_000);
    assert.deepEqual(network.story(BOB), ['0 100 INVITE', '0 486 INVITE', '500 486 INVITE']);
    assert.equal(acks.length, 0);
  });

  it('takes the ACK to a failure from a peer that chose a new branch for it', () => {
    const invite = send('INVITE');
    incoming[0]?.respond(486);
    acknowledge(invite, false);
    network.clock.advance(60_000);
    assert.deepEqual(network.story(BOB), ['0 100 INVITE', '0 486 INVITE']);
  });

  it('absorbs an INVITE repeated after its 2xx (RFC 6026)', () => {
    const invite = send('INVITE');
    incoming[0]?.respond(200);
    alice.send(invite, TO_BOB);
    acknowledge(invite, false);
    alice.send(invite, TO_BOB);
    assert.equal(incoming.length, 1);
    assert.deepEqual(network.story(BOB), ['0 100 INVITE', '0 200 INVITE']);
  });

  it('repeats the final response of other requests for 64*T1, then takes a repetition as new', () => {
    const options = send('OPTIONS');
    incoming[0]?.respond(200);
    network.clock.advance(31_000);
    alice.send(options, TO_BOB);
    assert.deepEqual(network.story(BOB), ['0 200 OPTIONS', '31000 200 OPTIONS']);
    network.clock.advance(1001);
    alice.send(options, TO_BOB);
    assert.equal(incoming.length, 2);
  });

  it('ends silently when nobody answers a request other than INVITE', () => {
    let isOver = false;
    send('OPTIONS');
    const [transaction] = incoming;
    if (transaction) transaction.onTerminated = () => (isOver = true);
    network.clock.advance(32_000);
    assert.equal(isOver, true);
    assert.deepEqual(network.story(BOB), []);
  });

  it('tells of a CANCEL, answers it and ends the INVITE with 487', () => {
    const invite = send('INVITE');
    const cancelled: string[] = [];
    const [transaction] = incoming;
    if (transaction) transaction.onCancel = (cancel) => cancelled.push(cancel.get('Reason') ?? '');
    const cancel = request(alice, 'CANCEL', BOB)
      .set('Via', invite.get('Via') ?? '')
      .add('Reason', 'x');
    alice.send(cancel, TO_BOB);
    assert.deepEqual(cancelled, ['x']);
    assert.deepEqual(network.story(BOB), ['0 100 INVITE', '0 200 CANCEL', '0 487 INVITE']);
  });

  it('answers a CANCEL after the final response, but changes nothing', () => {
    const invite = send('INVITE');
    incoming[0]?.respond(200);
    incoming[0]?.acknowledge();
    alice.send(request(alice, 'CANCEL', BOB).set('Via', invite.get('Via') ?? ''), TO_BOB);
    assert.deepEqual(network.story(BOB), ['0 100 INVITE', '0 200 INVITE', '0 200 CANCEL']);
  });

  it('answers a CANCEL for an unknown INVITE with 481', () => {
    send('CANCEL');
    assert.deepEqual(network.story(BOB), ['0 481 CANCEL']);
  });

  it('refuses the same request by another path with 482 (RFC 3261 8.2.2.2)', () => {
    send('INVITE');
    send('INVITE');
    assert.equal(incoming.length, 1);
    assert.equal(network.story(BOB).at(-1), '0 482 INVITE');
  });

  it('tells two callers apart who chose the same branch', () => {
    const invite = send('INVITE');
    const other = request(alice, 'INVITE', BOB, { callId: 'other' });
    other.set('Via', (invite.get('Via') ?? '').replace(ALICE, '10.9.9.9'));
    network.inject(`${BOB}:5060`, other.toBuffer());
    assert.equal(incoming.length, 2);
  });

  it('matches requests without the magic cookie by call (RFC 2543 peers)', () => {
    for (const callId of ['a', 'b', 'a']) {
      const message = request(alice, 'OPTIONS', BOB, { callId });
      alice.send(message.set('Via', `SIP/2.0/UDP ${ALICE}:5060;rport`), TO_BOB);
    }
    assert.equal(incoming.length, 2);
  });

  it('answers 500 for a user who throws, and 501 without a user', () => {
    bob.onRequest = () => {
      throw new Error('the user is at fault');
    };
    send('OPTIONS');
    bob.onRequest = undefined;
    send('OPTIONS', { callId: 'second' });
    assert.deepEqual(network.story(BOB), ['0 500 OPTIONS', '0 501 OPTIONS']);
  });
});

describe('A SIP endpoint', () => {
  it('counts and drops what is no SIP message', async () => {
    const network = new VirtualNetwork();
    const bob = await network.endpoint(BOB);
    let offered = 0;
    bob.onRequest = () => offered++;
    for (const bytes of [
      'INVITE sip:a SIP/2.0\r\n\r\n',
      'x'.repeat(60_000),
      Buffer.from([0xff, 0xfe, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ]) {
      network.inject(`${BOB}:5060`, bytes);
    }
    network.inject(`${BOB}:5060`, '\r\n\r\n'); // a keep-alive is no fault
    assert.deepEqual(bob.counters, { malformed: 3, dropped: 0, retransmissions: 0 });
    assert.equal(offered, 0);
    network.clock.advance(1000); // the log's second
    assert.deepEqual(bob.stats(), QUIET);
  });

  it('drops responses and ACKs that belong to nothing', async () => {
    const network = new VirtualNetwork();
    const alice = await network.endpoint(ALICE);
    const bob = await network.endpoint(BOB);
    alice.send(request(alice, 'ACK', BOB), TO_BOB);
    const stray = request(alice, 'OPTIONS', BOB);
    [stray.method, stray.status, stray.reason] = [undefined, 200, 'OK'];
    network.inject(`${BOB}:5060`, stray.toBuffer());
    assert.equal(bob.counters.dropped, 2);
  });

  it('takes no more requests at once than it is told', async () => {
    const network = new VirtualNetwork();
    const alice = await network.endpoint(ALICE);
    const bob = await network.endpoint(BOB, { maxTransactions: 3 });
    bob.onRequest = () => undefined;
    for (let i = 0; i < 10; i++) {
      alice.send(request(alice, 'INVITE', BOB, { callId: `flood-${i}` }), TO_BOB);
    }
    assert.equal(bob.stats().serverTransactions, 3);
    assert.equal(bob.counters.dropped, 7);
    await bob.stop();
    assert.deepEqual(bob.stats(), QUIET);
  });

  it('knows itself, by address and by fixed name', async () => {
    const network = new VirtualNetwork();
    const bob = await network.endpoint(BOB, { hosts: { me: BOB } });
    const self = ['10.0.0.2', 'me', '10.0.0.3'].map((host) => bob.isSelf({ host, port: 5060 }));
    assert.deepEqual(self, [true, true, false]);
  });
});
