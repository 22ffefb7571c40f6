import assert from 'node:assert/strict';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import type { SipStack } from '../../../src/embedded/sip/stack.js';
import type {
  ClientTransaction,
  ServerTransaction,
} from '../../../src/embedded/sip/transaction.js';
import { VirtualNetwork, request } from './virtual-network.js';

const ALICE = '10.0.0.1';
const BOB = '10.0.0.2';
const TO_BOB = { host: BOB, port: 5060 };
const QUIET = { clientTransactions: 0, serverTransactions: 0, timers: 0 };

describe('A client transaction', () => {
  let network: VirtualNetwork;
  let alice: SipStack;
  let bob: SipStack;
  let incoming: ServerTransaction[];
  let heard: string[];
  let responses: SipMessage[];

  beforeEach(async () => {
    network = new VirtualNetwork();
    alice = await network.endpoint(ALICE);
    bob = await network.endpoint(BOB);
    [incoming, heard, responses] = [[], [], []];
    bob.onRequest = (_request, transaction) => incoming.push(transaction);
  });

  afterEach(async () => {
    network.clock.advance(200_000);
    assert.deepEqual([alice.stats(), bob.stats()], [QUIET, QUIET]);
    await alice.stop();
    await bob.stop();
  });

  function send(method: string, message = request(alice, method, BOB)): ClientTransaction {
    return alice.request(message, TO_BOB, {
      onResponse: (response, { retransmission }) => {
        responses.push(response);
        const marks = `${response.local ? ' local' : ''}${retransmission ? ' again' : ''}`;
        heard.push(`${network.clock.nowMs} ${response.status}${marks}`);
      },
    });
  }

  function ack(invite: SipMessage, to: SipMessage): SipMessage {
    const message = request(alice, 'ACK', BOB, { callId: invite.callId, seq: invite.cseq.seq });
    return message.set('To', to.get('To') ?? '');
  }

  const toNobody = (): void => {
    network.lose = ({ to }) => to === BOB;
  };

  it('repeats an unanswered INVITE at doubling intervals and ends it with its own 408', () => {
    toNobody();
    send('INVITE');
    network.clock.advance(40_000);
    const times = network.story(ALICE).map((line) => Number(line.split(' ')[0]));
    assert.deepEqual(times, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    assert.deepEqual(heard, ['32000 408 local']);
  });

  it('repeats another request at most every T2 and ends it with 408 after 64*T1', () => {
    toNobody();
    send('OPTIONS');
    network.clock.advance(40_000);
    const times = network.story(ALICE).map((line) => Number(line.split(' ')[0]));
    assert.deepEqual(
      times,
      [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500],
    );
    assert.deepEqual(heard, ['32000 408 local']);
  });

  it('that got only a provisional keeps repeating every T2 and still ends with 408', () => {
    send('BYE');
    incoming[0]?.respond(183);
    network.clock.advance(40_000);
    const times = network.story(ALICE).map((line) => Number(line.split(' ')[0]));
    assert.deepEqual(times.slice(0, 4), [0, 500, 4500, 8500]);
    assert.equal(heard.at(-1), '32000 408 local');
  });

  it('keeps all its times in proportion to T1', async () => {
    const quick = await network.endpoint('10.0.0.3', { t1Ms: 50 });
    toNobody();
    const seen: number[] = [];
    quick.request(request(quick, 'INVITE', BOB), TO_BOB, {
      onResponse: () => seen.push(network.clock.nowMs),
    });
    network.clock.advance(5000);
    assert.deepEqual(seen, [3200]);
    assert.deepEqual(quick.stats(), QUIET);
  });

  it('stops repeating an INVITE at the first provisional, and then waits without limit', () => {
    send('INVITE');
    network.clock.advance(120_000);
    assert.deepEqual(network.story(ALICE), ['0 INVITE']);
    assert.deepEqual(heard, ['0 100']);
    incoming[0]?.respond(486);
  });

  it('acknowledges a failure itself, again for each repetition, and delivers it once', () => {
    let lost = 0;
    network.lose = ({ message }) => message.method === 'ACK' && lost++ < 2;
    send('INVITE');
    incoming[0]?.respond(486);
    network.clock.advance(10_000);
    assert.deepEqual(heard, ['0 100', '0 486']);
    assert.deepEqual(network.story(ALICE), ['0 INVITE', '0 ACK', '500 ACK', '1500 ACK']);
    const [sent] = network.sent.filter(({ message }) => message.method === 'ACK');
    assert.equal(sent?.message.get('Via'), network.sent[0]?.message.get('Via'));
    assert.equal(sent?.message.tagOf('To'), incoming[0]?.localTag);
    assert.equal(sent?.message.get('CSeq'), '1 ACK');
  });

  it('marks a repeated 2xx, and repeats the ACK by itself', () => {
    let lost = 0;
    network.lose = ({ message }) => message.method === 'ACK' && lost++ < 1;
    const invite = send('INVITE');
    incoming[0]?.respond(200);
    invite.acknowledge(ack(invite.request, responses[1] as SipMessage), TO_BOB);
    network.clock.advance(5000);
    assert.deepEqual(heard, ['0 100', '0 200', '500 200 again']);
    assert.deepEqual(network.story(ALICE), ['0 INVITE', '0 ACK', '500 ACK']);
    assert.equal(lost, 2);
  });

  it("delivers a fork's 2xx as one of its own", () => {
    const invite = send('INVITE');
    incoming[0]?.respond(200);
    incoming[0]?.acknowledge();
    const fork = SipMessage.response(200);
    for (const name of ['Via', 'From', 'Call-ID', 'CSeq'])
      fork.add(name, invite.request.get(name) ?? '');
    fork.add('To', `<sip:bob@${BOB}>;tag=other`);
    network.inject(`${ALICE}:5060`, fork.toBuffer());
    assert.deepEqual(heard, ['0 100', '0 200', '0 200']);
  });

  it('holds a CANCEL back until a provisional has come', () => {
    let letThrough = false;
    network.lose = ({ from, message }) => from === BOB && message.status === 100 && !letThrough;
    const invite = send('INVITE');
    const cancel = invite.cancel([['Reason', 'SIP;cause=200']]);
    network.clock.advance(400);
    assert.deepEqual(network.story(ALICE), ['0 INVITE']);
    letThrough = true;
    network.clock.advance(200); // the INVITE is repeated at 500, and so is its 100
    assert.deepEqual(network.story(ALICE), ['0 INVITE', '500 INVITE', '500 CANCEL', '500 ACK']);
    assert.deepEqual(heard, ['500 100', '500 487']);
    assert.equal(cancel.get('Via'), invite.request.get('Via'));
    assert.equal(cancel.get('Reason'), 'SIP;cause=200');
  });

  it('never sends the held CANCEL when the final response comes first', () => {
    network.lose = ({ message }) => message.status === 100;
    const invite = send('INVITE');
    invite.cancel();
    incoming[0]?.respond(200);
    incoming[0]?.acknowledge();
    network.clock.advance(40_000);
    assert.deepEqual(network.story(ALICE), ['0 INVITE']);
    assert.deepEqual(heard, ['0 200']);
  });

  it('delivers the 200 that crosses its CANCEL', () => {
    let isAnswered = false;
    bob.onRequest = (_request, transaction) => {
      transaction.onCancel = () => {
        transaction.respond(200);
        transaction.acknowledge();
        isAnswered = true;
      };
    };
    send('INVITE').cancel();
    assert.equal(isAnswered, true);
    assert.deepEqual(heard, ['0 100', '0 200']);
  });

  it('counts as cancelled when nothing final comes within 64*T1 of the CANCEL', () => {
    network.lose = ({ from, message }) => from === BOB && (message.status ?? 0) >= 200;
    const invite = send('INVITE');
    network.clock.advance(1000);
    invite.cancel();
    network.clock.advance(100_000);
    assert.deepEqual(heard, ['0 100', '33000 487 local']);
  });

  it('ends with a local 503 at once when the port is closed', () => {
    toNobody();
    network.refused.add(`${BOB}:5060`);
    send('INVITE');
    network.clock.advance(1000);
    assert.deepEqual(heard, ['100 503 local']);
    assert.equal(responses[0]?.get('Call-ID'), 'call-1');
  });

  it('does not ask whether anybody listens once a response has come', () => {
    network.refused.add(`${BOB}:5060`);
    send('INVITE');
    network.clock.advance(1000);
    assert.deepEqual(heard, ['0 100']);
    incoming[0]?.respond(486);
  });

  it('resolves fixed host names without asking anybody', async () => {
    const carol = await network.endpoint('10.0.0.4', { hosts: { 'bob.example': BOB } });
    const to = { host: 'Bob.Example', port: 5060 };
    const sent = carol.request(request(carol, 'OPTIONS', BOB), to, { onResponse: () => undefined });
    assert.deepEqual(sent.destination, TO_BOB);
    assert.equal(incoming.length, 1);
    sent.terminate();
  });

  it('is silent once terminated', () => {
    const invite = send('INVITE');
    invite.terminate();
    incoming[0]?.respond(200);
    incoming[0]?.acknowledge();
    assert.deepEqual(heard, ['0 100']);
  });

  it('logs what a callback throws, and goes on', async () => {
    const logged: string[] = [];
    const carol = await network.endpoint('10.0.0.4', {
      onLog: (_level, text) => logged.push(text),
    });
    carol.request(request(carol, 'OPTIONS', BOB), TO_BOB, {
      onResponse: () => {
        throw new Error('the user is at fault');
      },
    });
    incoming[0]?.respond(200);
    assert.deepEqual(logged, ['SIP callback failed']);
    network.clock.advance(6000);
    assert.deepEqual(carol.stats(), QUIET);
  });

  it('gets every call through a network that loses a third of everything', () => {
    let seed = 42;
    network.lose = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % 3 === 0;
    bob.onRequest = (_request, transaction) => transaction.respond(200);
    let answered = 0;
    for (let i = 0; i < 50; i++) {
      const message = request(alice, 'INVITE', BOB, { callId: `lossy-${i}` });
      const invite = alice.request(message, TO_BOB, {
        onResponse: (response, { retransmission }) => {
          if (response.status !== 200 || retransmission) return;
          answered++;
          invite.acknowledge(ack(invite.request, response), TO_BOB);
        },
      });
    }
    network.clock.advance(70_000);
    assert.equal(answered, 50);
  });
});
