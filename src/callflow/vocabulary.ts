/**
 * The words that the core shares with the rest: State, Event, Command, Step.
 *
 * Everything here is plain data (JSON in, JSON out): states are stored as snapshots, events and
 * commands stand in the journal. The core has no clock: each event says when it happened.
 * What the outside starts for the core carries an id that the core chose; an event with an id the
 * core does not wait for any more is late and changes nothing.
 */

import type { CallState } from './call-state.js';
import type { RowId } from './decision-table.js';
import type { CallbackReason } from './final-reason.js';
import type { PluginReply } from './plugin-reply.js';
import type { RetryResult } from './service-options.js';

/** Treatments by the box of the figure that plays them. `comfort` breaks a silence nothing else fills. */
export type TreatmentName =
  | 'customer-connect'
  | 'answering-machine'
  | 'waiting-for-agent'
  | 'find-agent-fail'
  | 'plugin-comfort'
  | 'plugin-timeout'
  | 'comfort';

/** Timers of one callback; at most one of each name runs. Each fires as the event named beside it. */
export type TimerName =
  | 'retry' // retry-due
  | 'plugin-ttl' // plugin-timeout
  | 'agent-wait' // agent-wait-expired
  | 'agent-retry' // agent-retry-due
  | 'ahead-wait' // ahead-wait-over
  | 'life' // expired
  | 'human-silence' // silence-too-long
  | 'message-wait' // message-wait-over
  | 'conversation'; // conversation-too-long

/** The customer's leg while it exists. */
export interface LegContext {
  readonly legId: string;
  /** Answered and not yet ended. */
  readonly isUp: boolean;
  /** Which branch the answer takes once known. */
  readonly answeredBy?: 'human' | 'machine' | 'fax';
  /** How far a machine's greeting has come; kept because it may end before anybody asks. */
  readonly greeting?: 'ended' | 'beeped';
  /** Treatments that could not be played on this leg: from then on as if they were off. */
  readonly brokenTreatments?: readonly TreatmentName[];
}

/** What the callback has in the air; all of it is gone in state `ended`. */
export interface Context {
  /** Dials made so far, the running one included; without `brokenOff` the page's `_dial_attempt`. */
  readonly attempt: number;
  /** Those of them that were broken off by us: they use up none of `_max_dial_attempts`. */
  readonly brokenOff?: number;
  /** Counter behind every id. */
  readonly nextId: number;
  /** Result of the latest attempt. */
  readonly callState?: CallState;
  readonly leg?: LegContext;
  readonly playing?: { readonly playId: string; readonly treatment: TreatmentName };
  /**
   * The request for an agent. `agentIsReady`: answered, not bridged yet. `isAhead`: made before the
   * customer is on the line.
   */
  readonly queued?: {
    readonly queueId: string;
    readonly agentIsReady: boolean;
    readonly isAhead?: boolean;
    /** Early media of the far side: heard by the customer, or held back by the connect treatment. */
    readonly media?: 'passed' | 'held';
  };
  /** Tries to reach an agent for the call that is up, the running one included. */
  readonly transferAttempts: number;
  /** Who holds the call instead of the flow: one token, revoked by hang-up or time to live. */
  readonly holder?: {
    readonly holderId: string;
    readonly kind: 'plugin' | 'vxml';
    readonly wasToldOfHangUp: boolean;
  };
  readonly route?: { readonly routeId: string; readonly destination: string };
  readonly timers: Readonly<Partial<Record<TimerName, string>>>;
  /** Overrides from a plugin's or page's reply (number and prefix stay for the callback's life). */
  readonly customerNumber?: string;
  readonly customerNumberPrefix?: string;
  readonly cpnDigits?: string;
  /** Messages left on machines so far. */
  readonly messagesLeft: number;
  /** What the latest answer asked for; valid for the next attempt only. */
  readonly retryAfterMs?: number;
  /** How many attempts ended so; counted for results that `retry` gives a limit. */
  readonly results?: Readonly<Partial<Record<RetryResult, number>>>;
  /** When `_urs_queued_ttl` is over for the search that goes on before the dial. */
  readonly aheadUntilMs?: number;
  /** What the result table said of it. */
  readonly afterwards?: Afterwards;
}

export type State =
  | { readonly name: 'waiting-until-due'; readonly context: Context }
  /** `_wait_for_agent`: nothing is dialled before an agent is kept free or near. */
  | { readonly name: 'reserving-agent'; readonly context: Context }
  | { readonly name: 'dialing'; readonly context: Context }
  | { readonly name: 'answered'; readonly context: Context }
  | { readonly name: 'asking-plugin'; readonly context: Context }
  | { readonly name: 'running-vxml'; readonly context: Context }
  /** Connect treatment; queueing runs in parallel. Also the plugin-timeout apology (`thenEnd`). */
  | {
      readonly name: 'treating-customer';
      readonly context: Context;
      readonly thenEnd?: CallbackReason;
    }
  | {
      readonly name: 'treating-machine';
      readonly context: Context;
      readonly stage: 'greeting' | 'beep' | 'playing';
    }
  /** `isGivingUp`: the find-agent-fail file plays, hang-up follows and the end for `thenEnd`. */
  | {
      readonly name: 'waiting-for-agent';
      readonly context: Context;
      readonly isGivingUp: boolean;
      readonly thenEnd?: CallbackReason;
    }
  | { readonly name: 'connected'; readonly context: Context; readonly to: 'agent' | 'route-point' }
  | { readonly name: 'routing'; readonly context: Context }
  | { readonly name: 'waiting-to-retry'; readonly context: Context }
  | {
      readonly name: 'ended';
      readonly context: Context;
      readonly reason: CallbackReason;
    };

