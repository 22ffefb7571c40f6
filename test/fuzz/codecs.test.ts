/**
 * The codecs under damaged input, in this process: nothing but their own error leaves them, in
 * little time. Seven tenths of the ten thousand messages are spent here.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { parseQ850, parseRetryAfter } from '../../src/adapters/telephony/sip-headers.js';
import { sanitise, type TextKind } from '../../src/adapters/telephony/sanitise.js';
import { ControlError, completeRequest } from '../../src/embedded/drachtio/app-message.js';
import { FrameError, FrameReader } from '../../src/embedded/drachtio/framing.js';
import { readCommand } from '../../src/embedded/drachtio/protocol.js';
import { parseRemoteAudio, writeSdp } from '../../src/embedded/freeswitch/sdp.js';
import { DtmfReceiver } from '../../src/embedded/rtp/dtmf.js';
import { MU_LAW, decodeG711 } from '../../src/embedded/rtp/g711.js';
import { JitterBuffer } from '../../src/embedded/rtp/jitter-buffer.js';
import { parseRtp } from '../../src/embedded/rtp/packet.js';
import { convertWav } from '../../src/embedded/rtp/wav.js';
import { parseSilenceStream, parseToneStream } from '../../src/embedded/rtp/tones.js';
import {
  SipMessage,
  SipParseError,
  addressUri,
  checkRoutable,
  defaultSipLimits,
  parseSipUri,
  splitAddressList,
} from '../../src/embedded/sip/message.js';
import { StreamError, StreamReader } from '../../src/embedded/sip/stream-reader.js';
import { markSource } from '../../src/embedded/sip/via.js';
import { readSdp, writeAnswer } from '../../src/farend/sdp.js';
import { mutate } from './mutate.js';
import { Random, fuzzCount, fuzzSeed } from './random.js';
import { SAMPLES, corpus, type Kind } from './samples.js';

/** Far more than any of them needs, far less than a caller would notice. */
const TIME_LIMIT_MS = 250;
const LOCAL = {
  ...{ host: '127.0.0.1', port: 5060, isConnected: () => false },
  newVia: () => 'SIP/2.0/UDP a;branch=z9hG4bK1',
};

/** drachtio-srf's reading of what we pass on to it. */
const SrfMessage = createRequire(import.meta.url)('drachtio-srf/lib/sip-parser/message.js') as new (
  raw: string,
) => { readonly headers: Readonly<Record<string, string>> };

function readSip(bytes: Buffer): SipMessage | undefined {
  try {
    const message = SipMessage.parse(bytes);
    checkRoutable(message);
    return message;
  } catch (error) {
    assert.ok(error instanceof SipParseError, String(error));
    return undefined;
  }
}

/** As a stream, in two pieces: whatever is taken for a message is one that UDP could have brought. */
function tryStream(bytes: Buffer): void {
  const reader = new StreamReader();
  const stream = Buffer.concat([bytes, bytes]);
  try {
    for (const part of [
      stream.subarray(0, bytes.length >> 1),
      stream.subarray(bytes.length >> 1),
    ]) {
      for (const message of reader.push(part).messages) {
        assert.ok(message.length <= defaultSipLimits.maxBytes);
        readSip(message);
      }
    }
  } catch (error) {
    assert.ok(error instanceof StreamError, String(error));
  }
}

function trySip(bytes: Buffer): void {
  tryStream(bytes);
  const message = readSip(bytes);
  if (!message) return;
  markSource(message, { host: '127.0.0.1', port: 9 });
  for (const name of ['Contact', 'Record-Route', 'Route']) {
    for (const entry of splitAddressList(message.all(name))) parseSipUri(addressUri(entry));
  }
  const again = readSip(message.toBuffer());
  assert.equal(again?.callId, message.callId, 'what was read can be written');
  assert.deepEqual(again.cseq, message.cseq);
  const { headers } = new SrfMessage(message.toString());
  assert.ok(headers['call-id']?.includes(message.callId), 'the application reads the same');
}

function trySdp(bytes: Buffer): void {
  const text = bytes.toString();
  const audio = parseRemoteAudio(text);
  if (audio) {
    assert.ok(audio.port <= 65535);
    const own = { ...audio, sessionId: 1, version: 1, payloadTypes: [0] };
    assert.equal(parseRemoteAudio(writeSdp(own))?.host, audio.host);
  }
  const remote = readSdp(text);
  const local = { host: '127.0.0.1', port: 4000, sessionId: 1, version: 1 };
  if (remote) assert.ok(readSdp(writeAnswer(local, remote)), 'our answer can be read');
}

