/**
 * The one place that says what may be dialled, whoever asks: a request, a plugin or page, a carrier that
 * points elsewhere (3xx), an agent who transfers (Refer-To). A destination from outside is money, so
 * whatever is not allowed is refused; each refusal is a value with a reason that repeats nothing of what
 * was asked for.
 */
import type { ServiceConfig } from '../config/config.js';
import {
  normaliseNumber,
  type DoNotCall,
  type NumberResult,
  type NumberRules,
} from './customer-number.js';

/** What holds for all services. */
export interface Everywhere {
  readonly allowedCountries: readonly string[];
  readonly doNotCall?: DoNotCall | undefined;
}

const NOTHING_MORE: Everywhere = { allowedCountries: [] };

/** What a service may dial. */
export function numberRulesOf(
  { country, limits }: Pick<ServiceConfig, 'country' | 'limits'>,
  everywhere: Everywhere = NOTHING_MORE,
): NumberRules {
  const { allowedCountries, refusesImpossibleNumbers, refusedKinds } = limits;
  return {
    country,
    allowedCountries: [allowedCountries, everywhere.allowedCountries],
    refusesImpossibleNumbers,
    refusedKinds,
    doNotCall: everywhere.doNotCall,
  };
}

/** Before each dial: may a number that was accepted once still be dialled? Its length has been judged. */
export function judgeAgain(
  written: string,
  service: Pick<ServiceConfig, 'country' | 'limits'>,
  everywhere?: Everywhere,
): NumberResult {
  const rules = numberRulesOf(service, everywhere);
  return normaliseNumber(written, { ...rules, refusesImpossibleNumbers: false });
}

/** May a reply put this in front of a number? With digits of his own in front, a stranger could dial any number. */
export function isPrefixAllowed(
  prefix: string,
  { options, limits }: Pick<ServiceConfig, 'options' | 'limits'>,
): boolean {
  const isOurs = prefix === '' || prefix === options.prefixDialOut;
  return isOurs || limits.allowedPrefixes.includes(prefix);
}

const SIP_ADDRESS =
  /^(sips?):(?:([A-Za-z0-9_.!~*'()&=+$,;?/-]{1,64})@)?([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::([0-9]{1,5}))?$/;

/** A SIP URI as outsiders may write one: no password, no parameters, no headers. */
export interface SipAddress {
  readonly user: string | undefined;
  /** `host`, or `host:port` where the port is not the usual one. */
  readonly place: string;
}

/** @returns undefined when it is no such URI */
export function readSipAddress(uri: string): SipAddress | undefined {
  const [, scheme, user, host, port] = SIP_ADDRESS.exec(uri) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  return { user, place: placeOf(port === undefined ? host : `${host}:${port}`) };
}

/**
 * @param allowed `host`, `host:port` or `user@host`; another port is another server and has to be
 *   allowed by name
 */
export function isAddressAllowed({ user, place }: SipAddress, allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    const [allowedPlace = '', allowedUser] = entry.split('@').reverse();
    return placeOf(allowedPlace) === place && (allowedUser === undefined || allowedUser === user);
  });
}

/** As two places are compared: without the usual port. */
function placeOf(hostAndPort: string): string {
  return hostAndPort.replace(/:5060$/, '').toLowerCase();
}

/**
 * The address of a 3xx or REFER. What only says how to get there changes nothing; headers and other
 * parameters are refused with the rest.
 */
export function readTarget(uri: string): SipAddress | undefined {
  return readSipAddress(uri.replace(/;(?:transport|user|lr)(?:=[A-Za-z]+)?(?=;|$)/g, ''));
}

/** Whether it is at one of these trunks, which are SIP URIs. */
export function isAtTrunk({ place }: SipAddress, trunkUris: readonly string[]): boolean {
  return trunkUris.some((uri) => readSipAddress(uri.replace(/;.*$/, ''))?.place === place);
}

export interface DestinationRules {
  /** Of the service, `allowedDestinations`. */
  readonly allowedDestinations: readonly string[];
  readonly numbers: NumberRules;
  /** SIP URIs of our own trunks: a number may be dialled there. */
  readonly trunkUris: readonly string[];
}

export type DestinationVerdict =
  { readonly ok: true } | { readonly ok: false; readonly why: DestinationRefusal };

export type DestinationRefusal = 'no-sip-uri' | 'place-not-allowed' | 'number-refused';

/** An international number, however its `+` is written. */
const GLOBAL_NUMBER = /^(?:\+|00)([1-9][0-9]{2,14})$/;

/**
 * May a call be made to this address because somebody on the wire says so: the contact of a 3xx, the
 * target of a REFER? A place that the service allows by name may be called as it is. At one of our own
 * trunks only a number may be dialled that the service could dial itself.
 *
 * @param uri without the angle brackets and what stands behind them
 */
export function judgeDestination(uri: string, rules: DestinationRules): DestinationVerdict {
  const address = readTarget(uri);
  if (address === undefined) return { ok: false, why: 'no-sip-uri' };
  if (isAddressAllowed(address, rules.allowedDestinations)) return { ok: true };
  if (!isAtTrunk(address, rules.trunkUris)) return { ok: false, why: 'place-not-allowed' };
  const user = address.user ?? '';
  const digits = GLOBAL_NUMBER.exec(user)?.[1];
  const number = normaliseNumber(digits === undefined ? user : `+${digits}`, rules.numbers);
  return number.ok ? { ok: true } : { ok: false, why: 'number-refused' };
}
