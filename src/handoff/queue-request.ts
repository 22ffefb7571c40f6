/**
 * One try to find somebody in a queue: the queue's targets are called in their order, each on its
 * own leg, until one answers. First form: a target is a SIP address (a PBX queue, an agent group);
 * our own agents with states and strategies are not built yet.
 */
import type { MediaEndpoint, Random, SipDialog, Telephony } from '../ports.js';
import { AgentCall } from './agent-call.js';
import type { LegWish, QueueListener, QueueSearch } from './queue-search.js';

export interface QueueRequestOptions extends LegWish {
  /** SIP URIs from the configuration, in order; empty = the try fails at once. */
  readonly targets: readonly string[];
}

export class QueueRequest implements QueueSearch {
  #call: AgentCall | undefined;
  #isOver = false;
  /** Targets that failed and still give back what they had. */
  readonly #leaving: Promise<void>[] = [];
  #lastWhy = 'the queue has no targets';

  constructor(
    private readonly telephony: Telephony,
    private readonly random: Random,
    private readonly options: QueueRequestOptions,
    private readonly listener: QueueListener,
  ) {
    this.#tryTarget(0);
  }

  get endpoint(): MediaEndpoint | undefined {
    return this.#call?.endpoint;
  }

  get dialog(): SipDialog | undefined {
    return this.#call?.dialog;
  }

  get address(): string | undefined {
    return this.#call?.address;
  }

  async releaseMedia(): Promise<void> {
    await this.#call?.releaseMedia();
  }

  async hangUp(why: string): Promise<void> {
    this.#isOver = true;
    await Promise.all([this.#call?.hangUp(why), ...this.#leaving]);
  }

  #tryTarget(index: number): void {
    if (this.#isOver) return;
    const { targets, ...leg } = this.options;
    const uri = targets[index];
    if (uri === undefined) {
      // Never from inside the constructor's caller: it does not hold us yet.
      queueMicrotask(() => this.#giveUp());
      return;
    }
    const callId = this.random.uuid();
    this.#call = new AgentCall(
      this.telephony,
      { ...leg, uri, callId },
      {
        ...this.listener.onCall(callId),
        onAnswered: () => this.listener.onAnswered(),
        onHungUp: () => this.listener.onHungUp(),
        onFailed: (why) => {
          this.#lastWhy = `${uri}: ${why}`;
          const failed = this.#call;
          if (failed) this.#leaving.push(failed.hangUp(why));
          this.#tryTarget(index + 1);
        },
      },
    );
  }

  #giveUp(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.listener.onFailed(this.#lastWhy);
  }
}
