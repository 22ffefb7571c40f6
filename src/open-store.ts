/** The store that the configuration names, opened; which kind it is, nobody above has to know. */
import { openPostgresStore } from './adapters/store/postgres/postgres-store.js';
import { openSqliteStore } from './adapters/store/sqlite-store.js';
import type { StoreConfig } from './config/config.js';
import type { CallbackStore } from './schedule/callback-store.js';

/** @throws StoreError when it cannot be opened; the URL, which may hold a password, is not named */
export function openStore(config: StoreConfig): Promise<CallbackStore> {
  return config.kind === 'sqlite'
    ? openSqliteStore({ file: config.path })
    : openPostgresStore({ url: config.url, leaseMs: config.leaseMs });
}
