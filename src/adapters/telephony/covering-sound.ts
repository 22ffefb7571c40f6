/**
 * A sound over a bridge: heard by the channel's far side in place of the other one, while what the channel
 * says goes on as before. It ends at a command, within a tick, and leaves no hole.
 * Source: `uuid_displace` with `m`, which leaves the received side alone, and `l`, which begins anew at the
 * end (write_displace_callback in switch_ivr_async.c of FreeSWITCH 1.10.12).
 *
 * Whoever ends it has to name it once more, and the name of a loop is long. FreeSWITCH yields the processor
 * after each byte of a command (read_packet in mod_event_socket.c): on a busy machine 2000 bytes took it
 * 600 ms, 200 some 20. So the name is kept in a variable of the channel, and the command says which.
 */
import type { Channel, ExecuteResult } from './channel.js';
import { TelephonyError } from './errors.js';

const FOREVER = '0';
const NAME = 'dialback_cover';
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
   * Plays until `stop`. @param onStarted it is heard from now on
   * @throws TelephonyError as `Channel.api`: COMMAND_FAILED when the sound cannot be opened
   */
  async play(name: string, onStarted: () => void): Promise<ExecuteResult> {
    const { channel } = this;
    this.#starting = (async () => {
      await channel.api('uuid_setvar', channel.uuid, NAME, name);
      await this.#displace('start', FOREVER, 'ml');
    })();
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

  #displace(action: 'start' | 'stop', ...more: readonly string[]): Promise<string> {
    const { uuid } = this.channel;
    const name = `\${variable_${NAME}}`;
    return this.channel.api('expand', `uuid:${uuid}`, 'uuid_displace', uuid, action, name, ...more);
  }
}
