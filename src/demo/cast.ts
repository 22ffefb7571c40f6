/**
 * Who plays in the demo: one far-end persona per kind of answer, and what a caller should conclude.
 * The conclusion is checked against the wire; what the call flow then has to do with it comes from
 * the decision table, never from here.
 */
import type { AnswerWord } from '../callflow/call-state.js';
import type { PersonaName } from '../farend/personas.js';

export interface Role {
  readonly persona: PersonaName;
  /** What Dialback should find out. */
  readonly answer: AnswerWord;
  /** An agent who is connected has to hear this one. */
  readonly saysHello?: boolean;
  /** The customer leaves while the first treatment plays. */
  readonly leavesDuringTreatment?: boolean;
}

export const CAST: readonly Role[] = [
  { persona: 'human', answer: 'human', saysHello: true },
  { persona: 'voicemail-beep', answer: 'machine' },
  { persona: 'fax', answer: 'fax' },
  { persona: 'busy', answer: 'busy' },
  { persona: 'no-answer', answer: 'no-answer' },
  { persona: 'declined', answer: 'declined' },
  { persona: 'sit', answer: 'sit' },
  { persona: 'silent', answer: 'silence' },
  { persona: 'late-cancel', answer: 'no-answer' },
  { persona: 'hangs-up-at-once', answer: 'hung-up' },
  { persona: 'hangs-up-during-treatment', answer: 'human', leavesDuringTreatment: true },
];
