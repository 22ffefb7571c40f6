import assert from 'node:assert/strict';
import {
  ANSWER_WORDS,
  CALL_STATE,
  callStateOfAnswer,
  isAnswered,
  type AnswerWord,
} from '../../src/callflow/call-state.js';
import { Flow, PLUGIN_URL, treatmentFile, VXML_URL, WITH_PLUGIN } from './flow-fixture.js';

/** One combination of the options that the page's table names. */
interface Case {
  readonly answer: AnswerWord;
  readonly plugin: boolean;
  readonly invoke: boolean;
  readonly vxml: boolean;
  readonly connect: boolean;
  readonly message: 'off' | 'at once' | 'after beep';
  readonly amDetected: 'connect' | 'drop';
  readonly attemptsLeft: boolean;
}

/** What an observer of state and commands sees. */
interface Observed {
  readonly ends: string | undefined;
  readonly asks: 'plugin with call' | 'plugin without call' | 'page' | undefined;
  readonly plays: string | undefined;
  readonly queues: boolean;
  readonly hangsUp: boolean;
  readonly retries: boolean;
}

const NOTHING: Observed = {
  ends: undefined,
  asks: undefined,
  plays: undefined,
  queues: false,
  hangsUp: false,
  retries: false,
};

const PERMANENT: readonly AnswerWord[] = ['sit-invalid-number', 'sit-vacant', 'sit-intercept'];

/** The page's table and the text around it, written down a second time. */
function expected(test: Case): Observed {
  const { answer } = test;
  // silenceAs and unknownAs are human by default.
  const isHuman = answer === 'human' || answer === 'silence' || answer === 'unknown';
  if (isHuman) return expectedForHuman(test);
  const hasCall = answer === 'machine' && test.amDetected === 'connect';
  const hangsUp = isAnswered(answer) && !hasCall;
  if (test.plugin && test.invoke) {
    return { ...NOTHING, hangsUp, asks: hasCall ? 'plugin with call' : 'plugin without call' };
  }
  if (answer === 'fax') return { ...NOTHING, hangsUp, ends: 'FAIL_FAX_REACHED' };
  if (PERMANENT.includes(answer)) return { ...NOTHING, ends: 'FAIL_CALL_TO_CUSTOMER' };
  if (hasCall && test.message === 'at once') return { ...NOTHING, plays: 'answering-machine' };
  if (hasCall && test.message === 'after beep') return NOTHING;
  return test.attemptsLeft
    ? { ...NOTHING, hangsUp: hangsUp || hasCall, retries: true }
    : { ...NOTHING, hangsUp: hangsUp || hasCall, ends: 'FAIL_CALL_TO_CUSTOMER' };
}

function expectedForHuman({ plugin, vxml, connect }: Case): Observed {
  if (plugin) return { ...NOTHING, asks: 'plugin with call' };
  if (vxml) return { ...NOTHING, asks: 'page' };
  return { ...NOTHING, queues: true, plays: connect ? 'customer-connect' : 'waiting-for-agent' };
}

function observe(test: Case): Observed {
  const flow = new Flow({
    pluginOnDialUrl: test.plugin ? PLUGIN_URL : undefined,
    pluginInvokeOnCallFailed: test.invoke,
    vxmlUrl: test.vxml ? VXML_URL : undefined,
    customerConnectTreatment: test.connect ? treatmentFile('connect.wav') : undefined,
    answeringMachineTreatment:
      test.message === 'off'
        ? undefined
        : treatmentFile('machine.wav', { afterBeep: test.message === 'after beep' }),
    amDetected: test.amDetected,
    maxDialAttempts: test.attemptsLeft ? 2 : 1,
  }).dialed(test.answer);
  const [plugin] = flow.commands('start-plugin');
  const [page] = flow.commands('start-vxml');
  const pluginAsked = plugin?.legId === undefined ? 'plugin without call' : 'plugin with call';
  return {
    ends: flow.reason,
    asks: plugin !== undefined ? pluginAsked : page !== undefined ? 'page' : undefined,
    plays: flow.commands('play')[0]?.treatment,
    queues: flow.commands('queue').length === 1,
    hangsUp: flow.commands('hang-up').length === 1,
    retries: flow.state.name === 'waiting-to-retry',
  };
}

