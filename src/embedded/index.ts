/**
 * The embedded engine: on one machine it stands in for a drachtio server and a FreeSWITCH, on the
 * protocols that drachtio-srf and drachtio-fsmrf speak. The application connects to it as it would
 * to the real ones and cannot tell the difference above its adapters.
 *
 * It runs in one worker thread, imports nothing of the product but the way to start a thread, and
 * refuses what it cannot do (see README.md beside this file).
 */
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../worker-entry.js';
import {
  applyDefaults,
  type EmbeddedOptions,
  type EngineAddresses,
  type EngineLogLine,
  type EngineMessage,
  type EngineStats,
} from './options.js';

export type { EmbeddedOptions, EngineLogLine, EngineStats } from './options.js';

/** The profile that drachtio-fsmrf looks for in `sofia status`. */
const PROFILE = 'drachtio_mrf';
const STOP_WITHIN_MS = 3000;

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
  const thread = new EngineThread(
    new Worker(workerEntry(import.meta.url, './worker'), { workerData: settings }),
    options.onLog,
  );
  const { drachtio, freeswitch, sip } = await thread.started;
  return {
    drachtio: { ...drachtio, secret: settings.drachtioSecret },
    freeswitch: { ...freeswitch, secret: settings.freeswitchSecret, profile: PROFILE },
    sip,
    stats: () => thread.stats(),
    stop: () => thread.stop(),
  };
}

interface Waiting {
  readonly resolve: (message: EngineMessage) => void;
  readonly reject: (error: Error) => void;
}

/** Questions to the worker and their answers. */
class EngineThread {
  readonly started: Promise<EngineAddresses>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #hasExited = false;

  constructor(
    readonly worker: Worker,
    readonly onLog: ((line: EngineLogLine) => void) | undefined,
  ) {
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    this.started = new Promise((resolve, reject) => {
      worker.on('message', (message: EngineMessage) => {
        if (message.kind === 'started') resolve(message.addresses);
        else if (message.kind === 'failed') reject(new Error(`engine: ${message.why}`));
        else this.#receive(message);
      });
      worker.once('error', (error: Error) => {
        this.onLog?.({
          level: 'error',
          msg: 'engine thread failed',
          fields: { error: error.stack },
        });
        reject(error);
      });
      worker.once('exit', () => {
        this.#hasExited = true;
        const error = new Error('the embedded engine has stopped');
        reject(error);
        for (const { reject: fail } of this.#waiting.values()) fail(error);
        this.#waiting.clear();
      });
    });
  }

  async stats(): Promise<EngineStats & Record<string, number>> {
    const answer = await this.#ask('stats');
    if (answer.kind !== 'stats') throw new Error(`unexpected answer ${answer.kind}`);
    return { ...answer.stats };
  }

  async stop(): Promise<void> {
    if (this.#hasExited) return;
    const overdue = setTimeout(() => void this.worker.terminate(), STOP_WITHIN_MS);
    this.#ask('stop').catch(() => undefined); // it may exit before it answers
    await this.#exited;
    clearTimeout(overdue);
  }

  #ask(kind: 'stats' | 'stop'): Promise<EngineMessage> {
    if (this.#hasExited) return Promise.reject(new Error('the embedded engine has stopped'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.worker.postMessage({ kind, id });
    });
  }

  #receive(message: EngineMessage): void {
    if (message.kind === 'log') {
      this.onLog?.(message.line);
      return;
    }
    if (message.kind !== 'stats' && message.kind !== 'stopped') return;
    this.#waiting.get(message.id)?.resolve(message);
    this.#waiting.delete(message.id);
  }
}
