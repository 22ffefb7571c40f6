/**
 * Connects the signalling and media servers, real or embedded, and hands them out behind the ports.
 * Reconnects all of them by itself; what was in the air on a lost connection is told as lost.
 */
import type { Clock, Log } from '../../ports.js';
import { type Deadlines, DEFAULT_DEADLINES } from './deadlines.js';
import { Fleet } from './fleet.js';
import type { DrachtioAddress } from './drachtio-connection.js';
import { OwnerMark } from './owner-mark.js';
import type { MemberOptions } from './pool-member.js';
import type { SiteOptions } from './site.js';

interface Surroundings {
  readonly log: Log;
  readonly clock: Clock;
  readonly deadlines?: Partial<Deadlines>;
  /** Whose channels ours are, in hexadecimal: what carries this mark at the start is ended. */
  readonly ownerId?: string;
}

export interface FleetOptions extends Surroundings {
  readonly sites: readonly SiteOptions[];
}

/** One site with one media server. */
export interface TelephonyOptions extends Surroundings {
  readonly drachtio: DrachtioAddress;
  readonly freeswitch: Omit<MemberOptions, 'profile'> & { readonly profile?: string };
}

/** The profile name drachtio-fsmrf and the drachtio images agree on. */
const DEFAULT_PROFILE = 'drachtio_mrf';

/**
 * Connects every server; one drachtio with one FreeSWITCH is enough to start.
 * @throws TelephonyError with a code DRACHTIO_*, FREESWITCH_* or ENDPOINT_* when no call could be made,
 * within `connectMs` for each of the two and `endpointMs`, and `startMs` more when they were only slow;
 * nothing is left open then
 */
export async function connectFleet(options: FleetOptions): Promise<Fleet> {
  const { sites, clock, log, ownerId } = options;
  const deadlines = { ...DEFAULT_DEADLINES, ...options.deadlines };
  const owner = ownerId === undefined ? undefined : new OwnerMark(ownerId, log);
  const fleet = new Fleet(sites, { clock, log, deadlines, owner });
  try {
    await fleet.start();
    return fleet;
  } catch (thrown) {
    await fleet.close();
    throw thrown;
  }
}

/** The same for the smallest fleet. @throws as `connectFleet` */
export function connectTelephony(options: TelephonyOptions): Promise<Fleet> {
  const { drachtio, freeswitch, ...rest } = options;
  const profile = freeswitch.profile ?? DEFAULT_PROFILE;
  const site = { name: 'main', drachtio, freeswitch: [{ ...freeswitch, profile }] };
  return connectFleet({ ...rest, sites: [site] });
}
