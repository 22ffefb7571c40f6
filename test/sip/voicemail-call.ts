/** A voicemail that greets, beeps and listens, and when the message began on its side of the line. */
import { fileURLToPath } from 'node:url';
import type { HeardCall } from '../../src/farend/far-end.js';
import type { PersonaScript } from '../../src/farend/persona-script.js';
import { recognise } from '../../src/farend/recognise.js';
import { BEEP } from '../../src/farend/tones.js';
import { sound } from './sound-and-time.js';
import type { FarCustomers } from './far-service.js';

const MESSAGE = 'machine.wav';
const BEEP_MS = BEEP.segments.reduce((sum, { ms }) => sum + ms, 0);

/** @param quietMs so much silence after the message ends what it records */
export const listens = (quietMs: number): PersonaScript['steps'] => [
  { step: 'listen', quietMs, maxMs: 15_000 },
];
export const LISTENS = listens(3000);

/** @param after what it does when its beep is over; then it hangs up */
export const voicemail = (after: PersonaScript['steps']): PersonaScript => ({
  steps: [
    { step: 'answer' },
    { step: 'wait', ms: 300 },
    { step: 'say', what: { file: 'far-end/greeting.wav' } },
    { step: 'wait', ms: 500 },
    { step: 'say', what: { tone: BEEP } },
    ...after,
    { step: 'hang-up' },
  ],
});

/** A service that leaves a message on any machine. */
export const leavesMessage = (script: PersonaScript): FarCustomers => ({
  scripts: new Map([['', script]]),
  mediaDirectory: fileURLToPath(new URL('../../media/', import.meta.url)),
  options: {
    _default_country: 'GB',
    _treatment_call_failure_answering_machine: `{ file: ${MESSAGE}, hints: { am-beep-detection: "on" } }`,
  },
});

/** What the far end heard of the message. */
export interface MessageHeard {
  /** 0..1 */
  readonly fraction: number;
  /** From the end of the beep, on the far end's clock; negative: into the beep. ms */
  readonly afterBeepMs: number;
}

/** What a machine would have recorded. */
export async function messageHeard({
  ladder,
  recording,
  recordingAtMs = NaN,
}: HeardCall): Promise<MessageHeard> {
  const says = ladder.filter(({ what }) => what.startsWith('says'));
  const beepEndMs = (says.at(-1)?.atMs ?? NaN) + BEEP_MS;
  const [message] = recognise(recording, [await sound(MESSAGE)]);
  return {
    fraction: message?.heardFraction ?? 0,
    afterBeepMs: recordingAtMs + (message?.startMs ?? NaN) - beepEndMs,
  };
}
