import assert from 'node:assert/strict';
import { Flow, playing, treatmentFile } from './flow-fixture.js';

const AFTER_BEEP = {
  answeringMachineTreatment: treatmentFile('machine.wav', { afterBeep: true }),
} as const;

const waitMs = (flow: Flow) => flow.commands('start-timer')[0]?.afterMs;

describe('a message for a machine', () => {
  it('starts at once without the beep hint, then hangs up and dials again', () => {
    const flow = new Flow().dialed('machine');
    assert.deepEqual(
      flow.commands('play').map(({ treatment, file, loop }) => [treatment, file, loop]),
      [['answering-machine', 'machine.wav', false]],
    );
    flow.played();
    assert.equal(flow.commands('hang-up').length, 1);
    assert.equal(flow.state.name, 'waiting-to-retry');
    assert.deepEqual(
      flow.commands('report').map(({ what }) => what),
      ['message-left'],
    );
  });

  it('waits for the beep with the hint', () => {
    const flow = new Flow(AFTER_BEEP).dialed('machine');
    assert.deepEqual([playing(flow), waitMs(flow)], [undefined, 30_000]);
    flow.greetingEnds(false);
    assert.deepEqual([playing(flow), waitMs(flow)], [undefined, 4_000]);
    flow.greetingEnds(true);
    assert.equal(playing(flow), 'answering-machine');
    assert.equal(flow.state.context.timers['message-wait'], undefined);
  });

  it('is left after the greeting when no beep comes', () => {
    const flow = new Flow(AFTER_BEEP).dialed('machine').greetingEnds(false).timer('message-wait');
    assert.equal(playing(flow), 'answering-machine');
    assert.match(flow.last.because, /beepWaitMaxMs/);
  });

  it('is left anyway into a greeting without end', () => {
    const flow = new Flow(AFTER_BEEP).dialed('machine').timer('message-wait');
    assert.equal(playing(flow), 'answering-machine');
    assert.match(flow.last.because, /greetingWaitMaxMs/);
  });

  it('begins again when the beep comes after all, because nothing before it is recorded', () => {
    const flow = new Flow(AFTER_BEEP).dialed('machine').greetingEnds(false).timer('message-wait');
    const [early] = flow.commands('play');
    flow.greetingEnds(true);
    assert.equal(flow.last.row, 'message.restart');
    assert.deepEqual(flow.commands('stop-playing'), [
      { type: 'stop-playing', playId: early?.playId },
    ]);
    assert.equal(playing(flow), 'answering-machine');
    assert.deepEqual(flow.greetingEnds(true).last.commands, [], 'once');
    assert.equal(flow.played().state.context.messagesLeft, 1);
  });

  it('goes on when it was not to wait for a beep', () => {
    const flow = new Flow().dialed('machine').greetingEnds(true);
    assert.deepEqual(flow.last.commands, []);
  });

  it('starts at once when the beep came before the verdict', () => {
    const flow = new Flow(AFTER_BEEP).due().greetingEnds(true).answer('machine');
    assert.equal(playing(flow), 'answering-machine');
  });

  it('does not forget a beep over the end of the greeting that comes after it', () => {
    const flow = new Flow(AFTER_BEEP).due().greetingEnds(true).greetingEnds(false);
    assert.equal(playing(flow.answer('machine')), 'answering-machine');
  });

  it('waits only for the beep when the greeting ended before the verdict', () => {
    const flow = new Flow(AFTER_BEEP).due().greetingEnds(false).answer('machine');
    assert.deepEqual([playing(flow), waitMs(flow)], [undefined, 4_000]);
    assert.equal(playing(flow.greetingEnds(true)), 'answering-machine');
  });

  it('does not wait longer for a greeting that ends twice', () => {
    const flow = new Flow(AFTER_BEEP).dialed('machine').greetingEnds(false).greetingEnds(false);
    assert.deepEqual(flow.last.commands, []);
  });

  it('forgets the beep of an earlier attempt', () => {
    const flow = new Flow(AFTER_BEEP).dialed('machine').greetingEnds(true).played();
    assert.equal(playing(flow.timer('retry').answer('machine')), undefined);
  });

  it('is left on every attempt by default', () => {
    const flow = new Flow().dialed('machine').played().timer('retry').answer('machine');
    assert.equal(playing(flow), 'answering-machine');
  });

  it('machineMessage: first leaves one in all, on the first machine reached', () => {
    const flow = new Flow({ machineMessage: 'first' }).dialed('busy').dialed('machine');
    assert.equal(playing(flow), 'answering-machine');
    flow.played().timer('retry').answer('machine');
    assert.equal(flow.reason, 'FAIL_CALL_TO_CUSTOMER');
  });

  it('machineMessage: first tries again when the first was not left to its end', () => {
    const flow = new Flow({ machineMessage: 'first' }).dialed('machine').hangUp();
    assert.equal(playing(flow.timer('retry').answer('machine')), 'answering-machine');
  });

  it('machineMessage: last waits for the last attempt', () => {
    const flow = new Flow({ machineMessage: 'last', maxDialAttempts: 2 }).dialed('machine');
    assert.equal(flow.last.row, 'machine.no-message');
    assert.equal(playing(flow.timer('retry').answer('machine')), 'answering-machine');
  });

  it('ends the callback with completeAfterMessage, once left to its end', () => {
    const flow = new Flow({ completeAfterMessage: true }).dialed('machine');
    assert.equal(flow.played().reason, 'FAIL_CALL_TO_CUSTOMER');
    assert.equal(flow.last.row, 'message.complete');
    const cut = new Flow({ completeAfterMessage: true }).dialed('machine').hangUp();
    assert.equal(cut.state.name, 'waiting-to-retry');
  });

  it('on the last attempt is followed by the end', () => {
    const flow = new Flow({ maxDialAttempts: 1 }).dialed('machine').played();
    assert.deepEqual([flow.reason, flow.last.row], ['FAIL_CALL_TO_CUSTOMER', 'retry.limit']);
  });

  it('that cannot be played is reported, and the call hung up', () => {
    const flow = new Flow().dialed('machine').playFails();
    assert.equal(flow.state.name, 'waiting-to-retry');
    assert.equal(flow.state.context.messagesLeft, 0);
    assert.ok(flow.commands('report').some(({ what }) => what === 'treatment-missing'));
    assert.equal(flow.commands('hang-up').length, 1);
  });

  it('is not watched by the silence guard: a machine may hear silence', () => {
    const flow = new Flow(AFTER_BEEP).dialed('machine');
    assert.equal(flow.state.context.timers['human-silence'], undefined);
  });
});
