/**
 * Who or what answered, in the three vocabularies that meet in a callback: Genesys' call states (the
 * numbers of `_call_state`), the answer words of the command line, and the dial results of the reports.
 *
 * The page prints `SilDetected=8`; the enumeration it points to says SitDetected (special information
 * tone). Silence is 32. Nothing here decides what happens next: that is the decision table's business.
 */

/** The enumeration `_genesys.ixn.callState` (TCallState): the index is the number. */
export const CALL_STATE_NAMES = [
  'Ok',
  'Transferred',
  'Conferenced',
  'GeneralError',
  'SystemError',
  'RemoteRelease',
  'Busy',
  'NoAnswer',
  'SitDetected',
  'AnsweringMachineDetected',
  'AllTrunksBusy',
  'SitInvalidNum',
  'SitVacant',
  'SitIntercept',
  'SitUnknown',
  'SitNoCircuit',
  'SitReorder',
  'FaxDetected',
  'QueueFull',
  'Cleared',
  'Overflowed',
  'Abandoned',
  'Redirected',
  'Forwarded',
  'Consult',
  'PickedUp',
  'Dropped',
  'DroppedNoAnswer',
  'Unknown',
  'Covered',
  'ConverseOn',
  'Bridged',
  'Silence',
  'Answer',
  'NuTone',
  'NoDialTone',
  'NoProgress',
  'NoRingBackTone',
  'NoEstablishedDetected',
  'PagerDetected',
  'WrongParty',
  'DialError',
  'CallDropError',
  'SwitchError',
  'NoPortAvailable',
  'TransferError',
  'Stale',
  'AgentCallBackError',
  'GroupCallBackError',
  'Deafened',
  'Held',
  'DoNotCall',
  'CancelRecord',
  'WrongNumber',
] as const;

type Names = typeof CALL_STATE_NAMES;

/** A number of the enumeration, 0 to 53. */
export type CallState = Exclude<Partial<Names>['length'], Names['length']>;

export type CallStateName = Names[number];

type NumberOf<Name extends CallStateName> = {
  [N in CallState]: Names[N] extends Name ? N : never;
}[CallState];

/** The enumeration by name: `CALL_STATE.FaxDetected` is 17. */
export const CALL_STATE = Object.freeze(
  Object.fromEntries(CALL_STATE_NAMES.map((name, number) => [name, number])),
) as { readonly [Name in CallStateName]: NumberOf<Name> };

/** The answer words of `explain`, the demo and the far end's personas, with the state each stands for. */
export const ANSWER_CALL_STATES = {
  human: 0,
  machine: 9,
  fax: 17,
  busy: 6,
  'no-answer': 7,
  declined: 26,
  reorder: 16,
  sit: 8,
  'sit-intercept': 13,
  'sit-vacant': 12,
  'sit-no-circuit': 15,
  'sit-reorder': 16,
  'sit-invalid-number': 11,
  silence: 32,
  unknown: 28,
  error: 3,
  'hung-up': 5,
} as const satisfies Record<string, CallState>;

export type AnswerWord = keyof typeof ANSWER_CALL_STATES;

export const ANSWER_WORDS = Object.keys(ANSWER_CALL_STATES) as readonly AnswerWord[];

/** Answers with a call that is up when the result is known; the others never were, or are over. */
const ANSWERED: ReadonlySet<AnswerWord> = new Set([
  'human',
  'machine',
  'fax',
  'silence',
  'unknown',
]);

/** Is there a call with this answer? */
export function isAnswered(answer: AnswerWord): boolean {
  return ANSWERED.has(answer);
}

/** The branches of the figure that an answer can take. */
export type Branch =
  'human' | 'machine' | 'fax' | 'busy' | 'no-answer' | 'sit' | 'sit-permanent' | 'error';

/** Branches of the states that do not depend on an option. Whatever is missing here is an error. */
const BRANCHES: Partial<Record<CallState, Branch>> = {
  0: 'human',
  5: 'no-answer',
  6: 'busy',
  7: 'no-answer',
  8: 'sit',
  9: 'machine',
  11: 'sit-permanent',
  12: 'sit-permanent',
  13: 'sit-permanent',
  14: 'sit',
  15: 'sit',
  16: 'sit',
  17: 'fax',
  26: 'no-answer',
  27: 'no-answer',
};

