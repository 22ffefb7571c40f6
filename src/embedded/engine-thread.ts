/**
 * The engine's worker thread as seen from outside: starting it, questions to it and their answers,
 * its log lines, its end. What runs inside is worker.ts.
 */
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../worker-entry.js';
import type { FaultRule } from './faults.js';
import type {
  EngineAddresses,
  EngineLogLine,
  EngineMessage,
  EngineRequest,
  EngineStats,
  WorkerData,
} from './options.js';

const STOP_WITHIN_MS = 3000;

interface Waiting {
  readonly resolve: (message: EngineMessage) => void;
  readonly reject: (error: Error) => void;
}

/** See the head of this file. */
export class EngineThread {
  readonly started: Promise<EngineAddresses>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  readonly #worker: Worker;
  #nextId = 1;
  #hasExited = false;

  constructor(
    readonly data: WorkerData,
    readonly onLog: ((line: EngineLogLine) => void) | undefined,
  ) {
    const worker = new Worker(workerEntry(import.meta.url, './worker'), { workerData: data });
    this.#worker = worker;
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
    const answer = await this.#ask((id) => ({ kind: 'stats', id }));
    if (answer.kind !== 'stats') throw new Error(`unexpected answer ${answer.kind}`);
    return { ...answer.stats };
  }

  /** Adds a fault rule. @returns its id, 0 when this engine has no faults */
  async addFault(rule: FaultRule): Promise<number> {
    const answer = await this.#ask((id) => ({ kind: 'add-fault', id, rule }));
    return answer.kind === 'fault' ? answer.fault : 0;
  }

  /** Ends a fault rule. @returns how many messages it has treated */
  async endFault(fault: number): Promise<number> {
    const answer = await this.#ask((id) => ({ kind: 'end-fault', id, fault }));
    return answer.kind === 'fault' ? answer.hits : 0;
  }

  async stop(): Promise<void> {
    if (this.#hasExited) return;
    const overdue = setTimeout(() => void this.#worker.terminate(), STOP_WITHIN_MS);
    this.#ask((id) => ({ kind: 'stop', id })).catch(() => undefined); // it may exit before it answers
    await this.#exited;
    clearTimeout(overdue);
  }

  #ask(toRequest: (id: number) => EngineRequest): Promise<EngineMessage> {
    if (this.#hasExited) return Promise.reject(new Error('the embedded engine has stopped'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(toRequest(id));
    });
  }

  #receive(message: EngineMessage): void {
    if (message.kind === 'log') {
      this.onLog?.(message.line);
      return;
    }
    if (message.kind === 'started' || message.kind === 'failed') return;
    this.#waiting.get(message.id)?.resolve(message);
    this.#waiting.delete(message.id);
  }
}
