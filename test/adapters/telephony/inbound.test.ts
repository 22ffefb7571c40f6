import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { silentLog } from '../../../src/adapters/log.js';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { connectTelephony } from '../../../src/adapters/telephony/connect.js';
import type { Fleet } from '../../../src/adapters/telephony/fleet.js';
import { startEmbedded } from '../../../src/embedded/index.js';
import type { InboundAnswer, InboundCall } from '../../../src/inbound/inbound-call.js';

describe('Requests from outside', () => {
  let engine: Awaited<ReturnType<typeof startEmbedded>>;
  let telephony: Fleet;
  let caller: Socket;
  const calls: InboundCall[] = [];
  let answer: InboundAnswer = { kind: 'reject', status: 480 };

  before(async () => {
    engine = await startEmbedded({});
    const { drachtio, freeswitch } = engine;
    telephony = await connectTelephony({
      ...{ drachtio, freeswitch, log: silentLog, clock: systemClock() },
    });
    telephony.onInbound((call) => {
      calls.push(call);
      return Promise.resolve(answer);
    });
    caller = createSocket('udp4');
    caller.bind(0, '127.0.0.1');
    await once(caller, 'listening');
  });
  after(async () => {
    caller.close();
    await telephony.close();
    await engine.stop();
  });

  let branch = 0;
  /** @returns the final response */
  async function ask(method: string, headers: readonly string[] = []): Promise<string> {
    const { port } = caller.address();
    branch += 1;
    const text = [
      `${method} sip:us@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-${branch};rport`,
      'Max-Forwards: 70',
      ...(headers.some((line) => line.startsWith('From:'))
        ? []
        : [`From: "Somebody" <sip:+12125550100@127.0.0.1>;tag=${branch}`]),
      'To: <sip:us@127.0.0.1>',
      `Call-ID: inbound-${branch}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:127.0.0.1:${port}>`,
      ...headers,
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n');
    caller.send(text, engine.sip.port, engine.sip.host);
    for (;;) {
      const [data] = (await once(caller, 'message')) as [Buffer];
      const response = data.toString();
      if (!/^SIP\/2\.0 1/.test(response) && response.includes(`inbound-${branch}`)) return response;
    }
  }

  it('OPTIONS are answered with 200 and what we know', async () => {
    const response = await ask('OPTIONS');
    assert.match(response, /^SIP\/2\.0 200 /);
    assert.match(response, /\r\nAllow: [^\r]*INVITE/);
  });

  it('a call is refused with the status that is wanted, and its caller is named', async () => {
    assert.match(await ask('INVITE'), /^SIP\/2\.0 480 /);
    const { number, sourceAddress, callId } = calls.at(-1) ?? {};
    assert.deepEqual([number, sourceAddress], ['+12125550100', '127.0.0.1']);
    assert.equal(callId, `inbound-${branch}`);
  });

  it('a call is sent on with 302', async () => {
    answer = { kind: 'redirect', uri: 'sip:queue@pbx.example.net' };
    const response = await ask('INVITE');
    assert.match(response, /^SIP\/2\.0 302 /);
    assert.match(response, /\r\nContact: <sip:queue@pbx\.example\.net>\r/);
  });

  for (const [what, headers, number] of [
    ['the network vouches for', ['P-Asserted-Identity: <tel:+442079460000>'], '+442079460000'],
    ['is withheld', ['Privacy: id'], undefined],
    ['is none', ['From: <sip:anonymous@anonymous.invalid>;tag=a'], undefined],
    ['is a name', ['From: <sip:bob@127.0.0.1>;tag=a'], undefined],
  ] as const) {
    it(`a number that ${what} is taken for ${number ?? 'nobody'}`, async () => {
      await ask('INVITE', headers);
      assert.equal(calls.at(-1)?.number, number);
    });
  }
});