function* allCases(answer: AnswerWord): Generator<Case> {
  const flags = [true, false];
  for (const plugin of flags)
    for (const invoke of flags)
      for (const vxml of flags)
        for (const connect of flags)
          for (const message of ['off', 'at once', 'after beep'] as const)
            for (const amDetected of ['connect', 'drop'] as const)
              for (const attemptsLeft of flags) {
                const options = { plugin, invoke, vxml, connect };
                yield { answer, ...options, message, amDetected, attemptsLeft };
              }
}

describe('the result of an attempt', () => {
  for (const answer of ANSWER_WORDS) {
    it(`leads ${answer} where the page's table says, whatever is configured`, () => {
      for (const test of allCases(answer)) {
        assert.deepEqual(observe(test), expected(test), JSON.stringify(test));
      }
    });
  }

  it('tells the plugin the call state of every answer', () => {
    for (const answer of ANSWER_WORDS) {
      const [plugin] = new Flow(WITH_PLUGIN).dialed(answer).commands('start-plugin');
      assert.equal(plugin?.callState, callStateOfAnswer(answer), answer);
      assert.equal(plugin?.dialAttempt, 1);
      assert.equal(plugin?.ttlMs, 120_000);
    }
  });

  it('associates the call with the plugin only where there is one and the option says so', () => {
    const associate = (options: object, answer: AnswerWord) =>
      new Flow({ ...WITH_PLUGIN, ...options }).dialed(answer).commands('start-plugin')[0]
        ?.associate;
    assert.equal(associate({}, 'human'), true);
    assert.equal(associate({ pluginAssociateIxn: false }, 'human'), false);
    assert.equal(associate({}, 'busy'), false);
    assert.equal(associate({}, 'fax'), false);
  });

  it('names the option that decided', () => {
    const { last } = new Flow({ ...WITH_PLUGIN, pluginInvokeOnCallFailed: false }).dialed('busy');
    const because =
      '_plugin_on_dial_invoke_on_call_failed is false, so the built-in treatment runs';
    assert.ok(last.because.includes(because), last.because);
  });

  it('reports each attempt once, with its call state', () => {
    const flow = new Flow().dialed('busy').dialed('machine').played().dialed('fax');
    const ended = flow.allCommands('report').filter(({ what }) => what === 'attempt-ended');
    const details = ['6 Busy', '9 AnsweringMachineDetected', '17 FaxDetected'];
    assert.deepEqual(
      ended.map(({ detail }) => detail),
      details,
    );
  });

  it('reports an attempt that a cancel cut short', () => {
    const flow = new Flow().due().send({ type: 'cancelled', by: 'customer' });
    assert.ok(flow.commands('report').some(({ what }) => what === 'attempt-ended'));
  });

  for (const word of ['silence', 'unknown'] as const) {
    const option = word === 'silence' ? 'silenceAs' : 'unknownAs';
    it(`${option} changes the branch of ${word} and leaves the call state alone`, () => {
      const taken = (as: 'human' | 'machine' | 'no-answer') =>
        new Flow({ [option]: as }).dialed(word).last.row;
      assert.equal(taken('human'), 'human.connect');
      assert.equal(taken('machine'), 'machine.message');
      assert.equal(taken('no-answer'), 'no-answer.retry');
      const { last } = new Flow({ [option]: 'machine' }).dialed(word);
      assert.ok(last.because.includes(`${option} is machine`), last.because);
      const flow = new Flow({ [option]: 'machine' }).dialed(word);
      assert.equal(flow.state.context.callState, callStateOfAnswer(word));
    });

    it(`${option} also says whether the plugin counts ${word} as a failed call`, () => {
      const notInvoked = { ...WITH_PLUGIN, pluginInvokeOnCallFailed: false };
      const human = new Flow({ ...notInvoked, [option]: 'human' }).dialed(word);
      assert.equal(human.last.row, 'human.plugin');
      assert.equal(human.commands('start-plugin')[0]?.callState, callStateOfAnswer(word));
      const machine = new Flow({ ...notInvoked, [option]: 'machine' }).dialed(word);
      assert.equal(machine.last.row, 'machine.message');
    });

    it(`${option}: no-answer hangs up, and the plugin has no call`, () => {
      const flow = new Flow({ ...WITH_PLUGIN, [option]: 'no-answer' }).dialed(word);
      assert.equal(flow.commands('hang-up').length, 1);
      assert.equal(flow.commands('start-plugin')[0]?.legId, undefined);
    });
  }

  it('sitPermanent: retry dials a vacant number again', () => {
    assert.equal(new Flow({ sitPermanent: 'retry' }).dialed('sit-vacant').last.row, 'sit.retry');
  });

  it('takes whoever answers for a human when CPD is off', () => {
    const flow = new Flow({ isCpdEnabled: false }).due();
    assert.equal(flow.commands('dial')[0]?.withCpd, false);
    flow.send({ type: 'answered', legId: flow.legId });
    assert.equal(flow.last.row, 'human.connect');
    assert.equal(flow.state.context.callState, CALL_STATE.Ok);
    flow.result(CALL_STATE.Ok, true);
    assert.equal(flow.last.row, 'late.ignored');
    assert.deepEqual(flow.last.commands, []);
  });

  it('takes a result without CPD for a human, whatever was heard', () => {
    const flow = new Flow({ isCpdEnabled: false }).due().result(CALL_STATE.Unknown, true);
    assert.equal(flow.last.row, 'human.connect');
    assert.equal(flow.state.context.callState, CALL_STATE.Ok);
  });

  it('takes a human whose call is gone for one who hung up', () => {
    const flow = new Flow().due().result(CALL_STATE.Ok, false);
    assert.equal(flow.last.row, 'no-answer.retry');
    assert.equal(flow.state.context.callState, CALL_STATE.RemoteRelease);
  });

  it('keeps a call that is up and undecided, whatever number it comes with', () => {
    assert.equal(new Flow().due().result(CALL_STATE.Answer, true).last.row, 'human.connect');
    assert.equal(new Flow().due().result(CALL_STATE.DialError, false).last.row, 'error.retry');
  });

  it('dials with prefix, ring time and the number of the attempt', () => {
    const flow = new Flow({ prefixDialOut: '91', ringTimeoutMs: 20_000 }).dialed('busy');
    flow.timer('retry');
    assert.deepEqual(flow.commands('dial'), [
      {
        type: 'dial',
        legId: flow.legId,
        attempt: 2,
        prefix: '91',
        ringTimeoutMs: 20_000,
        withCpd: true,
      },
    ]);
  });

  it('honours a Retry-After that is longer than the pause, for the next attempt only', () => {
    const flow = new Flow().due().result(CALL_STATE.Busy, false, 400_000);
    assert.equal(flow.commands('start-timer')[0]?.afterMs, 400_000);
    assert.match(flow.last.because, /Retry-After is 400 s/);
    flow.timer('retry').result(CALL_STATE.Busy, false);
    assert.equal(flow.commands('start-timer')[0]?.afterMs, 300_000);
  });

  it('dials three times with _max_dial_attempts 3, and not a fourth time', () => {
    const flow = new Flow().dialed('busy').dialed('no-answer').dialed('busy');
    assert.equal(flow.allCommands('dial').length, 3);
    assert.equal(flow.reason, 'FAIL_CALL_TO_CUSTOMER');
  });
});
