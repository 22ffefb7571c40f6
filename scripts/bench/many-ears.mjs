// The telephones of customers who wait, for `npm run bench:waiting`: one UDP socket each, in a process of their
// own. Each says a tone all the time; which tone it hears is told at every change, and how long the pauses were.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import process, { exit } from 'node:process';
import { setInterval } from 'node:timers';
import alawmulaw from 'alawmulaw';

const { mulaw } = alawmulaw;
const { tone, toneShare: share } = createRequire(import.meta.url)('../../test/sip/far-rtp.ts');

const FRAME_MS = 20;
const HEADER_BYTES = 12;
const SAMPLES = 160;
const OF_TONE_SHARE = 0.6;
const nowMs = () => performance.timeOrigin + performance.now();

let tonesHz = [];
let waitingHz = 0;
let isMeasuring = false;
const pauses = [];
let framesWithout = 0;
const ears = [];

async function open(customerHz) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const ear = { socket, port: socket.address().port, to: undefined, heardHz: 0, lastMs: 0 };
  socket.on('message', (packet) => {
    if (packet.length < HEADER_BYTES + SAMPLES || (packet[1] & 0x7f) !== 0) return;
    const atMs = nowMs();
    const samples = mulaw.decode(new Uint8Array(packet.subarray(HEADER_BYTES)));
    const isSame = ear.heardHz !== 0 && share(samples, ear.heardHz) > OF_TONE_SHARE;
    const hz = isSame
      ? ear.heardHz
      : (tonesHz.find((toneHz) => share(samples, toneHz) > OF_TONE_SHARE) ?? 0);
    if (isMeasuring && ear.heardHz === waitingHz) {
      if (hz === waitingHz) pauses.push(atMs - ear.lastMs);
      else if (hz === 0) framesWithout += 1;
    }
    ear.lastMs = atMs;
    if (hz === ear.heardHz) return;
    // A frame in between two sounds is neither.
    if (hz === 0 && ear.heardHz === waitingHz) return;
    ear.heardHz = hz;
    process.send({ port: ear.port, hz, atMs });
  });
  const frames = Array.from({ length: 8000 / SAMPLES }, (_, frame) =>
    mulaw.encode(tone(customerHz, SAMPLES, 0.4, frame * SAMPLES)),
  );
  ears.push({ ear, frames });
  return ear.port;
}

let frame = 0;
const packet = Buffer.alloc(HEADER_BYTES + SAMPLES);
const startedAtMs = performance.now();
setInterval(() => {
  for (; startedAtMs + frame * FRAME_MS <= performance.now(); frame += 1) {
    packet[0] = 0x80;
    packet[1] = 0;
    packet.writeUInt16BE(frame & 0xffff, 2);
    packet.writeUInt32BE((frame * SAMPLES) >>> 0, 4);
    for (const { ear, frames } of ears) {
      if (ear.to === undefined) continue;
      packet.writeUInt32BE(ear.port, 8);
      packet.set(frames[frame % frames.length], HEADER_BYTES);
      ear.socket.send(Buffer.from(packet), ear.to, '127.0.0.1');
    }
  }
}, FRAME_MS / 2);

process.on('message', async ({ open: count, customerHz, hears, waits, talk, measure, look }) => {
  if (hears) [tonesHz, waitingHz] = [hears, waits];
  if (count) {
    const ports = [];
    while (ports.length < count) ports.push(await open(customerHz));
    process.send({ ports });
  }
  if (talk) ears.find(({ ear }) => ear.port === talk.port).ear.to = talk.to;
  if (measure !== undefined) isMeasuring = measure;
  if (look) {
    const waiting = ears.filter(({ ear }) => ear.heardHz === waitingHz).length;
    process.send({ waiting, pauses: pauses.splice(0), framesWithout });
  }
});
process.on('disconnect', () => exit());
