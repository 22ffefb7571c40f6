/**
 * A bench for media servers: connects the real drachtio-srf and drachtio-fsmrf to a pair of servers,
 * makes endpoints with a scripted RTP peer each, and writes down what goes over the event sockets.
 * The servers may be the embedded ones or real ones on the same machine.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Mrf from 'drachtio-fsmrf';
import Srf from 'drachtio-srf';
import { RtpSession } from '../../src/embedded/rtp/session.js';
import { pcmBytes, sine, wavBytes } from '../embedded/rtp/signal.js';
import {
  describeCommand,
  describeFrame,
  EslFrameReader,
  eventOf,
  normalise,
} from './esl-transcript.js';

/** Where the two servers listen. */
export interface Target {
  readonly drachtio: { readonly host: string; readonly port: number; readonly secret: string };
  readonly freeswitch: {
    readonly host: string;
    readonly port: number;
    readonly secret: string;
    readonly profile: string;
  };
}

/** What fsmrf's endpoint offers beyond the part that production code uses. */
export interface FullEndpoint extends Omit<Mrf.Endpoint, 'on' | 'local'> {
  readonly local: { readonly sdp: string; readonly mediaPort: string };
  readonly connected: boolean;
  on(event: string, handle: (...args: never[]) => void): this;
  api(command: string, args?: readonly string[] | string): Promise<Mrf.EslEvent>;
  play(file: string | readonly string[]): Promise<Record<string, string>>;
  playCollect(options: Record<string, unknown>): Promise<Record<string, string | null>>;
  set(name: string | Record<string, string>, value?: string): Promise<void>;
  modify(sdp: string): Promise<string>;
  bridge(other: FullEndpoint): Promise<void>;
  unbridge(): Promise<void>;
  destroy(): Promise<void>;
}

/** An event as JSON gave it. */
export type EslEventFields = Readonly<Record<string, string>>;

/** One endpoint, its RTP peer, and its event socket as it was seen. */
export interface BenchLeg {
  readonly endpoint: FullEndpoint;
  readonly peer: RtpSession;
  /** All that the peer heard so far. */
  readonly heard: number[];
  readonly log: WireLog;
}

/** What one event socket carried. */
export class WireLog {
  readonly lines: string[] = [];
  readonly events: EslEventFields[] = [];
  isClosed = false;
  uuid = '';
  readonly #waiting = new Set<() => void>();

  constructor(
    socket: Socket,
    readonly mediaDirectory: string,
  ) {
    const reader = new EslFrameReader();
    let command = '';
    const write = socket.write.bind(socket);
    socket.write = (chunk: string, ...rest: never[]) => {
      command += chunk;
      for (let end = command.indexOf('\n\n'); end >= 0; end = command.indexOf('\n\n')) {
        this.#add(describeCommand(command.slice(0, end)));
        command = command.slice(end + 2);
      }
      return write(chunk, ...rest);
    };
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) {
        this.uuid ||= frame.headers.get('Unique-ID') ?? '';
        const event = eventOf(frame);
        // Until the filter is set, events of all channels come in.
        if (event && event['Unique-ID'] !== this.uuid) continue;
        if (event) this.events.push(event);
        this.#add(describeFrame(frame));
      }
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.#add('CLOSED');
    });
    socket.on('error', () => undefined);
  }

  /** Resolves once `test` holds; checked whenever something came. */
  async until(test: () => boolean, what: string, limitMs = 10_000): Promise<void> {
    if (test()) return;
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (!test()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`no ${what} in ${limitMs} ms:\n${this.lines.join('\n')}`));
      }, limitMs);
      this.#waiting.add(check);
    });
  }

  /** Waits for an event; `skip` earlier ones of the kind do not count. */
  async event(name: string, fields: EslEventFields = {}, skip = 0): Promise<EslEventFields> {
    const find = (): EslEventFields | undefined =>
      this.events.filter(
        (e) =>
          e['Event-Name'] === name &&
          Object.entries(fields).every(([key, value]) => e[key] === value),
      )[skip];
    await this.until(() => find() !== undefined, `${name} ${JSON.stringify(fields)}`);
    return find() ?? {};
  }

  #add(line: string): void {
    this.lines.push(normalise(line, this.mediaDirectory));
    for (const check of [...this.#waiting]) check();
  }
}

