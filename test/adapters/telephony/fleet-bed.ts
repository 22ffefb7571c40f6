/** Several embedded engines as one fleet, for tests of pools and sites; each can be lost on purpose. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import { connectFleet, type FleetOptions } from '../../../src/adapters/telephony/connect.js';
import type { Fleet } from '../../../src/adapters/telephony/fleet.js';
import type { MemberOptions } from '../../../src/adapters/telephony/pool-member.js';
import type { SiteOptions } from '../../../src/adapters/telephony/site.js';
import { type FaultyEngine, startFaultyEmbedded } from '../../../src/embedded/testing.js';
import type { MediaEndpoint } from '../../../src/ports.js';
import { FarParty } from '../../sip/far-party.js';
import { FaultProxy } from '../../sip/fault-proxy.js';
import { eventually, type LiveCall } from './site.js';

/** Short enough for a test, long enough for a busy machine. */
export const QUICK = {
  connectMs: 2000,
  endpointMs: 2000,
  endpointTryMs: 700,
  commandMs: 800,
  pingMs: 150,
  suspectMs: 400,
  lostMs: 1500,
  byeMs: 800,
  requestMs: 800,
  cancelMs: 1000,
  reconnectMaxMs: 500,
  lastingFaultPauseMs: 1500,
};

export class FleetBed {
  readonly #engines: FaultyEngine[] = [];
  readonly #fleets: Fleet[] = [];
  readonly #parties: FarParty[] = [];
  readonly #proxies: FaultProxy[] = [];

  async engine(options: Parameters<typeof startFaultyEmbedded>[0] = {}): Promise<FaultyEngine> {
    const engine = await startFaultyEmbedded({ t1Ms: 100, ...options });
    this.#engines.push(engine);
    return engine;
  }

  /** The same ports and secrets again, as after a restart. */
  restart({ drachtio, freeswitch, sip }: FaultyEngine): Promise<FaultyEngine> {
    return this.engine({
      drachtioPort: drachtio.port,
      freeswitchPort: freeswitch.port,
      sipPort: sip.port,
      secrets: { drachtio: drachtio.secret, freeswitch: freeswitch.secret },
    });
  }

  async proxy(target: { host: string; port: number }): Promise<FaultProxy> {
    const proxy = await FaultProxy.open(target);
    this.#proxies.push(proxy);
    return proxy;
  }

  async fleet(
    sites: readonly SiteOptions[],
    deadlines: FleetOptions['deadlines'] = {},
  ): Promise<Fleet> {
    const fleet = await connectFleet({
      sites,
      clock: systemClock(),
      log: silentLog,
      deadlines: { ...QUICK, ...deadlines },
    });
    this.#fleets.push(fleet);
    return fleet;
  }

  async far(): Promise<FarParty> {
    const party = await FarParty.open();
    this.#parties.push(party);
    return party;
  }

  /** An answered call on an endpoint that the fleet chose. */
  async call(fleet: Fleet, beside?: MediaEndpoint): Promise<LiveCall> {
    const far = await this.far();
    const endpoint = await fleet.media.createEndpoint({ beside });
    const { localSdp, id: endpointId } = endpoint;
    const request = { uri: far.uri, callId: randomUUID(), localSdp, endpointId };
    const outcome = await fleet.sip.invite(request).outcome;
    assert.ok(outcome.kind === 'answered', JSON.stringify(outcome));
    await endpoint.connect(outcome.dialog.remoteSdp);
    return { endpoint, dialog: outcome.dialog, far };
  }

  async hangUp(...calls: readonly LiveCall[]): Promise<void> {
    for (const { endpoint, dialog } of calls) {
      await dialog.bye('test over');
      await endpoint.close();
    }
  }

  /** Ends each test: nothing is in the air any more. */
  async close(): Promise<void> {
    const leaks = await Promise.allSettled(this.#fleets.map((fleet) => noLeaks(fleet)));
    for (const fleet of this.#fleets.splice(0)) await fleet.close();
    for (const party of this.#parties.splice(0)) party.close();
    for (const proxy of this.#proxies.splice(0)) proxy.close();
    for (const engine of this.#engines.splice(0)) await engine.stop();
    for (const leak of leaks) if (leak.status === 'rejected') throw leak.reason;
  }
}

/** Channels to kill should a server come back that a test has ended for good are no leak. */
export async function noLeaks(fleet: Fleet, limitMs = 6000): Promise<void> {
  const left = (): object =>
    Object.fromEntries(
      Object.entries(fleet.counts()).filter(([kind, count]) => kind !== 'orphans' && count !== 0),
    );
  await eventually(() => assert.deepEqual(left(), {}), limitMs);
}

export function siteOf(
  name: string,
  { drachtio }: FaultyEngine,
  ...freeswitch: readonly MemberOptions[]
): SiteOptions {
  return { name, drachtio, freeswitch };
}

/** `host:port` of the server an endpoint is on. */
export function serverOf(fleet: Fleet, { id }: MediaEndpoint): string {
  return fleet.media.memberOf(id)?.name ?? 'nowhere';
}

export function nameOf({ freeswitch: { host, port } }: FaultyEngine): string {
  return `${host}:${port}`;
}
