/**
 * What the far ends of one callback really heard, found in their recordings by correlation with the
 * files; no flag of the dialer is consulted.
 */
import { basename } from 'node:path';
import type { DialbackConfig } from '../config/config.js';
import type { HeardCall } from '../farend/heard-call.js';
import { recognise, type Sound } from '../farend/recognise.js';
import { readSound } from './sounds.js';

/** A hand-off is proved by the voice of the other side in both recordings. */
export interface Heard {
  /** File names in the order in which the customer's side heard them, all attempts. */
  readonly treatments: readonly string[];
  readonly customerHeardAgent: boolean;
  readonly agentHeardCustomer: boolean;
}

const CUSTOMER_VOICE = 'far-end/hello.wav';
const AGENT_VOICE = 'far-end/agent.wav';

export class Hearing {
  private constructor(
    private readonly treatments: readonly Sound[],
    private readonly customer: Sound,
    private readonly agent: Sound,
  ) {}

  /** Reads every treatment that the services name; what cannot be read cannot be recognised. */
  static async of(config: DialbackConfig): Promise<Hearing> {
    const names = new Set(['comfort.wav']);
    for (const { options } of Object.values(config.services)) {
      for (const treatment of [
        options.customerConnectTreatment,
        options.waitingForAgentTreatment,
        options.findAgentFailTreatment,
        options.answeringMachineTreatment,
        options.pluginComfort,
        options.pluginTimeoutTreatment,
      ]) {
        if (treatment) names.add(treatment.file);
      }
    }
    const { directory, packagedDirectory } = config.media;
    const sounds: Sound[] = [];
    for (const name of names) {
      const pcm = await readSound(name, [directory, packagedDirectory]);
      if (pcm) sounds.push({ name: basename(name), pcm });
    }
    const voice = async (name: string): Promise<Sound> => ({
      name,
      pcm: (await readSound(name, [packagedDirectory])) ?? new Int16Array(0),
    });
    return new Hearing(sounds, await voice(CUSTOMER_VOICE), await voice(AGENT_VOICE));
  }

  /** @param customer the callback's calls to the customer, in order; `agents` those to its agents */
  of(customer: readonly HeardCall[], agents: readonly HeardCall[]): Heard {
    return {
      treatments: customer.flatMap(({ recording }) => this.#treatmentsIn(recording)),
      customerHeardAgent: customer.some((call) => contains(call, this.agent)),
      agentHeardCustomer: agents.some((call) => contains(call, this.customer)),
    };
  }

  /** A treatment that is heard twice in a row is one treatment, looped. */
  #treatmentsIn(recording: Int16Array): string[] {
    const names = recognise(recording, this.treatments).map(({ name }) => name);
    return names.filter((name, i) => name !== names[i - 1]);
  }
}

function contains({ recording }: HeardCall, sound: Sound): boolean {
  return recognise(recording, [sound]).length > 0;
}
