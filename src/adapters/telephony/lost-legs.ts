/**
 * Legs whose signalling server was lost while they were up or ringing. The far side does not know:
 * its phone goes on ringing, or hears silence. They are ended as soon as a server can do it, by the
 * same way as the legs of a dead process; until then their numbers are not dialled again.
 */
import type { Clock, Log, OrphanEnd, OrphanLeg } from '../../ports.js';
import type { Deadlines } from './deadlines.js';

/** A leg that was up or ringing when its signalling server was lost. */
export interface LostLeg extends OrphanLeg {
  /** Called when nothing of it is in the air any more, or it is given up. */
  settle(): void;
}

export interface LostLegsContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Pick<Deadlines, 'lostLegMs'>;
  /** Never rejects. */
  end(leg: OrphanLeg): Promise<OrphanEnd>;
}

/** A BYE that is refused or lost is repeated so soon, without waiting for a server to come back. */
const AGAIN_MS = 5000;

interface Waiting {
  readonly leg: LostLeg;
  isTrying: boolean;
  cancelAgain: () => void;
  cancelGiveUp: () => void;
}

export class LostLegs {
  readonly #waiting = new Map<string, Waiting>();

  constructor(private readonly context: LostLegsContext) {}

  get count(): number {
    return this.#waiting.size;
  }

  add(leg: LostLeg): void {
    const { clock, deadlines } = this.context;
    const waiting: Waiting = {
      leg,
      isTrying: false,
      cancelAgain: () => undefined,
      cancelGiveUp: clock.after(deadlines.lostLegMs, () => this.#over(waiting, 'given up')),
    };
    this.#waiting.set(leg.callId, waiting);
    void this.#try(waiting);
  }

  /** A server came back. */
  tryAll(): void {
    for (const waiting of this.#waiting.values()) void this.#try(waiting);
  }

  /** Forgets all of them unsettled: the ledger still has them for the next process. */
  close(): void {
    for (const { cancelAgain, cancelGiveUp } of this.#waiting.values()) {
      cancelAgain();
      cancelGiveUp();
    }
    this.#waiting.clear();
  }

  async #try(waiting: Waiting): Promise<void> {
    if (waiting.isTrying) return;
    waiting.isTrying = true;
    waiting.cancelAgain();
    const result = await this.context.end(waiting.leg);
    waiting.isTrying = false;
    if (!this.#waiting.has(waiting.leg.callId)) return;
    if (result === 'ended') return this.#over(waiting, 'ended');
    waiting.cancelAgain = this.context.clock.after(AGAIN_MS, () => void this.#try(waiting));
  }

  #over({ leg, cancelAgain, cancelGiveUp }: Waiting, how: string): void {
    cancelAgain();
    cancelGiveUp();
    this.#waiting.delete(leg.callId);
    const isEnded = how === 'ended';
    this.context.log[isEnded ? 'info' : 'warn']({ callId: leg.callId, how }, 'lost leg');
    leg.settle();
  }
}
