/**
 * A voicemail that first sounds like a person: "hello", a pause, and only then its greeting and a
 * beep. The verdict "human" is taken back while the treatments already play, the agent is let go, and
 * the message is left after the beep. Possible only where the tap hears while a file plays.
 */
import assert from 'node:assert/strict';
import { Bench, sound } from './bench.js';
import { concat, tone } from './far-rtp.js';
import { hasSipp } from './sipp.js';

const silence = (ms: number): Int16Array => new Int16Array(8 * ms);

describe('a verdict that is revised while a file plays', function () {
  this.timeout(180_000);
  let bench: Bench;

  before(function () {
    if (hasSipp()) return;
    console.log('      skipped: sipp is not installed (Debian: sip-tester)');
    this.skip();
  });
  beforeEach(async () => (bench = await Bench.open()));
  afterEach(() => bench.close());

  it('lets the agent go and leaves the message after the beep (slow)', async function () {
    const [hello, greeting] = [
      await sound('far-end/hello.wav'),
      await sound('far-end/greeting.wav'),
    ];
    const voicemail = concat([
      ...[hello.pcm, silence(1500), greeting.pcm, silence(200), greeting.pcm],
      ...[silence(300), tone(1000, 8 * 500), silence(100)],
    ]);
    const customer = await bench.party('customer.xml', voicemail);
    const queue = await bench.party('queue-unanswered.xml');
    await bench.call(customer, queue, {
      _treatment_call_failure_answering_machine:
        '{ file: machine.wav, hints: { am-beep-detection: "on" } }',
    });
    const { callback, attempts } = await bench.completed();
    const [attempt] = attempts;
    if (attempt?.audioTap === 'unicast') {
      console.log('      skipped: this media server has no mod_audio_fork');
      return this.skip();
    }
    assert.deepEqual([callback.reason, callback.callState], ['FAIL_CALL_TO_CUSTOMER', 9]);
    assert.deepEqual([attempt?.callState, attempt?.audioTap], [9, 'audio_fork']);
    await bench.isClean();
    const heard = await bench.heard(customer, 'connect.wav', 'waiting.wav', 'machine.wav');
    assert.deepEqual([heard[0]?.name, heard.at(-1)?.name], ['connect.wav', 'machine.wav']);
    assert.ok((heard.at(-1)?.heardFraction ?? 0) > 0.95, 'the message was heard to its end');
    const rows = await bench.rows();
    assert.ok(rows.includes('verdict.unwound'), rows.join(', '));
    assert.ok(!rows.includes('agent.bridge'));
  });
});
