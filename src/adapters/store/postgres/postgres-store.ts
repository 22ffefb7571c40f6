/**
 * `CallbackStore` on PostgreSQL, for several processes. Each operation is a transaction of its own on
 * one of a few connections; operations of one callback follow each other in a lane, and what waits
 * there meanwhile shares a transaction. Operations of different callbacks run side by side.
 *
 * A resolved durable operation has been committed and, by the server's settings, is on its disk (and
 * its synchronous standbys'). What nobody waits for is committed without waiting for the disk.
 */

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type CallbackStore, type CancelledBy } from '../../../schedule/callback-store.js';
import type { SharedStore } from '../../../schedule/shared-store.js';
import { StoreError, type StoreErrorCode } from '../../../schedule/store-error.js';
import { aloneWith } from '../accept-limits.js';
import {
  isWrite,
  mustReachDisk,
  type Operation,
  type Outcome,
  type Result,
  type Results,
} from '../messages.js';
import { failed, OperationStore, toError } from '../operation-store.js';
import { perform } from '../operations.js';
import type { Dialect, Work } from '../statements.js';
import { chainsOf } from './chains.js';
import { clientConfig, performOn, sqlState, toStoreError } from './connections.js';
import { GivenOut, type Giving } from './given-out.js';
import { Lanes, TURNS, type Waiting } from './lanes.js';
import { NodeWatch, tellCancel } from './node-watch.js';
import { postgresDialect, type DialectParts } from './postgres-dialect.js';
import { migrate } from './schema.js';

/** One more than take turns: for what claims. */
const CONNECTIONS = TURNS + 1;
const PENDING_MAX = 20_000;
const LEASE_MS = 15_000;
const TICK_MS = 1000;
const OWNER_ID_BYTES = 16;
/** Deadlocks and the like: the transaction has done nothing and may be made again. */
const TRIES = 3;
const DEADLOCK = '40P01';
const SERIALIZATION_FAILURE = '40001';
const LOCK_TIMEOUT = '55P03';
/** How soon a callback has to be due for the other processes to be told of it. */
const SOON_MS = 1000;
/** A name that needs no quotes. */
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,40}$/;

export interface PostgresStoreOptions {
  /** `postgres://user:password@host/database`. */
  readonly url: string;
  /** Where our tables are; `dialback` by default. */
  readonly schema?: string;
  /** How long what this process owns is left alone after its last sign of life; 15000 by default. */
  readonly leaseMs?: number;
  /** How often the lease is renewed and work is looked for; 1000 by default. */
  readonly tickMs?: number;
}

