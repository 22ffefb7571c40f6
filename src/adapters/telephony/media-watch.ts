/**
 * Finds the leg whose far side has vanished without a BYE: asks the media server now and again how many
 * RTP packets have come, and tells when the number has stood still for too long. FreeSWITCH's own
 * `media_timeout` would have to be set before the early media, and would then end calls that ring.
 */
import type { Clock } from '../../ports.js';

export interface MediaWatchOptions {
  readonly clock: Clock;
  readonly silenceMaxMs: number;
  /** Packets received so far; rejects when that cannot be learnt. */
  countPackets(): Promise<number>;
  /** Called once; nothing is asked afterwards. At most a quarter of `silenceMaxMs` late. */
  onSilent(): void;
}

const CHECKS_PER_LIMIT = 4;

export class MediaWatch {
  #count = -1;
  #changedAtMs: number;
  #isOver = false;
  #cancel: () => void = () => undefined;

  constructor(private readonly options: MediaWatchOptions) {
    this.#changedAtMs = options.clock.nowMs();
    this.#wait();
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel();
  }

  #wait(): void {
    const { clock, silenceMaxMs } = this.options;
    this.#cancel = clock.after(silenceMaxMs / CHECKS_PER_LIMIT, () => void this.#check());
  }

  async #check(): Promise<void> {
    const { clock, silenceMaxMs } = this.options;
    // A server that does not answer is no silent caller: the time counts anew.
    const count = await this.options.countPackets().catch(() => undefined);
    if (this.#isOver) return;
    const nowMs = clock.nowMs();
    if (count === undefined || count !== this.#count) {
      this.#count = count ?? -1;
      this.#changedAtMs = nowMs;
    } else if (nowMs - this.#changedAtMs >= silenceMaxMs) {
      this.stop();
      this.options.onSilent();
      return;
    }
    this.#wait();
  }
}