const jitter = new JitterBuffer();
const digits = new DtmfReceiver();
const frame = new Int16Array(160);
const decoded = new Int16Array(1600);

function tryRtp(bytes: Buffer): void {
  const packet = parseRtp(bytes);
  if (!packet) return;
  const count = decodeG711(MU_LAW, packet.payload, decoded);
  jitter.write(decoded.subarray(0, count), packet.timestamp);
  jitter.readFrame(frame);
  for (const press of [digits.accept(packet.payload, packet.timestamp), digits.tick()]) {
    if (press) assert.ok(press.digit.length === 1 && press.durationSamples <= 65535);
  }
}

function tryControl(bytes: Buffer): void {
  const reader = new FrameReader();
  try {
    const cut = bytes.length >> 1;
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      for (const text of reader.push(part)) tryCommand(text);
    }
  } catch (error) {
    assert.ok(error instanceof FrameError || error instanceof ControlError, String(error));
  }
}

function tryCommand(text: string): void {
  const command = readCommand(text);
  if (command.kind === 'new-request') completeRequest(command.message, LOCAL).toBuffer();
}

const TEXT_KINDS: readonly TextKind[] = [
  ...(['play-file', 'identifier', 'sip-user', 'sip-uri', 'sip-call-id', 'display-name'] as const),
  ...(['header-name', 'header-value', 'reason', 'host', 'log'] as const),
];

/** The event socket itself is tried alive; here, what is made of texts that go to it or come back. */
function tryTexts(bytes: Buffer): void {
  const text = bytes.toString();
  for (const kind of TEXT_KINDS) {
    const result = sanitise(kind, text);
    if (result.ok) assert.ok(!/[\r\n]|\$\{/.test(result.value) || kind === 'log', kind);
  }
  parseQ850(text);
  parseRetryAfter(text);
  parseToneStream(text);
  parseSilenceStream(text);
}

async function tryWav(bytes: Buffer): Promise<void> {
  const result = await convertWav(bytes);
  if (result.ok) assert.ok(result.pcm.length > 0);
}

const TRIALS: Readonly<Record<Kind, (bytes: Buffer) => void | Promise<void>>> = {
  sip: trySip,
  sdp: trySdp,
  rtp: tryRtp,
  dtmf: tryRtp,
  control: tryControl,
  esl: tryTexts,
  wav: tryWav,
};
const SHARES: Readonly<Record<Kind, number>> = {
  ...{ sip: 0.25, sdp: 0.15, rtp: 0.08, dtmf: 0.05 },
  ...{ control: 0.1, esl: 0.05, wav: 0.02 },
};

async function attempt(kind: Kind, bytes: Buffer, where: string): Promise<void> {
  const tookMs = await timeOf(kind, bytes, where);
  if (tookMs < TIME_LIMIT_MS) return;
  // A machine that does something else may hold one up; what is slow is so again.
  const againMs = await timeOf(kind, bytes, where);
  assert.ok(againMs < TIME_LIMIT_MS, `${where} took ${Math.round(tookMs)}, ${againMs} ms`);
}

async function timeOf(kind: Kind, bytes: Buffer, where: string): Promise<number> {
  const startedAt = performance.now();
  try {
    await TRIALS[kind](bytes);
  } catch (error) {
    const shown = bytes.length > 2000 ? `${bytes.length} bytes` : JSON.stringify(bytes.toString());
    throw new Error(`${where}: ${shown}`, { cause: error });
  }
  return performance.now() - startedAt;
}

describe('Damaged messages', function () {
  this.timeout(60_000);
  const kinds = Object.keys(TRIALS) as Kind[];

  for (const kind of kinds) {
    it(`of ${kind} leave nothing but a refusal`, async () => {
      const random = new Random(fuzzSeed() + kinds.indexOf(kind));
      const kept = corpus(kind);
      for (const { name, bytes } of kept) await attempt(kind, bytes, `corpus/${kind}/${name}`);
      const samples = [...SAMPLES[kind], ...kept.map(({ bytes }) => bytes)];
      for (let n = fuzzCount(SHARES[kind]); n > 0; n--) {
        await attempt(kind, mutate(samples, random), `${kind}, seed ${fuzzSeed()}, ${n} to go`);
      }
    });
  }
});