/**
 * Connects, makes or upgrades the tables, and joins the other processes.
 * @throws StoreError `STORE_UNREADABLE` when a newer version made the tables, `STORE_FAILED` when the
 *   server cannot be reached or refuses us
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<CallbackStore> {
  const { url, schema = 'dialback', leaseMs = LEASE_MS, tickMs = TICK_MS } = options;
  if (!SCHEMA_NAME.test(schema)) throw new StoreError('STORE_FAILED', 'not a name for a schema');
  const store = new PostgresStore({ url, schema, leaseMs, tickMs });
  try {
    await store.start();
    return store;
  } catch (error) {
    await store.close();
    throw toStoreError(error);
  }
}

class PostgresStore extends OperationStore {
  readonly #options: Required<PostgresStoreOptions>;
  readonly #pool: pg.Pool;
  readonly #watch: NodeWatch;
  readonly #dialect: Dialect;
  readonly #lanes = new Lanes((batch) => this.#performBatch(batch));
  readonly #ownerId = randomBytes(OWNER_ID_BYTES).toString('hex');
  readonly #givenOut = new GivenOut();
  #adopted: readonly string[] = [];
  #closing: Promise<void> | undefined;
  readonly #handlers = {
    lost: new Set<(why: string) => Promise<void>>(),
    gone: new Set<() => void>(),
    adopted: new Set<(ownerIds: readonly string[]) => void>(),
    cancel: new Set<(id: string, by: CancelledBy) => void>(),
  };

  constructor(options: Required<PostgresStoreOptions>) {
    super();
    this.#options = options;
    this.#pool = new pg.Pool({ ...clientConfig(options), max: CONNECTIONS, pipeline: true });
    // An idle connection broke; whoever needs one gets a new one. One that is in use may be ended by the
    // server between two statements, too: the next statement says so to whoever is in the transaction.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    this.#watch = new NodeWatch(
      { ...options, ownerId: this.#ownerId },
      {
        onWork: () => this.tellWork('now'),
        onCancel: (id, by) => this.#handlers.cancel.forEach((handle) => handle(id, by)),
        onOthersGone: () => this.#handlers.gone.forEach((handle) => handle()),
        onLost: async (why) => {
          this.tellFailure(new StoreError('STORE_LEASE_LOST', why));
          await Promise.allSettled([...this.#handlers.lost].map((handle) => handle(why)));
        },
        onRegained: () => this.tellRecovered(),
        onDeafnessOver: () => this.#tellMissedCancels(),
      },
    );
    this.#dialect = this.#dialectFor();
  }

  #dialectFor(giving?: Giving): Dialect {
    const token = (): number => this.#watch.token;
    const parts: DialectParts = {
      onAdopted: (ownerIds) => (this.#adopted = ownerIds),
      tellCancel: (id, by) => tellCancel(this.#options, token(), id, by),
    };
    return postgresDialect(token, parts, giving);
  }

  async start(): Promise<void> {
    const client = new pg.Client({ ...clientConfig(this.#options), query_timeout: 0 });
    // Ended while nothing is asked of it: whoever asks next is told.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await migrate(client, this.#options.schema);
    } finally {
      await client.end().catch(() => undefined);
    }
    await this.#watch.start();
  }

  readonly shared: SharedStore = {
    mayDial: () => this.#watch.holdsLease,
    onLeaseLost: (handler) => addTo(this.#handlers.lost, handler),
    onOthersGone: (handler) => addTo(this.#handlers.gone, handler),
    onAdopted: (handler) => addTo(this.#handlers.adopted, handler),
    onCancel: (handler) => addTo(this.#handlers.cancel, handler),
  };

  /** Of this process alone: what it has on a server ends with it, not with the store. */
  override ownerId(): Promise<string> {
    return Promise.resolve(this.#ownerId);
  }

  /** Without a lease nothing new is begun. */
  override get isWritable(): boolean {
    return super.isWritable && this.#watch.holdsLease;
  }

  protected get pendingCount(): number {
    return this.#lanes.count;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.isClosed = true;
    this.stopProbing();
    await this.#lanes.idle();
    await this.#watch.close();
    await this.#pool.end();
  }

  protected async send<K extends Operation['kind']>(
    operation: Extract<Operation, { kind: K }>,
    waitMs = 0,
  ): Promise<Results[K]> {
    const outcome = this.#refused() ?? (await this.#lanes.add(operation, waitMs));
    const work = this.settled(operation, outcome);
    if (!outcome.ok) throw toError(outcome);
    this.#tellOthers(operation, work !== undefined);
    if (work) this.tellWork(work);
    return outcome.value as Results[K];
  }

  #refused(): (Outcome & { readonly ok: false }) | undefined {
    if (this.isClosed) return failed('STORE_CLOSED', 'The store is closed.');
    if (this.#lanes.count < PENDING_MAX) return undefined;
    return failed('STORE_OVERLOADED', `${PENDING_MAX} operations are waiting already.`);
  }

  #tellOthers(operation: Operation, hasWork: boolean): void {
    if (hasWork && isDueSoon(operation)) this.#watch.tellWork();
    if (operation.kind === 'take-over-legs' && this.#adopted.length > 0) {
      const ownerIds = this.#adopted;
      this.#adopted = [];
      for (const handle of this.#handlers.adopted) handle(ownerIds);
    }
  }

  /** Never rejects. */
  async #performBatch(batch: readonly Waiting[]): Promise<readonly Outcome[]> {
    const operations = batch.map(({ operation }) => operation);
    try {
      const values = await this.#transaction(operations);
      return values.map((value): Outcome => ({ ok: true, value }));
    } catch (error) {
      const { code, message } = toStoreError(error);
      // One of them may contradict what is stored, or wait in vain: the others are done without it.
      const isOnesOwn = operations.length > 1 && (isWaitInVain(error) || !isOfTheServer(code));
      if (!isOnesOwn) return operations.map(() => failed(code, message));
      const outcomes: Outcome[] = [];
      for (const one of batch) outcomes.push(...(await this.#performBatch([one])));
      return outcomes;
    }
  }

  async #transaction(operations: readonly Operation[]): Promise<Result[]> {
    for (let left = TRIES - 1; ; left -= 1) {
      try {
        return await this.#tryTransaction(operations);
      } catch (error) {
        if (left === 0 || !mayTryAgain(error, operations)) throw error;
      }
    }
  }

  /** What is looked at and locked once for all of them. */
  async #prepare(
    client: pg.ClientBase,
    operations: readonly Operation[],
    dialect: Dialect,
  ): Promise<Dialect> {
    await performOn(client, [lockNames(operations, dialect)]);
    const isDialling = operations.some(
      (one) => one.kind === 'commit' && one.change.dialLock === 'take',
    );
    if (!isDialling || dialect.holdsLease === undefined) return dialect;
    const [holds = false] = await performOn(client, [dialect.holdsLease()]);
    return withLeaseKnown(dialect, holds);
  }

  async #tryTransaction(operations: readonly Operation[]): Promise<Result[]> {
    const client = await this.#pool.connect();
    const giving = operations.some(givesOut) ? this.#givenOut.next() : undefined;
    let broken: unknown;
    let isAtCommit = false;
    try {
      // Each statement sees what is there when it begins, in a transaction or not.
      const isTransaction = operations.some(isWrite);
      if (isTransaction) await client.query(beginOf(operations));
      let dialect = giving ? this.#dialectFor(giving) : this.#dialect;
      if (operations.length > 1) dialect = await this.#prepare(client, operations, dialect);
      const chains = chainsOf(operations);
      const works = chains.map((chain) => inOrder(chain, operations, dialect));
      const values: Result[] = [];
      for (const [index, value] of (await performOn(client, works)).flat()) values[index] = value;
      isAtCommit = isTransaction;
      if (isTransaction) await client.query('COMMIT');
      if (giving && operations.some(({ kind }) => kind === 'take-over')) {
        this.#givenOut.found(giving);
      }
      return values;
    } catch (error) {
      if (giving && isAtCommit) this.#mayHaveGiven(giving);
      const isTheConnection = !(error instanceof StoreError) && sqlState(error) === undefined;
      if (isTheConnection) broken = error;
      else await client.query('ROLLBACK').catch((why: unknown) => (broken = why));
      throw error;
    } finally {
      client.release(broken !== undefined);
    }
  }

  /** To whoever was told already, it says nothing new. */
  async #tellMissedCancels(): Promise<void> {
    const { rows } = await this.#pool.query<{ id: string; by: CancelledBy }>(
      `SELECT id, cancel_requested AS by FROM callbacks
       WHERE claimed = 1 AND node = $1 AND cancel_requested IS NOT NULL AND state <> 'COMPLETED'`,
      [this.#watch.token],
    );
    for (const { id, by } of rows) this.#handlers.cancel.forEach((handle) => handle(id, by));
  }

  /** Whoever takes over what dead processes left finds these, too. */
  #mayHaveGiven(giving: Giving): void {
    this.#givenOut.lose(giving);
    this.#handlers.gone.forEach((handle) => handle());
  }
}

