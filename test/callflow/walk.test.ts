import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ANSWER_WORDS, type AnswerWord } from '../../src/callflow/call-state.js';
import { predict, type World } from '../../src/callflow/walk.js';
import { replyOf, serviceWith, WITH_PLUGIN } from './flow-fixture.js';
import { anyService } from './service-arbitrary.js';

const NOBODY = { agentAnswers: false } as const;
const AGENT = { agentAnswers: true } as const;

function outcome(
  options: object,
  answers: readonly AnswerWord[],
  world: Omit<World, 'answer'> = AGENT,
): readonly unknown[] {
  const { reason, attempts, heard } = predict(serviceWith(options), answers, world);
  return [reason, attempts, heard.map(({ attempt, treatment }) => `${attempt} ${treatment}`)];
}

describe('predict', () => {
  it('lets a human hear the connect and the waiting treatment before the agent', () => {
    const heard = ['1 customer-connect', '1 waiting-for-agent'];
    assert.deepEqual(outcome({}, ['human']), ['AGENT_CONNECTED', 1, heard]);
  });

  it('adds find-agent-fail when no agent comes', () => {
    const heard = ['1 customer-connect', '1 waiting-for-agent', '1 find-agent-fail'];
    assert.deepEqual(outcome({}, ['human'], NOBODY), ['FAIL_TARGET_NOT_FOUND', 1, heard]);
  });

  it('leaves a message on each attempt that meets a machine', () => {
    const heard = ['1 answering-machine', '2 answering-machine'];
    const ended = ['FAIL_CALL_TO_CUSTOMER', 2, heard];
    assert.deepEqual(outcome({ maxDialAttempts: 2 }, ['machine']), ended);
  });

  it('takes one answer after the other, the last one for all that follow', () => {
    const prediction = predict(serviceWith(), ['busy', 'machine', 'human'], AGENT);
    assert.deepEqual(prediction.callStates, [6, 9, 0]);
    assert.equal(prediction.attempts, 3);
    assert.deepEqual(outcome({}, ['no-answer']), ['FAIL_CALL_TO_CUSTOMER', 3, []]);
  });

  it('names the files', () => {
    const { heard } = predict(serviceWith(), ['human'], AGENT);
    assert.deepEqual(
      heard.map(({ file }) => file),
      ['connect.wav', 'waiting.wav'],
    );
  });

  it('ends a fax at once', () => {
    assert.deepEqual(outcome({}, ['fax']), ['FAIL_FAX_REACHED', 1, []]);
  });

  it('lets the customer leave during the first treatment', () => {
    const world = { agentAnswers: true, leavesDuringTreatment: true };
    const ended = ['FAIL_INTERACTION_DELETED', 1, ['1 customer-connect']];
    assert.deepEqual(outcome({}, ['human'], world), ended);
  });

  it('breaks the silence of a person before the plugin runs out of time', () => {
    const options = { ...WITH_PLUGIN, waitingForAgentTreatment: undefined };
    assert.deepEqual(outcome(options, ['human']), ['FAIL_ERROR', 1, ['1 comfort']]);
  });

  it('follows a reply, and the failure of plugins that cannot be run', () => {
    const reply = replyOf({ action: 'route_to_rp', message: '8999' });
    const routed = outcome(WITH_PLUGIN, ['human'], { agentAnswers: true, reply });
    assert.deepEqual(routed, ['ROUTED_TO_RP', 1, ['1 waiting-for-agent']]);
    const failed = outcome(WITH_PLUGIN, ['busy'], { agentAnswers: true, holderFails: 'none' });
    assert.deepEqual(failed, ['FAIL_ERROR', 1, []]);
  });

  it('says so when a callback would wait without a limit', () => {
    const service = serviceWith({ agentWaitMaxMs: 0, ttlMs: 0 });
    const { state, reason } = predict(service, ['human'], NOBODY);
    assert.deepEqual([state, reason], ['WAITING', undefined]);
  });

  it('ends for any service and any answers, within the dial attempts', () => {
    const anyAnswers = fc.array(fc.constantFrom(...ANSWER_WORDS), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(anyService, anyAnswers, fc.boolean(), (service, answers, agentAnswers) => {
        const { state, attempts } = predict(service, answers, { agentAnswers });
        const isUnlimited = service.agentWaitMaxMs === 0 && service.ttlMs === 0;
        if (!isUnlimited) assert.equal(state, 'COMPLETED');
        // Who waits for an agent first may find it too late to dial.
        const mayNeverDial = service.waitsForAgent && service.cannotDialBufferMs > 0;
        assert.ok(attempts >= (mayNeverDial ? 0 : 1) && attempts <= service.maxDialAttempts);
      }),
      { numRuns: 500 },
    );
  });
});
