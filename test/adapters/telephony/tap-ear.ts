/**
 * Receives a tap's frames, whichever way they come: a UDP socket, our WebSocket server, a recording.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { ForkServer } from '../../../src/adapters/cpd/fork-server.js';
import { RecordingTail } from '../../../src/adapters/cpd/recording-tail.js';
import type { TapTarget } from '../../../src/ports.js';
import { concat } from '../../sip/far-rtp.js';

export interface TapFrame {
  /** performance.now() at arrival. */
  readonly atMs: number;
  readonly samples: Int16Array;
}

export class TapEar implements TapTarget {
  readonly host = '127.0.0.1';
  readonly frames: TapFrame[] = [];
  /** What the tap has said went wrong. */
  readonly problems: string[] = [];
  /** The recording it reads. */
  followed = '';
  readonly #reached: (() => void)[] = [];
  /** Where mod_audio_fork is sent. */
  fork: { port: number; path: string };
  #tail: RecordingTail | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly server: ForkServer,
  ) {
    socket.on('message', (frame) => this.#hear(frame));
    const path = server.add({
      isExpected: (address) => address === '127.0.0.1',
      onOpen: () => this.#onReached(),
      onAudio: (bytes) => this.#hear(bytes),
      onRefused: () => this.problems.push('refused'),
    });
    this.fork = { port: server.port, path };
  }

  static async open(): Promise<TapEar> {
    const socket = createSocket('udp4').unref();
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new TapEar(socket, await ForkServer.listen('127.0.0.1', 10));
  }

  openPort(): Promise<number> {
    return Promise.resolve(this.socket.address().port);
  }

  onReached(handle: () => void): void {
    this.#reached.push(handle);
  }

  follow(path: string): void {
    this.followed = path;
    this.#tail?.close();
    this.#tail = new RecordingTail(path, {
      onOpen: () => this.#onReached(),
      onAudio: (bytes) => this.#hear(bytes),
      onFailed: (why) => this.problems.push(why),
    });
  }

  samples(fromFrame = 0, toFrame = this.frames.length): Int16Array {
    return concat(this.frames.slice(fromFrame, toFrame).map(({ samples }) => samples));
  }

  close(): void {
    this.socket.close();
    this.#tail?.close();
    this.server.close();
  }

  #onReached(): void {
    for (const handle of this.#reached) handle();
  }

  #hear(frame: Buffer): void {
    const samples = new Int16Array(frame.length >> 1);
    for (let n = 0; n < samples.length; n++) samples[n] = frame.readInt16LE(2 * n);
    this.frames.push({ atMs: performance.now(), samples });
  }
}
