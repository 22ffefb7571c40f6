/**
 * The two records of a callback as Genesys reports them, one when it begins and one when it is over,
 * each a line of JSON. They tell what is in the store already: whoever misses one, after a crash, finds
 * the callback there. A call that came to us has one, when it is over.
 */
import type { Log } from '../ports.js';
import type { CallbackRecord, CallbackStore } from '../schedule/callback-store.js';
import type { EndedInboundCallRecord } from '../schedule/inbound-calls.js';
import { callRecord, inboundRecord, startRecord, type Standing } from './call-record.js';

export interface RecordLinesDeps {
  readonly store: Pick<CallbackStore, 'get' | 'attempts'>;
  readonly log: Log;
  /** Whether anybody keeps them; else nothing is read. */
  isOn(): boolean;
  append(line: string): void;
  /** Where a customer of this service would stand in its queue now. */
  standing(serviceName: string): Standing | undefined;
}

export class RecordLines {
  readonly #reading = new Set<Promise<void>>();

  constructor(private readonly deps: RecordLinesDeps) {}

  /** It is due and begins. */
  started(record: CallbackRecord, atMs: number): void {
    if (!this.deps.isOn()) return;
    const standing = this.deps.standing(record.serviceName);
    this.deps.append(JSON.stringify(startRecord(record, atMs, standing)));
  }

  /** A call from outside is over. */
  inbound(call: EndedInboundCallRecord): void {
    if (this.deps.isOn()) this.deps.append(JSON.stringify(inboundRecord(call)));
  }

  /** It is over, and the store has that. */
  ended(id: string): void {
    if (!this.deps.isOn()) return;
    const reading = this.#append(id).catch((error: unknown) => {
      this.deps.log.warn({ callbackId: id, error: String(error) }, 'call record not written');
    });
    this.#reading.add(reading);
    void reading.finally(() => this.#reading.delete(reading));
  }

  /** Resolves when nothing is read any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading);
  }

  async #append(id: string): Promise<void> {
    const { store } = this.deps;
    const record = await store.get(id);
    if (record?.state !== 'COMPLETED') return;
    this.deps.append(JSON.stringify(callRecord(record, await store.attempts(id))));
  }
}
