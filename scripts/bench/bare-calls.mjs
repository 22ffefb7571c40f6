// What people write with drachtio-srf and drachtio-fsmrf, as good as it gets in one page: sockets
// without delay, an audio tap from before the INVITE, the call answered, listened to, a file played, and
// hung up. `npm run bench:calls` compares it with the product. No pacing, no store, no detector, no
// time limits of its own.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import process, { argv, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import Mrf from 'drachtio-fsmrf';
import Srf from 'drachtio-srf';
import { answerUsage } from './usage.mjs';

const { drachtio, freeswitch, file, listenMs, withTap } = JSON.parse(argv[2]);
const nowMs = () => performance.timeOrigin + performance.now();

const srf = new Srf();
srf.on('error', (error) => console.error('drachtio:', error.message));
srf.connect(drachtio);
await once(srf, 'connect');
const { host: address, port, secret } = freeswitch;
const media = await new Mrf(srf).connect({ address, port, secret, listenAddress: '127.0.0.1' });
media.conn.socket.setNoDelay(true);
media._server.on('connection::open', (connection) => connection.socket.setNoDelay(true));

/** Reads the customer's audio and does nothing with it. */
async function openTap(endpoint) {
  const socket = createSocket('udp4');
  socket.on('message', () => undefined);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const headers = {
    'call-command': 'unicast',
    'local-ip': '127.0.0.1',
    'local-port': '0',
    'remote-ip': '127.0.0.1',
    'remote-port': String(socket.address().port),
    transport: 'udp',
  };
  await new Promise((resolve) => {
    endpoint.conn.sendRecv(`sendmsg ${endpoint.uuid}`, headers, resolve);
  });
  return socket;
}

async function call(uri) {
  const endpoint = await media.createEndpoint();
  let tap;
  let dialog;
  try {
    if (withTap) tap = await openTap(endpoint);
    dialog = await srf.createUAC(uri, { localSdp: endpoint.local.sdp });
    // A playback on an endpoint that is destroyed may never settle.
    const hungUp = once(dialog, 'destroy');
    await endpoint.modify(dialog.remote.sdp);
    if (listenMs > 0) await sleep(listenMs);
    await Promise.race([endpoint.play(file), hungUp]);
  } finally {
    tap?.close();
    if (dialog?.connected) await dialog.destroy();
    if (endpoint.connected) await endpoint.destroy();
  }
}

process.on('unhandledRejection', () => undefined);
process.on('message', ({ number, uri }) => {
  if (number === undefined) return;
  const dialledAtMs = nowMs();
  call(uri).then(
    () => process.send({ number, dialledAtMs, ok: true }),
    (error) =>
      process.send({ number, dialledAtMs, ok: false, why: error.message ?? String(error) }),
  );
});
answerUsage(() => ({}));
process.on('disconnect', () => exit());
process.send({ ready: true });
