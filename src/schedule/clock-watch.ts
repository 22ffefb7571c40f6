/**
 * Notices that the machine's clock was set. Desired times, hours and the life of a callback are times of day
 * and follow the clock wherever it goes; pauses between attempts and waits for agents are timers and do not.
 * One thing would be forgotten: what was due when the clock was ahead is due again only hours later. So it
 * is brought forward.
 */
import type { Clock, Log } from '../ports.js';
import type { CallbackStore } from './callback-store.js';

const LOOK_EVERY_MS = 5000;
/** NTP moves a clock by less. */
const SET_BACK_MIN_MS = 2000;
/** A busy process is late itself; a suspended one finds the clock ahead, too. */
const SET_FORWARD_MIN_MS = 60_000;

export interface ClockWatchDeps {
  readonly clock: Clock;
  readonly store: Pick<CallbackStore, 'bringForward'>;
  readonly log: Log;
  /** Something has become due. */
  poke(): void;
}

export class ClockWatch {
  #stop = (): void => undefined;
  #isOn = false;

  constructor(private readonly deps: ClockWatchDeps) {}

  start(): void {
    this.#isOn = true;
    this.#lookLater();
  }

  stop(): void {
    this.#isOn = false;
    this.#stop();
  }

  #lookLater(): void {
    const { clock } = this.deps;
    const beganAtMs = clock.nowMs();
    this.#stop = clock.after(LOOK_EVERY_MS, () => {
      void this.#look(clock.nowMs() - beganAtMs - LOOK_EVERY_MS);
      if (this.#isOn) this.#lookLater();
    });
  }

  /** @param aheadMs by how much the clock moved more than time went by */
  async #look(aheadMs: number): Promise<void> {
    const { clock, store, log } = this.deps;
    if (aheadMs > SET_FORWARD_MIN_MS) {
      log.warn({ aheadMs }, 'the clock was set forward, or the process was suspended');
      return this.deps.poke();
    }
    if (aheadMs > -SET_BACK_MIN_MS) return;
    try {
      const count = await store.bringForward(clock.nowMs());
      log.warn({ aheadMs, count }, 'the clock was set back: what was due is due now');
      this.deps.poke();
    } catch (error) {
      log.error({ aheadMs, error: String(error) }, 'the clock was set back, the store is not told');
    }
  }
}
