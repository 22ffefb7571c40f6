/** A TCP proxy on loopback whose connections a test can cut or freeze, to lose a server on purpose. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class FaultProxy {
  readonly #sockets = new Set<Socket>();
  #isFrozen = false;
  #isRefusing = false;
  /** Called with what passes, per direction of flow: true is towards the target. */
  onPass: (chunk: string, isTowardsTarget: boolean) => void = () => undefined;
  /** Changes what passes; both protocols carry lengths, so most changes have to keep it. */
  rewrite: (chunk: string, isTowardsTarget: boolean) => string = (chunk) => chunk;

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
  ) {
    server.on('connection', (near) => this.#join(near));
    server.unref();
  }

  static async open(target: { host: string; port: number }): Promise<FaultProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Sockets open on either side. */
  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** Ends every connection at once; new ones are accepted. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends every connection and refuses new ones until `accept`. */
  refuse(): void {
    this.#isRefusing = true;
    this.cut();
  }

  accept(): void {
    this.#isRefusing = false;
  }

  /** Connections stay open and nothing passes, as with a stopped process. */
  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  #join(near: Socket): void {
    if (this.#isRefusing) {
      near.destroy();
      return;
    }
    const far = connect(this.target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.unref().setNoDelay(true);
      from.on('data', (chunk) => {
        const text = chunk.toString('latin1');
        this.onPass(text, from === near);
        to.write(this.rewrite(text, from === near), 'latin1');
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#isFrozen) from.pause();
    }
  }
}

/** @returns a TCP port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
