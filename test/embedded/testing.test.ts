/**
 * Calls through the real drachtio-srf and drachtio-fsmrf over an engine whose messages are lost,
 * late, doubled or held.
 */
import assert from 'node:assert/strict';
import Srf from 'drachtio-srf';
import { startFaultyEmbedded, type FaultyEngine } from '../../src/embedded/testing.js';
import { SipMessage } from '../../src/embedded/sip/message.js';
import { SipStack, type ServerTransaction } from '../../src/embedded/sip/stack.js';
import { MediaBench, pause, within } from '../conformance/media-bench.js';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';

describe('The embedded engine with faults', () => {
  let engine: FaultyEngine;
  let peer: SipStack;
  let srf: Srf;
  let got: string[] = [];

  beforeEach(async () => {
    engine = await startFaultyEmbedded({ t1Ms: 40 });
    peer = await new SipStack({ t1Ms: 40 }).start();
    got = [];
    peer.onAck = () => void got.push('ACK');
    srf = new Srf();
    const connected = new Promise((resolve) => srf.on('connect', resolve));
    void srf.connect(engine.drachtio);
    await connected;
  });

  afterEach(async () => {
    srf.disconnect();
    await peer.stop();
    await engine.stop();
  });

  const uri = (): string => `sip:bob@127.0.0.1:${peer.port}`;

  async function until(isTrue: () => boolean): Promise<void> {
    for (let tries = 0; tries < 250 && !isTrue(); tries += 1) await pause(20);
  }
  const untilGot = (method: string): Promise<void> => until(() => got.includes(method));

  /** Answers INVITEs with 180 and, some time later, 200; everything else at once with 200. */
  function answerAfter(ms: number): void {
    peer.onRequest = (request, transaction) => {
      got.push(request.method ?? '');
      if (request.method !== 'INVITE') return void transaction.respond(200);
      transaction.respond(180);
      setTimeout(() => answer(transaction), ms);
    };
  }

  function answer(transaction: ServerTransaction): void {
    transaction.respond(200, { headers: [['Contact', `<${uri()}>`]], body: SDP });
  }

  it('acknowledges again when its ACK was lost', async () => {
    answerAfter(0);
    const lost = await engine.inject({
      ...{ point: 'sip-out', matches: /^ACK /, times: 2 },
      action: { kind: 'drop' },
    });
    const dialog = await srf.createUAC(uri(), { localSdp: SDP });
    await untilGot('ACK');
    assert.deepEqual(got, ['INVITE', 'ACK']);
    assert.ok(peer.counters.retransmissions >= 2, 'the 200 was repeated');
    assert.equal(await lost.end(), 2);
    dialog.destroy();
    await untilGot('BYE');
    assert.deepEqual(got, ['INVITE', 'ACK', 'BYE']);
  });

  it('hangs up a call whose 200 comes so late that it was cancelled', async () => {
    answerAfter(0);
    const late = await engine.inject({
      ...{ point: 'sip-in', matches: /^SIP\/2\.0 200 [^]*CSeq: \d+ INVITE/, times: 1 },
      action: { kind: 'freeze' },
    });
    // The CANCEL comes after the answer: the far end's transaction deals with it.
    const cbProvisional = (): void => sent?.cancel(() => void late.end());
    let sent: { cancel(done: () => void): void } | undefined;
    const cbRequest = (...[, request]: unknown[]): void => void (sent = request as typeof sent);
    const calling = srf.createUAC(uri(), { localSdp: SDP }, { cbRequest, cbProvisional });
    const dialog = await within(5000, 'createUAC', calling);
    await new Promise<void>((resolve) => dialog.on('destroy', () => resolve()));
    await untilGot('BYE');
    assert.deepEqual(got, ['INVITE', 'ACK', 'BYE']);
  });

  it('offers a doubled INVITE to the application once', async () => {
    await engine.inject({ point: 'sip-in', matches: /^INVITE /, action: { kind: 'duplicate' } });
    let offers = 0;
    srf.invite((_request, response) => {
      offers++;
      response.send(486);
    });
    await pause(50);
    const invite = SipMessage.request('INVITE', `sip:x@${engine.sip.host}:${engine.sip.port}`)
      .add('Via', peer.newVia())
      .add('From', '<sip:a@b>;tag=1')
      .add('To', '<sip:x@y>')
      .add('Call-ID', 'doubled')
      .add('CSeq', '1 INVITE')
      .add('Contact', `<${uri()}>`);
    const status = await new Promise((resolve) => {
      peer.request(invite, engine.sip, {
        onResponse: (r) => void ((r.status ?? 0) >= 200 && resolve(r.status)),
      });
    });
    assert.equal(status, 486);
    assert.equal(offers, 1);
  });

  it('says nothing while its event socket is frozen, and all of it afterwards', async () => {
    const bench = await MediaBench.connect(engine);
    const { endpoint } = await bench.createEndpoint();
    const ice = await engine.inject({ point: 'esl-out', action: { kind: 'freeze' } });
    let isSettled = false;
    const asking = endpoint.api('uuid_exists', endpoint.uuid).then((answer) => {
      isSettled = true;
      return answer.getBody();
    });
    await pause(150);
    assert.equal(isSettled, false);
    assert.ok((await ice.end()) >= 1);
    assert.equal(await within(5000, 'api', asking), 'true');
    await endpoint.destroy();
    await bench.close();
  });

  it('hears a hole where packets were lost', async () => {
    const bench = await MediaBench.connect(engine);
    const { endpoint, peer: far, heard } = await bench.createLeg();
    await pause(200);
    const port = Number(endpoint.local.mediaPort);
    const lost = await engine.inject({
      ...{ point: 'rtp-out', matches: new RegExp(`^rtp port=${port} pt=0 `), times: 4 },
      action: { kind: 'drop' },
    });
    heard.length = 0;
    // A packet that comes too late on a busy machine is a hole as well.
    const holes = () => heard.filter((sample) => sample === -1).length;
    await until(() => far.stats().packetsLost >= 4 && holes() >= 4 * 160);
    assert.equal(await lost.end(), 4);
    assert.equal(far.stats().packetsLost, 4);
    await bench.close();
  });

  it('lets an application wait whose control socket is deaf', async () => {
    answerAfter(0);
    const ice = await engine.inject({ point: 'drachtio-in', action: { kind: 'freeze' } });
    const calling = srf.createUAC(uri(), { localSdp: SDP });
    await pause(100);
    assert.deepEqual(got, []);
    await ice.end();
    const dialog = await within(5000, 'createUAC', calling);
    dialog.destroy();
  });
});
