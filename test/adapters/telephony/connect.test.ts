import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import {
  connectTelephony,
  type TelephonyOptions,
} from '../../../src/adapters/telephony/connect.js';
import type { DialogEnd, Telephony } from '../../../src/ports.js';
import { FaultProxy, freePort } from '../../sip/fault-proxy.js';
import { eventually, useSite } from './site.js';

describe('connecting to the servers', () => {
  const site = useSite();

  async function refusal(change: {
    drachtio?: Partial<TelephonyOptions['drachtio']>;
    freeswitch?: Partial<TelephonyOptions['freeswitch']>;
  }): Promise<string> {
    const options = site().options();
    const startedAtMs = performance.now();
    const thrown: unknown = await connectTelephony({
      ...options,
      drachtio: { ...options.drachtio, ...change.drachtio },
      freeswitch: { ...options.freeswitch, ...change.freeswitch },
      deadlines: { connectMs: 2000, startMs: 0 },
    }).then(
      (telephony) => telephony.close(),
      (error: unknown) => error,
    );
    assert.ok(performance.now() - startedAtMs < 4000, 'within the deadline');
    return (thrown as { code?: string } | undefined)?.code ?? 'connected';
  }

  it('field notes 6: srf.connect wrong secret, mrf.connect wrong password; named at once, not tried again', async () => {
    assert.equal(await refusal({ drachtio: { secret: 'wrong' } }), 'DRACHTIO_WRONG_SECRET');
    assert.equal(await refusal({ freeswitch: { secret: 'wrong' } }), 'FREESWITCH_WRONG_SECRET');
  });

  it('field notes 6: srf.connect closed port, mrf.connect closed port', async () => {
    const port = await freePort();
    assert.equal(await refusal({ drachtio: { port } }), 'DRACHTIO_UNREACHABLE');
    assert.equal(await refusal({ freeswitch: { port } }), 'FREESWITCH_UNREACHABLE');
  });

  it('names a SIP profile that does not run', async () => {
    assert.equal(await refusal({ freeswitch: { profile: 'nobody' } }), 'FREESWITCH_NO_PROFILE');
    // Not a pattern: fsmrf builds a regular expression from it.
    assert.equal(await refusal({ freeswitch: { profile: '.*' } }), 'FREESWITCH_NO_PROFILE');
  });

  it('field notes 6: mrf.connect with FS slow; gives up on a server that says nothing', async () => {
    const server = await listen(() => undefined);
    const { port } = server.address() as AddressInfo;
    assert.equal(await refusal({ drachtio: { port } }), 'DRACHTIO_TIMEOUT');
    assert.equal(await refusal({ freeswitch: { port } }), 'FREESWITCH_TIMEOUT');
    server.close();
  });

  it('tries again when the media server was too slow for drachtio-fsmrf, which waits a second', async () => {
    const options = site().options();
    const proxy = await FaultProxy.open(options.freeswitch);
    let asked = 0;
    let slow = 0;
    proxy.onPass = (chunk, isTowardsTarget) => {
      if (!isTowardsTarget || !chunk.includes('sofia status')) return;
      asked += 1;
      // The first is our own look at it.
      if (asked !== 2) return;
      slow += 1;
      proxy.freeze();
      setTimeout(() => proxy.thaw(), 1300);
    };
    const freeswitch = { ...options.freeswitch, port: proxy.port };
    const telephony = await connectTelephony({ ...options, freeswitch });
    assert.equal(slow, 1);
    await telephony.close();
    await eventually(() => assert.equal(proxy.connectionCount, 0));
    proxy.close();
  });

  it('names a server that speaks something else', async () => {
    const server = await listen((say) => say('HTTP/1.1 400 Bad Request\r\n\n\n'));
    const { port } = server.address() as AddressInfo;
    assert.equal(await refusal({ drachtio: { port } }), 'DRACHTIO_PROTOCOL');
    assert.equal(await refusal({ freeswitch: { port } }), 'FREESWITCH_PROTOCOL');
    server.close();
  });

  it('leaves no connection behind after a refusal', async () => {
    const options = site().options();
    const proxy = await FaultProxy.open(options.drachtio);
    await assert.rejects(
      connectTelephony({
        ...options,
        drachtio: { ...options.drachtio, port: proxy.port },
        freeswitch: { ...options.freeswitch, secret: 'wrong' },
      }),
    );
    await eventually(() => assert.equal(proxy.connectionCount, 0));
    proxy.close();
  });
});

