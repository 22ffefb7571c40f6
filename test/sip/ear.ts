/**
 * Ear and mouth for a SIP peer that has none: sipp does the signalling and names this socket in its
 * SDP. It records what arrives (G.711 mu-law, decoded by a library that is not ours) and, once the
 * first packet has shown where to, speaks.
 */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { mulaw } from 'alawmulaw';

const SAMPLES = 160;
const FRAME_MS = 20;
const CATCH_UP_MAX_MS = 100;
const HEADER = 12;

export interface Ear {
  readonly port: number;
  /** Everything heard so far, in the order of arrival, 8 kHz. */
  heard(): Int16Array;
  close(): void;
}

/** @param speech 8 kHz samples, said once from the first packet on; silence follows */
export async function openEar(speech: Int16Array): Promise<Ear> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const frames: Int16Array[] = [];
  let timer: NodeJS.Timeout | undefined;
  socket.on('message', (packet, from) => {
    timer ??= speak(socket, from, speech);
    if (packet.length < HEADER || ((packet[1] ?? 0) & 0x7f) !== 0) return;
    frames.push(Int16Array.from(mulaw.decode(packet.subarray(HEADER))));
  });
  return {
    port: socket.address().port,
    heard: () => {
      const all = new Int16Array(frames.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const frame of frames) {
        all.set(frame, at);
        at += frame.length;
      }
      return all;
    },
    close: () => {
      clearInterval(timer);
      socket.close();
    },
  };
}

function speak(
  socket: ReturnType<typeof createSocket>,
  to: RemoteInfo,
  speech: Int16Array,
): NodeJS.Timeout {
  const packet = Buffer.alloc(HEADER + SAMPLES);
  packet[0] = 0x80;
  packet.writeUInt32BE(0x5eed, 8);
  let sequence = 0;
  const startedAtMs = performance.now();
  let nextAtMs = startedAtMs;
  const sendNext = (): void => {
    const from = sequence * SAMPLES;
    const frame = new Int16Array(SAMPLES);
    frame.set(speech.subarray(from, from + SAMPLES));
    packet.set(mulaw.encode(frame), HEADER);
    packet.writeUInt16BE(sequence & 0xffff, 2);
    packet.writeUInt32BE(Math.round((nextAtMs - startedAtMs) / FRAME_MS) * SAMPLES, 4);
    sequence += 1;
    nextAtMs += FRAME_MS;
    socket.send(packet, to.port, to.address);
  };
  return setInterval(() => {
    const lateMs = performance.now() - nextAtMs;
    // A short delay is made up for. After a long one the party pauses, as whoever hears a burst would drop it.
    if (lateMs > CATCH_UP_MAX_MS) nextAtMs += Math.floor(lateMs / FRAME_MS) * FRAME_MS;
    while (nextAtMs <= performance.now()) sendNext();
  }, FRAME_MS / 2);
}
