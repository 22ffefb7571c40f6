/**
 * Tells the store (and the trail) what is in the air on the wire, leg by leg, so that another process can end it
 * after a crash of this one. A customer's leg is in the ledger before its dial is performed (in the
 * transaction that records the attempt); those of agents and route points enter it here.
 */
import type { Clock, LegListener } from './ports.js';
import type { LegTrail } from './leg-trail.js';
import type { LegRole } from './report/trail.js';
import type { LegChange } from './schedule/callback-store.js';

/** An agent's phone may ring for as long as RFC 3261 16.6 lets an INVITE live (timer C). */
export const FAR_SIDE_RINGS_MS = 180_000;

export class LegLedger {
  constructor(
    private readonly clock: Clock,
    private readonly trail: LegTrail,
    private readonly write: (change: LegChange) => void,
  ) {}

  /** What a leg in the ledger tells of itself. */
  of(role: LegRole, callId: string): LegListener {
    const unfollow = this.trail.follow(role, callId);
    return {
      onEndpoint: (endpointId) => {
        this.write({ kind: 'facts', callId, endpointId });
        this.trail.note(callId, 'endpoint', endpointId);
      },
      onIdentity: (identity) => this.write({ kind: 'facts', callId, identity }),
      onOver: () => {
        unfollow();
        this.trail.flush();
        this.write({ kind: 'over', callId });
      },
    };
  }

  /** The same for a leg that has to be entered first. */
  begin(role: LegRole, callId: string): LegListener {
    const ringsUntilMs = this.clock.nowMs() + FAR_SIDE_RINGS_MS;
    this.write({ kind: 'begun', callId, ringsUntilMs });
    return this.of(role, callId);
  }
}