/** The row of the lease stays locked until the transaction ends: once is enough. */
function withLeaseKnown(dialect: Dialect, holds: boolean): Dialect {
  return {
    ...dialect,
    *holdsLease() {
      yield* nothing();
      return holds;
    },
  };
}

function* nothing(): Work<void> {}

function* inOrder(
  chain: readonly number[],
  operations: readonly Operation[],
  dialect: Dialect,
): Work<(readonly [number, Result])[]> {
  const values: (readonly [number, Result])[] = [];
  for (const index of chain) {
    values.push([index, yield* perform(operations[index] as Operation, dialect)]);
  }
  return values;
}

/** What nobody waits for does not wait for the disk either. */
function beginOf(operations: readonly Operation[]): string {
  return operations.some(mustReachDisk) ? 'BEGIN' : 'BEGIN; SET LOCAL synchronous_commit = off';
}

/** Callbacks become ours, and a session is to have them. */
function givesOut({ kind }: Operation): boolean {
  return kind === 'claim-due' || kind === 'take-over';
}

/** Everybody in the same order: nobody waits for somebody who waits for them. */
function* lockNames(operations: readonly Operation[], dialect: Dialect): Work<void> {
  const names = operations.flatMap((operation) =>
    operation.kind === 'accept' ? aloneWith(operation.callback, operation.limits) : [],
  );
  for (const name of [...new Set(names)].sort()) yield* dialect.alone(name);
}

function mayTryAgain(error: unknown, operations: readonly Operation[]): boolean {
  const state = sqlState(error);
  if (state === DEADLOCK || state === SERIALIZATION_FAILURE) return true;
  // The same idempotency key at another process in the same moment: now it is known.
  return operations.some(({ kind }) => kind === 'accept') && isKeyTaken(error);
}

function isKeyTaken(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.constraint === 'idempotency_keys_pkey';
}

/** For a lock that another transaction holds. */
function isWaitInVain(error: unknown): boolean {
  return [DEADLOCK, LOCK_TIMEOUT].includes(sqlState(error) ?? '');
}

function isOfTheServer(code: StoreErrorCode): boolean {
  return code !== 'STORE_CONFLICT' && code !== 'STORE_KEY_REUSED';
}

function isDueSoon(operation: Operation): boolean {
  return operation.kind !== 'accept' || operation.callback.desiredAtMs < Date.now() + SOON_MS;
}

function addTo<T>(handlers: Set<T>, handler: T): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}
