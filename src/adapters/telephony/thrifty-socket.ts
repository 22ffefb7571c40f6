/**
 * What drachtio-modesl does on an event socket, at less cost. It writes each line of a command by
 * itself (eight packets for one sendmsg, each a system call here and a read over there), and
 * drachtio-fsmrf asks for events that nobody here listens to, with all variables of the channel in each:
 * three of the seven in a call that hears one file, some 7 kB apiece. Of the others it looks through all
 * headers before it adds the next, two hundred times an event, and for the end of the headers byte by byte.
 * Ten of the two hundred are ever asked for: an event is not taken apart, what is asked for is looked up.
 */
import type Mrf from 'drachtio-fsmrf';

/** As the library asks for them. */
const UNHEARD: ReadonlySet<string> = new Set([
  'CHANNEL_ANSWER',
  'CHANNEL_EXECUTE',
  'CHANNEL_PROGRESS_MEDIA',
  'DETECTED_TONE',
  'SWITCH_EVENT_PLAYBACK_STOP',
]);

const HEADERS_END = '\n\n';

/** How FreeSWITCH and our engine write an event: in one line, names and values in quotes. */
const IN_ONE_LINE = /^\{"[^"\\]+":"/;

type Headers = Readonly<Record<string, unknown>>;
/** @returns the value of a header, when it is a text */
type Lookup = (name: string) => string | undefined;

/** What the library makes of a message, as far as anybody here or in drachtio-fsmrf asks. */
class NamedEvent implements Mrf.EslEvent {
  constructor(
    private readonly lookup: Lookup,
    private readonly ownBody = '',
  ) {}

  get type(): string | null {
    return this.getHeader('Event-Name');
  }

  get subclass(): string | null {
    return this.getHeader('Event-Subclass');
  }

  get body(): string {
    return this.getHeader('_body') ?? this.ownBody;
  }

  getHeader(name: string): string | null {
    return this.lookup(name) ?? null;
  }

  getBody(): string {
    return this.body;
  }

  getType(): string | null {
    return this.type;
  }
}

/** The event in a message; undefined when it has none that can be read. We ask for no format but JSON. */
function eventIn(headers: Headers, body: string | undefined): Lookup | undefined {
  if (headers['Content-Type'] !== 'text/event-json' || body === undefined) return undefined;
  if (IN_ONE_LINE.test(body)) return (name) => valueIn(body, name);
  try {
    const event: unknown = JSON.parse(body);
    return isHeaders(event) ? lookupIn(event) : undefined;
  } catch {
    return undefined;
  }
}

function lookupIn(headers: Headers): Lookup {
  return (name) => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
}

/**
 * Of the text of an object that is one line. No value, and no other name, can hold what is looked for:
 * a quote in one of them has a backslash in front, and not the brace or comma that a name has.
 */
function valueIn(json: string, name: string): string | undefined {
  // Its own quote is left out of the search, which looks for the first character: letters are rarer.
  const wanted = `${name}":"`;
  let at = json.indexOf(wanted);
  while (at >= 0 && !isBeginning(json, at)) at = json.indexOf(wanted, at + 1);
  if (at < 0) return undefined;
  const from = at + wanted.length;
  let end = json.indexOf('"', from);
  while (end >= 0 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
  if (end < 0) return undefined;
  const written = json.slice(from, end);
  return written.includes('\\') ? unescaped(written) : written;
}

/** Of a name that is not part of another. */
function isBeginning(json: string, at: number): boolean {
  const before = json[at - 2];
  return json[at - 1] === '"' && (before === ',' || before === '{');
}

function isEscaped(json: string, at: number): boolean {
  let first = at;
  while (json[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}

function unescaped(written: string): string | undefined {
  try {
    return String(JSON.parse(`"${written}"`));
  } catch {
    return undefined;
  }
}

function isHeaders(value: unknown): value is Headers {
  return typeof value === 'object' && value !== null;
}

/** Each command in one piece. */
export function writeWhole(connection: Mrf.EslConnection): void {
  connection.send = (command, args = {}) => {
    const lines = Object.entries(args).map(([name, value]) => `${name}: ${value}\n`);
    // One that is closed says so by itself.
    connection.socket?.write(`${command}\n${lines.join('')}\n`);
  };
}

/** Finds headers by their names, however many there are. */
export function readByName({ parser }: Mrf.EslConnection): void {
  parser._indexOfHeaderEnd = () => parser.buffer.indexOf(HEADERS_END);
  parser._parseEvent = (headers, body) => {
    const event = new NamedEvent(eventIn(headers, body) ?? lookupIn(headers), body);
    parser.emit('esl::event', event, headers, body);
  };
}

/** For the connection of an endpoint, before the library subscribes. */
export function leaveOutUnheard(connection: Mrf.EslConnection): void {
  const subscribe = connection.subscribe.bind(connection);
  connection.subscribe = (events, reply) => {
    const names = events.split(' ').filter((name) => !UNHEARD.has(name));
    subscribe(names.join(' '), reply);
  };
}

/** From now on the start of each application is told as well. */
export function hearStarts(connection: Mrf.EslConnection): void {
  connection.sendRecv('event json CHANNEL_EXECUTE', {}, () => undefined);
}
