/**
 * The figure "Customize Treatments for User Terminated Calls" as data: every decision of the flow is a
 * row, and every step names the row that made it. The flow asks this table (`decide`), the command line
 * prints it, the diagram is drawn from it; so none of them can say something else than the product does.
 *
 * The rows themselves stand in the `...-rows.ts` files, in the order of the figure; within an arm the
 * first row whose conditions hold decides.
 */

import type { Branch } from './call-state.js';
import { ANYWHERE_ROWS } from './anywhere-rows.js';
import type { Box } from './figure-boxes.js';
import type { ReplyAction } from './plugin-reply.js';
import { QUEUE_ROWS } from './queue-rows.js';
import { RESULT_ROWS } from './result-rows.js';
import { TREATMENT_ROWS } from './treatment-rows.js';
import type { BrokenOffBecause, EventType } from './vocabulary.js';

/** Who has the call: nobody but the flow, a plugin or page, an agent, a route point. */
export type CallHolder = 'flow' | 'holder' | 'agent' | 'route-point';

/**
 * What a row may depend on. The first five are the condition points of the page's table; a list means
 * any of them, an absent condition that it does not matter.
 */
export interface Conditions {
  /** Plugin Enabled: `_plugin_on_dial_url`, and a human or `_plugin_on_dial_invoke_on_call_failed`. */
  readonly pluginEnabled?: boolean;
  /** VXML Enabled: `_on_customer_connect_treatment_url`. */
  readonly vxmlEnabled?: boolean;
  /** On Connect Treatment: `_treatment_customer_connect`. */
  readonly connectTreatment?: boolean;
  /** Machine Treatment: `_treatment_call_failure_answering_machine`, due on this attempt. */
  readonly machineTreatment?: boolean;
  /** Number of dial attempts > `_max_dial_attempts`. */
  readonly retryLimitExceeded?: boolean;

  /** The option `retry` has a limit for this result, and it is reached. */
  readonly resultLimitReached?: boolean;
  /** Office hours or calling window are closed at the moment of the dial. */
  readonly hoursClosed?: boolean;
  /** Less than `_cannot_dial_buffer_time` is left of `_urs_queued_ttl`. */
  readonly dialIsTooLate?: boolean;

  readonly answer?: Branch | readonly Branch[];
  readonly event?: EventType | readonly EventType[];
  /** Is there a call to treat, once `amDetected` has had its say? */
  readonly callIsUp?: boolean;
  /** The hint `am-beep-detection` is on and no beep has been heard yet. */
  readonly awaitsBeep?: boolean;
  /** The message plays already, begun without a beep because none came in time. */
  readonly messagePlays?: boolean;
  readonly sitPermanent?: 'fail' | 'retry';
  /** The result table says `never-again`. */
  readonly neverAgain?: boolean;
  /** Why the attempt was broken off between two of its INVITEs. */
  readonly brokenOff?: BrokenOffBecause;
  /** `queue` is set. */
  readonly queueIsSet?: boolean;
  /** `_wait_for_agent`, and there is a queue to wait in. */
  readonly waitsForAgent?: boolean;
  /** The request for an agent was made ahead, and the customer is being dialled. */
  readonly isDialled?: boolean;
  readonly action?: ReplyAction;
  /** The reply can be carried out as things stand. */
  readonly replyFits?: boolean;
  /** The customer hung up while the plugin or page held the call. */
  readonly customerIsGone?: boolean;
  /** `onPluginError` or `onVxmlError`, whoever was asked. */
  readonly onError?: 'fail' | 'builtin';
  /** `pluginTimeoutTreatment` is set and a human is there to hear it. */
  readonly apology?: boolean;
  /** An agent has answered and is not bridged yet. */
  readonly agentIsReady?: boolean;
  /** Early media of the far side is to be heard. */
  readonly farIsHeard?: boolean;
  /** Nothing plays that an agent has to wait for. */
  readonly mayBridge?: boolean;
  /** `_max_transfer_to_agent_attempts` tries were made. */
  readonly transferLimitReached?: boolean;
  /** `_max_time_to_wait_for_agent_on_the_call` is over. */
  readonly waitIsOver?: boolean;
  readonly completeAfterMessage?: boolean;
  readonly callIsWith?: CallHolder | readonly CallHolder[];
  /** The customer and whoever has answered did not hear each other yet. */
  readonly wasApart?: boolean;
  /** The end is decided, only the last file is still playing. */
  readonly endIsDecided?: boolean;
  readonly by?: 'customer' | 'admin';
  /** There is a sound to play that has not failed on this call. */
  readonly soundIsLeft?: boolean;
  /** The event carries an id that the flow does not wait for. */
  readonly isLate?: boolean;
}

export type ConditionName = keyof Conditions;

/** One decision. */
export interface Row {
  readonly arm: string;
  /** Stable id; journals, traces and documents refer to it. */
  readonly row: string;
  /** The figure's box in which the decision is made. */
  readonly box: Box;
  /** The box that follows, for the rows that the figure shows. */
  readonly to?: Box;
  readonly when: Conditions;
  /** What happens, as a sentence. */
  readonly then: string;
  /** Where the page is silent or contradicts itself: how we read it, and why. */
  readonly reading?: string;
}

const ROWS = [...RESULT_ROWS, ...QUEUE_ROWS, ...TREATMENT_ROWS, ...ANYWHERE_ROWS] as const;

type TableRow = (typeof ROWS)[number];
export type Arm = TableRow['arm'];
export type RowId = TableRow['row'];
export type RowOf<A extends Arm> = Extract<TableRow, { arm: A }>['row'];

/** One value per condition; a condition that plays no part may be left out. */
export type Facts = {
  readonly [K in ConditionName]?: Exclude<Conditions[K], readonly unknown[]>;
};

/** All rows in the order of the figure. */
export const DECISION_TABLE: readonly (Row & { readonly row: RowId; readonly arm: Arm })[] = ROWS;

/**
 * Finds the row that the facts lead to.
 *
 * @param arms whose rows may decide, asked one after the other
 * @throws Error when no row does: the arms do not cover their cases, which is a bug
 */
export function decide<A extends Arm>(arms: A | readonly A[], facts: Facts): RowOf<A> {
  for (const arm of typeof arms === 'string' ? [arms] : arms) {
    const found = DECISION_TABLE.find((row) => row.arm === arm && conditionsHold(row.when, facts));
    if (found !== undefined) return found.row as RowOf<A>;
  }
  throw new Error(`no row of ${String(arms)} for ${JSON.stringify(facts)}`);
}

/** Do the facts meet every condition? */
export function conditionsHold(when: Conditions, facts: Facts): boolean {
  return conditionNames(when).every((name) => includes(when[name], facts[name]));
}

/** The row of an id. */
export function rowOf(id: RowId): Row & { readonly row: RowId; readonly arm: Arm } {
  const found = DECISION_TABLE.find((row) => row.row === id);
  if (found === undefined) throw new Error(`no row ${id}`);
  return found;
}

/** The conditions that a row sets, in its own order. */
export function conditionNames(when: Conditions): readonly ConditionName[] {
  return Object.keys(when) as ConditionName[];
}

function includes(wanted: Conditions[ConditionName], found: Facts[ConditionName]): boolean {
  return Array.isArray(wanted) ? wanted.includes(found) : wanted === found;
}
