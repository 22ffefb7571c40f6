/**
 * The customer's leg of one attempt, put together: the call on the wire, the player that speaks into
 * it, and what both tell the flow, the attempt's record, the trail and the metrics.
 */
import type { EffectsDeps, EffectsListener } from './callback-effects.js';
import { callStateName, type CallState } from './callflow/call-state.js';
import type { Command } from './callflow/vocabulary.js';
import type { ServiceConfig } from './config/config.js';
import type { DialPlan } from './dial/dial-plan.js';
import { OutboundCall, type OutboundCallListener } from './dial/outbound-call.js';
import { credentialsOf } from './dial/trunk-selector.js';
import type { LegLedger } from './leg-ledger.js';
import type { LegTrail } from './leg-trail.js';
import type { Clock, LegListener, PlayEnd } from './ports.js';
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
  const player = new TreatmentPlayer(places, deps.files, {
    onStarted: (file, loop) => {
      times.sounded();
      trail.note(callId, 'play', loop ? `${file}, in a loop` : file);
    },
    onOver: (file, end) => trail.note(callId, `play-${end.kind}`, heardOf(file, end)),
    onEnded: (playId, playedMs) =>
      listener.post({
        type: 'treatment-ended',
        playId,
        ...(playedMs === undefined ? {} : { playedMs }),
      }),
    onFailed: (playId, why) => listener.post({ type: 'play-failed', playId, why }),
  });
  const { postConnectTimeoutMs, cpdProfile, options } = service;
  const call: OutboundCall = new OutboundCall(
    deps,
    {
      uri: plan.uri,
      callId,
      callerId: service.callerId,
      callerName: service.callerName,
      auth: credentialsOf(plan.trunk),
      sessionExpiresMs: plan.trunk.sessionExpiresMs,
      ringTimeoutMs: command.ringTimeoutMs,
      mediaSilenceMaxMs: service.mediaSilenceMaxMs,
      analysis: command.withCpd
        ? {
            service: service.name,
            profile: cpdProfile,
            country: plan.country,
            postConnectTimeoutMs,
            silenceTimeoutMs: Math.min(postConnectTimeoutMs, options.humanSilenceMaxMs),
          }
        : undefined,
    },
    {
      ...callListener(context, legId, callId, times, () => call.endpoint?.id),
      ...timed(ledger.of('customer', callId), times),
    },
  );
  return { legId, call, player };
}

function heardOf(file: string, end: PlayEnd): string {
  if (end.kind === 'failed') return `${file}: ${end.why}`;
  return end.playedMs === undefined ? file : `${file}, ${end.playedMs} ms`;
}

function callListener(
  { listener, trail, deps }: CustomerLegContext,
  legId: string,
  callId: string,
  times: LegTimes,
  endpointId: () => string | undefined,
): Omit<OutboundCallListener, keyof LegListener> {
  return {
    onHeard: (event) => trail.heard(callId, event),
    onRinging: () => {
      times.rang();
      listener.onAttemptFacts({ rangAtMs: deps.clock.nowMs() });
    },
    onAnswered: (dialog) => {
      times.answered();
      const answeredAtMs = deps.clock.nowMs();
      listener.onAttemptFacts({ answeredAtMs, ...dialog.identity, endpointId: endpointId() });
      listener.post({ type: 'answered', legId });
    },
    onResult: (result) => {
      times.ended(result.callState);
      listener.post({ type: 'attempt-result', legId, ...result });
    },
    onRevised: (callState, why) =>
      listener.post({ type: 'verdict-revised', legId, callState, why }),
    onGreetingEnded: (heardBeep) => listener.post({ type: 'greeting-ended', legId, heardBeep }),
    onHungUp: () => listener.post({ type: 'customer-hung-up', legId }),
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
  #rangAtMs: number | undefined;
  #answeredAtMs: number | undefined;
  #hasSounded = false;

  constructor(
    private readonly clock: Clock,
    private readonly trunk: string,
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

  rang(): void {
    if (this.#rangAtMs !== undefined || this.#sentAtMs === undefined) return;
    this.#rangAtMs = this.clock.nowMs();
    this.metrics?.rang(this.trunk, this.#rangAtMs - this.#sentAtMs);
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
