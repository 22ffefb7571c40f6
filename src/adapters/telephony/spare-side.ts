/**
 * The agent's side of a bridge, made and joined with the customer's channel before there is an agent.
 * `uuid_bridge` takes FreeSWITCH three of its ticks of 20 ms (each channel leaves what it does at its own,
 * and the one asks for the other every 20 ms), and nobody hears anything meanwhile. So a customer's channel
 * is bridged while nothing plays, the waiting treatment covers that (covering-sound.ts), and agents are
 * offered the other side, mute, one after the other. What is left at the answer ends within a tick.
 * Source: uuid_bridge_on_soft_execute in switch_ivr_bridge.c of FreeSWITCH 1.10.12, and measured.
 */
import type { Clock } from '../../ports.js';

/** What is asked of the endpoint on the other side. */
export interface SpareEndpoint {
  readonly id: string;
  readonly localSdp: string;
  readonly hasEnded: boolean;
  /**
   * Gives it this far side, and has nobody on either side hear the other. If it is as it was when it is
   * closed, it is given back instead when `takesBack` says so.
   */
  lend(remoteSdp: string, takesBack: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface SpareContext<T extends SpareEndpoint> {
  readonly clock: Clock;
  make(): Promise<T>;
  /** Bridges the customer's channel with it. @returns whether that has begun */
  join(endpoint: T): Promise<boolean>;
  /** The customer's channel goes without. */
  onFailed(thrown: unknown): void;
}

/** A treatment waits no longer for it. */
const MADE_WITHIN_MS = 500;
const DISCARD_PORT = 9;

export class SpareSide<T extends SpareEndpoint> {
  readonly #made: Promise<T | undefined>;
  #joining: Promise<boolean> | undefined;
  #endpoint: T | undefined;
  #isLent = false;
  #isOver = false;

  constructor(private readonly context: SpareContext<T>) {
    this.#made = this.#make().catch((thrown: unknown) => {
      this.#isOver = true;
      context.onFailed(thrown);
      return undefined;
    });
  }

  /** It cannot be had any more. */
  get isOver(): boolean {
    return this.#isOver || this.#endpoint?.hasEnded === true;
  }

  /** Resolves when it is there, or cannot be. */
  async made(): Promise<void> {
    await this.#made;
  }

  /** @returns it, for one agent; undefined when another has it or there is none */
  async take(): Promise<T | undefined> {
    const endpoint = await this.#made;
    if (!endpoint || this.isOver || this.#isLent) return undefined;
    this.#isLent = true;
    return endpoint;
  }

  /** Joins the two if that can be done soon; never rejects. @returns whether they are joined */
  async join(): Promise<boolean> {
    const { clock } = this.context;
    let cancel = (): void => undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      cancel = clock.after(MADE_WITHIN_MS, () => resolve(undefined));
    });
    const endpoint = await Promise.race([this.#made, tooLate]);
    cancel();
    if (!endpoint || this.isOver) return false;
    this.#joining ??= this.context.join(endpoint).catch((thrown: unknown) => {
      this.context.onFailed(thrown);
      return false;
    });
    return this.#joining;
  }

  /** @returns whether a sound is all that is between the customer and this endpoint */
  async isJoinedWith(id: string): Promise<boolean> {
    return (await this.#joining) === true && !this.isOver && this.#endpoint?.id === id;
  }

  /** The customer's channel has been parked. */
  parted(): void {
    this.#joining = undefined;
  }

  /** The customer has been connected, or is gone. Closed unless whoever has it still does so. */
  async release(): Promise<void> {
    this.#isOver = true;
    if (!this.#isLent) await (await this.#made)?.close();
  }

  async #make(): Promise<T> {
    const endpoint = await this.context.make();
    this.#endpoint = endpoint;
    if (this.#isOver) return endpoint;
    try {
      await endpoint.lend(nobody(endpoint.localSdp), () => this.#takesBack());
      return endpoint;
    } catch (thrown) {
      void endpoint.close();
      throw thrown;
    }
  }

  #takesBack(): boolean {
    if (this.isOver || !this.#isLent) return false;
    this.#isLent = false;
    return true;
  }
}

/**
 * A far side that takes everything and says nothing: the discard port of the media server itself. On a
 * channel without one the bridge would be renegotiated.
 */
function nobody(localSdp: string): string {
  const address = /^c=(IN IP[46] \S+)/m.exec(localSdp)?.[1] ?? 'IN IP4 127.0.0.1';
  return [
    'v=0',
    `o=- 1 1 ${address}`,
    's=-',
    `c=${address}`,
    't=0 0',
    `m=audio ${DISCARD_PORT} RTP/AVP 0 8 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    '',
  ].join('\r\n');
}
