/**
 * Who has one callback's call instead of the flow: performs `start-plugin`, `start-vxml` and
 * `tell-plugin`, and turns what a holder says into the flow's events. At most one holds at a time. Under
 * it stands the comfort sound, which belongs to the leg and gives way to whatever the holder plays.
 */
import { CALL_STATE, callStateName, type CallState } from '../callflow/call-state.js';
import type { Command, EventBody } from '../callflow/vocabulary.js';
import type { ServiceConfig } from '../config/config.js';
import type { CustomerLeg } from '../customer-leg.js';
import type { DialPlan } from '../dial/dial-plan.js';
import type { HandoffSettings } from '../handoff/far-sides.js';
import { routeDestinations } from '../handoff/route-destinations.js';
import type { RunningTransfer, TransferOrder } from '../handoff/lent-transfer.js';
import type { PluginRunner } from '../plugin/plugin-runner.js';
import { PluginSession } from '../plugin/plugin-session.js';
import type { ReplyDesk } from '../plugin/reply-desk.js';
import type { Clock, Log, Random } from '../ports.js';
import { isPrefixAllowed, numberRulesOf, type Everywhere } from '../request/allow-list.js';
import type { MediaFiles, MediaPlaces } from '../treatment/media-file.js';
import type { PlayRequest } from '../treatment/treatment-player.js';
import type { AttachedValues } from './attached-values.js';
import type { RecordingShelf } from './call-recording.js';
import { Comfort } from './comfort.js';
import type { HeldCallFacts, RevokeCause } from './held-call.js';
import type { HolderParameters } from './holder-parameters.js';
import type { HolderNews } from './holder-run.js';
import { LiveCall } from './live-call.js';
import type { PageRunner } from './page-runner.js';
import { PageSession } from './page-session.js';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;
type StartCommand = CommandOf<'start-plugin' | 'start-vxml'>;

/** A timer may fire a moment before its time. */
const TIMER_SLACK_MS = 50;

/** What runs plugins and pages in this process; what is missing fails the start. */
export interface HolderSetUp {
  readonly desk: ReplyDesk;
  readonly runners: Readonly<Partial<Record<ServiceConfig['pluginRunner'], PluginRunner>>>;
  readonly pages?: PageRunner | undefined;
  /** How long a sound file of this host is; undefined when it cannot be told. */
  lengthMs(path: string): Promise<number | undefined>;
  readonly shelf?: RecordingShelf | undefined;
}

export interface HolderCallback {
  readonly id: string;
  readonly customerNumber: string;
  /** As a plugin has changed it so far. */
  readonly userData: Readonly<Record<string, string>>;
}

export interface HoldersContext {
  readonly deps: {
    readonly holders?: HolderSetUp | undefined;
    readonly clock: Clock;
    readonly log: Log;
    readonly random: Random;
    readonly files: MediaFiles;
  };
  readonly callback: HolderCallback;
  /** Asked each time: an attempt pins them anew. */
  readonly settings: () => Pick<HandoffSettings, 'routePoints' | 'service'> & {
    readonly places: MediaPlaces;
    readonly everywhere?: Everywhere | undefined;
  };
  readonly post: (event: EventBody) => void;
  /** A clean-up that has to be over before the callback is. */
  cleanUp(work: Promise<unknown>): void;
  /** A line for `trace` about the latest attempt. */
  readonly note: (what: string, detail?: string) => void;
  /** Ends the leg; the flow is told as if the customer had hung up. */
  readonly hangUp: (legId: string, why: string) => Promise<void>;
  /** What the customer hears while they wait for an agent. */
  readonly waitWith: (sounds: readonly string[]) => void;
  /** Data of the callback from now on: for its record, later plugins and who the customer is connected with. */
  readonly attachData: (values: AttachedValues) => void;
  /** Connects the customer with somebody for a while. */
  readonly transfer: (order: TransferOrder, leg: CustomerLeg) => RunningTransfer;
}

/** The attempt a holder is asked about. */
export interface HeldAttempt {
  /** Its leg, also when that is over. */
  readonly leg: CustomerLeg | undefined;
  readonly plan: DialPlan | undefined;
  readonly callId: string;
}

interface Holding {
  readonly holderId: string;
  readonly startedAtMs: number;
  readonly ttlMs: number;
  readonly call: LiveCall | undefined;
  tell(news: HolderNews): void;
  stop(cause: RevokeCause): Promise<void>;
}

