/**
 * What drachtio-modesl does on an event socket, at less cost. It writes each line of a command by
 * itself (eight packets for one sendmsg, each a system call here and a read over there), and
 * drachtio-fsmrf asks for events that nobody here listens to, with all variables of the channel in each:
 * three of the seven in a call that hears one file, some 7 kB apiece. Of the others it looks through all
 * headers before it adds the next, two hundred times an event, and for the end of the headers byte by byte.
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

type Headers = Readonly<Record<string, unknown>>;

/** What the library makes of a message, as far as anybody here or in drachtio-fsmrf asks. */
class NamedEvent implements Mrf.EslEvent {
  readonly type: string | null;
  readonly subclass: string | null;
  readonly body: string;

  constructor(
    private readonly headers: Headers,
    body: string | undefined,
  ) {
    this.type = this.getHeader('Event-Name');
    this.subclass = this.getHeader('Event-Subclass');
    this.body = this.getHeader('_body') ?? body ?? '';
  }

  getHeader(name: string): string | null {
    const value = Object.hasOwn(this.headers, name) ? this.headers[name] : undefined;
    return typeof value === 'string' ? value : null;
  }

  getBody(): string {
    return this.body;
  }

  getType(): string | null {
    return this.type;
  }
}

/** The event in a message; undefined when it has none that can be read. We ask for no format but JSON. */
function eventIn(headers: Headers, body: string | undefined): Headers | undefined {
  if (headers['Content-Type'] !== 'text/event-json' || body === undefined) return undefined;
  try {
    const event: unknown = JSON.parse(body);
    return isHeaders(event) ? event : undefined;
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
    const event = new NamedEvent(eventIn(headers, body) ?? headers, body);
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
