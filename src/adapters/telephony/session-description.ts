/**
 * Reads the far side's session descriptions: can this call be spoken on, and what does a new offer
 * inside it ask for. It only reads; the media server writes our side.
 *
 * Everything here came over a network, and sdp-transform takes almost any text, so that sizes and
 * shapes are checked first.
 * Source: RFC 3264 (offer and answer), RFC 3551 (static payload types), RFC 3362 (image/t38).
 */
import { parse, type SessionDescription } from 'sdp-transform';
import { isEncrypted, keyOf } from './secure-media.js';

/** Stable, for records and logs. */
export type SdpFault =
  | 'SDP_MISSING'
  | 'SDP_UNREADABLE'
  /** The audio line is refused (port 0) or absent. */
  | 'SDP_NO_AUDIO'
  /** No codec of our offer in the answer. */
  | 'SDP_NO_CODEC'
  /** SRTP, which is not spoken on this call. */
  | 'SDP_SRTP'
  /** No SRTP, or none with a key that we can take, where it is wanted. */
  | 'SDP_NO_SRTP';

export type SdpReading =
  | { readonly kind: 'audio' }
  /** An image line (T.38): the far side is a fax machine. */
  | { readonly kind: 'fax' }
  | { readonly kind: 'unusable'; readonly fault: SdpFault; readonly why: string };

const MAX_LENGTH = 16_384;
const MAX_LINES = 500;
const MAX_MEDIA = 16;
/** Payload types that need no rtpmap. */
const STATIC_CODECS: Readonly<Record<number, string>> = {
  0: 'PCMU/8000',
  3: 'GSM/8000',
  4: 'G723/8000',
  8: 'PCMA/8000',
  9: 'G722/8000',
  13: 'CN/8000',
  15: 'G728/8000',
  18: 'G729/8000',
};
const PROTOCOLS = {
  plain: new Set(['RTP/AVP', 'RTP/AVPF']),
  secure: new Set(['RTP/SAVP']),
} as const;
/** Not speech. */
const BESIDE_SPEECH = /^(TELEPHONE-EVENT|CN|RED)\//;

type Media = SessionDescription['media'][number];

/**
 * @param sdp of the far side, an answer or a new offer
 * @param ours what we have offered, or agreed on: one of its codecs has to be there, and SRTP where
 *   that has it
 */
export function readFarSdp(sdp: string, ours: string): SdpReading {
  if (sdp.trim() === '') return unusable('SDP_MISSING', 'the far side sent no SDP');
  const media = mediaOf(sdp);
  const known = mediaOf(ours);
  if (!media || !known) return unusable('SDP_UNREADABLE', 'the far side sent no usable SDP');
  const open = media.filter(({ port }) => port !== 0);
  const audio = open.filter(({ type }) => type === 'audio');
  if (audio.length === 0) {
    if (open.some(isFax)) return { kind: 'fax' };
    return unusable('SDP_NO_AUDIO', 'the far side refused the audio');
  }
  const isSecure = isEncrypted(ours);
  const line = audio.find(({ protocol = '' }) =>
    PROTOCOLS[isSecure ? 'secure' : 'plain'].has(protocol),
  );
  const wanted = audio[0]?.protocol ?? 'another protocol';
  if (isSecure && (!line || keyOf(sdp) === undefined)) {
    return unusable('SDP_NO_SRTP', `the far side has no SRTP for us: ${line ? 'no key' : wanted}`);
  }
  if (!line) return unusable('SDP_SRTP', `the far side wants ${wanted}`);
  const spoken = new Set(known.flatMap(codecsOf));
  const offered = codecsOf(line);
  if (offered.some((codec) => spoken.has(codec))) return { kind: 'audio' };
  const [list, own] = [offered.join(', ') || 'none', [...spoken].join(', ')];
  return unusable('SDP_NO_CODEC', `no common codec: the far side has ${list}, we have ${own}`);
}

/** Whether a text is a description at all, with an address for its audio. */
export function isReadableSdp(sdp: string): boolean {
  return mediaOf(sdp) !== undefined;
}

const ORIGIN = /^o=(\S+) (\d{1,20}) (\d{1,20}) (.*)$/m;

/**
 * What we send in a dialog is ours, whoever made it: the origin stays, and its version goes up with
 * every change (RFC 3264 8). Strict far sides refuse another party's origin.
 * @param before what we sent last in this dialog
 */
export function inOurName(sdp: string, before: string): string {
  const [, user, session, version, address] = ORIGIN.exec(before) ?? [];
  if (sdp === before || version === undefined) return sdp;
  const origin = `o=${user} ${session} ${BigInt(version) + 1n} ${address}`;
  return sdp.replace(ORIGIN, () => origin);
}

function mediaOf(sdp: string): readonly Media[] | undefined {
  const lines = sdp.length <= MAX_LENGTH ? sdp.split('\n', MAX_LINES + 1) : [];
  if (!/^v=0\s*$/.test(lines[0] ?? '') || lines.length > MAX_LINES) return undefined;
  try {
    const { media } = parse(sdp);
    return media.length > 0 && media.length <= MAX_MEDIA ? media : undefined;
  } catch {
    return undefined;
  }
}

function isFax({ type }: Media): boolean {
  return type === 'image';
}

/** Names with clock rates, in capitals; what is not speech is left out. */
function codecsOf({ type, payloads, rtp }: Media): string[] {
  if (type !== 'audio') return [];
  const names = String(payloads ?? '')
    .split(' ')
    .map((payload) => {
      const map = rtp.find((each) => String(each.payload) === payload);
      return map
        ? `${map.codec}/${map.rate ?? 8000}`.toUpperCase()
        : STATIC_CODECS[Number(payload)];
    });
  return names.filter((name): name is string => name !== undefined && !BESIDE_SPEECH.test(name));
}

function unusable(fault: SdpFault, why: string): SdpReading {
  return { kind: 'unusable', fault, why: why.slice(0, 200) };
}
