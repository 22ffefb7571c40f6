/** What a session of one callback is given by whoever runs all of them. */
import type { StepAnnouncer } from './report/announcer.js';
import type { EffectsDeps } from './callback-effects.js';
import type { Closed, Command, State } from './callflow/vocabulary.js';
import type { ServiceConfig } from './config/config.js';
import type { Place } from './dial/set-up-governor.js';
import type { TrunkPlace, TrunkWish } from './dial/trunk-board.js';
import type { Trunk } from './dial/trunk.js';
import type { CounterLimit, CounterRefusal } from './schedule/admission-limits.js';
import type { CallLimit, CallLimitRefusal } from './schedule/call-limits.js';
import type { CallbackStore, CommitResult } from './schedule/callback-store.js';

export interface SessionDeps extends EffectsDeps {
  /** Told of every step. */
  readonly announcer?: StepAnnouncer;
  readonly store: CallbackStore;
}

/** A place in the line, and the trunk that comes with it. */
export interface DialPlace extends Place {
  /** Once granted: the trunk, or why there is none. */
  readonly trunk: Trunk | { readonly none: string };
}

/** What changes while a session lives. */
export interface SessionOwner {
  /** The service as the configuration in force has it; an attempt keeps what it began with. */
  serviceNow(): ServiceConfig;
  /** Joins the line of those who want to dial; with its turn comes a place on a trunk. */
  queueToDial(wish: TrunkWish): DialPlace;
  /** A place on another trunk, out of turn: the call has its endpoint. */
  takeTrunk(wish: TrunkWish): TrunkPlace;
  /** The trunk of this name wants no calls for so long. */
  restTrunk(name: string, forMs: number): void;
  /** Office hours or calling window, for this number (E.164), now; undefined = open. */
  closed(number: string): Closed | undefined;
  /** Daily limits that one more attempt uses up. */
  attemptLimits(): readonly CounterLimit[];
  /** One of them is full: hours are closed until it is counted anew. */
  onDayFull(refusal: CounterRefusal): void;
  /** Limits on calls that all processes keep together; none when there is only one. */
  callLimits(trunk: Trunk): readonly CallLimit[];
  /** The store has refused a dial for one of them. */
  onCallLimit(refusal: CallLimitRefusal): void;
  /** The customer's leg is over. */
  onLegOver(): void;
}

/** The latest attempt. */
export interface LatestCall {
  /** 0: none yet. */
  readonly attempt: number;
  readonly callId: string;
  /** Which of the callback's numbers it is for, E.164. */
  readonly ownNumber?: string;
  /** As dialled. */
  readonly number?: string;
}

export type DialCommand = Extract<Command, { type: 'dial' }>;
export type Refusal =
  Exclude<CommitResult, { ok: true }> | { readonly ok: false; readonly why: 'not-written' };

/** Nothing of an attempt is in the air: a changed configuration may take effect. */
export function isBetweenAttempts({ name }: State): boolean {
  return name === 'waiting-until-due' || name === 'waiting-to-retry' || name === 'reserving-agent';
}
