/**
 * A sound over a bridge: heard by the channel's far side in place of the other one, while what the channel
 * says goes on as before. It ends at a command, within a tick, and leaves no hole.
 * Source: `uuid_displace` with `m`, which leaves the received side alone, and `l`, which begins anew at the
 * end (write_displace_callback in switch_ivr_async.c of FreeSWITCH 1.10.12).
 *
 * Whoever begins or ends it has to name it, and the name of a loop is long: the file as often as it fits. FreeSWITCH
 * yields the processor after each byte of a command (read_packet in mod_event_socket.c): on a busy machine 4000
 * bytes took it more than 3 s, 200 some 20 ms. So the name is kept in a variable of the channel, which is
 * multiplied there, and the commands say which.
 */
import type { Channel, ExecuteResult } from './channel.js';
import type { ApiName } from './engine-commands.js';
import { codeOf, TelephonyError } from './errors.js';
import { LIST_SCHEME, MAX_LIST_ENTRIES, MAX_LOOP_BYTES } from './playback.js';

const FOREVER = '0';
const NAME = 'dialback_cover';
const VALUE = `\${variable_${NAME}}`;
/** By one command. */
const MULTIPLIED_MAX = 4;
const STOPPED: ExecuteResult = {
  response: 'FILE PLAYED',
  lastPositionSamples: undefined,
  isEndedByKey: false,
};

export class CoveringSound {
  #starting: Promise<unknown> | undefined;
  #end: () => void = () => undefined;

  constructor(private readonly channel: Channel) {}

  get isOn(): boolean {
    return this.#starting !== undefined;
  }

  /**
   * Plays the file over and over until `stop`. @param onStarted it is heard from now on
   * @throws TelephonyError as `Channel.api`: COMMAND_FAILED when the sound cannot be opened; it is not heard then
   */
  async play(file: string, onStarted: () => void): Promise<ExecuteResult> {
    const { channel } = this;
    // Carried out in this order, and none waits for the answer to the one before.
    const named = this.#name(file);
    this.#starting = Promise.all([...named, this.#displace('start', FOREVER, 'ml')]);
    try {
      await this.#starting;
      onStarted();
      await new Promise<void>((resolve, reject) => {
        const forget = channel.onEnded(() =>
          reject(new TelephonyError('ENDPOINT_ENDED', 'the endpoint ended')),
        );
        this.#end = () => {
          forget();
          resolve();
        };
        if (channel.hasEnded) this.#end();
      });
      return STOPPED;
    } catch (thrown) {
      // What is late may still be carried out, before this.
      if (codeOf(thrown) === 'DEADLINE') void this.#displace('stop').catch(() => undefined);
      throw thrown;
    } finally {
      this.#starting = undefined;
    }
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    if (!this.isOn) return;
    await this.#displace('stop').catch(() => undefined);
    this.#end();
  }

  #name(file: string): Promise<string>[] {
    const fits = Math.floor(MAX_LOOP_BYTES / (Buffer.byteLength(file) + 1));
    const roundsMax = Math.min(MAX_LIST_ENTRIES, fits);
    const orders = [this.channel.api('uuid_setvar', this.channel.uuid, NAME, file)];
    let rounds = 1;
    while (rounds * 2 <= roundsMax) {
      const times = Math.min(MULTIPLIED_MAX, Math.floor(roundsMax / rounds));
      rounds *= times;
      orders.push(this.#expand('uuid_setvar', NAME, Array<string>(times).fill(VALUE).join('!')));
    }
    return orders;
  }

  /** A command for this channel, with its variables filled in. */
  #expand(name: ApiName, ...words: readonly string[]): Promise<string> {
    const { uuid } = this.channel;
    return this.channel.api('expand', `uuid:${uuid}`, name, uuid, ...words);
  }

  #displace(action: 'start' | 'stop', ...more: readonly string[]): Promise<string> {
    return this.#expand('uuid_displace', action, `${LIST_SCHEME}${VALUE}`, ...more);
  }
}
