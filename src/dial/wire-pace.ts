/**
 * When an INVITE may leave. A place on a trunk is taken before the call's endpoint is made, which takes
 * now 20 ms and now a second: what was taken evenly would reach the carrier in bunches, and a carrier
 * that counts refuses them. So each INVITE waits here once more, redirected and repeated ones too.
 */
import type { Clock } from '../ports.js';
import { CallsPerSecond } from './calls-per-second.js';
import type { Trunk } from './trunk.js';

export class WirePace {
  readonly #sent = new Map<string, CallsPerSecond>();

  constructor(private readonly clock: Clock) {}

  /** Resolves when the trunk may be sent one; it counts as sent then. Who asks first is first. */
  async turn({
    name,
    maxCallsPerSecond,
  }: Pick<Trunk, 'name' | 'maxCallsPerSecond'>): Promise<void> {
    const sent = this.#sent.get(name) ?? new CallsPerSecond();
    this.#sent.set(name, sent);
    for (;;) {
      const waitMs = sent.waitMs(maxCallsPerSecond, this.clock.nowMs());
      if (waitMs <= 0) break;
      await new Promise<void>((resolve) => this.clock.after(waitMs, resolve));
    }
    sent.take(this.clock.nowMs());
  }
}
