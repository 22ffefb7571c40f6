import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import { DEFAULT_DEADLINES } from '../../../src/adapters/telephony/deadlines.js';
import { connectDrachtio } from '../../../src/adapters/telephony/drachtio-connection.js';
import { newSrf } from '../../../src/adapters/telephony/srf-types.js';

describe('A signalling server that says what is no message', () => {
  it('is lost like one that has gone, which ends nothing else', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      socket.on('data', (data) => {
        for (const [, id] of data.toString().matchAll(/#([^|#]+)\|authenticate\|/g)) {
          const reply = `r|response|${id}|OK|udp/127.0.0.1:5060|v0.9.10|`;
          socket.write(`${reply.length}#${reply}`);
        }
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const to = { host: '127.0.0.1', port, secret: 'cymru' };
    const [clock, log] = [systemClock(), silentLog];
    const connection = await connectDrachtio(newSrf(), to, clock, DEFAULT_DEADLINES, log);
    const lost = new Promise<string>((resolve) => connection.onLost(resolve));
    sockets.at(-1)?.write('no#message');
    assert.match(await lost, /^not understood/);
    assert.equal(connection.isResponsive, false);
    await connection.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});
