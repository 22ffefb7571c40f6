// The telephones of customers who wait, for `npm run bench:waiting`: one UDP socket each, in a process of their
// own. Each says a tone all the time; which tone it hears is told at every change, and how long the pauses were.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import process, { exit } from 'node:process';
import { setInterval } from 'node:timers';

const FRAME_MS = 20;
const HEADER_BYTES = 12;
const SAMPLES = 160;
const OF_TONE_SHARE = 0.6;
const nowMs = () => performance.timeOrigin + performance.now();

const PCM = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const size = ((((code & 15) << 3) + 132) << ((code & 112) >> 4)) - 132;
  return code & 128 ? -size : size;
});
function codeOf(sample) {
  const sign = sample < 0 ? 128 : 0;
  const size = Math.min(32_635, Math.abs(sample)) + 132;
  const exponent = Math.max(0, 31 - Math.clz32(size) - 7);
  return ~(sign | (exponent << 4) | ((size >> (exponent + 3)) & 15)) & 0xff;
}

/** Share of the energy at one frequency, 0..1 (Goertzel). */
function share(samples, toneHz) {
  const k = 2 * Math.cos((2 * Math.PI * toneHz) / 8000);
  let [s1, s2, energy] = [0, 0, 0];
  for (const sample of samples) {
    const s0 = sample + k * s1 - s2;
    [s2, s1] = [s1, s0];
    energy += sample * sample;
  }
  return energy === 0 ? 0 : (2 * (s1 * s1 + s2 * s2 - k * s1 * s2)) / (energy * samples.length);
}

let tonesHz = [];
let waitingHz = 0;
let isMeasuring = false;
const pauses = [];
let framesWithout = 0;
const ears = [];
const samples = new Int16Array(SAMPLES);

async function open(customerHz) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const ear = { socket, port: socket.address().port, to: undefined, heardHz: 0, lastMs: 0 };
  socket.on('message', (packet) => {
    if (packet.length < HEADER_BYTES + SAMPLES || (packet[1] & 0x7f) !== 0) return;
    const atMs = nowMs();
    for (let n = 0; n < SAMPLES; n += 1) samples[n] = PCM[packet[HEADER_BYTES + n]];
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
    Uint8Array.from({ length: SAMPLES }, (__, n) =>
      codeOf(
        Math.round(12_000 * Math.sin((2 * Math.PI * customerHz * (frame * SAMPLES + n)) / 8000)),
      ),
    ),
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
