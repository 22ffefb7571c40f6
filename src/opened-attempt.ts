/** The attempt that a dial opens: which number, which trunk, and the limits that it uses up. Pure. */
import type { ServiceConfig } from './config/config.js';
import { planDial } from './dial/dial-plan.js';
import type { Trunk } from './dial/trunk.js';
import { numberRulesOf, type Everywhere } from './request/allow-list.js';
import type { DialCommand, LatestCall, SessionOwner } from './session-owner.js';
import type { OpenedAttempt } from './step-record.js';

export interface AttemptContext {
  /** Which of the callback's numbers it is for, E.164. */
  readonly ownNumber: string;
  readonly callId: string;
  readonly trunk: Trunk | { readonly none: string };
  readonly service: ServiceConfig;
  readonly everywhere: Everywhere | undefined;
  readonly owner: Pick<SessionOwner, 'attemptLimits' | 'callLimits'>;
  readonly nowMs: number;
}

export function openAttempt(
  { attempt, customerNumber: replacement, prefix, ringTimeoutMs }: DialCommand,
  { ownNumber, callId, trunk, service, everywhere, owner, nowMs }: AttemptContext,
): { readonly call: LatestCall; readonly opened: OpenedAttempt } {
  const rules = numberRulesOf(service, everywhere);
  const plan = planDial({ ownNumber, replacement, prefix }, trunk, rules);
  const { number } = plan;
  const opened = {
    ...{ attempt, callId, number },
    customerNumber: plan.kind === 'dial' ? plan.customerNumber : ownNumber,
    trunk: plan.kind === 'dial' ? plan.trunk.name : undefined,
    startedAtMs: nowMs,
    ringsUntilMs: nowMs + ringTimeoutMs + service.lostLegGuardMs,
    counters: owner.attemptLimits(),
    callLimits: plan.kind === 'dial' ? owner.callLimits(plan.trunk) : [],
  };
  return { call: { attempt, callId, ownNumber, number }, opened };
}
