import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { freePort } from '../../sip/fault-proxy.js';
import { connectTelephony } from '../../../src/adapters/telephony/connect.js';
import { useSite } from './site.js';

/** What is written on event sockets that FreeSWITCH opens to us while `work` runs, write by write. */
async function writesOn(listenPort: number, work: () => Promise<void>): Promise<string[]> {
  const written: string[] = [];
  const { prototype } = Socket as unknown as {
    prototype: { write?: (this: Socket, ...rest: unknown[]) => boolean };
  };
  const { write } = prototype; // of a stream
  prototype.write = function (this: Socket, ...rest: unknown[]): boolean {
    if (this.localPort === listenPort) written.push(String(rest[0]));
    return write!.apply(this, rest);
  };
  try {
    await work();
  } finally {
    delete prototype.write;
  }
  return written;
}

describe('an event socket of an endpoint', function () {
  this.timeout(60_000);
  const site = useSite();

  it('is sent each command in one piece, and asks for no event that nobody listens to', async () => {
    const { freeswitch, ...options } = site().options();
    const listenPort = await freePort();
    const listen = `127.0.0.1:${listenPort}`;
    const telephony = await connectTelephony({ ...options, freeswitch: { ...freeswitch, listen } });
    const written = await writesOn(listenPort, async () => {
      const endpoint = await telephony.media.createEndpoint();
      await endpoint.close();
    }).finally(() => telephony.close());
    // The library connects before it hands the connection out.
    const commands = written.slice(written.findIndex((text) => text.startsWith('event ')));
    assert.ok(
      commands.every((command) => command.endsWith('\n\n')),
      commands.join('|'),
    );
    const multiset = commands.find((command) => command.startsWith('sendmsg '));
    assert.match(multiset ?? '', /^sendmsg \S+\n(?:\S+: [^\n]+\n)+\n$/);
    assert.match(multiset ?? '', /\nexecute-app-name: multiset\n/);
    const asked = commands.filter((command) => command.startsWith('event json ')).join(' ');
    assert.match(asked, /\bCHANNEL_EXECUTE_COMPLETE\b/);
    assert.match(asked, /\bSWITCH_EVENT_PLAYBACK_START\b/);
    assert.doesNotMatch(asked, /CHANNEL_EXECUTE\b(?!_)|PLAYBACK_STOP|CHANNEL_ANSWER/);
  });
});
