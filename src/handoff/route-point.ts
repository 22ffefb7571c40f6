/**
 * Where `route_to_rp` may send a customer: a route point named in the configuration, a SIP URI whose
 * host the service allows, or a number for a PBX that it allows. Everything else is refused, with a
 * sentence for whoever asked: a destination from outside is money.
 */
import { nearestName } from '../config/nearest-name.js';
import { isAddressAllowed, readSipAddress } from '../request/allow-list.js';

/** `bridge`: we call the destination and stay. `refer`: the customer's side calls it. */
export type Transfer = 'bridge' | 'refer';

export interface RoutePoint {
  readonly uri: string;
  /** Instead of the service's. */
  readonly transfer?: Transfer | undefined;
}

export interface RouteDestinations {
  readonly routePoints: Readonly<Record<string, RoutePoint>>;
  /** `host`, `host:port` or `user@host` that a SIP URI from a reply may name; port 5060 unless given. */
  readonly allowedDestinations: readonly string[];
  /** `host` or `host:port` that calls numbers; undefined: numbers are refused. */
  readonly numbersTo?: string | undefined;
  /** Where the route point does not say. */
  readonly transfer: Transfer;
}

export type RouteTarget =
  | { readonly kind: 'uri'; readonly uri: string; readonly transfer: Transfer }
  /** `why`: one sentence, fit for a plugin's author; what was asked for is not repeated in it. */
  | { readonly kind: 'refused'; readonly why: string };

const NUMBER = /^\+?[0-9*]{1,32}$/;

/**
 * Judges a destination before the call is given away.
 * @param destination a plugin's or page's `message`
 */
export function routeTarget(destination: string, known: RouteDestinations): RouteTarget {
  const point = Object.hasOwn(known.routePoints, destination)
    ? known.routePoints[destination]
    : undefined;
  if (point) return { kind: 'uri', uri: point.uri, transfer: point.transfer ?? known.transfer };
  if (NUMBER.test(destination)) return numberTarget(destination, known);
  return uriTarget(destination, known);
}

function numberTarget(number: string, known: RouteDestinations): RouteTarget {
  const { numbersTo } = known;
  if (numbersTo !== undefined) return uriTarget(`sip:${number}@${numbersTo}`, known);
  return { kind: 'refused', why: 'a number, and routeNumbersTo names no PBX that would call it' };
}

function uriTarget(uri: string, known: RouteDestinations): RouteTarget {
  const address = readSipAddress(uri);
  if (address === undefined) return refuseName(uri, known);
  return isAddressAllowed(address, known.allowedDestinations)
    ? { kind: 'uri', uri, transfer: known.transfer }
    : { kind: 'refused', why: `${address.place} is not among allowedDestinations` };
}

function refuseName(name: string, { routePoints }: RouteDestinations): RouteTarget {
  const nearest = nearestName(name, Object.keys(routePoints));
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return { kind: 'refused', why: `no route point of that name, no SIP URI, no number${hint}` };
}
