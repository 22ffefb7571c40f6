/**
 * The stock audio tap of FreeSWITCH: what the channel hears, as 16 bit little-endian samples in UDP
 * packets of 20 ms. It works only while the channel is parked; a long application on a channel with
 * a live tap kills it, and it cannot be revived until the channel is parked anew. That is no wish of
 * ours but what FreeSWITCH 1.10.12 does (measured), and those who tap have to live with it.
 */

import { createSocket, type Socket } from 'node:dgram';

/** Where the frames go, and from where they are sent. */
export interface UnicastTarget {
  readonly localHost: string;
  /** 0 lets the system choose. */
  readonly localPort: number;
  readonly remoteHost: string;
  readonly remotePort: number;
}

/** See the head of this file. */
export class Unicast {
  #socket: Socket | undefined;
  #target: UnicastTarget | undefined;
  #isDead = false;

  /** Begins, or goes on with another target; nothing happens on a dead tap. */
  start(target: UnicastTarget): void {
    if (this.#isDead) return;
    this.#close();
    const socket = createSocket({ type: 'udp4', lookup: (host, _o, done) => done(null, host, 4) });
    socket.on('error', () => undefined); // a port in use, a listener that has gone
    socket.on('message', () => undefined); // injecting audio is not supported
    this.#socket = socket;
    // Without a look-up to wait for, this may be called before bind returns.
    socket.bind(target.localPort, target.localHost, () => {
      if (this.#socket === socket) this.#target = target;
    });
  }

  send(pcm: Int16Array): void {
    const target = this.#target;
    if (!target || !this.#socket) return;
    const bytes = Buffer.alloc(pcm.length * 2);
    for (let i = 0; i < pcm.length; i++) bytes.writeInt16LE(pcm[i] ?? 0, 2 * i);
    this.#socket.send(bytes, target.remotePort, target.remoteHost);
  }

  /** A long application began. Without a tap there is nothing to kill. */
  kill(): void {
    if (this.#socket) this.#isDead = true;
    this.#close();
  }

  /** Ends it; it can be started again. */
  stop(): void {
    this.#isDead = false;
    this.#close();
  }

  #close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#target = undefined;
  }
}
