/**
 * The callback service configuration as the call flow sees it: every name resolved, every duration in
 * milliseconds, every default applied. `config/` makes one from YAML; the flow never reads YAML.
 * Names follow Genesys' options where the page "Play Treatments" has one (noted per field).
 */

/** One treatment file. Source: `_treatment_*` options, a URI or `{"file": ..., "hints": {...}}`. */
export interface Treatment {
  /** File name under `media.directory`, absolute path or http(s) URL, exactly as configured. */
  readonly file: string;
  /** Hint `am-beep-detection: on`: start only after the machine's beep. */
  readonly afterBeep: boolean;
  /** Ours: may an agent who answers cut the file short? Default false. */
  readonly interruptible: boolean;
}

/** What an attempt can end with, as the option `retry` tells results apart. */
export type RetryResult = 'busy' | 'noAnswer' | 'machine' | 'sit' | 'error';

export interface RetryRule {
  /** In place of `_dial_retry_timeout`. */
  readonly delayMs?: number;
  /** So many attempts of a callback may end so. */
  readonly maxAttempts?: number;
}

export type RetryRules = Readonly<Partial<Record<RetryResult, RetryRule>>>;

/** `undefined` is Genesys' off switch, `{}` (or `false`) in the configuration. */
export type OptionalTreatment = Treatment | undefined;

export interface ServiceOptions {
  /** The service's name, also the "queue" name in the API. */
  readonly name: string;

  /** `_treatment_customer_connect`; off unless set. */
  readonly customerConnectTreatment: OptionalTreatment;
  /** `_treatment_waiting_for_agent`; packaged default when unset. */
  readonly waitingForAgentTreatment: OptionalTreatment;
  /** `_treatment_find_agent_fail`; packaged default when unset. */
  readonly findAgentFailTreatment: OptionalTreatment;
  /** `_treatment_call_failure_answering_machine`; packaged default when unset. */
  readonly answeringMachineTreatment: OptionalTreatment;

  /** `_plugin_on_dial_url`; undefined = no plugin. */
  readonly pluginOnDialUrl: string | undefined;
  /** `_plugin_on_dial_invoke_on_call_failed`, default true. */
  readonly pluginInvokeOnCallFailed: boolean;
  /** `_plugin_on_dial_timeout`; the reply's time to live, also used for VoiceXML pages. */
  readonly pluginTimeoutMs: number;
  /** `_plugin_on_dial_associate_ixn`, default true. */
  readonly pluginAssociateIxn: boolean;
  /** Ours: what to do when a plugin cannot be started or does not answer in time. */
  readonly onPluginError: 'fail' | 'builtin';
  /** Ours: played to a live customer when the reply's time to live has passed. */
  readonly pluginTimeoutTreatment: OptionalTreatment;
  /** Ours: played to a live human while a plugin decides. */
  readonly pluginComfort: OptionalTreatment;

  /** `_on_customer_connect_treatment_url`; undefined = no VoiceXML application. */
  readonly vxmlUrl: string | undefined;
  /** Ours: what to do when a page fails, or exits without a usable `treatment_result`. */
  readonly onVxmlError: 'fail' | 'builtin';

  /** `_cpd_enable`: false means a 200 OK is a human (call state 0) without analysis. */
  readonly isCpdEnabled: boolean;
  /** SIP Server's `am-detected`: does a machine's call stay up? */
  readonly amDetected: 'connect' | 'drop';
  /** Which branch silence (32) and unknown (28) take; `_call_state` keeps its number. */
  readonly silenceAs: 'human' | 'machine' | 'no-answer';
  readonly unknownAs: 'human' | 'machine' | 'no-answer';
  /** What permanent information tones (11, 12, 13) do without a plugin. */
  readonly sitPermanent: 'fail' | 'retry';
  /** On which attempts the machine treatment is left. */
  readonly machineMessage: 'every' | 'first' | 'last';
  /** End the callback once a message was left to its end. */
  readonly completeAfterMessage: boolean;

  /** `_max_dial_attempts`: a total, from 1. */
  readonly maxDialAttempts: number;
  /** `_dial_retry_timeout`: pause between attempts. */
  readonly dialRetryMs: number;
  /** Ours: pauses and limits of single results, beside the two above. */
  readonly retryRules: RetryRules;
  /** `_prefix_dial_out`; ours defaults to empty. */
  readonly prefixDialOut: string;
  /** How long a call may ring before it is cancelled. */
  readonly ringTimeoutMs: number;

  /** Name of the queue a customer waits in first (`queue`, `_target`); undefined = nothing to queue to. */
  readonly queue: string | undefined;
  /** `_max_time_to_wait_for_agent_on_the_call`; 0 = no limit. */
  readonly agentWaitMaxMs: number;
  /** `_max_transfer_to_agent_attempts`. */
  readonly maxTransferToAgentAttempts: number;
  /** Pause before a failed agent leg is tried again. */
  readonly agentRetryMs: number;
  /** `_ixn_redirect_hints` `extensions.CPNDigits`: number shown to the agent. */
  readonly cpnDigits: string | undefined;
  /** Ours: longest conversation with an agent or route point; 0 = no limit. */
  readonly conversationMaxMs: number;

  /** `_wait_for_agent`: dial only once an agent is kept free or near. */
  readonly waitsForAgent: boolean;
  /** `_urs_queued_ttl`: longest wait for that; 0 = no limit. */
  readonly aheadWaitMaxMs: number;
  /** `_cannot_dial_buffer_time`: nobody is dialled when less than this is left of it; 0 = off. */
  readonly cannotDialBufferMs: number;
  /** There are office hours or a calling window: a dial may find them closed. */
  readonly isTimeLimited: boolean;

  /** `_ttl`: the callback's life after its due time; 0 = no limit. */
  readonly ttlMs: number;
  /** Longest silence an answered human may hear. */
  readonly humanSilenceMaxMs: number;
  /** Longest wait for the end of a machine's greeting before the message is left anyway. */
  readonly greetingWaitMaxMs: number;
  /** Longest wait for a beep once the greeting has ended. */
  readonly beepWaitMaxMs: number;
}
