/** The processes that share a store, and what each has to hear of the others. */

import type { CancelledBy } from './callback-store.js';

/**
 * What a store that several processes share has to say beside. A process owns what it claimed as long
 * as it holds its lease; the store renews it by itself.
 */
export interface SharedStore {
  /** Whether the lease lasts long enough to begin a call now. To be asked right before the INVITE. */
  mayDial(): boolean;
  /**
   * Somebody else may own what was ours from soon on: every call has to be ended, without deciding
   * anything. Nothing is claimed until all handlers have settled.
   */
  onLeaseLost(handler: (why: string) => Promise<void>): () => void;
  /** Another process is gone: `takeOverLegs`, end them, then `takeOverLeftovers`. May come for nothing. */
  onOthersGone(handler: () => void): () => void;
  /** `takeOverLegs` made the work of these owners ours. @see CallbackStore.ownerId */
  onAdopted(handler: (ownerIds: readonly string[]) => void): () => void;
  /** A cancel that came to another process; of a callback that one of our sessions may have. */
  onCancel(handler: (id: string, by: CancelledBy) => void): () => void;
}
