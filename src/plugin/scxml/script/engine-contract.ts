/** What passes between a script engine and the session it works for. */
import type { LimitCode, Position } from '../errors.js';

/** Says when running code has to stop. */
export interface ScriptBudget {
  /** About every 0.1 ms of script time. @returns true to interrupt */
  tick(): boolean;
  /** Asked after ten loops or calls at the latest, each of which may have taken long. */
  readonly isScriptOver: boolean;
  /** Which limit it is over. Default: `SCXML_SCRIPT_TOO_LONG`. */
  readonly overCode?: LimitCode;
}

/** The items of a foreach, taken before its first turn. */
export interface Snapshot {
  readonly length: number;
  assign(index: number, location: string, at: Position): void;
  dispose(): void;
}

/** SCXML 1.0, 5.10. */
export interface PlatformValues {
  readonly id: string;
  /** Of the document. */
  readonly name: string;
  /** Where the session is reached by HTTP. */
  readonly http: string | undefined;
}

/** JSON text for a function of the data model. */
export interface Gift {
  readonly callee: string;
  readonly json: string;
}

/** What a data model asks of its session: functions that scripts call by name. Arguments and result are JSON text. */
export type CallHost = (name: string, args: readonly (string | undefined)[]) => string | undefined;
