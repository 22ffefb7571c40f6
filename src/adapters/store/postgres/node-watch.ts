/**
 * This process among those that share the store: its lease, renewed every second on a connection of
 * its own, and what the others have to say (LISTEN). The lease is judged by the database's clock for
 * the others, and by our monotonic one for us, counted from before the renewal was sent: we always
 * think that it ends sooner than they do.
 *
 * What is lost with a lease is not got back: a new one has a new token, and what was ours under the
 * old one belongs to whoever takes it over. Between the two `onLost` ends our calls.
 */

import { hostname } from 'node:os';
import pg from 'pg';
import type { CancelledBy } from '../../../schedule/callback-store.js';
import { get, type Work } from '../statements.js';
import { clientConfig, type ConnectOptions } from './connections.js';

/** Ticks in a lease, should it be so short that it matters. */
const TICKS_PER_LEASE_MIN = 5;
/** The part of a lease that is left for ending our calls. */
const GUARD_SHARE = 0.2;
/** Then the server is asked anew: a connection may carry nothing any more, and nobody is told. */
const PATIENCE_SHARE = 0.33;

export interface NodeWatchEvents {
  /** There may be more to claim; comes at least once a second. */
  onWork(): void;
  /** A cancel of a callback that one of this process' sessions may have. */
  onCancel(id: string, by: CancelledBy): void;
  /** Other processes' leases have run out. */
  onOthersGone(): void;
  /** Our lease is about to run out, or has been taken: every call has to end now. */
  onLost(why: string): Promise<void>;
  /** There is a lease again. */
  onRegained(): void;
  /** What the others said since the connection broke was not heard. Asked again when it rejects. */
  onDeafnessOver(): Promise<void>;
}

export interface NodeWatchOptions extends ConnectOptions {
  readonly leaseMs: number;
  /** How often the lease is renewed and work looked for, whatever notifications were missed. */
  readonly tickMs: number;
  /** Hexadecimal; marks what is ours on servers that several processes use. */
  readonly ownerId: string;
}

type Notice =
  | { readonly kind: 'work' | 'gone'; readonly from: number }
  | {
      readonly kind: 'cancel';
      readonly from: number;
      readonly id: string;
      readonly by: CancelledBy;
    };