describe('a lost server', function () {
  this.timeout(60_000);
  const site = useSite();
  let drachtio: FaultProxy;
  let freeswitch: FaultProxy;
  let outbound: FaultProxy;
  let telephony: Telephony;
  let states: string[];

  beforeEach(async () => {
    const options = site().options();
    const listenPort = await freePort();
    drachtio = await FaultProxy.open(options.drachtio);
    freeswitch = await FaultProxy.open(options.freeswitch);
    outbound = await FaultProxy.open({ host: '127.0.0.1', port: listenPort });
    telephony = await connectTelephony({
      ...options,
      drachtio: { ...options.drachtio, port: drachtio.port },
      freeswitch: {
        ...options.freeswitch,
        port: freeswitch.port,
        listen: `127.0.0.1:${listenPort}`,
        advertise: `127.0.0.1:${outbound.port}`,
      },
      deadlines: {
        commandMs: 400,
        pingMs: 200,
        suspectMs: 300,
        lostMs: 900,
        endpointMs: 800,
        byeMs: 600,
        requestMs: 500,
      },
    });
    states = [];
    telephony.onStateChange((isUp, why) =>
      states.push(`${why.split(' ')[0]} ${isUp ? 'up' : 'down'}`),
    );
  });
  afterEach(async () => {
    await telephony.close();
    await site().checkLeaks(telephony);
    for (const proxy of [drachtio, freeswitch, outbound]) proxy.close();
  });

  async function answeredCall() {
    const far = await site().far();
    const endpoint = await telephony.media.createEndpoint();
    const call = telephony.sip.invite({
      uri: far.uri,
      callId: randomUUID(),
      localSdp: endpoint.localSdp,
    });
    const outcome = await call.outcome;
    assert.ok(outcome.kind === 'answered');
    await endpoint.connect(outcome.dialog.remoteSdp);
    return { far, endpoint, dialog: outcome.dialog };
  }

  it('field notes 6: drachtio-server killed mid-call; dialogs and INVITEs are lost, calls go out again after it', async () => {
    const { endpoint, dialog } = await answeredCall();
    const ringing = await site().far();
    ringing.onInvite = (call) => call.respond(180, 'Ringing');
    const pending = telephony.sip.invite({
      uri: ringing.uri,
      callId: randomUUID(),
      localSdp: endpoint.localSdp,
    });
    await new Promise<void>((resolve) => pending.onProvisional(() => resolve()));
    const ended = new Promise<DialogEnd>((resolve) => dialog.onEnded(resolve));
    drachtio.cut();
    assert.equal(await ended, 'lost');
    assert.equal((await pending.outcome).kind, 'error');
    assert.equal(telephony.sip.isConnected, false);
    const refused = telephony.sip.invite({ uri: ringing.uri, callId: 'a', localSdp: 'v=0' });
    assert.equal((await refused.outcome).kind, 'error');
    await dialog.bye('nobody can send it');
    await endpoint.close();
    await eventually(() => assert.deepEqual(states, ['drachtio down', 'drachtio up']));
    const again = await answeredCall();
    await again.dialog.bye('test over');
    await again.endpoint.close();
  });

  it('keeps trying while drachtio refuses', async () => {
    drachtio.refuse();
    await eventually(() => assert.deepEqual(states, ['drachtio down']));
    await new Promise((resolve) => setTimeout(resolve, 900));
    assert.equal(telephony.sip.isConnected, false);
    drachtio.accept();
    await eventually(() => assert.equal(telephony.sip.isConnected, true));
  });

  it('field notes 6: FreeSWITCH killed mid-call; endpoints end, and what plays on them settles', async () => {
    const { far, endpoint, dialog } = await answeredCall();
    const playback = endpoint.play([await site().toneFile(500, 3000)], { loop: true });
    const ended = new Promise<void>((resolve) => endpoint.onEnded(resolve));
    freeswitch.cut();
    outbound.cut();
    await ended;
    assert.equal((await playback.done).kind, 'failed');
    assert.equal(endpoint.hasEnded, true);
    assert.equal(dialog.hasEnded, false, 'the leg is the application’s to end');
    await assert.rejects(endpoint.answer(far.rtp.sdp), { code: 'ENDPOINT_ENDED' });
    await dialog.bye('no media');
    await endpoint.close();
    // drachtio's connection is watched as well, and a stalled machine may seem to have lost it.
    const ofFreeswitch = () => states.filter((state) => state.startsWith('FreeSWITCH'));
    await eventually(() => assert.deepEqual(ofFreeswitch(), ['FreeSWITCH down', 'FreeSWITCH up']));
    const again = await answeredCall();
    await again.dialog.bye('test over');
    await again.endpoint.close();
  });

  it('field notes 6: FS frozen; noticed, everything settles, and the channels end when it thaws', async () => {
    const { endpoint, dialog } = await answeredCall();
    const playback = endpoint.play([await site().toneFile(500, 3000)], { loop: true });
    freeswitch.freeze();
    outbound.freeze();
    const ended = new Promise<void>((resolve) => endpoint.onEnded(resolve));
    await ended;
    assert.equal((await playback.done).kind, 'failed');
    assert.equal(telephony.media.isConnected, false);
    await assert.rejects(telephony.media.createEndpoint(), { code: 'FREESWITCH_LOST' });
    freeswitch.thaw();
    outbound.thaw();
    await dialog.bye('no media');
    await eventually(() => assert.equal(telephony.media.isConnected, true));
    await eventually(() => assert.equal(telephony.counts()['orphans'], 0));
  });

  it('ends an endpoint that comes too late', async () => {
    outbound.freeze();
    await assert.rejects(telephony.media.createEndpoint(), { code: 'DEADLINE' });
    outbound.thaw();
    await eventually(() => assert.equal(telephony.counts()['pendingEndpoints'], 0));
  });
});

async function listen(greet: (say: (text: string) => void) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.unref().on('error', () => undefined);
    greet((text) => socket.write(text));
  }).unref();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
