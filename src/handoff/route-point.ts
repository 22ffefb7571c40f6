/**
 * Where `route_to_rp` may send a customer: a route point named in the configuration, or a SIP URI
 * whose host the service allows. Everything else is refused: a destination from outside is money.
 */

export interface RouteDestinations {
  readonly routePoints: Readonly<Record<string, { readonly uri: string }>>;
  /** `host`, `host:port` or `user@host` that a SIP URI from a reply may name; port 5060 unless given. */
  readonly allowedDestinations: readonly string[];
}

export type RouteTarget =
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'refused'; readonly why: string };

const SIP_URI =
  /^sips?:(?:([A-Za-z0-9_.!~*'()&=+$,;?/-]{1,64})@)?([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::([0-9]{1,5}))?$/;
const SIP_PORT = '5060';

/** @param destination a plugin's or page's `message` */
export function routeTarget(destination: string, known: RouteDestinations): RouteTarget {
  const point = Object.hasOwn(known.routePoints, destination)
    ? known.routePoints[destination]
    : undefined;
  if (point) return { kind: 'uri', uri: point.uri };
  const match = SIP_URI.exec(destination);
  if (!match) return { kind: 'refused', why: 'no route point of that name, and not a SIP URI' };
  const [, user, host = '', port] = match;
  // Another port is another server: it has to be allowed by name.
  const place = (port === undefined || port === SIP_PORT ? host : `${host}:${port}`).toLowerCase();
  const isAllowed = known.allowedDestinations.some((allowed) => {
    const [allowedPlace = '', allowedUser] = allowed.split('@').reverse();
    if (allowedPlace.toLowerCase() !== place) return false;
    return allowedUser === undefined || allowedUser === user;
  });
  return isAllowed
    ? { kind: 'uri', uri: destination }
    : { kind: 'refused', why: `${place} is not among allowedDestinations` };
}
