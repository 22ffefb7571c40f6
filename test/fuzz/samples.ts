/**
 * Good messages of every kind, as starting points for damage, and the corpus: inputs that have once
 * broken something or come close, one file each under corpus/<kind>/, replayed in every run.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encodeFrame } from '../../src/embedded/drachtio/framing.js';
import { pcmBytes, sine, wavBytes } from '../embedded/rtp/signal.js';

export type Kind = 'sip' | 'sdp' | 'rtp' | 'dtmf' | 'control' | 'esl' | 'wav';

const CORPUS = fileURLToPath(new URL('./corpus/', import.meta.url));

const SDP = [
  ...['v=0', 'o=- 20518 0 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
  ...['m=audio 54609 RTP/AVP 0 8 101', 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:8 PCMA/8000'],
  ...['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=ptime:20', 'a=sendrecv', ''],
].join('\r\n');
const VIDEO = `${SDP}${['a=mid:0', 'm=video 5000 RTP/AVP 31', 'c=IN IP4 127.0.0.1', ''].join('\r\n')}`;

function sip(start: string, method: string, extra: readonly string[] = [], body = ''): string {
  return [
    start,
    'Via: SIP/2.0/UDP 127.0.0.1:5062;rport;branch=z9hG4bKnashds8',
    'Max-Forwards: 70',
    'To: "A. Watson" <sip:watson@127.0.0.1>;tag=a6c85cf',
    'From: <sip:bell@127.0.0.1:5062>;tag=1928301774',
    'Call-ID: a84b4c76e66710@127.0.0.1',
    `CSeq: 314159 ${method}`,
    'Contact: <sip:bell@127.0.0.1:5062>',
    ...extra,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

const TYPE = 'Content-Type: application/sdp';
const INVITE = sip('INVITE sip:watson@127.0.0.1 SIP/2.0', 'INVITE', [TYPE], SDP);

const SIP: readonly string[] = [
  INVITE,
  INVITE.replace(';tag=a6c85cf', ''),
  sip('SIP/2.0 183 Session Progress', 'INVITE', [TYPE, 'RSeq: 7', 'Require: 100rel'], SDP),
  sip('SIP/2.0 200 OK', 'INVITE', [TYPE, 'Record-Route: <sip:127.0.0.1:5062;lr>'], SDP),
  sip('SIP/2.0 486 Busy Here', 'INVITE', ['Reason: Q.850;cause=17;text="busy"', 'Retry-After: 9']),
  sip('SIP/2.0 407 Proxy Authentication Required', 'INVITE', [
    'Proxy-Authenticate: Digest realm="x", nonce="a", qop="auth,auth-int", algorithm=MD5',
  ]),
  ...['ACK', 'BYE', 'CANCEL', 'OPTIONS', 'INFO', 'UPDATE', 'PRACK', 'NOTIFY'].map((method) =>
    sip(`${method} sip:watson@127.0.0.1 SIP/2.0`, method, ['Event: x;id=1', 'RAck: 7 1 INVITE']),
  ),
];

/** A packet with 160 bytes of speech, or with a telephone event. */
function rtp(payloadType: number, payload: Buffer, sequence = 1): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = payloadType;
  header.writeUInt16BE(sequence, 2);
  header.writeUInt32BE(sequence * 160, 4);
  header.writeUInt32BE(0x1234abcd, 8);
  return Buffer.concat([header, payload]);
}

function dtmf(key: number): Buffer[] {
  return [80, 160, 0x8a0320].map((duration, n) =>
    rtp(101, Buffer.from([key, n === 2 ? 0x8a : 0x0a, duration >> 8, duration & 0xff])),
  );
}

const frame = (id: string, line: string, body = ''): string =>
  encodeFrame(`${id}|${line}${body === '' ? '' : `\r\n${body}`}`);

