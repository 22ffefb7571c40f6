import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { packets } from 'rtp.js';
import { playSamples, RelaySource } from '../../../src/embedded/rtp/pcm-source.js';
import { RtpSession } from '../../../src/embedded/rtp/session.js';
import { levelOf, sine } from './signal.js';
import { virtualPacer } from './virtual-pacer.js';

const HOST = '127.0.0.1';
const portRange = { from: 40000, to: 59998 };

/** Lets loopback datagrams arrive. */
async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe('An RTP session', () => {
  const { pacer, clock } = virtualPacer();
  let sessions: RtpSession[] = [];
  let sockets: Socket[] = [];

  async function open(): Promise<RtpSession> {
    const session = new RtpSession({ host: HOST, portRange, pacer });
    await session.open();
    sessions.push(session);
    return session;
  }

  /** A raw peer: what arrives is read by rtp.js. */
  async function openPeer(): Promise<{ socket: Socket; port: number; got: packets.RtpPacket[] }> {
    const socket = createSocket('udp4');
    sockets.push(socket);
    socket.bind(0, HOST);
    await once(socket, 'listening');
    const got: packets.RtpPacket[] = [];
    socket.on('message', (b) =>
      got.push(new packets.RtpPacket(new DataView(b.buffer, b.byteOffset, b.byteLength))),
    );
    return { socket, port: socket.address().port, got };
  }

  async function run(ticks: number): Promise<void> {
    for (let i = 0; i < ticks; i++) {
      clock.advance(20);
      await settle();
    }
  }

  afterEach(async () => {
    for (const session of sessions) session.close();
    for (const socket of sockets) socket.close();
    sessions = [];
    sockets = [];
    assert.equal(pacer.stats().sessions, 0);
    assert.equal(clock.timer, undefined);
    await settle();
  });

  it('binds an even port and gives it back', async () => {
    const session = await open();
    const { port } = session;
    assert.equal(port % 2, 0);
    session.close();
    assert.equal(session.port, 0);
    const again = new RtpSession({ host: HOST, portRange: { from: port, to: port }, pacer });
    await again.open();
    sessions.push(again);
    const third = new RtpSession({ host: HOST, portRange: { from: port, to: port }, pacer });
    await assert.rejects(third.open(), /no free RTP port/);
  });

  it('sends 160 byte packets in sequence, 160 apart, with the marker on the first only', async () => {
    const session = await open();
    const peer = await openPeer();
    session.remote(HOST, peer.port, 8);
    session.play(playSamples(sine(440, 1600)));
    await run(12);
    assert.equal(peer.got.length, 12);
    const [first] = peer.got;
    assert.ok(first);
    peer.got.forEach((packet, i) => {
      assert.equal(packet.getPayloadType(), 8);
      assert.equal(packet.getPayload().byteLength, 160);
      assert.equal(packet.getSsrc(), first.getSsrc());
      assert.equal(packet.getSequenceNumber(), (first.getSequenceNumber() + i) & 0xffff);
      assert.equal(packet.getTimestamp(), (first.getTimestamp() + 160 * i) >>> 0);
      assert.equal(packet.getMarker(), i === 0);
    });
    const lastPayload = peer.got[11]?.getPayload();
    assert.equal(lastPayload?.getUint8(100), 0xd5); // silence when idle
  });

  it('carries speech both ways, A-law one way and mu-law the other', async () => {
    const [a, b] = [await open(), await open()];
    a.remote(HOST, b.port, 8);
    b.remote(HOST, a.port, 0);
    const heardByA: number[] = [];
    const heardByB: number[] = [];
    a.onFrame = (pcm) => heardByA.push(...pcm);
    b.onFrame = (pcm) => heardByB.push(...pcm);
    a.play(playSamples(sine(440, 8000)));
    b.play(playSamples(sine(1000, 8000)));
    await run(50);
    assert.ok(levelOf(1000, heardByA.slice(480, 7600)) > 7500);
    assert.ok(levelOf(440, heardByB.slice(480, 7600)) > 7500);
    assert.equal(heardByA.length, 8000);
    assert.equal(a.stats().packetsLost, 0);
  });

  it('hands out -1 at 50 frames a second while no RTP comes, and zeros for digital silence', async () => {
    const [a, b] = [await open(), await open()];
    const frames: (number | undefined)[] = [];
    b.onFrame = (pcm) => frames.push(pcm.every((s) => s === pcm[0]) ? pcm[0] : NaN);
    await run(5);
    assert.deepEqual(frames, [-1, -1, -1, -1, -1]);
    a.remote(HOST, b.port, 0);
    b.remote(HOST, a.port, 0);
    await run(5);
    assert.deepEqual(frames.slice(-2), [0, 0]);
  });

  it('tells where a source ended, or where it was stopped', async () => {
    const session = await open();
    const done: [string, number, boolean][] = [];
    session.play(playSamples(sine(440, 1000)), (at, broken) => done.push(['whole', at, broken]));
    await run(8);
    session.play(playSamples(sine(440, 8000)), (at, broken) => done.push(['broken', at, broken]));
    await run(5);
    session.stopPlaying();
    assert.deepEqual(done, [
      ['whole', 1000, false],
      ['broken', 800, true],
    ]);
    assert.equal(session.isPlaying, false);
  });

  it('lets a second source interrupt the first, which then goes on where it was', async () => {
    const session = await open();
    const peer = await openPeer();
    session.remote(HOST, peer.port, 0);
    const order: string[] = [];
    session.play(playSamples(new Int16Array(800).fill(1000)), () => order.push('first'));
    await run(2);
    session.play(playSamples(new Int16Array(480).fill(-3000)), () => order.push('second'));
    await run(7);
    assert.deepEqual(order, ['second', 'first']);
    const signs = peer.got.map((p) => (p.getPayload().getUint8(80) & 0x80 ? '+' : '-'));
    assert.equal(signs.slice(0, 8).join(''), '++---+++');
  });

  it('stops everything at once, the topmost first', async () => {
    const session = await open();
    const order: string[] = [];
    session.play(playSamples(sine(440, 8000)), (at) => order.push(`first ${at}`));
    await run(1);
    session.play(playSamples(sine(440, 8000)), (at) => order.push(`second ${at}`));
    await run(1);
    session.stopPlaying();
    assert.deepEqual(order, ['second 160', 'first 160']);
  });

  it('stops one source and lets those under it go on', async () => {
    const session = await open();
    const order: string[] = [];
    session.play(playSamples(sine(440, 320)), (at, broken) => order.push(`under ${at} ${broken}`));
    const top = session.play(playSamples(sine(440, 8000)), (at) => order.push(`top ${at}`));
    await run(3);
    top.stop();
    top.stop();
    await run(3);
    assert.deepEqual(order, ['top 480', 'under 320 false']);
  });

  it('starts the next source in the very sample after the former', async () => {
    const session = await open();
    const peer = await openPeer();
    session.remote(HOST, peer.port, 0);
    const pieces = Array.from({ length: 5 }, () => playSamples(new Int16Array(250).fill(5000)));
    const playNext = (): void => {
      const piece = pieces.shift();
      if (piece) session.play(piece, playNext);
    };
    playNext();
    await run(8);
    const codes = peer.got.flatMap((p) => {
      const view = p.getPayload();
      return Array.from({ length: view.byteLength }, (_, i) => view.getUint8(i));
    });
    const loud = codes.filter((c) => c !== 0xff);
    assert.equal(loud.length, 1250);
    assert.ok(codes.slice(0, 1250).every((c) => c !== 0xff));
  });

  it('sends and receives keys without a word of speech between their packets', async () => {
    const [a, b] = [await open(), await open()];
    const keys: string[] = [];
    b.onDtmf = (digit, samples) => keys.push(`${digit}/${samples}`);
    a.remote(HOST, b.port, 0, 101);
    b.remote(HOST, a.port, 0, 101);
    a.play(playSamples(sine(440, 80000)));
    a.sendDtmf('5#', 100);
    await run(30);
    assert.deepEqual(keys, ['5/800', '#/800']);
  });

  for (const packetMs of [10, 30, 40, 60]) {
    it(`sends packets of ${packetMs} ms, and hears them as an unbroken tone`, async () => {
      const [session, ear] = [await open(), await open()];
      const peer = await openPeer();
      session.remote(HOST, peer.port, 0, undefined, packetMs);
      session.play(playSamples(sine(440, 4800)));
      await run(30);
      const samples = packetMs * 8;
      assert.equal(peer.got.length, 600 / packetMs);
      const [first] = peer.got;
      peer.got.forEach((packet, i) => {
        assert.equal(packet.getPayload().byteLength, samples);
        const at = ((first?.getTimestamp() ?? 0) + i * samples) >>> 0;
        assert.equal(packet.getTimestamp(), at);
        assert.equal(packet.getMarker(), i === 0);
      });
      session.remote(HOST, ear.port, 0, undefined, packetMs);
      ear.remote(HOST, session.port, 0);
      const heard: number[] = [];
      ear.onFrame = (pcm) => heard.push(...pcm);
      session.play(playSamples(new Int16Array(8000).fill(5000)));
      await run(50);
      const steady = heard.slice(heard.findIndex((sample) => sample > 4000)).slice(0, 6400);
      assert.equal(steady.length, 6400);
      assert.ok(steady.every((sample) => sample > 4000));
    });
  }

  it('takes keys under the number it has offered and under the one the peer has named', async () => {
    const [a, b] = [await open(), await open()];
    const keys: string[] = [];
    b.onDtmf = (digit) => keys.push(digit);
    b.offeredDtmfPayloadType = 101;
    b.remote(HOST, a.port, 0, 96);
    for (const [payloadType, key] of [
      [96, '1'],
      [101, '2'],
      [97, '3'],
    ] as const) {
      a.remote(HOST, b.port, 0, payloadType);
      a.sendDtmf(key);
      await run(12);
    }
    assert.deepEqual(keys, ['1', '2']);
  });

  it('takes comfort noise for a sign of life and hears nothing in it', async () => {
    const session = await open();
    const peer = await openPeer();
    session.remote(HOST, peer.port, 0);
    const noise = Buffer.alloc(13, 0x40);
    noise[0] = 0x80;
    noise[1] = 13;
    const frames: number[] = [];
    session.onFrame = (pcm) => frames.push(...pcm);
    peer.socket.send(noise, session.port, HOST);
    await run(2);
    assert.equal(session.stats().packetsReceived, 1);
    assert.equal(session.stats().packetsIgnored, 0);
    assert.ok(frames.every((sample) => sample === -1));
  });

  it('relays what one session hears to another within the tick, both ways', async () => {
    const [agent, left, right, customer] = [await open(), await open(), await open(), await open()];
    agent.remote(HOST, left.port, 0);
    left.remote(HOST, agent.port, 0);
    right.remote(HOST, customer.port, 8);
    customer.remote(HOST, right.port, 8);
    const [toRight, toLeft] = [new RelaySource(), new RelaySource()];
    left.onFrame = (pcm) => toRight.write(pcm);
    right.onFrame = (pcm) => toLeft.write(pcm);
    right.play(toRight);
    left.play(toLeft);
    const heard = { agent: [] as number[], customer: [] as number[] };
    agent.onFrame = (pcm) => heard.agent.push(...pcm);
    customer.onFrame = (pcm) => heard.customer.push(...pcm);
    agent.play(playSamples(sine(900, 16000)));
    customer.play(playSamples(sine(600, 16000)));
    await run(60);
    assert.ok(levelOf(600, heard.agent.slice(1600)) > 7500, 'the agent hears the customer');
    assert.ok(levelOf(900, heard.customer.slice(1600)) > 7500, 'the customer hears the agent');
    assert.ok(levelOf(900, heard.agent.slice(1600)) < 100, 'no echo');
  });

  it('ignores strangers and rubbish, and follows a peer that moved only after ten packets', async () => {
    const session = await open();
    const peer = await openPeer();
    const stranger = await openPeer();
    session.remote(HOST, peer.port, 0);
    const packet = Buffer.alloc(172, 0x10);
    packet[0] = 0x80;
    packet[1] = 0;
    peer.socket.send('hello', session.port, HOST);
    for (let i = 0; i < 9; i++) stranger.socket.send(packet, session.port, HOST);
    await settle();
    assert.equal(session.stats().packetsReceived, 0);
    assert.equal(session.stats().packetsIgnored, 10);
    stranger.socket.send(packet, session.port, HOST);
    await settle();
    assert.equal(session.stats().packetsReceived, 1);
    assert.equal(session.stats().remoteChanges, 1);
    await run(1);
    assert.equal(stranger.got.length, 1);
  });

  it('stays with a peer that speaks, however much a stranger sends', async () => {
    const session = await open();
    const peer = await openPeer();
    const stranger = await openPeer();
    session.remote(HOST, peer.port, 0);
    const packet = Buffer.alloc(172, 0x10);
    packet[0] = 0x80;
    packet[1] = 0;
    for (let tick = 0; tick < 5; tick++) {
      peer.socket.send(packet, session.port, HOST);
      for (let i = 0; i < 60; i++) stranger.socket.send(packet, session.port, HOST);
      await settle();
      peer.socket.send(packet, session.port, HOST);
      await run(1);
    }
    assert.equal(session.stats().remoteChanges, 0);
    assert.equal(session.stats().packetsReceived, 10);
    assert.equal(peer.got.length, 5);
  });

  it('spends no time on more than fifty packets in twenty milliseconds', async () => {
    const session = await open();
    const peer = await openPeer();
    session.remote(HOST, peer.port, 0);
    const packet = Buffer.alloc(172, 0x10);
    packet[0] = 0x80;
    packet[1] = 0;
    for (let i = 0; i < 80; i++) peer.socket.send(packet, session.port, HOST);
    await settle();
    assert.equal(session.stats().packetsReceived, 50);
    assert.equal(session.stats().packetsIgnored, 30);
    await run(1);
    peer.socket.send(packet, session.port, HOST);
    await settle();
    assert.equal(session.stats().packetsReceived, 51);
  });

  it('sends nothing to itself, to nobody, or while on hold', async () => {
    const session = await open();
    const peer = await openPeer();
    session.remote(HOST, session.port, 0);
    await run(2);
    session.remote('0.0.0.0', peer.port, 0);
    await run(2);
    session.remote(HOST, peer.port, 0);
    session.isSending = false;
    await run(2);
    assert.equal(session.stats().packetsSent, 0);
    session.isSending = true;
    await run(1);
    assert.equal(peer.got.length, 1);
  });

  it('counts lost packets', async () => {
    const session = await open();
    const peer = await openPeer();
    session.remote(HOST, peer.port, 0);
    for (const sequence of [65534, 65535, 2, 1, 3]) {
      const packet = Buffer.alloc(172);
      packet[0] = 0x80;
      packet.writeUInt16BE(sequence, 2);
      peer.socket.send(packet, session.port, HOST);
    }
    await settle();
    assert.equal(session.stats().packetsReceived, 5);
    assert.equal(session.stats().packetsLost, 2); // 0 and 1; that 1 came late is not undone
  });

  it('stays quiet about a peer that has gone', async () => {
    const session = await open();
    const peer = await openPeer();
    session.remote(HOST, peer.port, 0);
    sockets = sockets.filter((s) => s !== peer.socket);
    peer.socket.close();
    await run(5);
    assert.equal(session.stats().packetsSent, 5);
  });
});
