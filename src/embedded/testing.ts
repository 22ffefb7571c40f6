/**
 * The embedded engine with faults at its gates, for tests: the same servers, and rules that lose,
 * delay, repeat or freeze what passes. Nothing in the product imports this file.
 */
import { EngineThread } from './engine-thread.js';
import type { FaultRule } from './faults.js';
import { describeEngine, type EmbeddedEngine } from './index.js';
import { applyDefaults, type EmbeddedOptions, type EngineLogLine } from './options.js';

export type { FaultAction, FaultPoint, FaultRule } from './faults.js';

/** A rule in force. */
export interface Fault {
  /**
   * Ends it; what it has frozen goes on.
   * @returns how many messages it has treated
   */
  end(): Promise<number>;
}

export interface FaultyEngine extends EmbeddedEngine {
  /** Puts a rule in force; it holds for every message from the time this resolves. */
  inject(rule: FaultRule): Promise<Fault>;
}

/**
 * Starts an engine whose messages can be tampered with.
 * @throws when an address cannot be bound
 */
export async function startFaultyEmbedded(
  options: EmbeddedOptions & { readonly onLog?: (line: EngineLogLine) => void } = {},
): Promise<FaultyEngine> {
  const thread = new EngineThread(
    { settings: applyDefaults(options), hasFaults: true },
    options.onLog,
  );
  return {
    ...(await describeEngine(thread)),
    inject: async (rule) => {
      const fault = await thread.addFault(rule);
      return { end: () => thread.endFault(fault) };
    },
  };
}
