/**
 * From a `dial` command to what goes on the wire: number, trunk, request-URI. The one place where a
 * number becomes a request-URI: whatever a plugin or page put in the customer's place passes the same
 * rules as a number from the API (toll fraud).
 */
import { countryOf, normaliseNumber, type NumberRules } from '../request/customer-number.js';
import { dialledNumber, requestUriFor } from './trunk-number.js';
import type { Trunk } from './trunk.js';

export type DialPlan =
  | {
      readonly kind: 'dial';
      readonly uri: string;
      readonly trunk: Trunk;
      /** E.164, without the prefix. */
      readonly customerNumber: string;
      /** Of the customer's number, ISO 3166 alpha-2, where it can be known: its network's tones are heard. */
      readonly country: string | undefined;
      /** As dialled, prefix included. */
      readonly number: string;
    }
  | { readonly kind: 'refused'; readonly why: string; readonly number: string };

export interface DialRequest {
  /** The callback's own number, checked when it came in. */
  readonly ownNumber: string;
  /** From a plugin's or page's reply. */
  readonly replacement?: string;
  readonly prefix: string;
}

/** @param trunk that has a place for it; or why none has */
export function planDial(
  request: DialRequest,
  trunk: Trunk | { readonly none: string },
  rules: NumberRules,
): DialPlan {
  const { ownNumber, prefix } = request;
  const customer = customerOf(request, rules);
  if (!customer.ok) {
    return refused(`the number of the reply is refused: ${customer.why}`, ownNumber);
  }
  const { e164 } = customer;
  if ('none' in trunk) return refused(trunk.none, e164);
  const number = dialledNumber(trunk, e164, prefix);
  const uri = requestUriFor(trunk, number);
  if (uri === undefined) return refused('the number cannot be dialled', number);
  return { kind: 'dial', uri, trunk, customerNumber: e164, country: countryOf(e164), number };
}

function customerOf({ ownNumber, replacement }: DialRequest, rules: NumberRules) {
  if (replacement !== undefined) return normaliseNumber(replacement, rules);
  return { ok: true, e164: ownNumber } as const;
}

function refused(why: string, number: string): DialPlan {
  return { kind: 'refused', why, number };
}
