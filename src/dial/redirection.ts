/**
 * Where a carrier's 3xx may send a call. A number in it is dialled like any other: whoever sets a
 * diversion on a telephone would else have us call a country that this trunk may not dial.
 */
import {
  isAtTrunk,
  judgeDestination,
  readTarget,
  type DestinationRules,
} from '../request/allow-list.js';
import { isTls, type Trunk } from './trunk.js';

/** @param rules of the service */
export function mayRedirectTo(
  uri: string,
  trunk: Trunk,
  { allowedDestinations, numbers }: Omit<DestinationRules, 'trunkUris'>,
): boolean {
  const { uri: own, proxyUri, allowedCountries = [] } = trunk;
  // Through a proxy it leaves as before, whatever is asked for.
  if (proxyUri === undefined && isTls(own) && !isTls(uri)) return false;
  const countries = [...numbers.allowedCountries, allowedCountries];
  return judgeDestination(uri, {
    allowedDestinations,
    numbers: { ...numbers, allowedCountries: countries },
    trunkUris: placesOf(trunk),
  }).ok;
}

/**
 * Whether whoever answers at this address of a 3xx is the carrier, and may ask for the trunk's credentials:
 * at the trunk's own place or one of `redirectsTo`. A destination that calls may go to is no such place.
 */
export function isCarriers(uri: string, trunk: Trunk): boolean {
  const address = readTarget(uri);
  return address !== undefined && isAtTrunk(address, placesOf(trunk));
}

function placesOf({ uri, redirectsTo = [] }: Trunk): readonly string[] {
  return [uri, ...redirectsTo.map((place) => `sip:${place}`)];
}
