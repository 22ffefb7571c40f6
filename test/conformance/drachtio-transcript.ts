/**
 * A raw client of the drachtio control protocol that writes down what is said, with everything that
 * differs from run to run replaced by placeholders: U (any uuid), <SIP> and <PEER> (addresses),
 * <TAG>, <C> (CSeq), <N> (bytes), <T> (time), <VER>.
 */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { SipMessage } from '../../src/embedded/sip/message.js';
import { FrameReader, encodeFrame } from '../../src/embedded/drachtio/framing.js';

const SHOWN = new Set(['from', 'to', 'cseq', 'contact', 'reason']);
/** By which transport the request came; what else is in a Via differs from run to run. */
const protocolOf = (message: SipMessage): string => message.get('Via')?.split(' ')[0] ?? '';
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

export interface Addresses {
  readonly sipHost: string;
  readonly sipPort: number;
  readonly peerHost: string;
}

/** The lines of one run. */
export class Transcript {
  readonly lines: string[] = [];

  constructor(readonly addresses: Addresses) {}

  title(text: string): void {
    this.lines.push(`## ${text}`);
  }

  add(who: string, direction: '->' | '<-', text: string): void {
    this.lines.push(`   ${who} ${direction} ${this.#describe(text, direction === '<-')}`);
  }

  closed(who: string): void {
    this.lines.push(`   ${who} CLOSED`);
  }

  peerGot(message: SipMessage): void {
    const start = this.#plain(startLine(message));
    const names = message.headers.map(([name]) => name).sort();
    const over = message.source?.transport === 'tcp' ? ` over TCP, Via ${protocolOf(message)}` : '';
    this.lines.push(`   peer <- ${start}  ${[...new Set(names)].join(',')}${over}`);
  }

  #describe(text: string, withHeaders: boolean): string {
    const lineEnd = text.indexOf('\r\n');
    if (lineEnd < 0) return this.#plain(text);
    const message = SipMessage.parse(Buffer.from(text.slice(lineEnd + 2)));
    const meta = this.#plain(text.slice(0, lineEnd));
    const start = this.#plain(startLine(message));
    return `${meta}  {${withHeaders ? [start, this.#headers(message)].join(' | ') : start}}`;
  }

  #headers(message: SipMessage): string {
    const shown = message.headers.map(([name, value]) =>
      SHOWN.has(name.toLowerCase()) ? `${name}: ${this.#plain(value)}` : name,
    );
    return shown.sort().join(' ; ');
  }

  #plain(text: string): string {
    const { sipHost, sipPort, peerHost } = this.addresses;
    return text
      .replaceAll(UUID, 'U')
      .replaceAll(`${sipHost}:${sipPort}`, '<SIP>:5060')
      .replaceAll(`${sipHost}|${sipPort}`, '<SIP>|5060')
      .replaceAll(sipHost, '<SIP>')
      .replaceAll(peerHost, '<PEER>')
      .replace(/tag=(?:[A-Za-z0-9\-.]+)/g, 'tag=<TAG>')
      .replace(/in-\d+(?=;)/g, 'in-<ID>')
      .replace(/^\d+ (?=[A-Z]+$)/, '<C> ')
      .replace(/\|(network|application)\|\d+\|/, '|$1|<N>|')
      .replace(/(\|(?:tcp)?\|<PEER>\|)(?!5060)\d+\|/, '$1<PORT>|')
      .replace(/\|\d\d:\d\d:\d\d\.\d{6}\|/, '|<T>|')
      .replace(/\|v\d+\.\d+\.\d+[^|]*\|/, '|<VER>|')
      .replace(/^(U\|authenticate\|)(?!nope)[^|]*/, '$1<SECRET>');
  }
}

function startLine(message: SipMessage): string {
  if (message.method !== undefined) return `${message.method} ${message.uri ?? ''} SIP/2.0`;
  return `SIP/2.0 ${message.status ?? 0} ${message.reason ?? ''}`;
}

/** One message from the server, taken apart. */
export interface ServerMessage {
  readonly kind: string;
  /** For a response: the id it answers. */
  readonly answers: string;
  readonly fields: readonly string[];
  readonly sip: SipMessage | undefined;
}

const PATIENCE_MS = 5000;

/** One connection to the control port. */
export class ControlConnection {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #messages: ServerMessage[] = [];
  #wake: () => void = () => undefined;
  #isClosed = false;

  constructor(
    readonly name: string,
    readonly transcript: Transcript,
    target: { readonly host: string; readonly port: number },
  ) {
    this.#socket = connect(target.port, target.host);
    this.#socket.on('data', (bytes: Buffer) => {
      for (const text of this.#reader.push(bytes)) {
        transcript.add(name, '<-', text);
        this.#messages.push(takeApart(text));
      }
      this.#wake();
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Sends and waits for the answer. */
  async ask(line: string, sip?: string): Promise<ServerMessage> {
    const id = randomUUID();
    const text = `${id}|${line}${sip === undefined ? '' : `\r\n${sip}`}`;
    this.transcript.add(this.name, '->', text);
    this.#socket.write(encodeFrame(text));
    return this.next((message) => message.answers === id);
  }

  /** The first message not taken yet that matches; takes it. */
  async next(matches: (message: ServerMessage) => boolean): Promise<ServerMessage> {
    for (;;) {
      const index = this.#messages.findIndex(matches);
      const [found] = index < 0 ? [] : this.#messages.splice(index, 1);
      if (found) return found;
      await this.#change();
    }
  }

  /** A response from the network with that status. */
  async status(status: number): Promise<ServerMessage> {
    return this.next(({ kind, sip }) => kind === 'sip' && sip?.status === status);
  }

  /** A request with that method. */
  async request(method: string): Promise<ServerMessage> {
    return this.next(({ kind, sip }) => kind === 'sip' && sip?.method === method);
  }

  async closed(): Promise<void> {
    while (!this.#isClosed) await this.#change();
    this.transcript.closed(this.name);
  }

  end(): void {
    this.#socket.destroy();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`nothing came:\n${this.transcript.lines.slice(-8).join('\n')}`));
      }, PATIENCE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function takeApart(text: string): ServerMessage {
  const lineEnd = text.indexOf('\r\n');
  const fields = (lineEnd < 0 ? text : text.slice(0, lineEnd)).split('|');
  const kind = fields[1] ?? '';
  return {
    kind,
    answers: kind === 'response' ? (fields[2] ?? '') : '',
    fields,
    sip: lineEnd < 0 ? undefined : SipMessage.parse(Buffer.from(text.slice(lineEnd + 2))),
  };
}

/**
 * Puts each answer right behind what it answers, so that two transcripts compare although answers
 * and traffic from the network are not ordered against each other.
 */
export function inOrder(lines: readonly string[]): string[] {
  const ordered: string[] = [];
  const answers = lines
    .map((line, index) => ({ line, index }))
    .filter(({ line }) => isAnswer(line));
  for (const line of lines) {
    if (isAnswer(line)) continue;
    ordered.push(line);
    if (!/^ {3}c\d? -> /.test(line)) continue;
    const answer = answers.shift();
    if (answer) ordered.push(answer.line);
  }
  return ordered;
}

const isAnswer = (line: string): boolean => /^ {3}c\d? <- U\|response\|/.test(line);
