/**
 * Start-up only: configuration to adapters to a running service, and back down again. Which engine
 * is in use is known here and nowhere above: from `connectTelephony` on there is one code path.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { CpdPool } from './adapters/cpd/cpd-pool.js';
import { systemClock } from './adapters/clock/system-clock.js';
import { createMediaFiles } from './adapters/media/media-files.js';
import { systemRandom } from './adapters/random.js';
import { openStore } from './adapters/store/open-store.js';
import { connectTelephony } from './adapters/telephony/connect.js';
import { PACKAGE_DIRECTORY } from './cli/version.js';
import type { DialbackConfig } from './config/config.js';
import { startEmbedded } from './embedded/index.js';
import type { Log } from './ports.js';
import { createApi } from './request/callback-api.js';
import { Scheduler } from './schedule/scheduler.js';
import { SessionHost } from './session-host.js';

/** Longest wait for calls in the air at shutdown. */
const DRAIN_MS = 30_000;

export interface Dialback {
  /** Base URL of the HTTP API. */
  readonly url: string;
  /** Everything in the air, by kind; all zero when idle. For the leak check. */
  counts(): Promise<Record<string, number>>;
  /** Takes no more work, waits for live calls at most this long, gives everything back. */
  stop(drainMs?: number): Promise<void>;
}

/** What is undone at the end, last thing first. */
class CleanUp {
  readonly #steps: (() => Promise<unknown>)[] = [];
  add(step: () => Promise<unknown>): void {
    this.#steps.unshift(step);
  }
  async run(): Promise<void> {
    for (const step of this.#steps.splice(0)) await step();
  }
}

/** @throws Error with a code when an engine, the store or the listener cannot be started */
export async function startDialback(
  config: DialbackConfig,
  { log }: { log: Log },
): Promise<Dialback> {
  const cleanUp = new CleanUp();
  try {
    return await start(config, log, cleanUp);
  } catch (error) {
    await cleanUp.run();
    throw error;
  }
}
