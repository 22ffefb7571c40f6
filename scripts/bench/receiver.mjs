// The ears of `npm run bench:embedded`: one UDP socket per call, and nothing but noting when packets
// come. Between `start` and `stop` each gap between two packets of a call is compared with 20 ms.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import process, { argv, exit } from 'node:process';

const FRAME_MS = 20;
const deviations = [];
let isMeasuring = false;
let packets = 0;

async function listen() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  let lastMs;
  socket.on('message', () => {
    const nowMs = performance.now();
    if (isMeasuring && lastMs !== undefined) deviations.push(Math.abs(nowMs - lastMs - FRAME_MS));
    if (isMeasuring) packets++;
    lastMs = nowMs;
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

const ports = [];
for (let n = Number(argv[2]); n > 0; n--) ports.push(await listen());

process.on('message', (order) => {
  isMeasuring = order === 'start';
  if (isMeasuring) return;
  const sorted = Float64Array.from(deviations).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  process.send({ packets, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) });
  deviations.length = 0;
  packets = 0;
});
process.on('disconnect', () => exit());
process.send(ports);
