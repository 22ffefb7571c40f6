/**
 * What the far ends of one callback really heard, found in their recordings by correlation with the
 * files; no flag of the dialer is consulted.
 */
import { basename } from 'node:path';
import type { ServiceOptions } from '../callflow/service-options.js';
import type { HeardCall } from '../farend/heard-call.js';
import { recognise, type Sound } from '../farend/recognise.js';
import type { SoundShelf } from './sounds.js';

/** A hand-off is proved by the voice of the other side in both recordings. */
export interface Heard {
  /** File names in the order in which the customer's side heard them, all attempts. */
  readonly treatments: readonly string[];
  /** How long each of them was heard, milliseconds. */
  readonly treatmentMs: readonly number[];
  readonly customerHeardAgent: boolean;
  readonly agentHeardCustomer: boolean;
}

const CUSTOMER_VOICE = 'far-end/hello.wav';
const AGENT_VOICE = 'far-end/agent.wav';
export const COMFORT = 'comfort.wav';

/**
 * @param options the service whose treatments may be heard
 * @param customer the callback's calls to the customer, in order
 * @param agents the calls to its agents
 */
export async function listen(
  shelf: SoundShelf,
  options: ServiceOptions,
  customer: readonly HeardCall[],
  agents: readonly HeardCall[],
): Promise<Heard> {
  const files = new Set([COMFORT]);
  for (const treatment of [
    options.customerConnectTreatment,
    options.waitingForAgentTreatment,
    options.findAgentFailTreatment,
    options.answeringMachineTreatment,
    options.pluginComfort,
    options.pluginTimeoutTreatment,
  ]) {
    if (treatment) files.add(treatment.file);
  }
  const sounds = await soundsOf(shelf, [...files]);
  const agent = await soundsOf(shelf, [AGENT_VOICE]);
  const customerVoice = await soundsOf(shelf, [CUSTOMER_VOICE]);
  const heard = customer.flatMap(({ recording }) => treatmentsIn(recording, sounds));
  return {
    treatments: heard.map(({ name }) => name),
    treatmentMs: heard.map(({ ms }) => Math.round(ms)),
    customerHeardAgent: customer.some(({ recording }) => recognise(recording, agent).length > 0),
    agentHeardCustomer: agents.some(
      ({ recording }) => recognise(recording, customerVoice).length > 0,
    ),
  };
}

async function soundsOf(shelf: SoundShelf, files: readonly string[]): Promise<Sound[]> {
  const sounds: Sound[] = [];
  for (const file of files) {
    const pcm = await shelf.samples(file);
    if (pcm && (await shelf.isAudible(file))) sounds.push({ name: basename(file), pcm });
  }
  return sounds;
}

/** A treatment that is heard twice in a row is one treatment, looped. */
function treatmentsIn(recording: Int16Array, sounds: readonly Sound[]) {
  const treatments: { name: string; ms: number }[] = [];
  for (const { name, startMs, endMs } of recognise(recording, sounds)) {
    const before = treatments.at(-1);
    if (before?.name === name) before.ms += endMs - startMs;
    else treatments.push({ name, ms: endMs - startMs });
  }
  return treatments;
}