const CONTROL: readonly string[] = [
  frame('1', 'authenticate|secret|tag1,tag2'),
  frame('2', 'ping'),
  frame('3', 'route|invite'),
  frame('4', 'remove_route|invite'),
  frame('5', 'sip||', 'INVITE sip:x@127.0.0.1:9 SIP/2.0\r\nFrom: <sip:a@localhost>\r\n\r\n'),
  frame('6', 'sip|||sip:127.0.0.1:9', `${INVITE}`),
  frame('7', 'sip||a84b4c;from-tag=1', 'BYE sip:placeholder SIP/2.0\r\n\r\n'),
  frame('8', 'sip|a6c85cf|', 'SIP/2.0 200 OK\r\nContent-Type: application/sdp\r\n\r\nv=0'),
  frame('9', 'sip|a6c85cf|', 'CANCEL sip:x@127.0.0.1 SIP/2.0\r\n\r\n'),
  frame('10', 'proxy|a6c85cf|remainInDialog|fullResponse|||||sip:b@127.0.0.1', 'x'),
];

const UUID = '00000000-0000-4000-8000-000000000000';
const send = (...lines: readonly string[]): string => `sendmsg ${UUID}\n${lines.join('\n')}\n\n`;
const execute = (app: string, arg: string): string =>
  send('call-command: execute', `execute-app-name: ${app}`, `execute-app-arg: ${arg}`);

const ESL: readonly string[] = [
  'auth secret\n\n',
  'connect\n\n',
  'event json CHANNEL_EXECUTE DTMF CUSTOM conference::maintenance\n\n',
  `filter Unique-ID ${UUID}\n\nfilter delete all\n\n`,
  'api sofia status\n\napi show channels count\n\n',
  ...['uuid_dump', 'uuid_getvar', 'uuid_setvar', 'uuid_break', 'uuid_send_dtmf'].map(
    (name) => `api ${name} ${UUID} direction 1234\n\n`,
  ),
  `api uuid_transfer ${UUID} -both park inline\n\n`,
  `api uuid_bridge ${UUID} ${UUID}\n\n`,
  execute('playback', 'silence_stream://100'),
  execute('playback', 'tone_stream://%(100,50,440,480);v=-10;loops=2'),
  execute('playback', '/nowhere/a.wav!b.wav@@8000'),
  execute('playback', 'file_string://silence_stream://20!/nowhere.wav'),
  execute('play_and_get_digits', `1 4 1 50 # silence_stream://20 x digits \\d+ 50`),
  execute('multiset', '^^^a=1^b=2'),
  execute('sleep', '20'),
  send('call-command: unicast', 'local-ip: 127.0.0.1', 'local-port: 0', 'remote-port: 9'),
  'noevents\n\nexit\n\n',
];

const TONE = sine(440, 800);

/** Good messages of a kind. */
export const SAMPLES: Readonly<Record<Kind, readonly Buffer[]>> = {
  sip: SIP.map((text) => Buffer.from(text)),
  sdp: [SDP, VIDEO].map((text) => Buffer.from(text)),
  rtp: [
    rtp(0, Buffer.alloc(160, 0x55)),
    rtp(8, Buffer.alloc(240, 0xd5), 2),
    Buffer.concat([Buffer.from([0xb2]), rtp(0, Buffer.alloc(80, 4)).subarray(1)]),
  ],
  dtmf: [...dtmf(1), ...dtmf(11), rtp(0, Buffer.alloc(160, 0xff))],
  control: CONTROL.map((text) => Buffer.from(text)),
  esl: ESL.map((text) => Buffer.from(text)),
  wav: [
    wavBytes(pcmBytes(TONE)),
    wavBytes(pcmBytes(TONE), { rateHz: 44_100, channels: 2 }),
    wavBytes(Buffer.alloc(800, 0x55), { tag: 7, bits: 8 }),
  ],
};

/** The kept inputs of a kind, by file name. */
export function corpus(kind: Kind): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const folder = `${CORPUS}${kind}/`;
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).toSorted();
  return names.map((name) => ({ name, bytes: readFileSync(`${folder}${name}`) }));
}
