/**
 * Media behind the `MediaServer` port: the FreeSWITCH servers of all sites as one. The least loaded
 * site comes first and in it the least loaded server; when that one fails or takes too long, one other
 * is asked within the same deadline. An endpoint to be bridged with another goes to that one's server,
 * because FreeSWITCH bridges its own channels only.
 */
import type {
  Clock,
  EndpointWish,
  Log,
  MediaEndpoint,
  MediaServer,
  SetUpLimits,
} from '../../ports.js';
import type { Deadlines } from './deadlines.js';
import { codeOf, describeError, TelephonyError } from './errors.js';
import { FreeswitchEndpoint } from './endpoint.js';
import type { PoolMember } from './pool-member.js';

export interface MediaPoolContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Pick<Deadlines, 'endpointMs' | 'endpointTryMs'>;
  /** Of each site, those that drain included. */
  sites(): Iterable<{ readonly members: Iterable<PoolMember> }>;
}

export class MediaPool implements MediaServer {
  constructor(private readonly context: MediaPoolContext) {}

  get isConnected(): boolean {
    return [...this.#members()].some(({ isOpen }) => isOpen);
  }

  /** Of the servers that can get a new call now, together. */
  get setUpLimits(): SetUpLimits {
    const each = [...this.#members()].filter(({ isOpen }) => isOpen).map((one) => one.setUpLimits);
    const sum = (of: (limits: SetUpLimits) => number) =>
      each.reduce((total, limits) => total + of(limits), 0);
    return {
      // With none open nobody is let in by this number, but by `freeSessions`.
      maxPerSecond: Math.max(
        1,
        sum(({ maxPerSecond }) => maxPerSecond),
      ),
      maxInProgress: Math.max(
        1,
        sum(({ maxInProgress }) => maxInProgress),
      ),
      maxSessions: sum(({ maxSessions }) => maxSessions),
      freeSessions: sum(({ freeSessions }) => freeSessions),
      idleCpuPercent: Math.min(100, ...each.map(({ idleCpuPercent }) => idleCpuPercent)),
    };
  }

  /** @throws TelephonyError FREESWITCH_LOST, FREESWITCH_FULL, ENDPOINT_*, DEADLINE */
  async createEndpoint(wish: EndpointWish = {}): Promise<MediaEndpoint> {
    const { beside } = wish;
    const make = () => this.#create(wish);
    const ahead = beside instanceof FreeswitchEndpoint ? await beside.otherSide(make) : undefined;
    return ahead ?? make();
  }

  expectBridge(endpoint: MediaEndpoint): void {
    if (endpoint instanceof FreeswitchEndpoint) endpoint.expectBridge();
  }

  /** The server that has the endpoint; undefined for one that has ended. */
  memberOf(endpointId: string): PoolMember | undefined {
    for (const member of this.#members()) if (member.media.owns(endpointId)) return member;
    return undefined;
  }

  counts(): Record<string, number> {
    const sum: Record<string, number> = {};
    for (const member of this.#members()) {
      for (const [kind, count] of Object.entries(member.media.counts())) {
        sum[kind] = (sum[kind] ?? 0) + count;
      }
    }
    return sum;
  }

  /**
   * Ends a channel of a dead process. Nobody knows which server had it: all are asked, and those that
   * cannot be asked now are when they are back.
   */
  async endOrphan(uuid: string): Promise<void> {
    await Promise.all([...this.#members()].map(({ media }) => media.endOrphan(uuid)));
  }

  /** Ends what a dead process had, also what it had no time to tell the ledger of. Never rejects. */
  async endOwnedBy(ownerId: string): Promise<void> {
    await Promise.all([...this.#members()].map(({ media }) => media.endOwnedBy(ownerId)));
  }

  async #create(wish: EndpointWish): Promise<FreeswitchEndpoint> {
    const { clock, log } = this.context;
    const { endpointMs, endpointTryMs } = this.context.deadlines;
    const [first, second] = this.#candidates(wish);
    const { beside, isSecure } = wish;
    if (!first && beside?.hasEnded)
      throw new TelephonyError('ENDPOINT_ENDED', 'the other side of the bridge has ended');
    if (!first) throw this.#noneOpen();
    if (!second) return first.createEndpoint(endpointMs, isSecure);
    const startedAtMs = clock.nowMs();
    try {
      return await first.createEndpoint(Math.min(endpointTryMs, endpointMs), isSecure);
    } catch (thrown) {
      const fields = { server: first.name, code: codeOf(thrown), why: describeError(thrown) };
      log.warn({ ...fields, next: second.name }, 'no endpoint there, trying another server');
      const leftMs = endpointMs - Math.max(0, clock.nowMs() - startedAtMs);
      return second.createEndpoint(Math.max(1, leftMs), isSecure);
    }
  }

  #candidates({ beside }: EndpointWish): PoolMember[] {
    if (beside) {
      const member = this.memberOf(beside.id);
      // A call that is up may finish on a server that is full or drains.
      return member?.isHealthy ? [member] : [];
    }
    return [...this.context.sites()]
      .map(({ members }) => byLoad([...members].filter(({ isOpen }) => isOpen)))
      .sort((one, other) => meanLoad(one) - meanLoad(other))
      .flat();
  }

  #noneOpen(): TelephonyError {
    const members = [...this.#members()];
    const faults = members.map(
      ({ name, fault }) => `${name} ${fault ?? 'has no signalling server'}`,
    );
    const isFull = members.some(({ isHealthy, isDraining }) => isHealthy && !isDraining);
    const why = `no media server can take a call: ${faults.join('; ') || 'none is configured'}`;
    return new TelephonyError(isFull ? 'FREESWITCH_FULL' : 'FREESWITCH_LOST', why);
  }

  *#members(): Generator<PoolMember> {
    for (const { members } of this.context.sites()) yield* members;
  }
}

function byLoad(members: PoolMember[]): PoolMember[] {
  return members.sort((one, other) => one.load - other.load);
}

function meanLoad(members: readonly PoolMember[]): number {
  return members.reduce((sum, { load }) => sum + load, 0) / Math.max(1, members.length);
}