export class Holders {
  #holding: Holding | undefined;
  #comfort: { readonly legId: string; readonly sound: Comfort } | undefined;

  constructor(private readonly context: HoldersContext) {}

  start(command: StartCommand, attempt: HeldAttempt): void {
    this.#release('ended');
    const missing = this.#whatIsMissing(command);
    if (missing !== undefined) return this.#failed(command, missing);
    const call = this.#lend(command, attempt);
    if (command.type === 'start-plugin') return this.#startPlugin(command, attempt, call);
    // A page has somebody to talk to, or none: the hang-up is on its way to the flow.
    if (call) return this.#startPage(command, attempt, call);
    return this.#failed(command, 'CBD_VXML_NO_CALL: the customer has hung up');
  }

  tell({ holderId, what, callState }: CommandOf<'tell-plugin'>): void {
    const holding = this.#holding;
    if (holding?.holderId !== holderId) return;
    if (what === 'revoked') {
      const { startedAtMs, ttlMs } = holding;
      const heldMs = this.context.deps.clock.nowMs() - startedAtMs;
      const isLate = heldMs >= ttlMs - TIMER_SLACK_MS;
      return this.#release(isLate ? 'timeout' : 'ended');
    }
    if (what === 'hung-up') return holding.tell({ what });
    return holding.tell({ what, callState: callState ?? CALL_STATE.Unknown });
  }

  /**
   * A sound of the flow for a customer whose call is lent.
   * @returns false when it is not for the comfort's place and has to be played as any other
   */
  comfort(command: CommandOf<'play'>, request: PlayRequest): boolean {
    const isComfort = /^(plugin-comfort|comfort|waiting-for-agent)$/.test(command.treatment);
    if (!isComfort || !this.#holding || this.#comfort?.legId !== command.legId) return false;
    this.#comfort.sound.want(request);
    return true;
  }

  forgetComfort(playId: string): void {
    this.#comfort?.sound.forget(playId);
  }

  /** The leg is over, or the callback is. */
  stop(cause: RevokeCause): void {
    this.#comfort?.sound.close();
    this.#comfort = undefined;
    this.#release(cause);
  }

  #whatIsMissing(command: StartCommand): string | undefined {
    const { holders } = this.context.deps;
    if (command.type === 'start-vxml') {
      return holders?.pages ? undefined : 'CBD_VXML_NO_RUNNER: nothing runs VoiceXML pages here';
    }
    const { pluginRunner } = this.context.settings().service;
    return holders?.runners[pluginRunner]
      ? undefined
      : `CBD_PLUGIN_NO_RUNNER: nothing runs plugins of pluginRunner ${pluginRunner}`;
  }

