/**
 * The API of mod_audio_fork: what a channel hears goes to a WebSocket server as 16 bit samples,
 * whatever the channel plays or is bridged to. The metadata goes first, as text; then 40 ms of
 * audio, then 20 ms at a time. Text from the server becomes events of the channel.
 *
 * Only 8000 Hz, and only out: audio from the server is not played. The answer to `start` does not
 * wait for the server; how that went is an event.
 * Source: jambonz/freeswitch-modules, mod_audio_fork, and what drachtio-fsmrf sends.
 */

import type { Channel } from './channel.js';
import { mixedLength, mixFrames, type BugMix, type MediaBug } from './media-bugs.js';
import { WebSocketClient } from './web-socket.js';

const KEY = 'fork:';
const PROTOCOL = 'audio.drachtio.org';
const DEFAULT_NAME = 'audio_fork';
const UNSENT_BYTES_MAX = 64 * 1024; // two seconds and a half of 16 bit stereo
const METADATA_CHARACTERS_MAX = 8192;
const MIXES: Readonly<Record<string, BugMix>> = {
  mono: 'heard',
  mixed: 'mixed',
  stereo: 'stereo',
};
/** Kinds of messages that have an event of their own; all others are `json`. */
const MESSAGE_KINDS = new Set(['transcription', 'transfer', 'disconnect', 'error', 'json']);

/**
 * Splits the arguments of an API command: by blanks, or after `^^|` by that character (and then an
 * argument may be empty). Single quotes hold an argument together.
 */
export function splitArguments(text: string): string[] {
  const hasDelimiter = text.startsWith('^^') && text.length > 2;
  const delimiter = hasDelimiter ? text.charAt(2) : ' ';
  const words: string[] = [];
  let word = '';
  let isQuoted = false;
  for (const character of hasDelimiter ? text.slice(3) : text) {
    if (character === "'") isQuoted = !isQuoted;
    else if (character === delimiter && !isQuoted) {
      words.push(word);
      word = '';
    } else word += character;
  }
  words.push(word);
  return hasDelimiter ? words : words.filter((each) => each !== '');
}

/**
 * Runs `uuid_audio_fork` on a channel.
 * @param words after the channel: start, stop, send_text, pause or resume, and their arguments
 * @param mayConnect whether a host may be connected to
 * @returns false for `-ERR Operation Failed`
 */
export function runFork(
  channel: Channel,
  [action = '', ...words]: readonly string[],
  mayConnect: (host: string) => boolean,
): boolean {
  if (action === 'start') return startFork(channel, words, mayConnect);
  const { name, text } = nameAndText(words);
  const fork = channel.bugs.get(KEY + name);
  if (!(fork instanceof AudioFork)) return false;
  switch (action) {
    case 'stop':
      if (text !== undefined) fork.sendText(text);
      return channel.bugs.remove(KEY + name);
    case 'send_text':
      if (text !== undefined) fork.sendText(text);
      return text !== undefined;
    case 'pause':
    case 'resume':
      fork.isPaused = action === 'pause';
      return true;
    default:
      return false;
  }
}

function nameAndText([first, second]: readonly string[]): { name: string; text?: string } {
  if (second !== undefined) return { name: first || DEFAULT_NAME, text: second };
  if (first !== undefined && /^[{[]/.test(first)) return { name: DEFAULT_NAME, text: first };
  return { name: first || DEFAULT_NAME };
}

function startFork(
  channel: Channel,
  [address = '', mixName = '', rate = '', ...rest]: readonly string[],
  mayConnect: (host: string) => boolean,
): boolean {
  const { name, text = '' } = nameAndText(rest);
  const mix = Object.hasOwn(MIXES, mixName) ? MIXES[mixName] : undefined;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!mix || !url || !/^wss?:$/.test(url.protocol) || !/^(?:8000|8k)$/.test(rate)) return false;
  if (text.length > METADATA_CHARACTERS_MAX) return false;
  if (!mayConnect(url.hostname === 'localhost' ? '127.0.0.1' : url.hostname)) {
    channel.log('warn', 'audio fork to another host refused', { to: url.host });
    return false;
  }
  if (channel.bugs.get(KEY + name)) return false;
  const fork = new AudioFork(channel, name, mix, text);
  if (!channel.bugs.add(KEY + name, fork)) return false;
  fork.connect(url);
  return true;
}

class AudioFork implements MediaBug {
  isPaused = false;
  readonly #frame: Int16Array;
  /** Two frames: the first message holds both. */
  readonly #bytes: Buffer;
  #socket: WebSocketClient | undefined;
  #isOpen = false;
  #hasBegun = false;
  #collectedBytes = 0;
  #isRemoved = false;
  #hasOverrun = false;

  constructor(
    private readonly channel: Channel,
    private readonly name: string,
    private readonly mix: BugMix,
    private readonly metadata: string,
  ) {
    this.#frame = new Int16Array(mixedLength(mix));
    this.#bytes = Buffer.alloc(4 * this.#frame.length);
  }

  connect(url: URL): void {
    this.#socket = new WebSocketClient(url, PROTOCOL, {
      onOpen: () => {
        this.#isOpen = true;
        if (this.metadata !== '') this.#socket?.sendText(this.metadata);
        this.#fire('connect');
      },
      onText: (text) => this.#heardText(text),
      onClosed: (why, hasOpened) => {
        if (this.#isRemoved) return;
        if (hasOpened) this.#fire('disconnect');
        else this.#fire('connect_failed', JSON.stringify({ reason: why }));
        this.channel.bugs.remove(KEY + this.name);
      },
    });
  }

  sendText(text: string): void {
    this.#socket?.sendText(text);
  }

  onFrame(heard: Int16Array, spoken: Int16Array): void {
    if (!this.#isOpen || this.isPaused || !this.#socket) return;
    if (this.#socket.unsentBytes > UNSENT_BYTES_MAX) {
      if (!this.#hasOverrun) this.#fire('buffer_overrun');
      this.#hasOverrun = true;
      return;
    }
    mixFrames(this.mix, heard, spoken, this.#frame);
    for (const sample of this.#frame) {
      this.#bytes.writeInt16LE(sample, this.#collectedBytes);
      this.#collectedBytes += 2;
    }
    if (!this.#hasBegun && this.#collectedBytes < this.#bytes.length) return;
    this.#hasBegun = true;
    this.#socket.sendBinary(this.#bytes.subarray(0, this.#collectedBytes));
    this.#collectedBytes = 0;
  }

  onRemoved(): void {
    this.#isRemoved = true;
    this.#socket?.close();
  }

  #heardText(text: string): void {
    if (this.#isRemoved) return;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (typeof message !== 'object' || message === null) return;
    const { type, data } = message as { type?: unknown; data?: unknown };
    if (typeof type !== 'string') return;
    const kind = MESSAGE_KINDS.has(type) ? type : 'json';
    this.#fire(kind, JSON.stringify(kind === type ? (data ?? null) : message));
  }

  #fire(kind: string, body?: string): void {
    this.channel.fire('CUSTOM', {
      'Event-Subclass': `mod_audio_fork::${kind}`,
      'media-bugname': this.name,
      ...(body === undefined
        ? {}
        : { 'Content-Length': String(Buffer.byteLength(body)), _body: body }),
    });
  }
}
