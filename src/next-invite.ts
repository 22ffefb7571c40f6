/**
 * Another INVITE of an attempt that is under way: written before it leaves, and not at all where a first
 * one would not be, either.
 */
import type { NextTrunkTry } from './callback-effects.js';
import type { EventBody } from './callflow/vocabulary.js';
import type { TryWritten } from './dial/trunk-tries.js';
import type { Trunk } from './dial/trunk.js';
import type { Change } from './schedule/callback-store.js';
import type { Refusal, SessionOwner } from './session-owner.js';

export interface NextInviteContext {
  readonly attempt: number;
  readonly trunk: Trunk | { readonly none: string };
  readonly owner: Pick<SessionOwner, 'callLimits' | 'onCallLimit'>;
  readonly commit: (change: Change) => Promise<Refusal | undefined>;
  readonly post: (event: EventBody) => void;
}

/** The number's lock is still ours: what is new is the leg, which the ledger has before its INVITE. */
export async function writeNextInvite(
  { tries, trunk: name, number, ringsUntilMs }: NextTrunkTry,
  { attempt, trunk, owner, commit, post }: NextInviteContext,
): Promise<TryWritten> {
  const callId = tries.at(-1)?.callId;
  if (callId === undefined || attempt < 1) return 'refused';
  const leg = { kind: 'begun', callId, number, ringsUntilMs } as const;
  const isNew = tries.at(-2)?.trunk !== name;
  const limits = isNew && 'name' in trunk ? owner.callLimits(trunk) : [];
  const callLimits = limits.filter(({ of }) => of === 'trunk');
  const refusal = await commit({ leg, attempt: { attempt, trunk: name, tries }, callLimits });
  if (!refusal) return 'written';
  if (refusal.why === 'paused' || refusal.why === 'not-written') return refusal.why;
  if (refusal.why === 'cancel-requested') post({ type: 'cancelled', by: refusal.by });
  if (refusal.why !== 'call-limit') return 'refused';
  owner.onCallLimit(refusal);
  return refusal.waitMs === undefined ? 'full' : 'too-fast';
}