  #failed({ type, holderId }: StartCommand, why: string): void {
    if (type === 'start-plugin') this.context.post({ type: 'plugin-failed', holderId, why });
    else this.context.post({ type: 'vxml-failed', holderId, why });
  }

  #startPlugin(
    command: CommandOf<'start-plugin'>,
    attempt: HeldAttempt,
    call: LiveCall | undefined,
  ): void {
    const { deps, post } = this.context;
    const { service } = this.context.settings();
    const { holderId, url, ttlMs } = command;
    const runner = deps.holders?.runners[service.pluginRunner];
    if (!deps.holders || !runner) return;
    const sessionId = deps.random.uuid();
    const session = new PluginSession(
      { ...deps, runner, desk: deps.holders.desk },
      {
        url,
        sessionId,
        parameters: this.#parameters(command, attempt, sessionId, call),
        call,
        isAssociated: command.associate && call !== undefined,
        ttlMs,
        autoDetach: service.autoDetach,
      },
      {
        replied: (reply) => {
          post({ type: 'plugin-reply', holderId, reply });
          this.#release('replied');
        },
        failed: (why) => {
          post({ type: 'plugin-failed', holderId, why });
          this.#release('failed');
        },
        ...this.#owner(),
      },
    );
    this.#hold(command, session, call);
  }

  #startPage(command: CommandOf<'start-vxml'>, attempt: HeldAttempt, call: LiveCall): void {
    const { deps, post } = this.context;
    const { holderId, url, ttlMs } = command;
    const pages = deps.holders?.pages;
    if (!pages) return;
    const parameters = this.#parameters(command, attempt, deps.random.uuid(), call);
    const session = new PageSession(
      pages,
      { url, call, parameters, ttlMs },
      {
        replied: (reply) => {
          post({ type: 'vxml-result', holderId, reply });
          this.#release('replied');
        },
        failed: (why) => {
          post({ type: 'vxml-failed', holderId, why });
          this.#release('failed');
        },
        ...this.#owner(),
      },
      deps.log,
    );
    this.#hold(command, session, call);
  }

  #owner() {
    return {
      ground: () => {
        const settings = this.context.settings();
        return {
          numberRules: numberRulesOf(settings.service, settings.everywhere),
          allowsPrefix: (prefix: string) => isPrefixAllowed(prefix, settings.service),
          destinations: routeDestinations(settings),
        };
      },
      note: (what: string, detail?: string) => this.context.note(what, detail),
    };
  }

  #hold(
    { holderId, ttlMs }: StartCommand,
    session: Pick<Holding, 'tell' | 'stop'>,
    call: LiveCall | undefined,
  ): void {
    this.#holding = {
      holderId,
      ttlMs,
      call,
      startedAtMs: this.context.deps.clock.nowMs(),
      tell: (news) => session.tell(news),
      stop: (cause) => session.stop(cause),
    };
  }

  #release(cause: RevokeCause): void {
    const holding = this.#holding;
    this.#holding = undefined;
    if (!holding) return;
    const { call } = holding;
    this.context.cleanUp(holding.stop(cause).then(() => call?.forgetRecordings()));
  }

  /** @returns undefined when there is no call, or not any more */
  #lend(command: StartCommand, { leg, plan, callId }: HeldAttempt): LiveCall | undefined {
    const { deps, settings, note, hangUp, transfer, waitWith, attachData } = this.context;
    if (!leg?.call.endpoint || leg.legId !== command.legId) return undefined;
    const { service, places } = settings();
    const { call, legId } = leg;
    const comfort = new Comfort(deps.clock, leg.player, () => call.endpoint);
    this.#comfort?.sound.close();
    this.#comfort = { legId, sound: comfort };
    return new LiveCall(
      {
        clock: deps.clock,
        files: deps.files,
        places,
        shelf: deps.holders?.shelf,
        lengthMs: (path) => deps.holders?.lengthMs(path) ?? Promise.resolve(undefined),
        endpoint: () => call.endpoint,
        beforePlaying: () => call.beforePlaying(),
        comfort,
        silenceMaxMs: service.options.humanSilenceMaxMs,
        hangUp: (why) => hangUp(legId, why),
        waitWith: (sounds) => waitWith(sounds),
        attachData: (values) => attachData(values),
        transfer: (order) => transfer(order, leg),
        note: (what, detail) => note(what, detail),
      },
      {
        interactionId: callId,
        callId,
        callState: command.callState,
        answeredBy: answeredBy(command.callState),
        customerNumber: this.#customerNumber(plan),
        dialedNumber: plan?.number ?? this.context.callback.customerNumber,
        callerId: service.callerId,
        requestUri: plan?.kind === 'dial' ? plan.uri : '',
        sipHeaders: call.answerHeaders,
      },
      command.type === 'start-vxml' || command.associate,
    );
  }

  #parameters(
    command: StartCommand,
    { plan }: HeldAttempt,
    sessionId: string,
    call: LiveCall | undefined,
  ): Omit<HolderParameters, '_reply_url'> {
    const { id, customerNumber, userData } = this.context.callback;
    const { callState, dialAttempt, ttlMs } = command;
    return {
      _call_state: callState,
      _call_state_name: callStateName(callState),
      _interaction_id: call?.facts.interactionId,
      _customer_number: this.#customerNumber(plan),
      _dialed_number: plan?.number ?? customerNumber,
      _gms_service_id: id,
      _ors_service_id: sessionId,
      _user_data: { ...userData },
      _dial_attempt: dialAttempt,
      _ttl: ttlMs / 1000,
    };
  }

  #customerNumber(plan: DialPlan | undefined): string {
    return plan?.kind === 'dial' ? plan.customerNumber : this.context.callback.customerNumber;
  }
}

function answeredBy(callState: CallState): HeldCallFacts['answeredBy'] {
  if (callState === CALL_STATE.AnsweringMachineDetected) return 'machine';
  return callState === CALL_STATE.FaxDetected ? 'fax' : 'human';
}
