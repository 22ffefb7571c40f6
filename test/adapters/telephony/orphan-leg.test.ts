/** Legs of a process that died, ended by the next one: against the embedded engine or real servers. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import { connectTelephony } from '../../../src/adapters/telephony/connect.js';
import { DEFAULT_DEADLINES } from '../../../src/adapters/telephony/deadlines.js';
import { endOrphanLeg } from '../../../src/adapters/telephony/orphan-leg.js';
import type {
  AgentView,
  SipResponseView,
  SrfView,
} from '../../../src/adapters/telephony/srf-types.js';
import type { LegIdentity, OrphanLeg, OutgoingCall, Telephony } from '../../../src/ports.js';
import type { FarCall, FarParty } from '../../sip/far-party.js';
import { FaultProxy } from '../../sip/fault-proxy.js';
import { eventually, useSite } from './site.js';

/** The latest identity of a call, as the ledger would have it. */
function follow(call: OutgoingCall): () => LegIdentity {
  let latest: LegIdentity | undefined;
  call.onIdentity((identity) => (latest = identity));
  return () => {
    assert.ok(latest, 'the call has said who it is');
    return latest;
  };
}

describe('ending orphan legs', () => {
  const site = useSite();
  let proxy: FaultProxy;
  let doomed: Telephony;
  let far: FarParty;

  /** A process of its own as far as the servers can tell; `die` is its SIGKILL. */
  beforeEach(async () => {
    proxy = await FaultProxy.open(site().engine.drachtio);
    const { drachtio, ...others } = site().options();
    const address = { ...drachtio, host: '127.0.0.1', port: proxy.port };
    doomed = await connectTelephony({ ...others, drachtio: address });
    far = await site().far();
  });
  afterEach(async () => {
    await doomed.close();
    proxy.close();
  });
  const die = async (): Promise<void> => {
    proxy.refuse();
    await eventually(() => assert.equal(doomed.sip.isConnected, false));
  };
  const place = (callId: string): OutgoingCall =>
    doomed.sip.invite({ uri: far.uri, callId, localSdp: far.rtp.sdp });
  /** A call that rings, and what is known of it. */
  const ring = async () => {
    let rings: FarCall | undefined;
    far.onInvite = (call) => {
      rings = call;
      call.respond(180, 'Ringing');
    };
    const call = place(randomUUID());
    const identity = follow(call);
    await eventually(() => assert.ok(rings && identity()));
    assert.ok(rings);
    return { call, identity, rings };
  };
  const end = (leg: OrphanLeg) => site().telephony.endOrphan(leg);

  it('field notes 6: Node app killed; the answered call gets its BYE in its dialog', async () => {
    const call = place(randomUUID());
    const identity = follow(call);
    assert.equal((await call.outcome).kind, 'answered');
    await far.request('ACK');
    await die();
    assert.equal(await end({ callId: call.callId, identity: identity() }), 'ended');
    const bye = await far.request('BYE');
    const [ack] = far.requests('ACK');
    assert.deepEqual(
      [bye.header('call-id'), bye.header('from'), bye.header('to')],
      [call.callId, ack?.header('from'), ack?.header('to')],
    );
    assert.match(bye.header('reason') ?? '', /restarted/);
  });

  it('cancels a call that rings', async () => {
    far.onInvite = (call) => call.respond(180, 'Ringing');
    const call = place(randomUUID());
    const identity = follow(call);
    await eventually(() => assert.ok(identity().transactionId));
    await die();
    assert.equal(await end({ callId: call.callId, identity: identity() }), 'ended');
    assert.equal((await far.request('CANCEL')).header('call-id'), call.callId);
    assert.deepEqual(far.requests('BYE'), []);
  });

  it('ends a call that was answered in the moment it was cancelled', async () => {
    far.onCancel = (call) => call.answer();
    const { call, identity } = await ring();
    await die();
    assert.equal(await end({ callId: call.callId, identity: identity() }), 'ended');
    assert.equal((await far.request('ACK')).header('call-id'), call.callId);
    assert.equal((await far.request('BYE')).header('call-id'), call.callId);
  });

  it('leaves no call up that was answered after its process had died', async () => {
    const { call, identity, rings } = await ring();
    await die();
    rings.answer();
    await sleep(100);
    await end({ callId: call.callId, identity: identity() });
    assert.equal((await far.request('ACK')).header('call-id'), call.callId);
    assert.equal((await far.request('BYE')).header('call-id'), call.callId);
  });

  it('ends a call whose process died between its ACK and writing that it was answered', async () => {
    const { call, identity, rings } = await ring();
    const lastWritten = identity();
    assert.equal(lastWritten.answered, undefined);
    rings.answer();
    assert.equal((await call.outcome).kind, 'answered');
    await far.request('ACK');
    await die();
    assert.equal(await end({ callId: call.callId, identity: lastWritten }), 'ended');
    assert.equal((await far.request('BYE')).header('call-id'), call.callId);
  });

  it('does not claim to know of an INVITE that was refused meanwhile, or that nobody remembers', async () => {
    const { call, identity, rings } = await ring();
    await die();
    rings.respond(486, 'Busy Here');
    await far.request('ACK');
    assert.equal(await end({ callId: call.callId, identity: identity() }), 'unknown');
    assert.equal(await end({ callId: randomUUID() }), 'unknown');
  });

  it('makes the BYE of what was stored when the signalling server has forgotten the dialog', async () => {
    const callId = randomUUID();
    const identity: LegIdentity = {
      transactionId: randomUUID(),
      localTag: 'stored-ours',
      answered: {
        from: '<sip:dialback@127.0.0.1>;tag=stored-ours',
        to: '<sip:far@127.0.0.1>;tag=stored-theirs',
        cseq: 7,
        target: far.uri,
      },
    };
    assert.equal(await end({ callId, identity }), 'ended');
    const bye = await far.request('BYE');
    assert.match(bye.start, new RegExp(`^BYE ${far.uri} `));
    assert.equal(bye.header('call-id'), callId);
    assert.match(bye.header('from') ?? '', /;tag=stored-ours$/);
    assert.match(bye.header('to') ?? '', /;tag=stored-theirs$/);
    assert.ok(Number.parseInt(bye.header('cseq') ?? '', 10) > 7);
  });

  it('field notes 6: Node app killed; its channel is ended', async () => {
    const endpoint = await doomed.media.createEndpoint();
    await end({ callId: randomUUID(), endpointId: endpoint.id });
    await eventually(() => assert.ok(endpoint.hasEnded));
    assert.equal(await end({ callId: randomUUID(), endpointId: endpoint.id }), 'unknown');
  });
});

describe('a 200 that crosses the CANCEL of an orphan leg', () => {
  it('gets no BYE before its ACK', async () => {
    const clock = virtualClock();
    const sent: string[] = [];
    let hasDialog = false;
    const request: AgentView['request'] = ({ method }, done) => {
      sent.push(method);
      const isInDialog = method !== 'CANCEL';
      if (isInDialog && !hasDialog) {
        // The dialog comes to be a moment after the ACK was refused.
        hasDialog = true;
        const why = 'ACK for non-success final response is automatically generated by server';
        return done(new Error(`Server error: ${why}`));
      }
      const response = { status: 200 } as SipResponseView;
      done(null, { on: (_event, handle) => handle(response) });
    };
    const leg = { callId: 'call', identity: { transactionId: 'txn', localTag: 'ours' } };
    const srf = { app: { client: { request } } } as unknown as SrfView;
    const ending = endOrphanLeg(leg, { srf, clock, log: silentLog, deadlines: DEFAULT_DEADLINES });
    for (let i = 0; i < 5; i += 1) await clock.advance(100);
    assert.equal(await ending, 'ended');
    assert.deepEqual(sent, ['CANCEL', 'ACK', 'CANCEL', 'ACK', 'BYE']);
  });
});
