/**
 * The mark on every channel that one store's callbacks have on a media server. The store's ledger
 * knows most channels of a dead process, but not one that was made in its last moments; by its mark
 * that one is found, too, and ended before the next process makes any.
 */
import type { Log } from '../../ports.js';
import { describeError } from './errors.js';
import type { FreeswitchConnection } from './freeswitch-connection.js';

const HEADER = 'X-Dialback-Owner';
/** FreeSWITCH makes a channel variable of each such header. */
export const OWNER_VARIABLE = `sip_h_${HEADER}`;
const ID = /^[0-9a-f]{16,64}$/;

export class OwnerMark {
  /** For the INVITE of a new channel. */
  readonly headers: Readonly<Record<string, string>>;
  readonly #swept = new Set<string>();

  /**
   * @param id hexadecimal; the same for all processes that take over from each other, and for no
   *     others that use the same media servers
   */
  constructor(
    private readonly id: string,
    private readonly log: Log,
  ) {
    if (!ID.test(id)) throw new RangeError('an owner is 16 to 64 hexadecimal digits');
    this.headers = { [HEADER]: id };
  }

  /**
   * Ends what carries the mark on a server that this process has not used yet: at that time none of
   * it is ours. Never rejects; a server that does not do it is asked again when it is connected anew.
   *
   * @param server its name
   */
  async sweep(server: string, connection: Pick<FreeswitchConnection, 'api'>): Promise<void> {
    if (this.#swept.has(server)) return;
    try {
      await connection.api('hupall', 'NORMAL_CLEARING', OWNER_VARIABLE, this.id);
      this.#swept.add(server);
    } catch (thrown) {
      const why = describeError(thrown);
      this.log.warn({ server, why }, 'channels of a dead process may be left');
    }
  }
}
