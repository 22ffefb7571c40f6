/**
 * Where `route_to_rp` may send a customer: a route point named in the configuration, a SIP URI whose
 * host the service allows, or a number for a PBX that it allows. Everything else is refused, with a
 * sentence for whoever asked: a destination from outside is money.
 */
import { nearestName } from '../config/nearest-name.js';

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

const SIP_URI =
  /^sips?:(?:([A-Za-z0-9_.!~*'()&=+$,;?/-]{1,64})@)?([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::([0-9]{1,5}))?$/;
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
  return SIP_URI.test(destination) ? uriTarget(destination, known) : refuseName(destination, known);
}

function numberTarget(number: string, known: RouteDestinations): RouteTarget {
  const { numbersTo } = known;
  if (numbersTo !== undefined) return uriTarget(`sip:${number}@${numbersTo}`, known);
  return { kind: 'refused', why: 'a number, and routeNumbersTo names no PBX that would call it' };
}

function uriTarget(uri: string, known: RouteDestinations): RouteTarget {
  const [, user, host = '', port] = SIP_URI.exec(uri) ?? [];
  // Another port is another server: it has to be allowed by name.
  const place = placeOf(port === undefined ? host : `${host}:${port}`);
  const isAllowed = known.allowedDestinations.some((allowed) => {
    const [allowedPlace = '', allowedUser] = allowed.split('@').reverse();
    if (placeOf(allowedPlace) !== place) return false;
    return allowedUser === undefined || allowedUser === user;
  });
  return isAllowed
    ? { kind: 'uri', uri, transfer: known.transfer }
    : { kind: 'refused', why: `${place} is not among allowedDestinations` };
}

/** As two places are compared: without the usual port. */
function placeOf(hostAndPort: string): string {
  return hostAndPort.replace(/:5060$/, '').toLowerCase();
}

function refuseName(name: string, { routePoints }: RouteDestinations): RouteTarget {
  const nearest = nearestName(name, Object.keys(routePoints));
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return { kind: 'refused', why: `no route point of that name, no SIP URI, no number${hint}` };
}
