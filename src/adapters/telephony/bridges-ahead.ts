/**
 * Whether bridges can be made ahead on one connection to a media server. Where it has refused what that takes,
 * each agent would have a channel made and thrown away before the one that is used: it is not asked again.
 */
import type { Log } from '../../ports.js';
import { codeOf, describeError } from './errors.js';

/** Of a channel that has ended, which says nothing of the server. */
const NO_CHANNEL = /locate|no such channel/i;

export class BridgesAhead {
  #isRefused = false;

  /** @param server for the log */
  constructor(
    private readonly log: Log,
    private readonly server: string,
  ) {}

  get areRefused(): boolean {
    return this.#isRefused;
  }

  /** @throws what `work` throws */
  async learnFrom(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      const why = describeError(thrown);
      if (codeOf(thrown) === 'COMMAND_FAILED' && !NO_CHANNEL.test(why)) this.#refused(why);
      throw thrown;
    }
  }

  #refused(why: string): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    const fields = { server: this.server, why };
    this.log.warn(fields, 'bridges are made at the answer there, and take longer');
  }
}
