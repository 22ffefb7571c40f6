import type { HandoffSettings } from './far-sides.js';
import type { RouteDestinations } from './route-point.js';

/** Where a call of this service may be routed to. */
export function routeDestinations({
  routePoints,
  service,
}: Pick<HandoffSettings, 'routePoints' | 'service'>): RouteDestinations {
  const { allowedDestinations, handoff } = service;
  const { numbersTo, transfer } = handoff;
  return { routePoints, allowedDestinations, numbersTo, transfer };
}
