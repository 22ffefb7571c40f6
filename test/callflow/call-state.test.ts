import assert from 'node:assert/strict';
import {
  ANSWER_WORDS,
  answerWordOf,
  branchOf,
  CALL_STATE,
  CALL_STATE_NAMES,
  callStateName,
  callStateOfAnswer,
  dialResultOf,
  isAnswerWord,
  isAnswered,
  isCallState,
  isPermanentSit,
  type AnswerWord,
  type CallState,
  type DialResult,
} from '../../src/callflow/call-state.js';

const AS_HUMAN = { silenceAs: 'human', unknownAs: 'human' } as const;

describe('call states', () => {
  it("keep Genesys' numbers", () => {
    assert.equal(CALL_STATE_NAMES.length, 54);
    const known: readonly (readonly [number, string])[] = [
      [0, 'Ok'],
      [3, 'GeneralError'],
      [5, 'RemoteRelease'],
      [6, 'Busy'],
      [7, 'NoAnswer'],
      [8, 'SitDetected'],
      [9, 'AnsweringMachineDetected'],
      [10, 'AllTrunksBusy'],
      [13, 'SitIntercept'],
      [17, 'FaxDetected'],
      [26, 'Dropped'],
      [28, 'Unknown'],
      [32, 'Silence'],
      [41, 'DialError'],
      [53, 'WrongNumber'],
    ];
    for (const [number, name] of known) assert.equal(CALL_STATE_NAMES[number], name);
    assert.equal(CALL_STATE.FaxDetected, 17);
    assert.equal(callStateName(CALL_STATE.Silence), 'Silence');
  });

  it('are whole numbers from 0 to 53', () => {
    for (const good of [0, 8, 53]) assert.ok(isCallState(good));
    for (const bad of [-1, 54, 1.5, '6', null, undefined, NaN]) assert.ok(!isCallState(bad));
  });

  const words: Readonly<Record<AnswerWord, CallState>> = {
    human: 0,
    error: 3,
    'hung-up': 5,
    busy: 6,
    'no-answer': 7,
    sit: 8,
    machine: 9,
    'sit-invalid-number': 11,
    'sit-vacant': 12,
    'sit-intercept': 13,
    'sit-no-circuit': 15,
    reorder: 16,
    'sit-reorder': 16,
    fax: 17,
    declined: 26,
    unknown: 28,
    silence: 32,
  };
  for (const [word, state] of Object.entries(words)) {
    it(`${word} is ${state}`, () => {
      assert.ok(isAnswerWord(word));
      assert.equal(callStateOfAnswer(word), state);
      assert.equal(answerWordOf(state), word === 'sit-reorder' ? 'reorder' : word);
    });
  }

  it('have no word of their own where the figure makes no difference', () => {
    assert.equal(answerWordOf(CALL_STATE.DialError), 'error');
    assert.equal(ANSWER_WORDS.length, 17);
    assert.ok(!isAnswerWord('toString'));
  });

  it('tell which answers bring a call', () => {
    const withCall = ANSWER_WORDS.filter((word) => isAnswered(word));
    assert.deepEqual(withCall.sort(), ['fax', 'human', 'machine', 'silence', 'unknown']);
  });

  it('tell the numbers that will never work', () => {
    const permanent = [11, 12, 13] as const;
    for (const state of permanent) assert.ok(isPermanentSit(state));
    for (const state of [8, 14, 15, 16, 10] as const) assert.ok(!isPermanentSit(state));
  });
});

describe('the branch of a call state', () => {
  it('is never a human without a call', () => {
    for (let number = 0; number < CALL_STATE_NAMES.length; number += 1) {
      if (isCallState(number)) assert.notEqual(branchOf(number, false, AS_HUMAN), 'human');
    }
  });

  it('follows silenceAs and unknownAs while there is a call', () => {
    const options = { silenceAs: 'machine', unknownAs: 'no-answer' } as const;
    assert.equal(branchOf(CALL_STATE.Silence, true, options), 'machine');
    assert.equal(branchOf(CALL_STATE.Unknown, true, options), 'no-answer');
    assert.equal(branchOf(CALL_STATE.NuTone, true, options), 'no-answer');
    assert.equal(branchOf(CALL_STATE.Silence, false, AS_HUMAN), 'no-answer');
  });

  it('is an error for everything nobody knows and nobody answered', () => {
    for (const state of [3, 4, 10, 41, 42, 43, 44] as const) {
      assert.equal(branchOf(state, false, AS_HUMAN), 'error');
    }
  });
});

describe('the dial result of the reports', () => {
  const options = { isCpdEnabled: true, silenceAs: 'human' } as const;
  const results: readonly (readonly [CallState, DialResult])[] = [
    [0, 'PERSON'],
    [3, 'CREATE_CALL_ERROR'],
    [4, 'CREATE_CALL_ERROR'],
    [5, 'NO_ANSWER'],
    [6, 'BUSY'],
    [7, 'NO_ANSWER'],
    [8, 'ERROR_TONE'],
    [9, 'ANSWERING_MACHINE'],
    [10, 'ERROR_TONE'],
    [11, 'ERROR_TONE'],
    [16, 'ERROR_TONE'],
    [17, 'FAX'],
    [26, 'NO_ANSWER'],
    [28, 'UNKNOWN'],
    [32, 'PERSON'],
    [41, 'CREATE_CALL_ERROR'],
  ];
  for (const [state, result] of results) {
    it(`of ${callStateName(state)} is ${result}`, () => {
      assert.equal(dialResultOf(state, options), result);
    });
  }

  it('of an answer without CPD is CONNECTED', () => {
    assert.equal(dialResultOf(0, { ...options, isCpdEnabled: false }), 'CONNECTED');
  });

  it('of a silence that is not taken for a person is UNKNOWN', () => {
    assert.equal(dialResultOf(32, { ...options, silenceAs: 'machine' }), 'UNKNOWN');
  });
});
