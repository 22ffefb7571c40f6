/**
 * The agent's side of a bridge, joined with the customer's channel while the agent is being called.
 * `uuid_bridge` takes FreeSWITCH three of its ticks of 20 ms (each channel leaves what it does at its own,
 * and the one asks for the other every 20 ms), and nobody is heard meanwhile. So the two are joined under the
 * waiting treatment (covering-sound.ts), which pauses for one or two frames and goes on where it was, and the
 * agent's side is mute until the answer. What is left then ends within a tick. Who does not answer gives
 * the side back, and the next one has it; after a while nobody is near any more, and it is closed.
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
  /** Undoes that, which ends what plays on the customer's channel without covering the bridge. */
  part(): Promise<void>;
  /** Nothing plays that would end. */
  mayPart(): boolean;
  /** The customer's channel goes without. */
  onFailed(thrown: unknown): void;
}

/** Given back by one agent, it is kept so long for the next; longer than the usual pause after a missed call. */
export const KEPT_FOR_MS = 10_000;
/** A sound that must not be cut is waited for, and looked for so often. */
const PART_AGAIN_MS = 500;
const DISCARD_PORT = 9;

export class SpareSide<T extends SpareEndpoint> {
  readonly #made: Promise<T | undefined>;
  #joining: Promise<boolean> | undefined;
  #endpoint: T | undefined;
  #isLent = false;
  #isOver = false;
  #cancelGiveUp: () => void = () => undefined;

  constructor(private readonly context: SpareContext<T>) {
    this.#made = this.#make();
    // Whoever asked for it is told.
    this.#made.catch(() => (this.#isOver = true));
  }

  /** It cannot be had any more. */
  get isOver(): boolean {
    return this.#isOver || this.#endpoint?.hasEnded === true;
  }

  /** @returns it, for one agent; undefined when another has it. @throws what `make` throws */
  async take(): Promise<T | undefined> {
    if (this.#isLent || this.isOver) return undefined;
    this.#isLent = true;
    this.#cancelGiveUp();
    const endpoint = await this.#made;
    if (!this.isOver) return endpoint;
    // The customer has gone meanwhile.
    await endpoint?.close();
    return undefined;
  }

  /** Joins the two if it is there; never rejects. @returns whether they are joined */
  async join(): Promise<boolean> {
    const endpoint = this.#endpoint;
    if (!endpoint || this.isOver) return false;
    this.#joining ??= this.context.join(endpoint).catch((thrown: unknown) => {
      this.context.onFailed(thrown);
      return false;
    });
    return this.#joining;
  }

  /** Resolves once no joining is under way. */
  async joined(): Promise<void> {
    await this.#joining;
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
    this.#cancelGiveUp();
    const made = await this.#made.catch(() => undefined);
    if (!this.#isLent) await made?.close();
  }

  /** @returns undefined when it is of no use */
  async #make(): Promise<T | undefined> {
    const endpoint = await this.context.make();
    if (this.#isOver) return endpoint;
    try {
      await endpoint.lend(nobody(endpoint.localSdp), () => this.#takesBack());
      this.#endpoint = endpoint;
      return endpoint;
    } catch (thrown) {
      this.#isOver = true;
      this.context.onFailed(thrown);
      void endpoint.close();
      return undefined;
    }
  }

  #takesBack(): boolean {
    if (this.isOver || !this.#isLent) return false;
    this.#isLent = false;
    this.#giveUpAfter(KEPT_FOR_MS);
    return true;
  }

  #giveUpAfter(ms: number): void {
    this.#cancelGiveUp = this.context.clock.after(ms, () => void this.#giveUp());
  }

  /** Nobody is called for the customer any more. */
  async #giveUp(): Promise<void> {
    const wasJoined = await this.#joining;
    if (this.isOver || this.#isLent) return;
    if (wasJoined === true && !this.context.mayPart()) return this.#giveUpAfter(PART_AGAIN_MS);
    this.#isOver = true;
    if (wasJoined === true) await this.context.part().catch((why) => this.context.onFailed(why));
    await this.#endpoint?.close();
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
