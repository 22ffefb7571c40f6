/**
 * G.711, the only speech coding of the embedded media server: A-law and mu-law to 16 bit linear
 * samples and back. Tables are computed once at load; a lookup per sample afterwards.
 *
 * It does not resample, packetise or detect silence.
 * Source: ITU-T G.711 (11/88) tables 1a to 2b; RFC 3551 section 4.5.14 for payload types 0 and 8.
 */

/** RTP payload type of mu-law and A-law. Source: RFC 3551 table 4. */
export type G711PayloadType = 0 | 8;

/** One of the two laws: its RTP numbers and both lookup tables. */
export interface G711Law {
  readonly payloadType: G711PayloadType;
  readonly name: 'PCMU' | 'PCMA';
  /** 256 linear samples, by code. */
  readonly decodeTable: Int16Array;
  /** 65536 codes, by the sample read as an unsigned 16 bit number. */
  readonly encodeTable: Uint8Array;
  /** The code of digital silence. */
  readonly silenceCode: number;
}

const MU_BIAS = 0x84; // 33 in the 14 bit scale of G.711 table 2, here in 16 bit
const MU_CLIP = 32635;

function decodeMuLaw(code: number): number {
  const inverted = ~code & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + MU_BIAS) << ((inverted & 0x70) >> 4);
  return inverted & 0x80 ? MU_BIAS - magnitude : magnitude - MU_BIAS;
}

function decodeALaw(code: number): number {
  const toggled = code ^ 0x55;
  const segment = (toggled & 0x70) >> 4;
  const step = ((toggled & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return toggled & 0x80 ? magnitude : -magnitude;
}

function encodeMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MU_CLIP) + MU_BIAS;
  const segment = 31 - Math.clz32(magnitude) - 7;
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

function encodeALaw(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = Math.min(sample < 0 ? ~sample : sample, 0x7fff);
  const segment = Math.max(0, 31 - Math.clz32(magnitude) - 7);
  const step = (magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f;
  return (sign | (segment << 4) | step) ^ 0x55;
}

function buildLaw(
  names: Pick<G711Law, 'payloadType' | 'name' | 'silenceCode'>,
  decode: (code: number) => number,
  encode: (sample: number) => number,
): G711Law {
  const decodeTable = Int16Array.from({ length: 256 }, (_, code) => decode(code));
  const encodeTable = new Uint8Array(65536);
  for (let sample = -32768; sample < 32768; sample++) encodeTable[sample & 0xffff] = encode(sample);
  return { ...names, decodeTable, encodeTable };
}

/** mu-law, payload type 0. */
export const MU_LAW = buildLaw(
  { payloadType: 0, name: 'PCMU', silenceCode: 0xff },
  decodeMuLaw,
  encodeMuLaw,
);

/** A-law, payload type 8. */
export const A_LAW = buildLaw(
  { payloadType: 8, name: 'PCMA', silenceCode: 0xd5 },
  decodeALaw,
  encodeALaw,
);

/** The law of a static RTP payload type, or undefined when it is not G.711. */
export function findLaw(payloadType: number): G711Law | undefined {
  if (payloadType === MU_LAW.payloadType) return MU_LAW;
  return payloadType === A_LAW.payloadType ? A_LAW : undefined;
}

/**
 * Decodes codes into samples.
 * @param into receives one sample per code; codes beyond its length are not decoded
 * @returns the number of samples written
 */
export function decodeG711(law: G711Law, codes: Uint8Array, into: Int16Array): number {
  const count = Math.min(codes.length, into.length);
  for (let i = 0; i < count; i++) into[i] = law.decodeTable[codes[i] ?? 0] ?? 0;
  return count;
}

/**
 * Encodes samples into a byte array.
 * @param offset index of the first byte written; `into` must hold `pcm.length` more
 */
export function encodeG711(law: G711Law, pcm: Int16Array, into: Uint8Array, offset = 0): void {
  for (let i = 0; i < pcm.length; i++) {
    into[offset + i] = law.encodeTable[(pcm[i] ?? 0) & 0xffff] ?? law.silenceCode;
  }
}
