/** A way out to the telephone network, as the configuration has it. */
import type { Credentials } from '../plain-request.js';

/** How numbers are written on a trunk. `national` needs the trunk's `country`. */
export const NUMBER_FORMATS = ['e164', 'digits', 'international', 'national'] as const;
export type NumberFormat = (typeof NUMBER_FORMATS)[number];

export interface Trunk {
  readonly name: string;
  /** `sip:host[:port][;params]`, without a user part. */
  readonly uri: string;
  /** SIP URI that every request is sent to instead. */
  readonly proxyUri?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Lower is tried first. */
  readonly priority: number;
  /** Share of the calls among trunks of one priority; 1 when left out. */
  readonly weight?: number | undefined;
  readonly maxConcurrentCalls: number;
  readonly maxCallsPerSecond: number;
  /** ISO 3166 alpha-2; empty or left out = all. */
  readonly allowedCountries?: readonly string[] | undefined;
  /** `e164` when left out. */
  readonly numberFormat?: NumberFormat | undefined;
  /** Put before a number in its format. */
  readonly numberPrefix?: string | undefined;
  /** Put before the digits of a number that goes abroad; `00` when left out. */
  readonly internationalPrefix?: string | undefined;
  /** ISO 3166 alpha-2: whose numbers are written nationally. */
  readonly country?: string | undefined;
  /** Shown where the service has no caller ID. */
  readonly callerId?: string | undefined;
  readonly callerName?: string | undefined;
  /** By service name; goes before the service's own. */
  readonly callerIds?: Readonly<Record<string, string>> | undefined;
  /** `e164` when left out; what is no number in E.164 is left as it is. */
  readonly callerIdFormat?: NumberFormat | undefined;
  /** P-Asserted-Identity (RFC 3325): the caller ID, or this number. */
  readonly assertedIdentity?: string | undefined;
  /** `id`: From is anonymous, and Privacy asks the network to keep the identity to itself (RFC 3323). */
  readonly privacy?: 'none' | 'id' | undefined;
  /** Number that the call is said to be diverted from (RFC 5806). */
  readonly diversion?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** `host[:port]` that a 3xx may point to besides the trunk's own. */
  readonly redirectsTo?: readonly string[] | undefined;
  /** Takes provisional responses reliably (RFC 3262). */
  readonly isReliable?: boolean | undefined;
  /** Media go out as SRTP alone; as plain RTP alone when left out. */
  readonly isSecure?: boolean | undefined;
  /** RFC 4028 session timer that is offered; none when undefined. */
  readonly sessionExpiresMs?: number | undefined;
  /** Registers for so long at a time; not at all when undefined. */
  readonly registerExpiresMs?: number | undefined;
  /** OPTIONS this often; never when undefined. */
  readonly optionsIntervalMs?: number | undefined;
}

/** Both or nothing: a user without a password is no credential. */
export function credentialsOf({ username, password }: Trunk): Credentials | undefined {
  return username !== undefined && password !== undefined ? { username, password } : undefined;
}

/** `host[:port][;params]` of the trunk, and its scheme. */
export function hostPartOf({ uri }: Pick<Trunk, 'uri'>): {
  readonly scheme: string;
  readonly host: string;
} {
  const [, scheme = 'sip', host = ''] = /^(sips?):(?:[^@]*@)?(.*)$/.exec(uri) ?? [];
  return { scheme, host };
}

/** Whether requests to this SIP URI leave over TLS. */
export function isTls(uri: string): boolean {
  // Not what the user part looks like: `sip:1;transport=tls@host` leaves in clear.
  return /^sips:|^sip:(?:[^@]*@)?[^@]*;transport=tls\b[^@]*$/i.test(uri);
}
