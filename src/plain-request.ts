/** A request without a call, and what came of it; part of the port `SipAgent`. */

/** Of a trunk. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Realms of challenges, by the header that answers them. */
export type Realms = Readonly<Record<string, string>>;

export interface InviteCredentials extends Credentials {
  /** They are given in these alone. Absent: in those that whoever is called asks in. */
  readonly realms?: Realms | undefined;
}

/** REGISTER or OPTIONS. */
export interface PlainRequest {
  readonly method: 'REGISTER' | 'OPTIONS';
  readonly uri: string;
  readonly proxyUri?: string;
  readonly auth?: Credentials;
  /** Addresses in angle brackets; the signalling server's own where `localhost` stands. */
  readonly from?: string;
  readonly to?: string;
  readonly contact?: string;
  readonly expiresMs?: number;
  /** For the final answer. */
  readonly limitMs: number;
}

export type RequestOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly reason: string;
      /** By lower-case name, without control characters. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'error'; readonly why: string };
