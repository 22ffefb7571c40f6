/**
 * The RTP header, read and written in place. Reading checks everything that decides where the
 * payload lies; a packet that fails is dropped by the caller and counted.
 * Source: RFC 3550 sections 5.1 and 5.3.1.
 */

/** Bytes of a header without CSRC list and extension. */
export const RTP_HEADER_BYTES = 12;

/** What a session needs of a received packet. `payload` is a view, not a copy. */
export interface RtpPacket {
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Buffer;
}

/** @returns undefined when the bytes are no RTP packet (version, lengths or padding are wrong) */
export function parseRtp(bytes: Buffer): RtpPacket | undefined {
  const [first = 0, second = 0] = bytes;
  if (bytes.length < RTP_HEADER_BYTES || first >> 6 !== 2) return undefined;
  let start = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  if (first & 0x10) {
    if (bytes.length < start + 4) return undefined;
    start += 4 + 4 * bytes.readUInt16BE(start + 2);
  }
  const padding = first & 0x20 ? (bytes[bytes.length - 1] ?? 0) : 0;
  if ((first & 0x20 && padding === 0) || start + padding > bytes.length) return undefined;
  return {
    payloadType: second & 0x7f,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(start, bytes.length - padding),
  };
}

/** The changing part of an outgoing header. */
export interface RtpHeader {
  payloadType: number;
  isMarked: boolean;
  sequence: number;
  timestamp: number;
  ssrc: number;
}

/** Writes a 12 byte header at the start of `into`. */
export function writeRtpHeader(into: Buffer, header: RtpHeader): void {
  into[0] = 0x80;
  into[1] = header.payloadType | (header.isMarked ? 0x80 : 0);
  into.writeUInt16BE(header.sequence, 2);
  into.writeUInt32BE(header.timestamp, 4);
  into.writeUInt32BE(header.ssrc, 8);
}
