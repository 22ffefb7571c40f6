/** A line to a PostgreSQL that breaks or falls silent when a test wants it. Loopback only. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class BadLine {
  readonly #sockets = new Set<Socket>();
  readonly #silent = new WeakSet<Socket>();
  #loses: string | undefined;
  /** Answers that were lost. */
  lostCount = 0;

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  /** @param url of the server */
  static async open(url: string): Promise<BadLine> {
    const far = new URL(url);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const near = new URL(url);
    near.port = String((server.address() as AddressInfo).port);
    const line = new BadLine(near.href, server);
    server.on('connection', (socket) => line.#carry(socket, Number(far.port)));
    return line;
  }

  /** Of the next transaction that says this, the COMMIT reaches the server and no answer comes back. */
  loseAnswerTo(statement: string): void {
    this.#loses = statement;
  }

  /** What is connected now carries nothing any more and is not told so; new connections work. */
  fallSilent(): void {
    for (const socket of this.#sockets) this.#silent.add(socket);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #carry(near: Socket, port: number): void {
    const far = connect(port, '127.0.0.1');
    let isMarked = false;
    let isLost = false;
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!this.#silent.has(socket)) end();
      });
    }
    near.on('data', (data) => {
      if (this.#silent.has(near)) return;
      if (this.#loses !== undefined && data.includes(this.#loses)) {
        isMarked = true;
        this.#loses = undefined;
      }
      isLost ||= isMarked && data.includes('COMMIT');
      far.write(data);
    });
    far.on('data', (data) => {
      if (this.#silent.has(far)) return;
      if (isLost) {
        this.lostCount += 1;
        end();
      } else near.write(data);
    });
  }
}
