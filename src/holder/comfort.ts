/**
 * The sound the flow wants a customer to hear while a plugin or page thinks. It gives way to whatever
 * the holder plays or records, and comes back when nothing was heard for long enough. The flow takes it
 * for playing all the time.
 */
import type { Clock, MediaEndpoint } from '../ports.js';
import type { PlayRequest, TreatmentPlayer } from '../treatment/treatment-player.js';

export class Comfort {
  #wanted: PlayRequest | undefined;
  #isGivingWay = false;
  #cancelReturn: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly player: Pick<TreatmentPlayer, 'play' | 'stop'>,
    private readonly endpoint: () => MediaEndpoint | undefined,
  ) {}

  /** The flow asks for it. */
  want(request: PlayRequest): void {
    this.#wanted = request;
    if (!this.#isGivingWay && this.#cancelReturn === undefined) this.#start();
  }

  /** The flow does not want this sound any more. */
  forget(playId: string): void {
    if (this.#wanted?.playId === playId) this.#wanted = undefined;
  }

  /** The holder is about to be heard, or listens. Resolves when it is quiet. */
  async giveWay(): Promise<void> {
    this.#isGivingWay = true;
    this.#stopWaiting();
    if (this.#wanted) await this.player.stop(this.#wanted.playId);
  }

  /** The holder is silent now. */
  returnAfter(silenceMs: number): void {
    this.#isGivingWay = false;
    this.#stopWaiting();
    this.#cancelReturn = this.clock.after(silenceMs, () => {
      this.#cancelReturn = undefined;
      this.#start();
    });
  }

  /** The leg is gone. */
  close(): void {
    this.#wanted = undefined;
    this.#stopWaiting();
  }

  #start(): void {
    const endpoint = this.endpoint();
    if (endpoint && this.#wanted) this.player.play(endpoint, this.#wanted);
  }

  #stopWaiting(): void {
    this.#cancelReturn?.();
    this.#cancelReturn = undefined;
  }
}
