/**
 * The one way in which plugins, VoiceXML pages and what they name reach the network. An origin has to be
 * allowed by the configuration, and the address is checked when the connection is made, after the name
 * was resolved: a name leads to the Internet, or to `allowedAddresses`; an origin that is an address, or
 * `localhost`, means what it says. Proxies of the environment are not used. Nothing throws.
 */

/** Stable. */
export type FetchCode =
  /** No http(s) URL, or one with credentials. */
  | 'FETCH_BAD_URL'
  /** An origin that the configuration does not name. */
  | 'FETCH_NOT_ALLOWED'
  /** The name leads to an address that must not be reached. */
  | 'FETCH_ADDRESS_REFUSED'
  | 'FETCH_TOO_MANY_REDIRECTS'
  | 'FETCH_TOO_LARGE'
  | 'FETCH_TIMEOUT'
  /** The connection could not be made, or broke. */
  | 'FETCH_UNREACHABLE'
  /** The answer is no HTTP, or is cut off. */
  | 'FETCH_BROKEN'
  /** Too many at a time to this host, or in all. */
  | 'FETCH_TOO_MANY'
  /** The request itself breaks a rule: a header, a method, a body too large. */
  | 'FETCH_BAD_REQUEST';

export interface FetchOrder {
  /** Absolute; as a document wrote it. */
  readonly url: string;
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD' | undefined;
  /** Names and values are checked; hop-by-hop, host and length headers are refused. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
  /** Whole exchange, redirects included; at most and by default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Of the answer's body, decoded; at most 20 MB, by default 2 MB. */
  readonly maxBytes?: number | undefined;
  /** Redirects followed, at most and by default 3; a POST that is redirected by 301 to 303 becomes a GET. */
  readonly maxRedirects?: number | undefined;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
}

export type FetchAnswer =
  | {
      /** There is an answer, whatever its status. */
      readonly kind: 'answer';
      readonly status: number;
      /** By lower-case name; several of a name are joined with `, `. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
      /** Where it came from, after redirects. */
      readonly url: string;
    }
  | { readonly kind: 'failed'; readonly code: FetchCode; readonly why: string };

export interface Fetcher {
  /** Always settles, never rejects. */
  fetch(order: FetchOrder): Promise<FetchAnswer>;
}
