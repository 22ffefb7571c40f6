/**
 * Where a carrier's 3xx may send a call. A number in it is dialled like any other: whoever sets a
 * diversion on a telephone would else have us call a country that this trunk may not dial.
 */
import { judgeDestination, type DestinationRules } from '../request/allow-list.js';
import type { Trunk } from './trunk.js';

/** @param rules of the service */
export function mayRedirectTo(
  uri: string,
  { uri: own, redirectsTo = [], allowedCountries = [] }: Trunk,
  { allowedDestinations, numbers }: Omit<DestinationRules, 'trunkUris'>,
): boolean {
  const countries = [...numbers.allowedCountries, allowedCountries];
  return judgeDestination(uri, {
    allowedDestinations,
    numbers: { ...numbers, allowedCountries: countries },
    trunkUris: [own, ...redirectsTo.map((place) => `sip:${place}`)],
  }).ok;
}
