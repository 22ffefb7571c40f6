/**
 * How a plugin is run. Three runners implement this: embedded SCXML, an external orchestration server,
 * a webhook. A runner knows its protocol and nothing of the flow; the plugin session above it
 * (`plugin-session.ts`) judges replies, keeps the time to live and owns the call.
 */
import type { HeldCall } from '../holder/held-call.js';
import type { HolderParameters } from '../holder/holder-parameters.js';
import type { HolderRun, HolderTrail } from '../holder/holder-run.js';

export interface PluginRequest {
  /** `_plugin_on_dial_url`: page of the plugin, or the webhook itself. */
  readonly url: string;
  readonly parameters: HolderParameters;
  /** The call, when there is one that is up. Attached from the start when `isAssociated`. */
  readonly call: HeldCall | undefined;
  /** For plugins elsewhere: under it the call can be acted on over HTTP. Undefined without a call. */
  readonly callUrl?: string | undefined;
  /**
   * The plugin gets the call (`interaction.added`, `interaction.present`); otherwise, by
   * `_plugin_on_dial_associate_ixn: false` or because there is none, it gets the event `plugin.start`.
   */
  readonly isAssociated: boolean;
  /** The session stops the run when it is over; runners need it for their own deadlines only. */
  readonly ttlMs: number;
}

/** What became of a reply, fit for an HTTP response. */
export interface ReplyAnswer {
  /**
   * 200 taken; 400 cannot be carried out, with the reason: the plugin may try again until its time to
   * live is over; 409 too late, or the second one.
   */
  readonly status: 200 | 400 | 409;
  /** `{"result": "ok"}`, or `{"error": CODE, "message": ..., "field"?: ...}`. */
  readonly body: Readonly<Record<string, string>>;
}

export interface PluginListener extends HolderTrail {
  /**
   * A reply: a JSON value, a parsed form, or JSON text, as it came. It is judged at once.
   * @param raw hostile
   */
  reply(raw: unknown): ReplyAnswer;
  /** It could not be started, or broke without a reply. @param code stable, e.g. `FETCH_UNREACHABLE` */
  failed(code: string, why: string): void;
}

export interface PluginRunner {
  /** Returns at once; never throws. What fails is told to the listener, never before this returns. */
  start(request: PluginRequest, listener: PluginListener): HolderRun;
}
