/**
 * A clock turned by hand and a network between SIP endpoints in which datagrams can be lost: a
 * whole transaction runs in no time, and each retransmission is at an exact millisecond.
 */
import type { Scheduler } from '../../../src/embedded/sip/scheduler.js';
import { SipMessage, type SipAddress } from '../../../src/embedded/sip/message.js';
import { SipStack, type SipStackOptions } from '../../../src/embedded/sip/stack.js';
import type { DatagramTransport } from '../../../src/embedded/sip/transport.js';

export class VirtualClock implements Scheduler {
  nowMs = 0;
  #timers: { atMs: number; run: () => void }[] = [];

  schedule(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Runs everything that is due in the next `ms`, in order. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [next] = this.#timers
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs);
      if (!next) break;
      this.nowMs = next.atMs;
      this.#timers = this.#timers.filter((other) => other !== next);
      next.run();
    }
    this.nowMs = untilMs;
  }
}

/** One datagram that was sent. */
export interface Sent {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly message: SipMessage;
  readonly lost: boolean;
}

type Receiver = (bytes: Buffer, source: SipAddress) => void;

/** Delivers at once, unless `lose` says otherwise. */
export class VirtualNetwork {
  readonly clock = new VirtualClock();
  readonly sent: Sent[] = [];
  /** Ports that answer "unreachable" to a probe. */
  readonly refused = new Set<string>();
  lose: (sent: Omit<Sent, 'lost'>) => boolean = () => false;
  readonly #receivers = new Map<string, Receiver>();

  /** An endpoint at host:5060 with T1 500 ms. */
  async endpoint(host: string, options: Partial<SipStackOptions> = {}): Promise<SipStack> {
    const transport = this.#transport({ host, port: 5060 });
    return new SipStack({ scheduler: this.clock, transport, ...options }).start();
  }

  /** Hands raw bytes to an endpoint. */
  inject(
    to: string,
    bytes: string | Buffer,
    source: SipAddress = { host: '10.0.0.99', port: 5060 },
  ) {
    this.#receivers.get(to)?.(Buffer.from(bytes), source);
  }

  /** What was sent from one host to another, as `ms METHOD` or `ms status CSeq-method`. */
  story(from: string, to?: string): string[] {
    return this.sent
      .filter((sent) => sent.from === from && (to === undefined || sent.to === to))
      .map(
        ({ atMs, message }) =>
          `${atMs} ${message.method ?? `${message.status} ${message.cseq.method}`}`,
      );
  }

  #transport(address: SipAddress): DatagramTransport {
    const key = `${address.host}:${address.port}`;
    return {
      address,
      start: (onDatagram) => {
        this.#receivers.set(key, onDatagram);
        return Promise.resolve();
      },
      stop: () => {
        this.#receivers.delete(key);
        return Promise.resolve();
      },
      send: (bytes, to) => this.#carry(bytes, address, to),
      probe: (to, onRefused) => {
        if (this.refused.has(`${to.host}:${to.port}`)) onRefused();
      },
    };
  }

  #carry(bytes: Buffer, from: SipAddress, to: SipAddress): void {
    const message = SipMessage.parse(bytes);
    const sent = { atMs: this.clock.nowMs, from: from.host, to: to.host, message };
    const lost = this.lose(sent);
    this.sent.push({ ...sent, lost });
    if (!lost) this.#receivers.get(`${to.host}:${to.port}`)?.(bytes, from);
  }
}

/** A complete request from an endpoint. */
export function request(
  stack: SipStack,
  method: string,
  to: string,
  { callId = 'call-1', seq = 1, toTag = '' } = {},
): SipMessage {
  return SipMessage.request(method, `sip:bob@${to}`)
    .add('Via', stack.newVia())
    .add('Max-Forwards', '70')
    .add('From', `<sip:alice@${stack.host}>;tag=alice`)
    .add('To', `<sip:bob@${to}>${toTag && `;tag=${toTag}`}`)
    .add('Call-ID', callId)
    .add('CSeq', `${seq} ${method}`);
}
