/**
 * The customer's leg of one attempt, put together: the call on the wire, the player that speaks into
 * it, and what both tell the flow, the attempt's record, the trail and the metrics.
 */
import type { AttemptFacts, EffectsDeps, EffectsListener } from './callback-effects.js';
import { callStateName, type CallState } from './callflow/call-state.js';
import type { Command } from './callflow/vocabulary.js';
import type { ServiceConfig } from './config/config.js';
import { planDial, type DialPlan } from './dial/dial-plan.js';
import type { InviteParts, OutboundCallListener } from './dial/outbound-call-parts.js';
import { OutboundCall } from './dial/outbound-call.js';
import type { DialRequest } from './dial/dial-plan.js';
import type { ResultRow } from './dial/result-rows.js';
import { isCarriers, mayRedirectTo } from './dial/redirection.js';
import { callerOn } from './dial/trunk-headers.js';
import { TrunkTries, type NextTry } from './dial/trunk-tries.js';
import { credentialsOf, type Trunk } from './dial/trunk.js';
import type { LegLedger } from './leg-ledger.js';
import type { LegTrail } from './leg-trail.js';
import type { Clock, LegListener } from './ports.js';
import type { NumberRules } from './request/customer-number.js';
import type { CallMetrics } from './report/call-metrics.js';
import type { MediaPlaces } from './treatment/media-file.js';
import { TreatmentPlayer } from './treatment/treatment-player.js';

export interface CustomerLeg {
  readonly legId: string;
  readonly call: OutboundCall;
  readonly player: TreatmentPlayer;
}

export interface CustomerLegContext {
  readonly deps: EffectsDeps;
  readonly service: ServiceConfig;
  readonly places: MediaPlaces;
  readonly ledger: LegLedger;
  readonly trail: LegTrail;
  readonly listener: EffectsListener;
  /** A bridge was ordered, and the two do not hear each other yet. */
  readonly isApart: () => boolean;
  readonly resultRows: readonly ResultRow[];
  /** Of the callback whose number was dialled. */
  readonly request: DialRequest;
  readonly numbers: NumberRules;
}

type DialCommand = Extract<Command, { type: 'dial' }>;

/** @param callId the attempt's Call-ID, already on disk */
export function openCustomerLeg(
  context: CustomerLegContext,
  command: DialCommand,
  plan: Extract<DialPlan, { kind: 'dial' }>,
  callId: string,
): CustomerLeg {
  const { deps, service, places, ledger, trail, listener } = context;
  const { legId } = command;
  const times = new LegTimes(deps.clock, plan.trunk.name, deps.metrics);
  const tries = triesOf(context, command, plan, callId);
  const player = new TreatmentPlayer(places, deps.files, {
    onStarted: (file, loop) => {
      times.sounded();
      trail.playing(call.callId, file, loop);
    },
    onOver: (file, end) => trail.played(call.callId, file, end),
    onEnded: (playId, playedMs) =>
      listener.post({
        type: 'treatment-ended',
        playId,
        ...(playedMs === undefined ? {} : { playedMs }),
      }),
    onFailed: (playId, why) => listener.post({ type: 'play-failed', playId, why }),
  });
  const { postConnectTimeoutMs, cpdProfile, cpdRules, options } = service;
  const turnOn = (trunk: Trunk) => () => deps.wirePace?.turn(trunk) ?? Promise.resolve();
  const call: OutboundCall = new OutboundCall(
    deps,
    {
      ...partsOf(service, { plan, callId }),
      trunk: plan.trunk.name,
      isSecure: plan.trunk.isSecure,
      resultRows: context.resultRows,
      turn: turnOn(plan.trunk),
      onward: async (failure, verdict) => {
        const next = await tries.next(failure, verdict);
        if (!next || 'brokenOff' in next) return next;
        const { name: trunk, isSecure } = next.plan.trunk;
        times.goOn(trunk);
        const leg = timed(ledger.of('customer', next.callId), times);
        const parts = partsOf(service, next);
        return { parts, trunk, leg, isSecure, turn: turnOn(next.plan.trunk) };
      },
      ringTimeoutMs: command.ringTimeoutMs,
      mediaSilenceMaxMs: service.mediaSilenceMaxMs,
      analysis: command.withCpd
        ? {
            service: service.name,
            profile: cpdProfile,
            ...cpdRules,
            country: plan.country,
            postConnectTimeoutMs,
            silenceTimeoutMs: Math.min(postConnectTimeoutMs, options.humanSilenceMaxMs),
          }
        : undefined,
    },
    {
      ...callListener(context, legId, times, () => call),
      ...timed(ledger.of('customer', callId), times),
    },
  );
  return { legId, call, player };
}

/** What the INVITE of one try is made of. */
function partsOf(service: ServiceConfig, next: NextTry): InviteParts {
  const { plan, callId, uri = plan.uri, sessionExpiresMs = plan.trunk.sessionExpiresMs } = next;
  const { trunk } = plan;
  const { name, callerId, callerName } = service;
  const proxy = trunk.proxyUri === undefined ? {} : { proxyUri: trunk.proxyUri };
  const auth = authOf(next);
  return {
    ...callerOn(trunk, { service: name, callerId, callerName }),
    ...proxy,
    ...(auth && { auth }),
    uri,
    callId,
    sessionExpiresMs,
    isReliable: trunk.isReliable,
  };
}

