/**
 * What agents are outlives the process: whether they take calls, why not, and until when they rest. It is
 * written when it changes and read at the start. Processes that share the store hear of each other's
 * agents by looking again; who is in a call is known to the process that has the call, and to nobody else.
 */
import type { Clock, Log } from '../ports.js';
import type { QueueDesk } from './queue-desk.js';
import type { AgentWish } from './queue/vocabulary.js';

const LOOK_EVERY_MS = 2000;

export interface AgentMemo {
  readonly name: string;
  readonly wish: AgentWish;
  /** Why the agent takes no calls, in the words of whoever said so. */
  readonly reason?: string;
  /** Milliseconds since the epoch. Since when an agent who takes no calls stands like that; else 0. */
  readonly sinceMs: number;
  /** End of the latest pause after a call; may be over. */
  readonly restUntilMs: number;
}

export interface AgentMemoStore {
  agentMemos(): Promise<AgentMemo[]>;
  /** Resolves once it is written; with `durable`, once the disk has it. */
  keepAgent(memo: AgentMemo, options: { readonly durable: boolean }): Promise<void>;
  forgetAgents(names: readonly string[]): Promise<void>;
}

export interface AgentMemoryDeps {
  readonly store: AgentMemoStore;
  readonly desk: Pick<QueueDesk, 'memoOf' | 'recall' | 'agents'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Do other processes write there? */
  readonly isShared: boolean;
}

export class AgentMemory {
  /** What the store has, of the agents who are here. */
  readonly #known = new Map<string, AgentMemo>();
  /** Agents to be written, and whether somebody waits for the disk. */
  readonly #noted = new Map<string, boolean>();
  #writing: Promise<void> | undefined;
  /** Writes and looks follow each other. */
  #last: Promise<void> = Promise.resolve();
  #cancelLook: () => void = () => undefined;
  #isStopped = false;

  constructor(private readonly deps: AgentMemoryDeps) {}

  /** To be called before anybody may wait. @throws StoreError when the store cannot be read */
  async start(): Promise<void> {
    await this.#look();
    this.#lookLater();
  }

  /** Something of this agent may have changed. @returns when it is written, or could not be */
  note(name: string, { durable = false } = {}): Promise<void> {
    this.#noted.set(name, durable || this.#noted.get(name) === true);
    // Not at once: what happens in the same moment is written together.
    this.#writing ??= this.#inTurn(() => {
      this.#writing = undefined;
      return this.#write();
    });
    return this.#writing;
  }

  /** After a reload. Who is gone is somebody new when they come back. */
  reloaded(): Promise<void> {
    return this.#inTurn(async () => {
      const there = new Set(this.deps.desk.agents().map(({ name }) => name));
      const gone = [...this.#known.keys()].filter((name) => !there.has(name));
      for (const name of gone) this.#known.delete(name);
      if (gone.length > 0) await this.deps.store.forgetAgents(gone);
      await this.#look();
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelLook();
    await this.#last;
  }

  #lookLater(): void {
    if (!this.deps.isShared || this.#isStopped) return;
    this.#cancelLook = this.deps.clock.after(LOOK_EVERY_MS, () => {
      void this.#inTurn(() => this.#look()).then(() => this.#lookLater());
    });
  }

  async #look(): Promise<void> {
    for (const memo of await this.deps.store.agentMemos()) {
      const isHere = this.deps.desk.memoOf(memo.name) !== undefined;
      // What is noted is newer.
      if (!isHere || this.#noted.has(memo.name)) continue;
      if (isSame(memo, this.#known.get(memo.name))) continue;
      this.#known.set(memo.name, memo);
      this.deps.desk.recall(memo);
    }
  }

  async #write(): Promise<void> {
    const noted = [...this.#noted];
    this.#noted.clear();
    await Promise.all(noted.map(([name, durable]) => this.#keep(name, durable)));
  }

  async #keep(name: string, durable: boolean): Promise<void> {
    const memo = this.deps.desk.memoOf(name);
    if (!memo || isSame(memo, this.#known.get(name))) return;
    try {
      await this.deps.store.keepAgent(memo, { durable });
      this.#known.set(name, memo);
    } catch (error) {
      // With the next one that is noted.
      if (!this.#noted.has(name)) this.#noted.set(name, durable);
      throw error;
    }
  }

  /** Agents stand as set all the same; the store tells of its own failures. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch((error: unknown) => {
      this.deps.log.warn({ why: String(error) }, 'agents’ states not kept');
    });
    return this.#last;
  }
}

function isSame(a: AgentMemo, b: AgentMemo | undefined): boolean {
  return (
    a.wish === b?.wish &&
    a.reason === b.reason &&
    a.sinceMs === b.sinceMs &&
    a.restUntilMs === b.restUntilMs
  );
}