export type StateName = State['name'];

/** It was broken off by us before or between its INVITEs, and says nothing of the customer. */
export type BrokenOffBecause = 'paused' | 'no-trunk' | 'not-written' | 'no-endpoint';
export type Afterwards = 'by-call-state' | 'retry-later' | 'never-again' | BrokenOffBecause;

/** What the wire said about an attempt; recorded, and the source of an honoured Retry-After. */
export interface AttemptDetail {
  readonly sipStatus?: number;
  readonly sipReason?: string;
  readonly q850Cause?: number;
  readonly retryAfterMs?: number;
  readonly cpdReason?: string;
  /** The far side's Reason header (RFC 3326). */
  readonly farReason?: string;
  /** What the result table says of attempts to come; `by-call-state` when left out. */
  readonly afterwards?: Afterwards;
  /** How the detector was given the audio; without `audio_fork` or `recording` it hears no playback. */
  readonly audioTap?: 'audio_fork' | 'recording' | 'unicast';
}

interface At {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Office hours or calling window are closed now: said with each event that could lead to a dial. */
export interface Closed {
  /** Until they may be open again; at that time they are looked at anew. */
  readonly forMs: number;
  /** What is closed, with the option's name. */
  readonly why: string;
}

export type Event = At &
  (
    | { readonly type: 'due'; readonly closed?: Closed }
    /** 200 OK; analysis goes on. */
    | { readonly type: 'answered'; readonly legId: string }
    /** The attempt's one outcome. `legUp`: the call is answered and still there. */
    | {
        readonly type: 'attempt-result';
        readonly legId: string;
        readonly callState: CallState;
        readonly legUp: boolean;
        readonly detail?: AttemptDetail;
      }
    /** At most once, human to machine (9) or fax (17). */
    | {
        readonly type: 'verdict-revised';
        readonly legId: string;
        readonly callState: CallState;
        readonly why?: string;
      }
    /** The machine stopped talking; `heardBeep`: because it beeped. May come twice (first end, then beep). */
    | { readonly type: 'greeting-ended'; readonly legId: string; readonly heardBeep: boolean }
    | { readonly type: 'plugin-reply'; readonly holderId: string; readonly reply: PluginReply }
    /** The plugin could not be started, or broke. */
    | { readonly type: 'plugin-failed'; readonly holderId: string; readonly why: string }
    | { readonly type: 'plugin-timeout'; readonly timerId: string }
    | { readonly type: 'vxml-result'; readonly holderId: string; readonly reply: PluginReply }
    | { readonly type: 'vxml-failed'; readonly holderId: string; readonly why: string }
    /** `playedMs`: how much of it was heard, by the media server's count. */
    | { readonly type: 'treatment-ended'; readonly playId: string; readonly playedMs?: number }
    | { readonly type: 'play-failed'; readonly playId: string; readonly why: string }
    | { readonly type: 'silence-too-long'; readonly timerId: string }
    | { readonly type: 'message-wait-over'; readonly timerId: string }
    | { readonly type: 'conversation-too-long'; readonly timerId: string }
    /** `wasApart`: an agent or destination had answered, and the two did not hear each other yet. */
    | { readonly type: 'customer-hung-up'; readonly legId: string; readonly wasApart?: true }
    | { readonly type: 'agent-answered'; readonly queueId: string }
    /** The queue has nobody left to try; the request is over. */
    | { readonly type: 'agent-failed'; readonly queueId: string; readonly why: string }
    /** An agent was tried in vain; the request keeps its place and the next one is looked for. */
    | { readonly type: 'agent-missed'; readonly queueId: string; readonly why: string }
    /** The far side can be heard before its answer, or not any more. */
    | { readonly type: 'early-media'; readonly queueId: string; readonly isHeard: boolean }
    /** For a request made ahead: an agent is kept free, or the wait is short enough to dial. */
    | {
        readonly type: 'agent-near';
        readonly queueId: string;
        readonly why: string;
        readonly closed?: Closed;
      }
    /** The agent left before or during the conversation. */
    | { readonly type: 'agent-hung-up'; readonly queueId: string }
    | { readonly type: 'agent-wait-expired'; readonly timerId: string }
    | { readonly type: 'agent-retry-due'; readonly timerId: string; readonly closed?: Closed }
    | { readonly type: 'ahead-wait-over'; readonly timerId: string }
    /** The route point answered; the call is to be bridged to it. */
    | { readonly type: 'route-done'; readonly routeId: string }
    | { readonly type: 'route-failed'; readonly routeId: string; readonly why: string }
    /** The customer's side has called the route point itself (REFER): the call is not ours any more. */
    | { readonly type: 'route-transferred'; readonly routeId: string }
    /** Infrastructure took the leg away (`node`: found after a restart). */
    | {
        readonly type: 'leg-lost';
        readonly legId: string;
        readonly cause: 'signalling' | 'media' | 'node';
      }
    | { readonly type: 'retry-due'; readonly timerId: string; readonly closed?: Closed }
    | {
        readonly type: 'cancelled';
        readonly by: 'customer' | 'admin';
        /** Where it was not asked for. */
        readonly why?: string;
      }
    | { readonly type: 'expired'; readonly timerId: string }
    /** The route point's or agent's side ended a bridged call (customer's side: customer-hung-up). */
    | { readonly type: 'conversation-ended' }
  );

export type EventType = Event['type'];

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** An event without its time: the session stamps it. */
export type EventBody = DistributiveOmit<Event, 'atMs'>;

export type Command =
  | {
      readonly type: 'dial';
      readonly legId: string;
      readonly attempt: number;
      /** Replaces the callback's number when a reply brought one. */
      readonly customerNumber?: string;
      readonly prefix: string;
      readonly ringTimeoutMs: number;
      readonly withCpd: boolean;
    }
  | {
      readonly type: 'play';
      readonly playId: string;
      readonly legId: string;
      readonly treatment: TreatmentName;
      /** As configured; `undefined` = the built-in comfort sound. */
      readonly file: string | undefined;
      /** Gapless, until stopped. */
      readonly loop: boolean;
    }
  | { readonly type: 'stop-playing'; readonly playId: string }
  | {
      readonly type: 'start-plugin';
      readonly holderId: string;
      readonly url: string;
      readonly callState: CallState;
      /** Present when a call exists: the leg handed to the plugin. */
      readonly legId?: string;
      readonly dialAttempt: number;
      readonly ttlMs: number;
      readonly associate: boolean;
    }
  | {
      readonly type: 'tell-plugin';
      readonly holderId: string;
      readonly what: 'hung-up' | 'verdict-revised' | 'revoked';
      readonly callState?: CallState;
    }
  | {
      readonly type: 'start-vxml';
      readonly holderId: string;
      readonly url: string;
      readonly legId: string;
      readonly callState: CallState;
      readonly dialAttempt: number;
      readonly ttlMs: number;
    }
  /** One search for an agent; ends in agent-answered or agent-failed. */
  | {
      readonly type: 'queue';
      readonly queueId: string;
      /** Absent: made ahead, the customer is dialled when agent-near comes. */
      readonly legId?: string;
      readonly queue: string;
      /** So many agents may be tried in vain. */
      readonly attemptsMax: number;
      readonly cpnDigits?: string;
    }
  /** The customer of a request made ahead is on the line: the agent is called. */
  | { readonly type: 'call-agent'; readonly queueId: string; readonly legId: string }
  /** The customer hears the far side before its answer. */
  | { readonly type: 'pass-media'; readonly queueId: string; readonly legId: string }
  /** Withdraws the request, or drops an agent who answered and was not bridged. */
  | {
      readonly type: 'unqueue';
      readonly queueId: string;
      /** `abandoned`: the customer hung up; `gave-up`: waited too long, or too many agents failed. */
      readonly exit: 'abandoned' | 'gave-up' | 'withdrawn';
    }
  | {
      readonly type: 'bridge';
      readonly legId: string;
      /** The queue request or route whose far side is bridged. */
      readonly withId: string;
    }
  | {
      readonly type: 'route';
      readonly routeId: string;
      readonly legId: string;
      readonly destination: string;
      readonly cpnDigits?: string;
    }
  | { readonly type: 'unroute'; readonly routeId: string }
  /** Ends the leg whatever its stage: CANCEL while it rings, BYE once answered. */
  | { readonly type: 'hang-up'; readonly legId: string; readonly why: string }
  | {
      readonly type: 'start-timer';
      readonly timer: TimerName;
      readonly timerId: string;
      readonly afterMs: number;
    }
  | { readonly type: 'stop-timer'; readonly timer: TimerName; readonly timerId: string }
  /** Nothing to do for so long: the callback goes back to the store; `timerId` as of a retry. */
  | { readonly type: 'postpone'; readonly timerId: string; readonly forMs: number }
  /** Something the records must hold apart from the step itself. */
  | {
      readonly type: 'report';
      readonly what:
        | 'attempt-ended'
        | 'treatment-missing'
        | 'plugin-error'
        | 'vxml-error'
        | 'message-left'
        | 'late-event'
        | 'callback-ended';
      readonly detail?: string;
    };

export type CommandType = Command['type'];

/** One step of the flow. `row` is a row of the decision table, `because` names the option that decided. */
export interface Step {
  readonly state: State;
  readonly commands: readonly Command[];
  readonly row: RowId;
  readonly because: string;
}
