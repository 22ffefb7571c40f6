/**
 * Offer and answer for one G.711 stream with telephone events (RFC 3264, RFC 4566, RFC 4733). Reads
 * only what a called party must know, writes only what it can do. Further streams are refused with
 * port 0, everything it does not know is skipped; a description it cannot use is `undefined`.
 */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What the other side offers or answers for its first audio stream. */
export interface RemoteMedia {
  readonly host: string;
  readonly port: number;
  /** G.711 payload types in the order of preference: 0 (mu-law), 8 (A-law). */
  readonly laws: readonly (0 | 8)[];
  readonly dtmfPayloadType?: number;
  readonly direction: Direction;
  /** Media type, protocol and formats of every stream, in order: an answer must mirror them. */
  readonly streams: readonly string[];
  /** Index of the audio stream in use among them. */
  readonly audioIndex: number;
}

export interface LocalMedia {
  readonly host: string;
  readonly port: number;
  readonly sessionId: number;
  /** Goes up with every description sent, RFC 3264 section 8. */
  readonly version: number;
}

const BYTES_MAX = 16 * 1024;
const LINES_MAX = 400;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const DEFAULT_DTMF_PAYLOAD_TYPE = 101;

interface Section {
  readonly lines: readonly string[];
}

/** @returns undefined when there is no audio stream over RTP/AVP with G.711 at an IPv4 address */
export function readSdp(text: string): RemoteMedia | undefined {
  if (text.length > BYTES_MAX) return undefined;
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length > LINES_MAX || lines[0] !== 'v=0') return undefined;
  const { session, media } = splitSections(lines);
  const audioIndex = media.findIndex((section) => readAudio(section, session) !== undefined);
  const chosen = media[audioIndex];
  const audio = chosen && readAudio(chosen, session);
  if (!audio) return undefined;
  return { ...audio, audioIndex, streams: media.map(({ lines: [first = ''] }) => first.slice(2)) };
}

/** The direction an answer must have: we hear what they send, and send what they want to hear. */
export function answerDirection(offered: Direction): Direction {
  switch (offered) {
    case 'sendonly':
      return 'recvonly';
    case 'recvonly':
      return 'sendonly';
    case 'sendrecv':
    case 'inactive':
      return offered;
  }
}

/** An answer to an offer: its first law, its telephone events, its other streams refused. */
export function writeAnswer(local: LocalMedia, offer: RemoteMedia): string {
  const media = offer.streams.flatMap((stream, index) => {
    if (index !== offer.audioIndex) return [`m=${stream.replace(/^(\S+) \S+/, '$1 0')}`];
    return audioLines(local.port, offer.laws.slice(0, 1), offer.dtmfPayloadType, [
      `a=${answerDirection(offer.direction)}`,
    ]);
  });
  return [...sessionLines(local), ...media, ''].join('\r\n');
}

/** An offer of our own, for an INVITE that came without one. */
export function writeOffer(local: LocalMedia): string {
  const media = audioLines(local.port, [0, 8], DEFAULT_DTMF_PAYLOAD_TYPE, ['a=sendrecv']);
  return [...sessionLines(local), ...media, ''].join('\r\n');
}

function sessionLines({ host, sessionId, version }: LocalMedia): string[] {
  return [
    'v=0',
    `o=far-end ${sessionId} ${version} IN IP4 ${host}`,
    's=-',
    `c=IN IP4 ${host}`,
    't=0 0',
  ];
}

function audioLines(
  port: number,
  laws: readonly (0 | 8)[],
  dtmf: number | undefined,
  attributes: readonly string[],
): string[] {
  const formats = dtmf === undefined ? laws : [...laws, dtmf];
  const names = laws.map((law) => `a=rtpmap:${law} ${law === 0 ? 'PCMU' : 'PCMA'}/8000`);
  const events =
    dtmf === undefined ? [] : [`a=rtpmap:${dtmf} telephone-event/8000`, `a=fmtp:${dtmf} 0-15`];
  return [
    `m=audio ${port} RTP/AVP ${formats.join(' ')}`,
    ...names,
    ...events,
    ...attributes,
    'a=ptime:20',
  ];
}

function splitSections(lines: readonly string[]): { session: Section; media: Section[] } {
  const starts = lines.flatMap((line, i) => (line.startsWith('m=') ? [i] : []));
  const media = starts.map((start, n) => ({ lines: lines.slice(start, starts[n + 1]) }));
  return { session: { lines: lines.slice(0, starts[0] ?? lines.length) }, media };
}

type Audio = Omit<RemoteMedia, 'audioIndex' | 'streams'>;

function readAudio(section: Section, session: Section): Audio | undefined {
  const match = /^m=audio (\d{1,5})(?:\/\d+)? RTP\/AVP ([\d ]+)$/.exec(section.lines[0] ?? '');
  const host = connectionHost(section) ?? connectionHost(session);
  if (!match || host === undefined) return undefined;
  const port = Number(match[1]);
  if (port === 0 || port > 65535) return undefined;
  const formats = (match[2] ?? '').trim().split(/ +/).map(Number);
  const laws = formats.filter((format): format is 0 | 8 => format === 0 || format === 8);
  if (laws.length === 0) return undefined;
  const dtmfPayloadType = formats.find((format) =>
    section.lines.some((line) => line.toLowerCase() === `a=rtpmap:${format} telephone-event/8000`),
  );
  const isDynamic =
    dtmfPayloadType !== undefined && dtmfPayloadType >= 96 && dtmfPayloadType <= 127;
  const direction =
    host === '0.0.0.0'
      ? 'inactive'
      : (findDirection(section) ?? findDirection(session) ?? 'sendrecv');
  return { host, port, laws, direction, ...(isDynamic ? { dtmfPayloadType } : {}) };
}

function connectionHost({ lines }: Section): string | undefined {
  const line = lines.find((candidate) => candidate.startsWith('c=IN IP4 '));
  const host = line?.slice('c=IN IP4 '.length).split('/', 1)[0] ?? '';
  return IPV4.test(host) && host.split('.').every((part) => Number(part) <= 255) ? host : undefined;
}

function findDirection({ lines }: Section): Direction | undefined {
  for (const line of lines) {
    const match = /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/.exec(line);
    if (match) return match[1] as Direction;
  }
  return undefined;
}
