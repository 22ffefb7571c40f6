/**
 * One connection of the event socket, either way round: an application that connected to us and has
 * to authenticate, or a channel's own connection to the application. Framing, the commands that
 * concern the connection itself (auth, event, filter, exit ...), and the events it asked for.
 *
 * Events are JSON only. A command block is limited in size; whoever sends more, does not
 * authenticate in time or does not read what it asked for is disconnected.
 * Source: FreeSWITCH 1.10 mod_event_socket.c, and transcripts of it (test/conformance/goldens).
 */

import type { Socket } from 'node:net';
import { pass, type Gates } from '../gates.js';

/** Fields of an event, in the order they are sent. */
export type EventFields = Readonly<Record<string, string>>;

/** The answer to `api`; `after` runs once the answer is on its way. */
export interface ApiReply {
  /** Commands that come meanwhile wait for one that is promised. */
  readonly body: string | Promise<string>;
  readonly after?: () => void;
}

/** What a connection needs of the server. */
export interface EslHost {
  /** For connections that have to authenticate. */
  readonly secret?: string;
  /** Answer to `connect`; undefined for an application's own connection. */
  channelData?(): EventFields;
  api(command: string, argument: string): ApiReply;
  /** @returns the Reply-Text of sendmsg; `uuid` is empty when the command named none */
  sendmsg(uuid: string, headers: ReadonlyMap<string, string>): string;
  onClosed(connection: EslConnection): void;
  /** Said something that is no command, or too much. */
  onRejected(why: string): void;
  readonly gates?: Gates | undefined;
}

/** Commands that a connection understands. */
export const ESL_COMMANDS = [
  'auth',
  'connect',
  'event',
  'noevents',
  'filter',
  'api',
  'sendmsg',
  'exit',
] as const;

const BLOCK_BYTES_MAX = 64 * 1024;
const UNSENT_BYTES_MAX = 8 * 1024 * 1024;
const NAMES_MAX = 200;
const FILTERS_MAX = 50;
const AUTH_WITHIN_MS = 10_000;
const CLOSE_WITHIN_MS = 1000;
const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';

/** See the head of this file. */
export class EslConnection {
  readonly #events = new Set<string>();
  readonly #subclasses = new Set<string>();
  readonly #filters: (readonly [name: string, value: string])[] = [];
  #text = '';
  #isAuthenticated: boolean;
  #authTimer: NodeJS.Timeout | undefined;
  #isEnding = false;
  #isJson = false;
  #isWaiting = false;

