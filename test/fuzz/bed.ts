/**
 * An engine to attack: started in its worker as in production, with the adapters connected and a
 * call up that has to survive, and with the ways in for an attacker: its datagrams, its two control
 * ports, and a channel of the media server with its own event socket.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/adapters/clock/system-clock.js';
import { silentLog } from '../../src/adapters/log.js';
import { connectTelephony } from '../../src/adapters/telephony/connect.js';
import { FrameReader, encodeFrame } from '../../src/embedded/drachtio/framing.js';
import {
  startEmbedded,
  type EmbeddedEngine,
  type EngineLogLine,
} from '../../src/embedded/index.js';
import type { MediaEndpoint, SipDialog, Telephony } from '../../src/ports.js';
import { FarParty } from '../sip/far-party.js';
import { tone, toneShare, wav } from '../sip/far-rtp.js';

const HOST = '127.0.0.1';
const T1_MS = 20; // whatever an attacker began is over after 64 of these
const DATAGRAM_BYTES_MAX = 65_000;
/** What a socket may hold before somebody reads it; Linux counts about 1 kB with each datagram. */
const UNREAD_BYTES_MAX = 30_000;
const OVERHEAD_BYTES = 1024;

/** A call that nobody may disturb. */
export interface GoodCall {
  readonly endpoint: MediaEndpoint;
  readonly dialog: SipDialog;
  readonly far: FarParty;
}

export class FuzzBed {
  readonly log: EngineLogLine[] = [];
  engine!: EmbeddedEngine;
  telephony!: Telephony;
  folder = '';
  readonly #udp: UdpSocket = createSocket('udp4');
  readonly #sockets = new Set<Socket>();

  static async open(): Promise<FuzzBed> {
    const bed = new FuzzBed();
    bed.engine = await startEmbedded({ t1Ms: T1_MS, onLog: (line) => bed.log.push(line) });
    const { drachtio, freeswitch } = bed.engine;
    const clock = systemClock();
    bed.telephony = await connectTelephony({ drachtio, freeswitch, log: silentLog, clock });
    bed.folder = await mkdtemp(join(tmpdir(), 'dialback-fuzz-'));
    await bed.write('tone.wav', wav(tone(500, 8000)));
    bed.#udp.bind(0, HOST);
    await once(bed.#udp, 'listening');
    return bed;
  }

  /** The attacker's own port, which damaged messages name instead of 5062. */
  get port(): number {
    return this.#udp.address().port;
  }

  async write(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, bytes);
    return path;
  }

  async call(): Promise<GoodCall> {
    const far = await FarParty.open();
    const endpoint = await this.telephony.media.createEndpoint();
    const call = { uri: far.uri, callId: randomUUID(), localSdp: endpoint.localSdp };
    const outcome = await this.telephony.sip.invite(call).outcome;
    assert.ok(outcome.kind === 'answered', JSON.stringify(outcome));
    await endpoint.connect(outcome.dialog.remoteSdp);
    far.rtp.sendTone(endpoint.localSdp, 900);
    await sleep(300); // from then on the place of its media is known
    return { endpoint, dialog: outcome.dialog, far };
  }

  /** The call is up, and its far side hears what we play. */
  async isAlive({ endpoint, dialog, far }: GoodCall): Promise<void> {
    assert.equal(dialog.hasEnded || endpoint.hasEnded, false, 'the call is up');
    const fromMs = performance.now();
    const playback = endpoint.play([join(this.folder, 'tone.wav')], { loop: false });
    await sleep(350);
    const share = toneShare(far.rtp.heardSince(fromMs).slice(-1200), 500);
    assert.ok(share > 0.9, `what is played is heard: ${share}`);
    await playback.stop();
  }

  async hangUp({ endpoint, dialog, far }: GoodCall): Promise<void> {
    await dialog.bye('test over');
    await endpoint.close();
    far.close();
  }

