/**
 * Agents of whom this process has a call. Processes that share a store may have the same agents, and each
 * calls only those whom no other holds. A hold is renewed as long as there is a call, and is over by itself
 * soon after the process, or its way to the store, has gone: nobody is kept from calls for want of a word.
 */
import type { Clock, Log } from '../ports.js';

/** Several renewals may be lost. */
const HOLD_MS = 10_000;
const RENEW_EVERY_MS = 2000;
/** Others hear of the wrap-up by looking every two seconds. */
const LINGER_MS = 3000;

export interface AgentHoldStore {
  /** By the store's own clock. @returns whether this process holds the agent for so long now */
  holdAgent(name: string, forMs: number): Promise<boolean>;
  /** Those whom this process holds, for so long from now on. */
  renewAgents(names: readonly string[], forMs: number): Promise<void>;
}

export interface AgentHoldsDeps {
  readonly store: AgentHoldStore;
  readonly clock: Clock;
  readonly log: Log;
}

export class AgentHolds {
  readonly #held = new Set<string>();
  #cancelRenewal: (() => void) | undefined;

  constructor(private readonly deps: AgentHoldsDeps) {}

  /**
   * Never rejects: without the store an agent is called as if there were no others.
   * @returns false when another process has a call of this agent
   */
  async hold(name: string): Promise<boolean> {
    try {
      if (!(await this.deps.store.holdAgent(name, HOLD_MS))) return false;
    } catch (thrown) {
      this.#warn(thrown);
    }
    this.#held.add(name);
    this.#renewLater();
    return true;
  }

  /** Nothing of the call is on the wire any more. */
  free(name: string): void {
    if (this.#held.delete(name)) void this.#renew([name], LINGER_MS);
    if (this.#held.size === 0) this.stop();
  }

  stop(): void {
    this.#cancelRenewal?.();
    this.#cancelRenewal = undefined;
  }

  #renewLater(): void {
    this.#cancelRenewal ??= this.deps.clock.after(RENEW_EVERY_MS, () => {
      this.#cancelRenewal = undefined;
      if (this.#held.size === 0) return;
      this.#renewLater();
      void this.#renew([...this.#held], HOLD_MS);
    });
  }

  async #renew(names: readonly string[], forMs: number): Promise<void> {
    try {
      await this.deps.store.renewAgents(names, forMs);
    } catch (thrown) {
      this.#warn(thrown);
    }
  }

  #warn(thrown: unknown): void {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    this.deps.log.warn({ why }, 'other processes may call the same agents');
  }
}