export class NodeWatch {
  #token = 0;
  /** By `performance.now()`. */
  #endsAtMs = 0;
  #client: pg.Client | undefined;
  /** The connection is another one than the first: nobody has looked yet what was said meanwhile. */
  #hasMissed = false;
  #hasListened = false;
  #tickTimer: NodeJS.Timeout | undefined;
  #endTimer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> | undefined;
  /** The lease is gone; resolves when our calls are. */
  #losing: Promise<void> | undefined;
  #isClosed = false;
  #hasWorkToTell = false;
  #isTelling = false;
  #lastQuery: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: NodeWatchOptions,
    private readonly events: NodeWatchEvents,
  ) {}

  /** Of the lease in force; each lease has another. */
  get token(): number {
    return this.#token;
  }

  /** There is time enough to begin something, and to end it before the others may take over. */
  get holdsLease(): boolean {
    return performance.now() < this.#endsAtMs - this.#guardMs;
  }

  /** Takes a lease. @throws Error when the server cannot be reached */
  async start(): Promise<void> {
    await this.#connect();
    await this.#join();
    this.#tickLater();
  }

  /** To the other processes. Lost when the connection is down: they look by themselves in a second. */
  tellWork(): void {
    this.#hasWorkToTell = true;
    if (this.#isTelling) return;
    this.#isTelling = true;
    // What comes together is told together.
    setImmediate(() => void this.#tellOfWork());
  }

  /** One at a time, whatever comes meanwhile: each is a commit, and the next renewal waits behind it. */
  async #tellOfWork(): Promise<void> {
    while (this.#hasWorkToTell) {
      this.#hasWorkToTell = false;
      await this.#tell({ kind: 'work', from: this.#token });
    }
    this.#isTelling = false;
  }

  /** Gives the lease back: what is still ours may be taken over at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#tickTimer);
    clearTimeout(this.#endTimer);
    await this.#ticking;
    try {
      const expire = 'UPDATE nodes SET lease_until = now() WHERE token = $1';
      if (this.#client) await this.#query(this.#client, expire, [this.#token]);
      await this.#tell({ kind: 'gone', from: this.#token });
    } catch {
      // Then they wait for the lease.
    }
    await this.#client?.end().catch(() => undefined);
    this.#client = undefined;
  }

  get #guardMs(): number {
    return this.options.leaseMs * GUARD_SHARE;
  }

  /** One after the other: the driver wants to be asked once at a time. */
  #query<R extends pg.QueryResultRow>(
    client: pg.Client,
    text: string,
    values: readonly unknown[],
  ): Promise<pg.QueryResult<R>> {
    const answered = this.#lastQuery.then(() => client.query<R>(text, [...values]));
    this.#lastQuery = answered.catch(() => this.#drop(client));
    return answered;
  }

  /** Connected anew with the next tick. */
  #drop(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    void client.end().catch(() => undefined);
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const patienceMs = this.options.leaseMs * PATIENCE_SHARE;
    const client = new pg.Client({
      ...clientConfig(this.options),
      connectionTimeoutMillis: patienceMs,
      query_timeout: patienceMs,
    });
    const forget = (): void => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    client.on('notification', ({ payload }) => this.#onNotice(payload));
    try {
      await client.connect();
      await client.query(`LISTEN ${channelOf(this.options)}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    this.#hasMissed ||= this.#hasListened;
    this.#hasListened = true;
    return client;
  }

  /** A new lease. Whatever the last one left has been ended: others need not wait for its end. */
  async #join(): Promise<void> {
    const client = await this.#connect();
    const sentAtMs = performance.now();
    const { ownerId, leaseMs } = this.options;
    const expire = 'UPDATE nodes SET lease_until = now() WHERE token = $1';
    await this.#query(client, expire, [this.#token]);
    const { rows } = await this.#query<{ token: number }>(
      client,
      `INSERT INTO nodes (name, owner_id, lease_until)
       VALUES ($1, $2, now() + $3 * interval '1 millisecond') RETURNING token`,
      [`${hostname()}:${process.pid}`, ownerId, leaseMs],
    );
    this.#token = rows[0]?.token ?? 0;
    this.#extend(sentAtMs);
  }

  #extend(sentAtMs: number): void {
    this.#endsAtMs = sentAtMs + this.options.leaseMs;
    clearTimeout(this.#endTimer);
    if (this.#isClosed) return;
    const leftMs = this.#endsAtMs - this.#guardMs - performance.now();
    this.#endTimer = setTimeout(() => {
      this.#lose('the lease could not be renewed');
    }, leftMs);
  }

  #tickLater(): void {
    if (this.#isClosed) return;
    const everyMs = Math.min(this.options.tickMs, this.options.leaseMs / TICKS_PER_LEASE_MIN);
    this.#tickTimer = setTimeout(() => {
      this.#ticking = this.#tick().finally(() => this.#tickLater());
    }, everyMs);
  }

  /** Never rejects. */
  async #tick(): Promise<void> {
    try {
      if (!this.holdsLease) this.#lose('this process stood still');
      if (this.#losing !== undefined) {
        await this.#losing;
        await this.#join();
        this.#losing = undefined;
        this.events.onRegained();
      }
      if (await this.#renew()) this.events.onOthersGone();
      this.events.onWork();
      if (this.#hasMissed) await this.#listenBack();
    } catch {
      // Whoever wants to write hears of it; the lease says how long this may last.
    }
  }

  /** The connection may break again meanwhile: then there is more to look for. */
  async #listenBack(): Promise<void> {
    this.#hasMissed = false;
    try {
      await this.events.onDeafnessOver();
    } catch (error) {
      this.#hasMissed = true;
      throw error;
    }
  }

  /** @returns whether leases of others have run out */
  async #renew(): Promise<boolean> {
    const client = await this.#connect();
    const sentAtMs = performance.now();
    const { rows } = await this.#query<{ renewed: number; gone: number }>(
      client,
      `WITH renewed AS (
         UPDATE nodes SET lease_until = now() + $2 * interval '1 millisecond'
         WHERE token = $1 RETURNING token
       )
       SELECT (SELECT count(*) FROM renewed) AS renewed,
         (SELECT count(*) FROM nodes WHERE lease_until < now() AND token <> $1) AS gone`,
      [this.#token, this.options.leaseMs],
    );
    if (rows[0]?.renewed === 1) this.#extend(sentAtMs);
    else this.#lose('another process has taken over');
    return (rows[0]?.gone ?? 0) > 0;
  }

  #lose(why: string): void {
    if (this.#losing !== undefined || this.#isClosed) return;
    clearTimeout(this.#endTimer);
    this.#endsAtMs = 0;
    // The end of our calls is still written under the old token, where nobody has taken over.
    this.#losing = this.events.onLost(why);
  }

  async #tell(notice: Notice): Promise<void> {
    const text = JSON.stringify(notice);
    if (this.#client === undefined) return;
    const values = [channelOf(this.options), text];
    await this.#query(this.#client, 'SELECT pg_notify($1, $2)', values).catch(() => undefined);
  }

  #onNotice(payload: string | undefined): void {
    let notice: Notice;
    try {
      notice = JSON.parse(payload ?? '') as Notice;
    } catch {
      return;
    }
    if (notice.from === this.#token) return;
    if (notice.kind === 'cancel') this.events.onCancel(notice.id, notice.by);
    else if (notice.kind === 'gone') this.events.onOthersGone();
    else this.events.onWork();
  }
}

/** Sends it when the transaction that it is made in has been committed. */
export function* tellCancel(
  options: ConnectOptions,
  from: number,
  id: string,
  by: CancelledBy,
): Work<void> {
  const notice: Notice = { kind: 'cancel', from, id, by };
  yield* get('SELECT pg_notify(?, ?)', channelOf(options), JSON.stringify(notice));
}

function channelOf({ schema }: ConnectOptions): string {
  return `dialback_${schema}`;
}
