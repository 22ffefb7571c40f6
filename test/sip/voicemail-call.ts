/** A voicemail that greets, beeps and listens, and when the message began on its side of the line. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { HeardCall } from '../../src/farend/far-end.js';
import type { PersonaScript } from '../../src/farend/persona-script.js';
import { recognise } from '../../src/farend/recognise.js';
import { BEEP } from '../../src/farend/tones.js';
import { sound } from './sound-and-time.js';
import type { FarCustomers } from './far-service.js';

const MESSAGE = 'machine.wav';
const BEEP_MS = BEEP.segments.reduce((sum, { ms }) => sum + ms, 0);

export const LISTENS: PersonaScript['steps'] = [{ step: 'listen', quietMs: 3000, maxMs: 15_000 }];

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

/**
 * When the message began, after the end of the beep, on the far end's clock: what a machine would have
 * recorded. Negative: into the beep. ms
 */
export async function messageAfterBeepMs({
  ladder,
  recording,
  recordingAtMs = NaN,
}: HeardCall): Promise<number> {
  const says = ladder.filter(({ what }) => what.startsWith('says'));
  const beepEndMs = (says.at(-1)?.atMs ?? NaN) + BEEP_MS;
  const [message] = recognise(recording, [await sound(MESSAGE)]);
  assert.ok((message?.heardFraction ?? 0) > 0.95, `heard ${message?.heardFraction} of the message`);
  return recordingAtMs + (message?.startMs ?? NaN) - beepEndMs;
}
