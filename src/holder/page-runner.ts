/** How a VoiceXML page is run for a call; implemented by the interpreter's side. */
import type { HeldCall } from './held-call.js';
import type { HolderRun, HolderTrail } from './holder-run.js';
import type { HolderParameters } from './holder-parameters.js';

export interface PageRequest {
  /** `_on_customer_connect_treatment_url`. */
  readonly url: string;
  readonly call: HeldCall;
  /** The same as a plugin gets, without `_reply_url`. */
  readonly parameters: Omit<HolderParameters, '_reply_url'>;
  /** The flow stops the page when it is over. */
  readonly ttlMs: number;
  /**
   * Whether the customer may be given away to this destination, as `message` of `route_to_rp` has it.
   * Absent: the page may not give it away at all.
   * @returns a sentence why not; undefined = yes
   */
  readonly refuseTransfer?: (destination: string) => string | undefined;
}

/** Exactly one of `exited` and `failed`, once; later calls change nothing. */
export interface PageListener extends HolderTrail {
  /**
   * The page has exited. `result` is its `treatment_result` as it came: object, JSON text, or
   * undefined; it is read and judged by the listener. `values`: all of the exit's namelist.
   */
  exited(result: unknown, values?: Readonly<Record<string, unknown>>): void;
  /** It could not be started, or broke. @param code stable, e.g. `VXML_BADFETCH` */
  failed(code: string, why: string): void;
}

export interface PageRunner {
  /** Returns at once; never throws. */
  start(request: PageRequest, listener: PageListener): HolderRun;
}
