/**
 * The session descriptions of the media server: one G.711 audio stream over plain RTP, with
 * telephone events. Reading takes the first audio line that we can serve and ignores the rest;
 * SRTP, video and other codecs are not served.
 * Source: RFC 8866; RFC 3264 section 6 for the direction of an answer.
 */

import { isIP } from 'node:net';
import { findLaw, type G711PayloadType } from '../rtp/g711.js';
import { FRAME_MS } from '../rtp/pacer.js';
import { PACKET_DURATIONS_MS } from '../rtp/sender.js';

/** Who may send, as the writer of the description sees it. */
export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What a peer's description says about audio. */
export interface RemoteAudio {
  readonly host: string;
  readonly port: number;
  /** In the peer's order of preference; empty when it offers no G.711. */
  readonly payloadTypes: readonly G711PayloadType[];
  readonly dtmfPayloadType: number | undefined;
  readonly direction: MediaDirection;
  /** Duration of the packets it wants, in ms: one that can be sent, 20 when it says nothing. */
  readonly packetMs: number;
}

const LINES_MAX = 500;

/** @returns undefined when the text is no description or holds no plain RTP audio line */
export function parseRemoteAudio(sdp: string): RemoteAudio | undefined {
  const lines = sdp.split(/\r?\n/, LINES_MAX);
  if (lines[0] !== 'v=0') return undefined;
  const sections = splitSections(lines);
  const [session = []] = sections;
  const audio = sections.slice(1).find(([media = '']) => /^m=audio \d+ RTP\/AVP /.test(media));
  const match = /^m=audio (\d{1,5})(?:\/\d+)? RTP\/AVP ([\d ]+)$/.exec(audio?.[0] ?? '');
  if (!audio || !match || Number(match[1]) > 65535) return undefined;
  const host = connectionAddress(audio) ?? connectionAddress(session);
  if (host === undefined) return undefined;
  const payloads = (match[2] ?? '').trim().split(/ +/).map(Number);
  return {
    host,
    port: Number(match[1]),
    payloadTypes: payloads.flatMap((p) => findLaw(p)?.payloadType ?? []),
    dtmfPayloadType: findTelephoneEvent(audio, payloads),
    direction: findDirection(audio) ?? findDirection(session) ?? 'sendrecv',
    packetMs: findPacketMs(audio),
  };
}

function splitSections(lines: readonly string[]): string[][] {
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([]);
    sections[sections.length - 1]?.push(line);
  }
  return sections;
}

function connectionAddress(lines: readonly string[]): string | undefined {
  const line = lines.find((l) => l.startsWith('c=IN IP4 '));
  const address = line?.slice('c=IN IP4 '.length).split('/')[0]?.trim() ?? '';
  return isIP(address) === 4 ? address : undefined;
}

function findTelephoneEvent(
  lines: readonly string[],
  payloads: readonly number[],
): number | undefined {
  for (const line of lines) {
    const match = /^a=rtpmap:(\d{1,3}) telephone-event\/8000/i.exec(line);
    if (match && payloads.includes(Number(match[1]))) return Number(match[1]);
  }
  return undefined;
}

/** The nearest duration we can send that is neither longer than wanted nor than allowed. */
function findPacketMs(lines: readonly string[]): number {
  const read = (name: string): number | undefined => {
    const line = lines.find((l) => l.startsWith(`a=${name}:`));
    const match = /^a=\w+:(\d{1,4})\s*$/.exec(line ?? '');
    return match ? Number(match[1]) : undefined;
  };
  const limit = Math.min(read('ptime') ?? FRAME_MS, read('maxptime') ?? Infinity);
  return PACKET_DURATIONS_MS.findLast((ms) => ms <= limit) ?? FRAME_MS;
}

function findDirection(lines: readonly string[]): MediaDirection | undefined {
  const match = lines
    .map((line) => /^a=(sendrecv|sendonly|recvonly|inactive)$/.exec(line.trim()))
    .find((m) => m !== null);
  return match?.[1] as MediaDirection | undefined;
}

/** The direction with which to answer an offer: what the peer sends, we receive. */
export function answerDirection(offered: MediaDirection): MediaDirection {
  if (offered === 'sendonly') return 'recvonly';
  return offered === 'recvonly' ? 'sendonly' : offered;
}

/** What we say about ourselves. */
export interface LocalAudio {
  readonly host: string;
  /** 0 refuses the stream. */
  readonly port: number;
  readonly payloadTypes: readonly number[];
  readonly dtmfPayloadType: number | undefined;
  readonly direction: MediaDirection;
  readonly packetMs: number;
  readonly sessionId: number;
  readonly version: number;
}

/** Writes a description with CR LF line ends. */
export function writeSdp(audio: LocalAudio): string {
  const { host, port, payloadTypes, dtmfPayloadType: dtmf } = audio;
  const payloads = dtmf === undefined ? payloadTypes : [...payloadTypes, dtmf];
  const lines = [
    'v=0',
    `o=FreeSWITCH ${audio.sessionId} ${audio.version} IN IP4 ${host}`,
    's=FreeSWITCH',
    `c=IN IP4 ${host}`,
    't=0 0',
    `m=audio ${port} RTP/AVP ${payloads.join(' ')}`,
    ...payloadTypes.map((p) => `a=rtpmap:${p} ${findLaw(p)?.name ?? 'PCMU'}/8000`),
    ...(dtmf === undefined ? [] : [`a=rtpmap:${dtmf} telephone-event/8000`, `a=fmtp:${dtmf} 0-15`]),
    `a=ptime:${audio.packetMs}`,
    `a=${audio.direction}`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}
