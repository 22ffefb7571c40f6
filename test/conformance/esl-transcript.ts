/**
 * Reads what goes over event sockets and writes it down with everything accidental taken out:
 * identifiers, ports, times, counters, the order between two connections. Two servers that behave
 * alike give the same text.
 */

/** One message as it came over the wire, before it is written down. */
export interface EslFrame {
  readonly headers: ReadonlyMap<string, string>;
  readonly headerLines: number;
  readonly body: string;
}

/** Event fields worth comparing; all others are accidental or cosmetic. */
const EVENT_FIELDS = [
  ...['Application', 'Application-Data', 'Application-Response', 'Channel-Call-State'],
  ...['Original-Channel-Call-State', 'Answer-State', 'Hangup-Cause', 'Playback-File-Path'],
  ...['Playback-Status', 'DTMF-Digit', 'DTMF-Source', 'variable_playback_ms'],
  ...['variable_playback_seconds', 'variable_playback_last_offset_pos'],
];

/** Cuts a byte stream into server messages. */
export class EslFrameReader {
  #bytes = Buffer.alloc(0);

  push(chunk: Buffer): EslFrame[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const frames: EslFrame[] = [];
    for (;;) {
      const end = this.#bytes.indexOf('\n\n');
      if (end < 0) return frames;
      const lines = this.#bytes.toString('utf8', 0, end).split('\n');
      const headers = new Map(lines.map((line) => splitHeader(line)));
      const length = Number(headers.get('Content-Length') ?? 0);
      if (this.#bytes.length < end + 2 + length) return frames;
      const body = this.#bytes.toString('utf8', end + 2, end + 2 + length);
      this.#bytes = this.#bytes.subarray(end + 2 + length);
      frames.push({ headers, headerLines: lines.length, body });
    }
  }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(': ');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 2)];
}

/** The JSON fields of an event, or undefined when the frame is something else. */
export function eventOf(frame: EslFrame): Record<string, string> | undefined {
  if (frame.headers.get('Content-Type') !== 'text/event-json') return undefined;
  return JSON.parse(frame.body) as Record<string, string>;
}

/** One line for a message of the server. */
export function describeFrame(frame: EslFrame): string {
  const event = eventOf(frame);
  if (event) {
    const fields = EVENT_FIELDS.filter((f) => event[f] !== undefined && event[f] !== '');
    return `<- EVENT ${event['Event-Name']} ${fields.map((f) => `${f}=${event[f]}`).join(' ')}`;
  }
  const { headers, body } = frame;
  if (headers.get('Event-Name') === 'CHANNEL_DATA') return describeChannelData(frame);
  const text = [...headers]
    .filter(([name]) => name !== 'Content-Length')
    .map(([name, value]) => (value ? `${name}: ${value}` : name))
    .join(' | ');
  return `<- ${text}${body ? ` BODY[${shorten(body)}]` : ''}`;
}

const CHANNEL_DATA_FIELDS = [
  ...['Event-Name', 'Channel-State', 'Channel-Call-State', 'Answer-State', 'Call-Direction'],
  ...['variable_sip_user_agent', 'variable_dtmf_type', 'variable_read_codec', 'Content-Type'],
  ...['Reply-Text', 'Socket-Mode', 'Control'],
];

function describeChannelData({ headers }: EslFrame): string {
  const fields = CHANNEL_DATA_FIELDS.filter((f) => headers.has(f));
  return `<- ${fields.map((f) => `${f}: ${headers.get(f)}`).join(' | ')}`;
}

/** uuid_dump is long and full of accidents: only the names that clients rely on are kept. */
function shorten(body: string): string {
  if (!body.startsWith('Event-Name: CHANNEL_DATA')) return body.replaceAll('\n', ' / ');
  const names = body.split('\n').map((line) => splitHeader(line)[0]);
  const wanted = [
    ...['Event-Name', 'Unique-ID', 'Channel-State', 'Answer-State', 'variable_switch_r_sdp'],
    ...['variable_rtp_local_sdp_str', 'variable_remote_media_ip', 'variable_remote_media_port'],
    ...['variable_local_media_ip', 'variable_local_media_port', 'variable_dtmf_type'],
  ];
  return wanted.filter((name) => names.includes(name)).join(', ');
}

/** One line for a command of the client. */
export function describeCommand(command: string): string {
  const lines = command.split('\n').filter((line) => line !== '');
  return `-> ${lines.filter((line) => !line.startsWith('Event-UUID')).join(' | ')}`;
}

/** Takes identifiers, addresses and the test's own folder out of a line. */
export function normalise(line: string, mediaDirectory: string): string {
  // Whether a playback that ends with its channel was played is a race within FreeSWITCH.
  const isAtEnd = line.includes('Answer-State=hangup');
  return line
    .replace(isAtEnd ? /=(?:FILE PLAYED|PLAYBACK ERROR) / : /^$/, '=PLAYED or ERROR ')
    .replaceAll(mediaDirectory, '/media')
    .replaceAll(encodeURIComponent(mediaDirectory), '/media')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replace(/\d+\.\d+\.\d+\.\d+(:|%3A)\d+/g, 'HOST:PORT')
    .replace(
      /(playback_last_offset_pos=)(\d+)/,
      (_, name: string, at: string) => name + roughly(at),
    )
    .replace(/HOST:PORT +RUNNING \(\d+\)/, 'HOST:PORT RUNNING')
    .replace(/[\t ]+/g, ' ')
    .trimEnd();
}

/** Lengths of whole sounds; any other position is where something was cut off, a matter of timing. */
const WHOLE_SAMPLES = ['1600', '2000', '2400', '3200', '5200', '7600', '16000', '21200'];

function roughly(position: string): string {
  return WHOLE_SAMPLES.includes(position) ? position : '~';
}
