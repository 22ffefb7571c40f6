/**
 * From a `dial` command to what goes on the wire: number, trunk, request-URI. The one place where a
 * number becomes a request-URI: whatever a plugin or page put in the customer's place passes the same
 * rules as a number from the API (toll fraud).
 */
import { countryOf, normaliseNumber, type NumberRules } from '../request/customer-number.js';
import { requestUriFor, selectTrunk, type Trunk } from './trunk-selector.js';

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

export function planDial(
  { ownNumber, replacement, prefix }: DialRequest,
  trunks: readonly Trunk[],
  rules: NumberRules,
): DialPlan {
  let customerNumber = ownNumber;
  if (replacement !== undefined) {
    const result = normaliseNumber(replacement, rules);
    if (!result.ok) return refused(`the number of the reply is refused: ${result.why}`, ownNumber);
    customerNumber = result.e164;
  }
  // Behind a prefix an international number loses its `+`.
  const number = prefix === '' ? customerNumber : prefix + customerNumber.replace(/^\+/, '');
  const trunk = selectTrunk(trunks);
  if (!trunk) return refused('no trunk is configured', number);
  const uri = requestUriFor(trunk, number);
  if (uri === undefined) return refused('the number cannot be dialled', number);
  return { kind: 'dial', uri, trunk, customerNumber, country: countryOf(customerNumber), number };
}

function refused(why: string, number: string): DialPlan {
  return { kind: 'refused', why, number };
}
