import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../../src/adapters/log.js';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { connectTelephony } from '../../../src/adapters/telephony/connect.js';
import type { Fleet } from '../../../src/adapters/telephony/fleet.js';
import { startEmbedded } from '../../../src/embedded/index.js';
import { eventually } from './site.js';
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

  it('a call is answered with 500 when whoever decides fails, at once or later, and the next one is taken', async () => {
    const MORE_THAN_AT_ONCE = 60;
    const fails = (): never => {
      throw new Error('a bug');
    };
    for (let n = 0; n < MORE_THAN_AT_ONCE; n += 1) {
      telephony.onInbound(n % 2 === 0 ? fails : () => Promise.resolve().then(fails));
      assert.match(await ask('INVITE'), /^SIP\/2\.0 500 /);
    }
    telephony.onInbound((call) => {
      calls.push(call);
      return Promise.resolve(answer);
    });
    assert.match(await ask('INVITE'), /^SIP\/2\.0 480 /);
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
    [
      'is only shown',
      ['From: "sip:+442079460000;" <sip:+493012345678@127.0.0.1>;tag=a'],
      '+493012345678',
    ],
    ['is a name', ['From: <sip:bob@127.0.0.1>;tag=a'], undefined],
  ] as const) {
    it(`a number that ${what} is taken for ${number ?? 'nobody'}`, async () => {
      await ask('INVITE', headers);
      assert.equal(calls.at(-1)?.number, number);
    });
  }

  for (const from of [
    '',
    ';;;',
    '<sip:',
    '<sip:+12125550100@127.0.0.1',
    '"a\\" <sip:+1@x>;tag=b',
    'sip:%00%0d%0a@x;tag=c',
    `<sip:+1${'2'.repeat(4000)}@x>;tag=d`,
    '\u{1F4DE} <tel:abc>;tag=e',
  ]) {
    it(`a From of ${JSON.stringify(from.slice(0, 40))} is refused or ignored, and the next call is heard`, async () => {
      answer = { kind: 'reject', status: 480 };
      const heard = await Promise.race([
        ask('INVITE', [`From: ${from}`]),
        sleep(300, 'SIP/2.0 ignored'),
      ]);
      assert.match(heard, /^SIP\/2\.0 (?:4\d\d|ignored)/);
      assert.match(await ask('INVITE'), /^SIP\/2\.0 480 /);
    });
  }

  it('a flood is answered with 503 beyond fifty that are being decided, and is over with them', async () => {
    const waiting: (() => void)[] = [];
    let deciding = 0;
    telephony.onInbound(() => {
      deciding += 1;
      return new Promise((resolve) => {
        waiting.push(() => resolve({ kind: 'reject', status: 480 }));
      });
    });
    const flood = Array.from({ length: 200 }, (_, n) => n);
    caller.setMaxListeners(0);
    const statuses = new Map<string, string>();
    const take = (data: Buffer): void => {
      const [, status = ''] = /^SIP\/2\.0 ([2-6]\d\d)/.exec(data.toString()) ?? [];
      const [, id = ''] = /\r\nCall-ID: (flood-\d+)/i.exec(data.toString()) ?? [];
      if (status !== '' && id !== '') statuses.set(id, status);
    };
    caller.on('message', take);
    const { port } = caller.address();
    for (const n of flood) {
      const lines = [
        'INVITE sip:us@127.0.0.1 SIP/2.0',
        `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-flood-${n};rport`,
        'Max-Forwards: 70',
        `From: <sip:+12125550100@127.0.0.1>;tag=${n}`,
        'To: <sip:us@127.0.0.1>',
        `Call-ID: flood-${n}`,
        'CSeq: 1 INVITE',
        `Contact: <sip:127.0.0.1:${port}>`,
        'Content-Length: 0',
      ];
      caller.send([...lines, '\r\n'].join('\r\n'), engine.sip.port, engine.sip.host);
    }
    const counted = (status: string) => [...statuses.values()].filter((s) => s === status).length;
    await eventually(() => assert.equal(counted('503'), 150));
    assert.equal(deciding, 50);
    for (const decide of waiting) decide();
    await eventually(() => assert.equal(counted('480'), 50));
    caller.off('message', take);
    telephony.onInbound(() => Promise.resolve({ kind: 'reject', status: 486 }));
    assert.match(await ask('INVITE'), /^SIP\/2\.0 486 /);
  });
});
