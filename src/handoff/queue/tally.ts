/** What has become of a queue's customers since the process started. */
import { WeightedMean } from './wait-estimate.js';
import type { QueueExit } from './vocabulary.js';

export class QueueTally {
  readonly exits: Record<QueueExit, number> = {
    served: 0,
    abandoned: 0,
    'gave-up': 0,
    failed: 0,
    withdrawn: 0,
  };
  /** Of those served, the ones whose wait was within the service level. */
  servedInTime = 0;
  /** Waits that ended with an agent. ms */
  readonly waits = new WeightedMean();
  /** Conversation and wrap-up. ms */
  readonly handling = new WeightedMean();

  left(exit: QueueExit, waitedMs: number, isInTime: boolean): void {
    this.exits[exit] += 1;
    if (exit !== 'served') return;
    this.waits.add(waitedMs);
    if (isInTime) this.servedInTime += 1;
  }

  /**
   * Share of the customers served in time, 0..1, among all who were on the line and have either been
   * served or given up waiting. Undefined: nobody yet.
   */
  get serviceLevel(): number | undefined {
    const { served, abandoned } = this.exits;
    const all = served + abandoned + this.exits['gave-up'] + this.exits.failed;
    return all === 0 ? undefined : this.servedInTime / all;
  }
}