  constructor(
    private readonly socket: Socket,
    private readonly host: EslHost,
  ) {
    this.#isAuthenticated = host.secret === undefined;
    socket.setNoDelay(true);
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => this.#receive(chunk));
    socket.on('close', () => {
      this.#isEnding = true;
      clearTimeout(this.#authTimer);
      this.#authTimer = undefined;
      host.onClosed(this);
    });
    if (this.#isAuthenticated) return;
    this.#write('Content-Type: auth/request\n\n');
    this.#authTimer = setTimeout(() => socket.destroy(), AUTH_WITHIN_MS);
  }

  /** Timers of this connection that are running. */
  get timers(): number {
    return this.#authTimer === undefined ? 0 : 1;
  }

  /** Sends the event if this connection asked for it. `toJson` is called only then. */
  offer(event: EventFields, toJson: () => string): void {
    if (!this.#isAuthenticated || this.#isEnding || !this.#wants(event)) return;
    const json = toJson();
    const length = Buffer.byteLength(json);
    this.#write(`Content-Length: ${length}\nContent-Type: text/event-json\n\n${json}`);
  }

  /**
   * Says goodbye and closes.
   * @param sessionUuid the channel that ended, for a channel's own connection
   */
  close(sessionUuid?: string): void {
    if (this.#isEnding) return;
    const session = sessionUuid
      ? `Controlled-Session-UUID: ${sessionUuid}\nContent-Disposition: disconnect\n`
      : '';
    const length = `Content-Length: ${GOODBYE.length}\n`;
    this.#write(`Content-Type: text/disconnect-notice\n${session}${length}\n${GOODBYE}`);
    this.#isEnding = true;
    this.socket.end();
    this.socket.setTimeout(CLOSE_WITHIN_MS, () => this.socket.destroy()); // a peer that stays
  }

  destroy(): void {
    this.socket.destroy();
  }

  #wants(event: EventFields): boolean {
    const name = event['Event-Name'] ?? '';
    const isWanted =
      name === 'CUSTOM'
        ? this.#subclasses.has(event['Event-Subclass'] ?? '')
        : this.#events.has(name) || this.#events.has('ALL');
    if (!isWanted) return false;
    return this.#filters.length === 0 || this.#filters.some(([key, value]) => event[key] === value);
  }

  #receive(chunk: string): void {
    this.#text += chunk;
    for (;;) {
      // Blank lines between commands are allowed; telnet users end lines with CR LF.
      this.#text = this.#text.replace(/^[\r\n]+/, '');
      const end = /\r?\n\r?\n/.exec(this.#text);
      if (!end || this.#isEnding || this.#isWaiting) break;
      const block = this.#text.slice(0, end.index);
      this.#text = this.#text.slice(end.index + end[0].length);
      if (block.length > BLOCK_BYTES_MAX) return this.#cutOff();
      pass(
        this.host.gates?.inward,
        () => block,
        () => this.#command(block),
      );
    }
    if (this.#text.length > BLOCK_BYTES_MAX) this.#cutOff();
  }

  #cutOff(): void {
    this.host.onRejected('command too long');
    this.socket.destroy();
  }

  #command(block: string): void {
    const [line = '', ...headerLines] = block.split(/\r?\n/);
    const space = line.indexOf(' ');
    const verb = space < 0 ? line : line.slice(0, space);
    const argument = space < 0 ? '' : line.slice(space + 1).trim();
    if (verb === 'exit') {
      this.#reply('+OK bye');
      return this.close();
    }
    if (!this.#isAuthenticated) return this.#authenticate(verb, argument);
    switch (verb) {
      case 'connect':
        return this.#connect();
      case 'event':
        return this.#subscribe(argument);
      case 'noevents':
        this.#events.clear();
        this.#subclasses.clear();
        return this.#reply('+OK no longer listening for events');
      case 'filter':
        return this.#filter(argument);
      case 'api':
        return this.#api(argument);
      case 'sendmsg':
        return this.#reply(this.host.sendmsg(argument, parseHeaders(headerLines)));
      default:
        this.host.onRejected('unknown command');
        return this.#reply('-ERR command not found');
    }
  }

  #authenticate(verb: string, argument: string): void {
    if (verb !== 'auth') {
      this.host.onRejected('not authenticated');
      return this.#reply('-ERR command not found');
    }
    if (argument !== this.host.secret) {
      this.host.onRejected('wrong secret');
      this.#reply('-ERR invalid');
      return this.close();
    }
    this.#isAuthenticated = true;
    clearTimeout(this.#authTimer);
    this.#authTimer = undefined;
    this.#reply('+OK accepted');
  }

  #connect(): void {
    const data = this.host.channelData?.();
    if (!data) return this.#reply('-ERR command not found');
    const reply = {
      'Content-Type': 'command/reply',
      'Reply-Text': encodeURIComponent('+OK\n'),
      'Socket-Mode': 'async',
      Control: 'full',
    };
    const lines = [
      ...Object.entries(data).map(([name, value]) => `${name}: ${encodeURIComponent(value)}`),
      ...Object.entries(reply).map(([name, value]) => `${name}: ${value}`),
    ];
    this.#write(`${lines.join('\n')}\n\n`);
  }

  #subscribe(argument: string): void {
    const words = argument.split(/\s+/).filter((word) => word !== '');
    const format = /^(json|plain|xml)$/.test(words[0] ?? '') ? words.shift() : undefined;
    if (words.length === 0) return this.#reply('-ERR no keywords supplied');
    // A connection keeps its format; the first one is plain.
    if (format !== 'json' && (format !== undefined || !this.#isJson)) {
      return this.#reply('-ERR only json events are supported');
    }
    this.#isJson = true;
    let isSubclass = false;
    for (const word of words) {
      // Everything after CUSTOM is a subclass name, up to the end of the command.
      if (isSubclass) addName(this.#subclasses, word);
      else if (word === 'CUSTOM') isSubclass = true;
      else addName(this.#events, word.replace(/^SWITCH_EVENT_/, ''));
    }
    this.#reply('+OK event listener enabled json');
  }

  #filter(argument: string): void {
    if (argument === '') return this.#reply('-ERR command not found');
    const [first = '', ...rest] = argument.split(' ');
    if (first === 'delete') {
      const [name = '', ...values] = rest;
      const value = values.join(' ');
      const kept = this.#filters.filter(
        ([key, wanted]) => name !== 'all' && (key !== name || (value !== '' && wanted !== value)),
      );
      this.#filters.splice(0, this.#filters.length, ...kept);
      return this.#reply(`+OK filter deleted. [${name}][${value}]`);
    }
    if (rest.length === 0) return this.#reply('-ERR invalid syntax');
    if (this.#filters.length >= FILTERS_MAX) return this.#reply('-ERR too many filters');
    this.#filters.push([first, rest.join(' ')]);
    this.#reply(`+OK filter added. [${first}]=[${rest.join(' ')}]`);
  }

  #api(argument: string): void {
    if (argument === '') return this.#reply('-ERR command not found');
    const space = argument.indexOf(' ');
    const command = space < 0 ? argument : argument.slice(0, space);
    const { body, after } = this.host.api(
      command,
      space < 0 ? '' : argument.slice(space + 1).trim(),
    );
    if (typeof body === 'string') return this.#answer(body, after);
    this.#isWaiting = true;
    void body.then((text) => {
      this.#isWaiting = false;
      this.#answer(text, after);
      this.#receive('');
    });
  }

  #answer(body: string, after: (() => void) | undefined): void {
    const length = Buffer.byteLength(body);
    this.#write(`Content-Type: api/response\nContent-Length: ${length}\n\n${body}`);
    if (after) setImmediate(after);
  }

  #reply(text: string): void {
    // A reply is one line: names from the command must not become headers of their own.
    this.#write(`Content-Type: command/reply\nReply-Text: ${text.replace(/[\r\n]/g, ' ')}\n\n`);
  }

  #write(text: string): void {
    if (this.#isEnding) return;
    pass(
      this.host.gates?.outward,
      () => text,
      () => {
        if (this.socket.destroyed || this.socket.writableEnded) return;
        if (this.socket.writableLength > UNSENT_BYTES_MAX) this.socket.destroy();
        else this.socket.write(text);
      },
    );
  }
}

function addName(names: Set<string>, name: string): void {
  if (names.size < NAMES_MAX) names.add(name);
}

/** Header names in lower case; a line without a colon is left out. */
function parseHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0)
      headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}
