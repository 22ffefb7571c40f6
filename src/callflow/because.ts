/**
 * The words of `because`: which option decided, with its value. One place, so that the same option
 * reads the same in every step.
 */

import { CALL_STATE, callStateName, isUndecided, type CallState } from './call-state.js';
import type { ServiceOptions, Treatment } from './service-options.js';

const SECOND_MS = 1000;

/** `300 s`, `2.5 s`. */
export function seconds(durationMs: number): string {
  return `${durationMs / SECOND_MS} s`;
}

/** `Busy (6)`. */
export function result(callState: CallState): string {
  return `${callStateName(callState)} (${callState})`;
}

/** The result, and the option that says what an undecided one with a call is taken for. */
export function resultTaken(
  callState: CallState,
  callIsUp: boolean,
  service: ServiceOptions,
): string {
  const text = result(callState);
  if (!callIsUp || !isUndecided(callState)) return text;
  return callState === CALL_STATE.Silence
    ? `${text}, silenceAs is ${service.silenceAs}`
    : `${text}, unknownAs is ${service.unknownAs}`;
}

/** `_treatment_customer_connect is connect.wav`, or `... is off`. */
export function treatment(option: string, value: Treatment | undefined): string {
  return `${option} is ${value === undefined ? 'off' : value.file}`;
}

/** Why a plugin is, or is not, asked about an answer. */
export function pluginChoice(service: ServiceOptions, isHuman: boolean): string {
  const { pluginOnDialUrl, pluginInvokeOnCallFailed } = service;
  if (pluginOnDialUrl === undefined) return '_plugin_on_dial_url is not set';
  if (isHuman) return `_plugin_on_dial_url is ${pluginOnDialUrl}`;
  const invoke = `_plugin_on_dial_invoke_on_call_failed is ${pluginInvokeOnCallFailed}`;
  return pluginInvokeOnCallFailed
    ? `_plugin_on_dial_url is ${pluginOnDialUrl} and ${invoke}`
    : `${invoke}, so the built-in treatment runs`;
}
