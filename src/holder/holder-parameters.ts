/**
 * What a plugin is given, under the names of the page "Play Treatments" ("Invoke your Plugin"), and two
 * names of ours beside them.
 */
import type { CallState } from '../callflow/call-state.js';

export interface HolderParameters {
  /** The number of the page's enumeration, e.g. 0, 7, 9. */
  readonly _call_state: CallState;
  /** Ours: its name, e.g. `AnsweringMachineDetected`. */
  readonly _call_state_name: string;
  /** Undefined when there is no call: not answered, or hung up already. */
  readonly _interaction_id: string | undefined;
  /** The number dialled before the plugin was asked, without the prefix. */
  readonly _customer_number: string;
  /** Ours: as dialled, with the prefix. */
  readonly _dialed_number: string;
  /** The callback's id. */
  readonly _gms_service_id: string;
  /** The session that asks: new for each attempt. */
  readonly _ors_service_id: string;
  /** What came with the request for the callback. */
  readonly _user_data: Readonly<Record<string, string>>;
  /** Dials so far, this one included; from 1. */
  readonly _dial_attempt: number;
  /** Seconds for the reply. */
  readonly _ttl: number;
  /** Where the reply goes: a URL of ours with an unguessable, single-use token. */
  readonly _reply_url: string;
}
