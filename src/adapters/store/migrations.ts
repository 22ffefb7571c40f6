/**
 * The tables, and how older ones become newer ones; one list for SQLite and PostgreSQL, in SQLite's
 * words (`postgres/schema.ts` translates column types and what follows a table's closing bracket).
 *
 * JSON columns hold what is only ever read whole (user data, state snapshots, events); what is
 * searched or changed alone has a column.
 */

/** One text for both, or what is done here and there. */
export type Migration = string | { readonly sqlite: string; readonly postgres: string };

/** Step n takes a store from version n to n + 1. Steps are added at the end and never edited. */
export const MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE callbacks (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    service_name TEXT NOT NULL,
    customer_number TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    desired_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    user_data TEXT NOT NULL,
    lookup_keys TEXT NOT NULL,
    request_options TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    due_at_ms INTEGER NOT NULL,
    attempt_count INTEGER NOT NULL DEFAULT 0,
    call_state INTEGER,
    flow_state TEXT,
    claimed INTEGER NOT NULL DEFAULT 0,
    cancel_requested TEXT,
    updated_at_ms INTEGER NOT NULL,
    completed_at_ms INTEGER,
    CHECK ((state = 'COMPLETED') = (completed_at_ms IS NOT NULL)),
    CHECK (state <> 'COMPLETED' OR reason IS NOT NULL)
  ) STRICT;
  CREATE INDEX callbacks_due ON callbacks (due_at_ms, seq)
    WHERE claimed = 0 AND state IN ('SCHEDULED', 'QUEUED');
  CREATE INDEX callbacks_claimed ON callbacks (seq) WHERE claimed = 1;
  CREATE INDEX callbacks_open ON callbacks (service_name, state) WHERE state <> 'COMPLETED';
  CREATE INDEX callbacks_number ON callbacks (customer_number, desired_at_ms);
  CREATE INDEX callbacks_desired ON callbacks (desired_at_ms);
  CREATE INDEX callbacks_completed ON callbacks (completed_at_ms)
    WHERE completed_at_ms IS NOT NULL;

  CREATE TABLE lookup_keys (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    callback_id TEXT NOT NULL,
    PRIMARY KEY (key, value, callback_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lookup_keys_callback ON lookup_keys (callback_id);

  CREATE TABLE attempts (
    callback_id TEXT NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    call_id TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    trunk TEXT,
    answered_at_ms INTEGER,
    ended_at_ms INTEGER,
    call_state INTEGER,
    outcome TEXT,
    sip_status INTEGER,
    sip_reason TEXT,
    q850_cause INTEGER,
    local_tag TEXT,
    remote_tag TEXT,
    cpd_reason TEXT,
    endpoint_id TEXT,
    PRIMARY KEY (callback_id, attempt)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE steps (
    callback_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    row TEXT NOT NULL,
    because TEXT NOT NULL,
    state_name TEXT NOT NULL,
    event TEXT NOT NULL,
    commands TEXT NOT NULL,
    PRIMARY KEY (callback_id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE dial_locks (
    number TEXT PRIMARY KEY,
    callback_id TEXT NOT NULL UNIQUE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT,
    callback_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_keys_callback ON idempotency_keys (callback_id);

  CREATE TABLE probe (filler BLOB NOT NULL) STRICT;
  `,
  `
  CREATE TABLE legs (
    seq INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL UNIQUE,
    callback_id TEXT NOT NULL,
    number TEXT,
    begun_at_ms INTEGER NOT NULL,
    rings_until_ms INTEGER NOT NULL,
    endpoint_id TEXT,
    identity TEXT,
    is_orphan INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX legs_callback ON legs (callback_id);
  CREATE INDEX legs_number ON legs (number) WHERE number IS NOT NULL;
  `,
  `
  CREATE TABLE trail (
    callback_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (callback_id, seq)
  ) STRICT, WITHOUT ROWID;
  `,
  'ALTER TABLE attempts ADD COLUMN audio_tap TEXT;',
  `
  CREATE TABLE owner (id TEXT NOT NULL) STRICT;
  INSERT INTO owner VALUES (lower(hex(randomblob(16))));
  `,
  'ALTER TABLE attempts ADD COLUMN message TEXT;',
  `
  ALTER TABLE attempts ADD COLUMN waiting_since_ms INTEGER;
  ALTER TABLE attempts ADD COLUMN connected_at_ms INTEGER;
  ALTER TABLE attempts ADD COLUMN connected_to TEXT;
  ALTER TABLE attempts ADD COLUMN transfer TEXT;
  ALTER TABLE attempts ADD COLUMN transfer_detail TEXT;
  ALTER TABLE attempts ADD COLUMN talk_ended_by TEXT;
  `,
  `
  ALTER TABLE attempts ADD COLUMN rang_at_ms INTEGER;
  ALTER TABLE attempts ADD COLUMN early_media_at_ms INTEGER;
  ALTER TABLE attempts ADD COLUMN post_dial_delay_ms INTEGER;
  ALTER TABLE attempts ADD COLUMN far_reason TEXT;
  ALTER TABLE attempts ADD COLUMN tries TEXT;
  `,
  {
    sqlite: `
    ALTER TABLE callbacks ADD COLUMN node INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE legs ADD COLUMN node INTEGER NOT NULL DEFAULT 0;
    `,
    // Processes that share the store. A token is never given twice, so that it fences off whoever
    // had the work before; who leaves is found by its lease, on the database's clock.
    postgres: `
    ALTER TABLE callbacks ADD COLUMN node BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE callbacks ADD COLUMN is_left BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE legs ADD COLUMN node BIGINT NOT NULL DEFAULT 0;
    CREATE INDEX legs_orphans ON legs (node) WHERE is_orphan = 1;
    CREATE TABLE nodes (
      token BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name TEXT NOT NULL,
      owner_id TEXT NOT NULL,
      lease_until TIMESTAMPTZ NOT NULL
    );
    `,
  },
  `
  CREATE TABLE limit_counters (
    key TEXT PRIMARY KEY,
    used INTEGER NOT NULL,
    ends_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX limit_counters_end ON limit_counters (ends_at_ms);
  CREATE INDEX callbacks_open_number ON callbacks (customer_number, service_name, state)
    WHERE state <> 'COMPLETED';
  `,
  `
  CREATE TABLE pauses (
    service_name TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX callbacks_paused ON callbacks (service_name) WHERE state = 'PAUSED';
  CREATE TABLE targets_off (
    target TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE callbacks ADD COLUMN notice_seq INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    callback_id TEXT NOT NULL,
    callback_seq INTEGER NOT NULL,
    service_name TEXT NOT NULL,
    event TEXT NOT NULL,
    target TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    delivery_count INTEGER NOT NULL DEFAULT 0,
    deliveries_max INTEGER NOT NULL,
    is_dead INTEGER NOT NULL DEFAULT 0,
    why TEXT
  ) STRICT;
  CREATE INDEX outbox_due ON outbox (next_at_ms, seq) WHERE is_dead = 0;
  CREATE INDEX outbox_callback ON outbox (callback_id, seq);
  `,
  `
  CREATE INDEX callbacks_booked ON callbacks (service_name, desired_at_ms)
    WHERE desired_at_ms > created_at_ms;
  `,
  `
  CREATE INDEX callbacks_due_service ON callbacks (service_name, due_at_ms, seq)
    WHERE claimed = 0 AND state IN ('SCHEDULED', 'QUEUED');
  `,
  `
  ALTER TABLE dial_locks ADD COLUMN service_name TEXT;
  ALTER TABLE dial_locks ADD COLUMN trunk TEXT;
  CREATE TABLE dial_rates (
    key TEXT PRIMARY KEY,
    times_ms TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE agents (
    name TEXT PRIMARY KEY,
    wish TEXT NOT NULL,
    reason TEXT,
    since_ms INTEGER NOT NULL,
    rest_until_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE inbound_calls (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    call_id TEXT NOT NULL,
    service_name TEXT NOT NULL,
    number TEXT,
    source_address TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    answered_at_ms INTEGER,
    connected_at_ms INTEGER,
    connected_to TEXT,
    ended_at_ms INTEGER,
    outcome TEXT,
    why TEXT,
    node INTEGER NOT NULL,
    CHECK ((ended_at_ms IS NULL) = (outcome IS NULL) AND (outcome IS NULL) = (why IS NULL))
  ) STRICT;
  CREATE INDEX inbound_calls_open ON inbound_calls (node) WHERE ended_at_ms IS NULL;
  CREATE INDEX inbound_calls_ended ON inbound_calls (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
  CREATE INDEX inbound_calls_call ON inbound_calls (call_id);
  CREATE INDEX inbound_calls_number ON inbound_calls (number, seq) WHERE number IS NOT NULL;
  `,
  `
  CREATE TABLE agent_holds (
    agent TEXT PRIMARY KEY,
    node INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
