/**
 * Performs one callback's commands and turns what happens into events. Nothing here decides: each
 * command is started and not awaited, its completion comes back through `post` with the id the call
 * flow gave it, and what fails comes back as the event the flow has for it.
 *
 * It holds what is in the air for this callback (the customer's call, the agent's, a player, timers)
 * and gives all of it back in `stop`.
 */
import { CALL_STATE } from './callflow/call-state.js';
import type { Command, EventBody } from './callflow/vocabulary.js';
import type { ServiceConfig } from './config/config.js';
import { type CustomerLeg, openCustomerLeg } from './customer-leg.js';
import { planDial, type DialPlan } from './dial/dial-plan.js';
import type { ResultRow } from './dial/result-rows.js';
import type { TrunkPlace, TrunkWish } from './dial/trunk-board.js';
import type { TryWritten } from './dial/trunk-tries.js';
import type { Trunk } from './dial/trunk.js';
import { FlowTimers } from './flow-timers.js';
import type { SetUpGovernor } from './dial/set-up-governor.js';
import type { WirePace } from './dial/wire-pace.js';
import type { HandoffFacts } from './handoff/conversation.js';
import { FarSides, type HandedOver, type HandoffSettings } from './handoff/far-sides.js';
import { attach, type AttachedValues } from './holder/attached-values.js';
import { Holders, type HolderSetUp } from './holder/holders.js';
import type { QueueDesk } from './handoff/queue-desk.js';
import { LegLedger } from './leg-ledger.js';
import { LegTrail } from './leg-trail.js';
import type { CallMetrics } from './report/call-metrics.js';
import type { Counters } from './report/counters.js';
import type { TrailEntry } from './report/trail.js';
import type { CallAnalyser, Clock, Log, Random, Telephony } from './ports.js';
import { numberRulesOf, type Everywhere } from './request/allow-list.js';
import type { LegChange, TrunkTry } from './schedule/callback-store.js';
import type { MediaFiles } from './treatment/media-file.js';

/** What the configuration says for calls. It may be replaced while running: see `beginAttempt`. */
export interface CallSettings extends Omit<HandoffSettings, 'service'> {
  /** Rows of the result table of failed calls, asked before the built-in ones. */
  readonly trunkResults: readonly ResultRow[];
  readonly everywhere?: Everywhere | undefined;
}

export interface EffectsDeps extends CallSettings {
  readonly desk: QueueDesk;
  readonly telephony: Telephony;
  readonly setUps?: SetUpGovernor;
  /** How fast INVITEs leave by a trunk; absent: as they come. */
  readonly wirePace?: WirePace;
  readonly analyser: CallAnalyser;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly files: MediaFiles;
  /** How often what the flow reports has happened in this process. */
  readonly counters?: Counters;
  readonly metrics?: CallMetrics;
  /** What runs plugins and pages; without it they fail to start. */
  readonly holders?: HolderSetUp | undefined;
  /** The sound that breaks a silence when no treatment does. */
  readonly comfortFile: string;
}

/** What the effects know of the callback they serve. */
export interface CallbackFacts extends HandedOver {
  /** Plugins change it; whoever is called and whatever is asked from then on is given it so. */
  readonly userData: Record<string, string>;
  /** Milliseconds since the epoch; nothing is dialled afterwards. */
  readonly expiresAtMs: number;
}

/** Facts of an attempt as they become known, for the attempt's record. */
export interface AttemptFacts extends HandoffFacts {
  readonly answeredAtMs?: number;
  readonly rangAtMs?: number;
  readonly earlyMediaAtMs?: number;
  readonly postDialDelayMs?: number;
  readonly farReason?: string;
  readonly localTag?: string;
  readonly remoteTag?: string;
  readonly endpointId?: string;
}

/** An INVITE of the attempt after its first. */
export interface NextTrunkTry {
  /** All of the attempt; the last one is about to be made. */
  readonly tries: readonly TrunkTry[];
  readonly trunk: string;
  /** E.164. */
  readonly number: string;
  readonly ringsUntilMs: number;
}

/** Where a dial goes: decided, and on disk, before it is performed. */
export interface DialTo {
  readonly callId: string;
  /** Which of the callback's numbers, E.164; the first when left out. */
  readonly ownNumber?: string;
  readonly trunk: Trunk | { readonly none: string };
}