  /** Sends datagrams no faster than the engine takes them; what is too long for one is cut. */
  async flood(port: number, datagrams: readonly Buffer[]): Promise<void> {
    let unread = 0;
    for (const bytes of datagrams) {
      const datagram = bytes.subarray(0, DATAGRAM_BYTES_MAX);
      unread += datagram.length + OVERHEAD_BYTES;
      await new Promise<void>((resolve) => this.#udp.send(datagram, port, HOST, () => resolve()));
      if (unread < UNREAD_BYTES_MAX) continue;
      unread = 0;
      for (let turns = 0; turns < 2; turns++) await this.engine.stats();
    }
  }

  /** Connects, says the first words, and sends the rest piece by piece until it is cut off. */
  async talk(port: number, words: string, pieces: readonly Buffer[]): Promise<void> {
    const socket = this.#own(connect(port, HOST));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await once(socket, 'connect');
    socket.resume();
    for (const piece of [Buffer.from(words), ...pieces]) await say(socket, piece);
    socket.end();
    await closed;
  }

  /** Asks over TCP whether somebody is there. */
  async options(port: number): Promise<string> {
    const socket = this.#own(connect(port, HOST));
    socket.write(
      [
        ...[`OPTIONS sip:${HOST}:${port} SIP/2.0`, `Via: SIP/2.0/TCP ${HOST};branch=z9hG4bKo`],
        ...['From: <sip:a>;tag=1', 'To: <sip:b>', `Call-ID: ${randomUUID()}`, 'CSeq: 1 OPTIONS'],
        ...['Content-Length: 0', '', ''],
      ].join('\r\n'),
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString();
  }

  /**
   * An application that answers everything it is offered, now with success, now with refusal.
   * @returns how it ends its calls and goes
   */
  async answerAll(verbs: readonly string[]): Promise<() => void> {
    const { port, secret } = this.engine.drachtio;
    const socket = this.#own(connect(port, HOST));
    const reader = new FrameReader();
    const dialogs = new Set<string>();
    let count = 0;
    const send = (line: string): boolean => socket.write(encodeFrame(`${randomUUID()}|${line}`));
    socket.on('data', (bytes: Buffer) => {
      for (const message of reader.push(bytes)) {
        const [, kind, source, , , , , , transaction, , , dialog] = message.split('|');
        if (kind === 'response' && dialog?.includes('from-tag')) dialogs.add(dialog);
        if (kind !== 'sip' || source !== 'network' || message.includes('\r\nACK ')) continue;
        const status = count++ % 3 === 0 ? '486 Busy Here' : '200 OK';
        send(`sip|${transaction}|\r\nSIP/2.0 ${status}\r\n\r\n`);
      }
    });
    send(`authenticate|${secret}|`);
    for (const verb of verbs) send(`route|${verb}`);
    await this.engine.stats();
    return () => {
      for (const id of dialogs) send(`sip||${id}\r\nBYE sip:placeholder SIP/2.0\r\n\r\n`);
      socket.end();
    };
  }

  /** Calls the media server as fsmrf does and sends pieces on the channel's own event socket. */
  async channel(pieces: (uuid: string) => readonly Buffer[]): Promise<void> {
    const listener = createServer().listen(0, HOST);
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    await this.flood(await this.mediaSipPort(), [Buffer.from(this.#invite(port))]);
    const [socket] = (await once(listener, 'connection')) as [Socket];
    this.#own(socket);
    let reply = '';
    socket.on('data', (bytes: Buffer) => (reply = (reply + bytes.toString()).slice(0, 20_000)));
    await say(socket, Buffer.from('connect\n\n'));
    while (!/Unique-ID: (\S+)/.test(reply)) await sleep(5);
    for (const piece of pieces(/Unique-ID: (\S+)/.exec(reply)?.[1] ?? '')) await say(socket, piece);
    await sleep(60); // commands take effect on the beat of 20 ms
    socket.destroy();
    listener.close();
  }

  /** Where the media server's own SIP endpoint listens, from what it tells fsmrf. */
  async mediaSipPort(): Promise<number> {
    const { port, secret } = this.engine.freeswitch;
    const socket = this.#own(connect(port, HOST));
    socket.write(`auth ${secret}\n\napi sofia status\n\n`);
    let text = '';
    for await (const bytes of socket) {
      text += String(bytes);
      const found = /mod_sofia@[\d.]+:(\d+)/.exec(text)?.[1];
      if (found !== undefined) return Number(found);
    }
    throw new Error('the media server tells no port');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    await this.telephony.close();
    await this.engine.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #own(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    return socket;
  }

  #invite(listenerPort: number): string {
    return [
      `INVITE sip:drachtio@${HOST} SIP/2.0`,
      `Via: SIP/2.0/UDP ${HOST}:${this.port};branch=z9hG4bK${randomUUID()}`,
      `From: <sip:a@${HOST}:${this.port}>;tag=1`,
      `To: <sip:drachtio@${HOST}>`,
      `Call-ID: ${randomUUID()}`,
      'CSeq: 1 INVITE',
      `Contact: <sip:a@${HOST}:${this.port}>`,
      `User-Agent: drachtio-fsmrf:${randomUUID()}`,
      `X-esl-outbound: ${HOST}:${listenerPort}`,
      'Content-Type: application/sdp',
      '',
      `v=0\r\nc=IN IP4 ${HOST}\r\nm=audio ${this.port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n`,
    ].join('\r\n');
  }
}

/** Writes, and lets the other thread read. */
async function say(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.writableEnded) return;
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
}
