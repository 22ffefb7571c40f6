/**
 * The store that the configuration names. One process, one SQLite file; a second implementation
 * has to pass the same conformance suite before it is offered here.
 */

import type { StoreConfig } from '../../config/config.js';
import { StoreError, type CallbackStore } from '../../schedule/callback-store.js';
import { openSqliteStore } from './sqlite-store.js';

/** @throws StoreError as `openSqliteStore`; `STORE_UNREADABLE` for a kind that is not built */
export function openStore(config: StoreConfig): Promise<CallbackStore> {
  if (config.kind === 'sqlite') return openSqliteStore({ file: config.path });
  throw new StoreError('STORE_UNREADABLE', 'This version keeps callbacks in SQLite only.');
}