export interface EffectsListener {
  readonly post: (event: EventBody) => void;
  onAttemptFacts(facts: AttemptFacts): void;
  /** For another INVITE of the same attempt. */
  takeTrunk(wish: TrunkWish): TrunkPlace;
  /** The trunk of this name wants no calls for so long. */
  restTrunk(name: string, forMs: number): void;
  /** Puts another INVITE on disk, its leg and the attempt's tries; it may leave when they are `written`. */
  onTry(next: NextTrunkTry): Promise<TryWritten>;
  /** What is in the air on the wire; a customer's leg is in the ledger before its dial is performed. */
  onLeg(change: LegChange): void;
  /** A plugin has changed the data of the callback; null took a key away. */
  onUserData(changes: Readonly<Record<string, string | null>>): void;
  /** Lines for `trace`. */
  onTrail(entries: readonly TrailEntry[]): void;
}

/** Performs commands; see the head of this file. */
export class CallbackEffects {
  #leg: CustomerLeg | undefined;
  #attempt = 0;
  /** The flow has connected the customer, and the media server has not yet. */
  #isApart = false;
  readonly #farSides: FarSides;
  readonly #timers: FlowTimers;
  readonly #ending = new Set<Promise<void>>();
  readonly #ledger: LegLedger;
  readonly #trail: LegTrail;
  readonly #holders: Holders;
  /** The latest attempt. */
  #dialled: { readonly plan: DialPlan | undefined; readonly callId: string } = {
    plan: undefined,
    callId: '',
  };
  #settings: CallSettings;
  /** Heard in place of the waiting treatment: a plugin has said so. */
  #waitingSounds: readonly string[] | undefined;

  constructor(
    private readonly deps: EffectsDeps,
    private readonly callback: CallbackFacts,
    private service: ServiceConfig,
    private readonly listener: EffectsListener,
  ) {
    this.#settings = settingsOf(deps);
    this.#timers = new FlowTimers(deps.clock, callback.expiresAtMs, (event) =>
      listener.post(event),
    );
    this.#trail = new LegTrail(deps.telephony, deps.clock, (entries) => listener.onTrail(entries));
    this.#ledger = new LegLedger(deps.clock, this.#trail, (change) => listener.onLeg(change));
    this.#farSides = new FarSides({
      deps,
      callback,
      ledger: this.#ledger,
      trail: this.#trail,
      settings: () => ({ ...this.#settings, service: this.service }),
      post: (event) => listener.post(event),
      attempt: () => this.#attempt,
      onFacts: (facts) => {
        if (facts.connectedAtMs !== undefined) this.#isApart = false;
        listener.onAttemptFacts(facts);
      },
      cleanUp: (work) => this.#end(work),
    });
    this.#holders = new Holders({
      deps,
      callback,
      settings: () => ({ ...this.#settings, service: this.service }),
      post: (event) => listener.post(event),
      cleanUp: (work) => this.#end(work),
      note: (what, detail) => this.#trail.note(this.#dialled.callId, what, detail, 'customer'),
      hangUp: (legId, why) => this.#hangUpForHolder(legId, why),
      waitWith: (sounds) => (this.#waitingSounds = sounds),
      attachData: (values) => this.#attach(values),
      transfer: (order, leg) => this.#farSides.transfer(order, leg),
    });
  }

  /** On its way to the disk before the callback's next step is. */
  #attach(values: AttachedValues): void {
    const changes = attach(this.callback.userData, values);
    if (Object.keys(changes).length > 0) this.listener.onUserData(changes);
  }

  /** Pins what the configuration says now; an attempt keeps it to its end, whatever is reloaded. */
  beginAttempt(service: ServiceConfig): void {
    this.service = service;
    this.#settings = settingsOf(this.deps);
  }

  /** @param to only read for `dial` */
  perform(command: Command, to?: DialTo): void {
    switch (command.type) {
      case 'dial':
        return this.#dial(command, to ?? { callId: '', trunk: { none: 'no trunk was chosen' } });
      case 'play':
        return this.#play(command);
      case 'stop-playing':
        this.#holders.forgetComfort(command.playId);
        return this.#end(this.#leg?.player.stop(command.playId));
      case 'queue':
        return this.#farSides.search(command, command.legId === undefined ? undefined : this.#leg);
      case 'route':
        return this.#farSides.route(command, this.#leg);
      case 'unqueue':
        return this.#farSides.drop(command.queueId, undefined, command.exit);
      case 'call-agent':
        return this.#leg && this.#farSides.callAgent(command.queueId, this.#leg);
      case 'pass-media':
        return this.#leg && this.#farSides.listenIn(command.queueId, this.#leg);
      case 'unroute':
        return this.#farSides.drop(command.routeId);
      case 'bridge':
        this.#isApart = true;
        return this.#leg && this.#farSides.bridge(command.withId, this.#leg);
      case 'hang-up':
        return this.#hangUp(command);
      case 'start-timer':
        return this.#timers.start(command);
      case 'stop-timer':
        return this.#timers.stop(command);
      case 'postpone':
        return; // The session's own.
      case 'start-plugin':
      case 'start-vxml':
        return this.#holders.start(command, { leg: this.#leg, ...this.#dialled });
      case 'tell-plugin':
        return this.#holders.tell(command);
      case 'report':
        return this.#report(command);
    }
  }

  /** Lines for `trace` that wait to be written; whoever takes them writes them. */
  takeTrail(): readonly TrailEntry[] {
    return this.#trail.take();
  }

  /** Gives everything back; resolves when the wire is quiet. */
  async stop(why: string): Promise<void> {
    this.#timers.stopAll();
    this.#holders.stop('ended');
    this.#farSides.dropAll(why);
    if (this.#leg) this.#hangUp({ legId: this.#leg.legId, why });
    await Promise.all(this.#ending);
    this.#trail.flush();
  }

  #dial(command: Extract<Command, { type: 'dial' }>, to: DialTo): void {
    const { legId, customerNumber: replacement, prefix } = command;
    this.#attempt = command.attempt;
    const { callId, trunk, ownNumber = this.callback.customerNumber } = to;
    const rules = numberRulesOf(this.service, this.#settings.everywhere);
    const request = { ownNumber, replacement, prefix };
    const plan = planDial(request, trunk, rules);
    this.#dialled = { plan, callId };
    this.#waitingSounds = undefined;
    if (plan.kind === 'refused') {
      const detail = { cpdReason: plan.why };
      this.listener.onLeg({ kind: 'over', callId });
      const result = { callState: CALL_STATE.DialError, legUp: false, detail };
      this.listener.post({ type: 'attempt-result', legId, ...result });
      return;
    }
    this.#leg = openCustomerLeg(
      {
        deps: this.deps,
        service: this.service,
        places: this.#settings.places,
        resultRows: this.#settings.trunkResults,
        request,
        numbers: rules,
        ledger: this.#ledger,
        trail: this.#trail,
        listener: this.listener,
        isApart: () => this.#isApart,
      },
      command,
      plan,
      callId,
    );
  }

  #play(command: Extract<Command, { type: 'play' }>): void {
    const leg = this.#leg;
    const endpoint = leg?.call.endpoint;
    if (!leg || !endpoint) {
      const why = 'the call is gone';
      this.listener.post({ type: 'play-failed', playId: command.playId, why });
      return;
    }
    this.#end(leg.call.beforePlaying());
    const { playId, file = this.deps.comfortFile, loop, treatment } = command;
    if (this.#holders.comfort(command, { playId, file, loop })) return;
    const isWait = treatment === 'waiting-for-agent' || treatment === 'comfort';
    const sounds = isWait ? this.#waitingSounds : undefined;
    leg.player.play(endpoint, { playId, file, loop, sounds });
  }

  #hangUp({ legId, why }: { legId: string; why: string }): void {
    const leg = this.#leg;
    if (leg?.legId !== legId) return;
    this.#leg = undefined;
    leg.player.close();
    this.#end(leg.call.hangUp(why));
  }

  #report({ what, detail }: Extract<Command, { type: 'report' }>): void {
    this.deps.counters?.add(what);
    this.deps.metrics?.reported(what);
    if (what === 'treatment-missing') {
      this.deps.log.warn({ callbackId: this.callback.id, detail }, 'treatment not played');
    }
  }

  /** A plugin or page ends the call: the flow hears what it hears when the customer does. */
  async #hangUpForHolder(legId: string, why: string): Promise<void> {
    const leg = this.#leg;
    if (leg?.legId !== legId) return;
    this.#hangUp({ legId, why });
    this.listener.post({ type: 'customer-hung-up', legId });
    await leg.call.hangUp(why);
  }

  /** Remembers a clean-up until it is done, so that `stop` can wait for it. */
  #end(cleanUp: Promise<unknown> | undefined): void {
    if (!cleanUp) return;
    const done = cleanUp.then(
      () => undefined,
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        this.deps.log.warn({ callbackId: this.callback.id, why }, 'clean-up failed');
      },
    );
    this.#ending.add(done);
    void done.finally(() => this.#ending.delete(done));
  }
}

function settingsOf({ places, trunkResults, routePoints, everywhere }: CallSettings): CallSettings {
  return { places, trunkResults, routePoints, everywhere };
}
