/**
 * Damages good messages the ways that break parsers: bytes and bits, lines, numbers at their limits,
 * endless repetition, pieces of other messages, and words with a meaning of their own.
 */
import type { Random } from './random.js';

const BYTES_MAX = 70_000; // a little more than a datagram can hold
const WORDS = [
  ...['\r\n', '\r\n\r\n', '\n\n', '\r', '\0', '\t ', '  ', ':', ';', ',', '|', '#', '%', '"', "'"],
  ...['<', '>', '<sip:', '@', '%0d%0a', '%', '${sofia(status)}', '\\', '=', '[::1]', '(((', '*'],
  ...['tag=', ';tag=a|b', ';lr', ';rport', ';transport=tcp', 'branch=z9hG4bK', 'SIP/2.0', 'sip:'],
  ...['Content-Length: 99999\r\n', 'Content-Length: -1\r\n', 'constructor: 1\r\n', '__proto__: 1'],
  ...['Via: SIP/2.0/UDP x:99999\r\n', 'l: 0\r\n', 'Contact: *\r\n', 'Route: <>\r\n', 'm=audio 0 '],
  ...['m=audio 65536 RTP/AVP 0\r\n', 'c=IN IP4 999.1.1.1\r\n', 'c=IN IP6 ::\r\n', 'a=inactive\r\n'],
  ...['a=rtpmap:999 x/0\r\n', '\u{1f4de}', '\u0000', '\ud800', 'Reason: Q.850;cause=999999999999'],
  ...['Retry-After: 1e99\r\n', 'RSeq: 1\r\n', 'Require: 100rel\r\n', 'Session-Expires: 1\r\n'],
];
const NUMBERS = ['0', '-1', '1', '65535', '65536', '2147483648', '4294967296', '1e309', '٣', ''];

type Mutation = (input: Buffer, random: Random, other: Buffer) => Buffer;

/** Two positions in order; both may be the end. */
function range(input: Buffer, random: Random): [start: number, end: number] {
  const a = random.below(input.length + 1);
  const b = Math.min(input.length, a + 1 + random.below(random.pick([4, 40, 400])));
  return [a, b];
}

const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

function insert(input: Buffer, at: number, piece: Buffer): Buffer {
  return joined(input.subarray(0, at), piece, input.subarray(at));
}

function onLines(change: (lines: string[], random: Random) => void): Mutation {
  return (input, random) => {
    const lines = input.toString('latin1').split('\r\n');
    change(lines, random);
    return Buffer.from(lines.join('\r\n'), 'latin1');
  };
}

const MUTATIONS: readonly Mutation[] = [
  (input, random) => {
    const out = Buffer.from(input);
    const at = random.below(Math.max(1, out.length));
    if (at < out.length) out[at] = (out[at] ?? 0) ^ (1 << random.below(8));
    return out;
  },
  (input, random) => {
    const out = Buffer.from(input);
    for (let i = random.below(8); i >= 0; i--) out[random.below(out.length)] = random.below(256);
    return out;
  },
  (input, random) => {
    const [start, end] = range(input, random);
    return joined(input.subarray(0, start), input.subarray(end));
  },
  (input, random) => {
    const [start, end] = range(input, random);
    return insert(input, random.below(input.length + 1), input.subarray(start, end));
  },
  (input, random) => insert(input, random.below(input.length + 1), Buffer.from(random.pick(WORDS))),
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random) => {
    const [start, end] = range(input, random);
    const times = random.pick([3, 30, 300, 3000]);
    const piece = input.subarray(start, Math.min(end, start + Math.ceil(BYTES_MAX / times)));
    return insert(input, start, joined(...Array.from({ length: times }, () => piece)));
  },
  (input, random, other) => {
    const [start, end] = range(other, random);
    return insert(input, random.below(input.length + 1), other.subarray(start, end));
  },
  (input, random) => {
    const numbers = [...input.toString('latin1').matchAll(/\d+/g)];
    if (numbers.length === 0) return input;
    const { index, 0: digits } = random.pick(numbers);
    const replacement = Buffer.from(random.pick(NUMBERS));
    return joined(input.subarray(0, index), replacement, input.subarray(index + digits.length));
  },
  onLines((lines, random) => lines.splice(random.below(lines.length), 1)),
  onLines((lines, random) => {
    lines.splice(random.below(lines.length), 0, random.pick(lines));
  }),
  onLines((lines, random) => {
    const at = random.below(lines.length);
    const filler = random.pick(['a', ' ', ';', '1', '"', ',', '(', '=', '\t', '<']);
    lines[at] = `${lines[at]}${filler.repeat(random.pick([60, 600, 9000]))}`;
  }),
];

/** @returns the sample with one to four faults, at most 70,000 bytes */
export function mutate(samples: readonly Buffer[], random: Random): Buffer {
  let mutant = random.pick(samples);
  for (let faults = 1 + random.below(4); faults > 0; faults--) {
    mutant = random.pick(MUTATIONS)(mutant, random, random.pick(samples)).subarray(0, BYTES_MAX);
  }
  return mutant;
}