/** Lets something else happen for a while. */
export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Rejects when a promise has not settled in time. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing in ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Media files every scenario can use: tones of a given length, 8 kHz mono. */
async function makeMedia(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  const files: [string, Int16Array][] = [
    ['tone10s.wav', sine(440, 80000)],
    ['tone2s.wav', sine(440, 16000)],
    ['tone400ms.wav', sine(700, 3200)],
    ['tone300ms.wav', sine(1000, 2400)],
  ];
  for (const [name, pcm] of files) await writeFile(join(directory, name), wavBytes(pcmBytes(pcm)));
  await writeFile(join(directory, 'broken.wav'), 'this is no audio');
  return directory;
}

/** See the head of this file. */
export class MediaBench {
  readonly legs: BenchLeg[] = [];
  readonly #logs: WireLog[] = [];

  private constructor(
    readonly srf: InstanceType<typeof Srf>,
    readonly ms: Mrf.MediaServer,
    readonly mediaDirectory: string,
    readonly target: Target,
  ) {
    ms._server?.server.prependListener('connection', (socket) => {
      socket.setNoDelay(true);
      this.#logs.push(new WireLog(socket, mediaDirectory));
    });
  }

  static async connect(target: Target): Promise<MediaBench> {
    const srf = new Srf();
    srf.on('error', () => undefined);
    void srf.connect({ ...target.drachtio });
    await within(
      5000,
      'srf.connect',
      new Promise<void>((resolve, reject) =>
        srf.on('connect', (error: Error | null) => (error ? reject(error) : resolve())),
      ),
    );
    const { host: address, port, secret, profile } = target.freeswitch;
    const listen = { listenAddress: '127.0.0.1', advertisedAddress: '127.0.0.1' };
    const options = { address, port, secret, profile, ...listen };
    const ms = await within(20_000, 'mrf.connect', new Mrf(srf).connect(options));
    ms.conn.socket?.setNoDelay(true);
    return new MediaBench(srf, ms, await makeMedia(), target);
  }

  /** Path of one of the bench's media files. */
  media(name: string): string {
    return join(this.mediaDirectory, name);
  }

  /** An endpoint without a peer's SDP yet. */
  async createEndpoint(): Promise<{ endpoint: FullEndpoint; log: WireLog }> {
    const work = this.ms.createEndpoint() as unknown as Promise<FullEndpoint>;
    const endpoint = await within(10_000, 'createEndpoint', work);
    const log = this.#logs.find((each) => each.uuid === endpoint.uuid);
    if (!log) throw new Error('the endpoint has no event socket');
    await log.until(() => log.lines.some((l) => l.includes('filter added')), 'filter');
    return { endpoint, log };
  }

  /** An endpoint that talks to a scripted RTP peer, mu-law by default. */
  async createLeg(payloadType: 0 | 8 = 0): Promise<BenchLeg> {
    const { endpoint, log } = await this.createEndpoint();
    const peer = new RtpSession({ host: '127.0.0.1', portRange: { from: 30000, to: 31998 } });
    await peer.open();
    const heard: number[] = [];
    peer.onFrame = (pcm) => void heard.push(...pcm);
    peer.remote('127.0.0.1', Number(endpoint.local.mediaPort), payloadType, 101);
    await within(10_000, 'modify', endpoint.modify(sdpOf(peer, payloadType)));
    const leg: BenchLeg = { endpoint, peer, heard, log };
    this.legs.push(leg);
    return leg;
  }

  async close(): Promise<void> {
    // All at once: there are a hundred, and a media server that is left with some keeps them for ever.
    const ended = this.legs.map(async ({ endpoint, peer }) => {
      if (endpoint.connected)
        await within(10_000, 'destroy', endpoint.destroy()).catch(() => undefined);
      peer.close();
    });
    await Promise.all(ended);
    this.ms.disconnect();
    this.srf.disconnect();
    await rm(this.mediaDirectory, { recursive: true });
  }
}

/** The SDP of a scripted peer. */
export function sdpOf(peer: RtpSession, payloadType: 0 | 8): string {
  const name = payloadType === 0 ? 'PCMU' : 'PCMA';
  return [
    ...['v=0', `o=callee 1 1 IN IP4 ${peer.host}`, 's=-', `c=IN IP4 ${peer.host}`, 't=0 0'],
    `m=audio ${peer.port} RTP/AVP ${payloadType} 101`,
    `a=rtpmap:${payloadType} ${name}/8000`,
    ...['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=ptime:20', 'a=sendrecv', ''],
  ].join('\r\n');
}
