/**
 * SIP over UDP: one socket for all traffic, and probes for closed ports.
 *
 * Linux reports "port unreachable" only to connected sockets, and the one socket serves all peers,
 * so an unanswered request is followed by an empty keep-alive (CRLF CRLF, ignored by RFC 3261
 * section 7.5) from a connected socket of its own: if that is refused, so was the request.
 */
import dgram from 'node:dgram';
import type { SipAddress } from './message.js';
import type { Scheduler } from './scheduler.js';
import type { DatagramTransport, OnMessage } from './transport.js';

const PROBE_WAIT_MS = 500;
const SOCKET_BUFFER_BYTES = 2 * 1024 * 1024; // a burst of new calls must not overflow the default
const KEEP_ALIVE = '\r\n\r\n';

export class UdpTransport implements DatagramTransport {
  #socket?: dgram.Socket;
  #address: SipAddress;
  readonly #probes = new Set<() => void>();

  constructor(
    readonly bind: SipAddress,
    readonly scheduler: Scheduler,
    readonly onError: (error: Error) => void,
  ) {
    this.#address = bind;
  }

  get address(): SipAddress {
    return this.#address;
  }

  async start(onMessage: OnMessage): Promise<void> {
    const socket = dgram.createSocket({
      type: this.bind.host.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: SOCKET_BUFFER_BYTES,
      sendBufferSize: SOCKET_BUFFER_BYTES,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(this.bind.port, this.bind.host, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    socket.on('error', (error) => this.onError(error));
    socket.on('message', (bytes, { address, port }) => onMessage(bytes, { host: address, port }));
    const { address, port } = socket.address();
    this.#address = { host: address, port };
    this.#socket = socket;
  }

  async stop(): Promise<void> {
    for (const end of [...this.#probes]) end();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  send(bytes: Buffer, to: SipAddress, onFailed?: (why: string) => void): void {
    if (!this.#socket) return;
    try {
      this.#socket.send(bytes, to.port, to.host, (error) => {
        if (error) onFailed?.(error.message);
      });
    } catch (error) {
      onFailed?.(String(error)); // port 0 and the like are refused synchronously
    }
  }

  probe(to: SipAddress, onRefused: () => void): void {
    if (!this.#socket) return;
    const socket = dgram.createSocket(to.host.includes(':') ? 'udp6' : 'udp4');
    const end = (): void => {
      if (!this.#probes.delete(end)) return;
      cancelWait();
      socket.close();
    };
    const cancelWait = this.scheduler.schedule(PROBE_WAIT_MS, end);
    this.#probes.add(end);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.#probes.has(end)) return;
      end();
      if (error.code === 'ECONNREFUSED') onRefused();
    });
    // An address that cannot be reached is told to the callback, which the types do not know.
    socket.connect(to.port, to.host, (...[error]: readonly unknown[]) => {
      if (error) end();
      else if (this.#probes.has(end)) socket.send(KEEP_ALIVE);
    });
  }
}