/**
 * For the trunk alone. By way of its proxy it is asked again where it points elsewhere, and what the
 * destination itself asks comes by the same way: the realm tells them apart (RFC 3261 22.1, 22.3).
 */
function authOf({ plan, uri = plan.uri, realms }: NextTry): InviteParts['auth'] {
  const { trunk } = plan;
  const credentials = credentialsOf(trunk);
  if (!credentials || uri === plan.uri || isCarriers(uri, trunk)) return credentials;
  return trunk.proxyUri !== undefined && realms ? { ...credentials, realms } : undefined;
}

function triesOf(
  { deps, service, trail, listener, request, numbers }: CustomerLegContext,
  { ringTimeoutMs }: DialCommand,
  plan: Extract<DialPlan, { kind: 'dial' }>,
  callId: string,
): TrunkTries {
  const { allowedDestinations, lostLegGuardMs } = service;
  const { clock, random } = deps;
  return new TrunkTries(
    {
      clock,
      random,
      takeTrunk: (wish) => listener.takeTrunk(wish),
      restTrunk: (name, forMs) => listener.restTrunk(name, forMs),
      planFor: (trunk) => planDial(request, trunk, numbers),
      mayRedirectTo: (uri, trunk) => mayRedirectTo(uri, trunk, { allowedDestinations, numbers }),
      record: (tries, trunk) =>
        listener.onTry({
          tries,
          trunk,
          number: plan.customerNumber,
          ringsUntilMs: clock.nowMs() + ringTimeoutMs + lostLegGuardMs,
        }),
      note: (what, detail) => trail.note(callId, what, detail, 'customer'),
    },
    plan,
    callId,
  );
}

function callListener(
  { listener, trail, deps, isApart }: CustomerLegContext,
  legId: string,
  times: LegTimes,
  call: () => OutboundCall,
): Omit<OutboundCallListener, keyof LegListener> {
  return {
    onHeard: (event) => trail.heard(call().callId, event),
    onRinging: (status, hasMedia) => listener.onAttemptFacts(times.rang(status, hasMedia)),
    onAnswered: (dialog) => {
      times.answered();
      const answeredAtMs = deps.clock.nowMs();
      listener.onAttemptFacts({
        answeredAtMs,
        ...dialog.identity,
        endpointId: call().endpoint?.id,
      });
      listener.post({ type: 'answered', legId });
    },
    onResult: (result) => {
      times.ended(result.callState);
      listener.post({ type: 'attempt-result', legId, ...result });
    },
    onRevised: (callState, why) =>
      listener.post({ type: 'verdict-revised', legId, callState, why }),
    onGreetingEnded: (heardBeep) => listener.post({ type: 'greeting-ended', legId, heardBeep }),
    onHungUp: (farReason) => {
      if (farReason !== undefined) listener.onAttemptFacts({ farReason });
      const wasApart = isApart();
      listener.post({ type: 'customer-hung-up', legId, ...(wasApart && { wasApart }) });
    },
    onLost: (cause) => listener.post({ type: 'leg-lost', legId, cause }),
  };
}

function timed(of: LegListener, times: LegTimes): LegListener {
  return {
    ...of,
    onIdentity: (identity) => {
      times.sent();
      of.onIdentity(identity);
    },
  };
}

/** The delays of one attempt, each told once. */
class LegTimes {
  readonly #dialledAtMs: number;
  #sentAtMs: number | undefined;
  #heardFrom = false;
  #facts: { rangAtMs?: number; earlyMediaAtMs?: number; postDialDelayMs?: number } = {};
  #answeredAtMs: number | undefined;
  #hasSounded = false;

  constructor(
    private readonly clock: Clock,
    private trunk: string,
    private readonly metrics: CallMetrics | undefined,
  ) {
    this.#dialledAtMs = clock.nowMs();
  }

  /** drachtio has told us what the INVITE is called: it is on the wire. */
  sent(): void {
    if (this.#sentAtMs !== undefined) return;
    this.#sentAtMs = this.clock.nowMs();
    this.metrics?.setUp(this.trunk, this.#sentAtMs - this.#dialledAtMs);
  }

  /** Another trunk: its delays are its own. */
  goOn(trunk: string): void {
    this.metrics?.wentOn(this.trunk);
    this.trunk = trunk;
    this.#sentAtMs = undefined;
    this.#heardFrom = false;
  }

  /** @returns what is known of it now; 183 without media says nothing to anybody */
  rang(status: number, hasMedia: boolean): AttemptFacts {
    const nowMs = this.clock.nowMs();
    const isRinging = status >= 180 && status <= 182;
    if (isRinging) this.#facts.rangAtMs ??= nowMs;
    if (hasMedia) this.#facts.earlyMediaAtMs ??= nowMs;
    if ((isRinging || hasMedia) && !this.#heardFrom && this.#sentAtMs !== undefined) {
      this.#heardFrom = true;
      this.#facts.postDialDelayMs = nowMs - this.#sentAtMs;
      this.metrics?.rang(this.trunk, this.#facts.postDialDelayMs);
    }
    return { ...this.#facts };
  }

  answered(): void {
    this.#answeredAtMs ??= this.clock.nowMs();
  }

  sounded(): void {
    if (this.#hasSounded || this.#answeredAtMs === undefined) return;
    this.#hasSounded = true;
    this.metrics?.firstSound(this.trunk, this.clock.nowMs() - this.#answeredAtMs);
  }

  ended(callState: CallState): void {
    this.metrics?.attemptEnded(this.trunk, callStateName(callState));
  }
}