/** Tells whether a value is a call state. */
export function isCallState(value: unknown): value is CallState {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 0 &&
    value < CALL_STATE_NAMES.length
  );
}

/** Tells whether a text is one of the answer words of the command line. */
export function isAnswerWord(value: string): value is AnswerWord {
  return Object.hasOwn(ANSWER_CALL_STATES, value);
}

/** Genesys' name of a call state, e.g. 9 -> `AnsweringMachineDetected`. */
export function callStateName(callState: CallState): CallStateName {
  return CALL_STATE_NAMES[callState];
}

/** The call state that an answer word stands for. */
export function callStateOfAnswer(answer: AnswerWord): CallState {
  return ANSWER_CALL_STATES[answer];
}

/**
 * The answer word of a call state. 16 is `reorder` (the tone and the SIT share the number); every state
 * without a word of its own is `error`.
 */
export function answerWordOf(callState: CallState): AnswerWord {
  return ANSWER_WORDS.find((word) => ANSWER_CALL_STATES[word] === callState) ?? 'error';
}

/** A number that will not work on the next attempt either: invalid (11), vacant (12), intercept (13). */
export function isPermanentSit(callState: CallState): boolean {
  return BRANCHES[callState] === 'sit-permanent';
}

/** With a call that is up: is it an option that says what this state is taken for? */
export function isUndecided(callState: CallState): boolean {
  return BRANCHES[callState] === undefined;
}

/**
 * The branch of the figure that a call state takes.
 *
 * @param callIsUp is the call answered and still there? A person, a silence or an undecided answer
 *   without a call is a call that was lost: it counts as not answered.
 * @param options which branch silence (32) and anything undecided (28) take while the call is up
 */
export function branchOf(
  callState: CallState,
  callIsUp: boolean,
  options: {
    readonly silenceAs: 'human' | 'machine' | 'no-answer';
    readonly unknownAs: 'human' | 'machine' | 'no-answer';
  },
): Branch {
  if (callState === CALL_STATE.Silence) return callIsUp ? options.silenceAs : 'no-answer';
  if (callState === CALL_STATE.Unknown) return callIsUp ? options.unknownAs : 'no-answer';
  const branch = BRANCHES[callState];
  if (branch === undefined) return callIsUp ? options.unknownAs : 'error';
  return branch === 'human' && !callIsUp ? 'no-answer' : branch;
}

/** Dial results of the reporting records (`_CB_DIAL_n_RESULT`). */
export type DialResult =
  | 'CREATE_CALL_ERROR'
  | 'BUSY'
  | 'NO_ANSWER'
  | 'ANSWERING_MACHINE'
  | 'ERROR_TONE'
  | 'FAX'
  | 'PERSON'
  | 'CONNECTED'
  | 'UNKNOWN';

const DIAL_RESULTS: Partial<Record<CallState, DialResult>> = {
  3: 'CREATE_CALL_ERROR',
  4: 'CREATE_CALL_ERROR',
  5: 'NO_ANSWER',
  6: 'BUSY',
  7: 'NO_ANSWER',
  8: 'ERROR_TONE',
  9: 'ANSWERING_MACHINE',
  10: 'ERROR_TONE',
  11: 'ERROR_TONE',
  12: 'ERROR_TONE',
  13: 'ERROR_TONE',
  14: 'ERROR_TONE',
  15: 'ERROR_TONE',
  16: 'ERROR_TONE',
  17: 'FAX',
  26: 'NO_ANSWER',
  27: 'NO_ANSWER',
  41: 'CREATE_CALL_ERROR',
  42: 'CREATE_CALL_ERROR',
  43: 'CREATE_CALL_ERROR',
  44: 'CREATE_CALL_ERROR',
};

/**
 * The dial result that the reports give for a call state. Silence counts as a person where `silenceAs`
 * takes it for one.
 */
export function dialResultOf(
  callState: CallState,
  options: {
    readonly isCpdEnabled: boolean;
    readonly silenceAs: 'human' | 'machine' | 'no-answer';
  },
): DialResult {
  if (callState === CALL_STATE.Ok) return options.isCpdEnabled ? 'PERSON' : 'CONNECTED';
  if (callState === CALL_STATE.Silence) return options.silenceAs === 'human' ? 'PERSON' : 'UNKNOWN';
  return DIAL_RESULTS[callState] ?? 'UNKNOWN';
}
