/**
 * Which trunk an attempt leaves by, and the request-URI it makes of a number. First form: the
 * trunk with the lowest `priority` number; failover to the next one is not built yet.
 */

export interface Trunk {
  readonly name: string;
  /** `sip:host[:port][;params]`, without a user part. */
  readonly uri: string;
  readonly username?: string;
  readonly password?: string;
  /** Lower is tried first. Default 1. */
  readonly priority: number;
  readonly maxConcurrentCalls: number;
  readonly maxCallsPerSecond: number;
  /** RFC 4028 session timer that is offered; none when undefined. */
  readonly sessionExpiresMs?: number | undefined;
}

/** @returns undefined when no trunk is configured: the dial then ends in call state 41. */
export function selectTrunk<T extends Trunk>(trunks: readonly T[]): T | undefined {
  return [...trunks].sort((a, b) => a.priority - b.priority)[0];
}

/** Both or nothing: a user without a password is no credential. */
export function credentialsOf({
  username,
  password,
}: Trunk): { readonly username: string; readonly password: string } | undefined {
  return username !== undefined && password !== undefined ? { username, password } : undefined;
}

const DIALLABLE = /^\+?[0-9]{1,32}$/;

/**
 * @param number digits, a leading `+` allowed; anything else is refused, so that text from outside
 *   never becomes part of a request-URI
 * @returns `sip:number@trunk`, or undefined when the number cannot be dialled
 */
export function requestUriFor(trunk: Trunk, number: string): string | undefined {
  if (!DIALLABLE.test(number)) return undefined;
  const [, scheme, rest] = /^(sips?):(.+)$/.exec(trunk.uri) ?? [];
  if (!scheme || !rest) return undefined;
  return `${scheme}:${number}@${rest.replace(/^[^@]*@/, '')}`;
}
