/**
 * The embedded engine: on one machine it stands in for a drachtio server and a FreeSWITCH, on the
 * protocols that drachtio-srf and drachtio-fsmrf speak. The application connects to it as it would
 * to the real ones and cannot tell the difference above its adapters.
 *
 * It runs in one worker thread, imports nothing of the product but the way to start a thread, and
 * refuses what it cannot do (see README.md beside this file).
 */
import { EngineThread } from './engine-thread.js';
import { applyDefaults, type EmbeddedOptions, type EngineLogLine } from './options.js';
import type { EngineStats } from './options.js';

export type { EmbeddedOptions, EngineLogLine, EngineStats } from './options.js';

/** The profile that drachtio-fsmrf looks for in `sofia status`. */
const PROFILE = 'drachtio_mrf';

export interface EmbeddedEngine {
  /** For drachtio-srf's `connect`. */
  readonly drachtio: { readonly host: string; readonly port: number; readonly secret: string };
  /** For drachtio-fsmrf's `connect`. */
  readonly freeswitch: {
    readonly host: string;
    readonly port: number;
    readonly secret: string;
    readonly profile: string;
  };
  /** Where SIP peers reach the drachtio part. */
  readonly sip: { readonly host: string; readonly port: number };
  /** @throws when the engine has stopped */
  stats(): Promise<EngineStats & Record<string, number>>;
  /** Ends every call without a word and the thread. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts the engine in a thread of its own.
 *
 * @param options addresses and ports; `onLog` gets its log lines
 * @throws when an address cannot be bound
 */
export async function startEmbedded(
  options: EmbeddedOptions & { readonly onLog?: (line: EngineLogLine) => void } = {},
): Promise<EmbeddedEngine> {
  const settings = applyDefaults(options);
  return describeEngine(new EngineThread({ settings, hasFaults: false }, options.onLog));
}

/** Waits until the thread has started and says where it listens. */
export async function describeEngine(thread: EngineThread): Promise<EmbeddedEngine> {
  const { drachtio, freeswitch, sip } = await thread.started;
  const { settings } = thread.data;
  return {
    drachtio: { ...drachtio, secret: settings.drachtioSecret },
    freeswitch: { ...freeswitch, secret: settings.freeswitchSecret, profile: PROFILE },
    sip,
    stats: () => thread.stats(),
    stop: () => thread.stop(),
  };
}
