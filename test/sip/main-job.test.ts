/**
 * The main job end to end, with sipp as customer and as queue: dialled, recognised, treated, handed
 * over; proved by what arrived at sipp's media ports. Some cases run at the same time.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CALL_STATE } from '../../src/callflow/call-state.js';
import { recognise } from '../../src/farend/recognise.js';
import { wavBytes } from '../../src/farend/write-wav.js';
import { tone } from '../cpd/sounds.js';
import { Bench, sound, until } from './bench.js';
import { toneShare } from './far-rtp.js';
import { hasSipp } from './sipp.js';

type Case = (bench: Bench) => Promise<void>;

/** Each starts a service of its own, in this process, which has to keep time for the parties as well. */
const AT_A_TIME = 3;

const CASES: Readonly<Record<string, Case>> = {
  'calls, treats, lets wait, hands over, and both sides hear each other': async (bench) => {
    const customer = await bench.party('customer.xml', 'far-end/hello.wav');
    const queue = await bench.party('queue.xml', 'far-end/agent.wav');
    await bench.call(customer, queue);
    const { callback, attempts } = await bench.completed();
    assert.deepEqual([callback.reason, callback.callState], ['AGENT_CONNECTED', 0]);
    assert.equal(attempts.length, 1);
    assert.match(attempts[0]?.cpdReason ?? '', /speech/);
    await bench.isClean();
    const files = ['connect.wav', 'waiting.wav', 'machine.wav', 'far-end/agent.wav'];
    const heard = await bench.heard(customer, ...files);
    assert.deepEqual(
      heard.map(({ name }) => name),
      ['connect.wav', 'waiting.wav', 'far-end/agent.wav'],
    );
    const share = (place: number): number => heard[place]?.heardFraction ?? 0;
    assert.ok(share(0) > 0.95 && share(0) < 1.1, `the treatment was heard once: ${share(0)}`);
    assert.ok(share(2) > 0.5 && share(2) < 1.1, `the agent was heard once: ${share(2)}`);
  },

  'ends the attempt of whoever answers and hangs up before our ACK': async (bench) => {
    const customer = await bench.party('hang-up-at-once.xml');
    await bench.call(customer, undefined);
    const { callback, attempts } = await bench.completed();
    assert.equal(callback.reason, 'FAIL_CALL_TO_CUSTOMER');
    assert.equal(callback.callState, CALL_STATE.RemoteRelease);
    assert.equal(attempts[0]?.cpdReason, 'hung up before a verdict');
    await bench.isClean();
  },

  'plays find-agent-fail when nobody answers in time, then hangs up': async (bench) => {
    const customer = await bench.party('customer.xml');
    const queue = await bench.party('queue-unanswered.xml');
    await bench.call(customer, queue, {
      _max_time_to_wait_for_agent_on_the_call: '4',
      _treatment_find_agent_fail: 'find-agent-fail.wav',
    });
    assert.equal((await bench.completed()).callback.reason, 'FAIL_TARGET_NOT_FOUND');
    await bench.isClean();
    const files = ['connect.wav', 'waiting.wav', 'find-agent-fail.wav'];
    const heard = await bench.heard(customer, ...files);
    assert.deepEqual(
      heard.map(({ name }) => name),
      files,
    );
    assert.ok((heard[2]?.heardFraction ?? 0) > 0.95, 'the apology was heard to its end');
  },

  'lets nobody hear silence while a queue takes 20 s to answer (slow)': async (bench) => {
    const customer = await bench.party('customer.xml');
    const queue = await bench.party('queue.xml', 'far-end/agent.wav', 1, 20_000);
    const hum = tone([500], 1000);
    const file = join(bench.folder, 'hum.wav');
    await writeFile(file, wavBytes(hum));
    await bench.call(customer, queue, {
      _treatment_customer_connect: '{}',
      _treatment_waiting_for_agent: file,
      _max_time_to_wait_for_agent_on_the_call: '60',
    });
    const { callback, attempts } = await bench.completed();
    assert.equal(callback.reason, 'AGENT_CONNECTED');
    const [{ waitingSinceMs = 0, connectedAtMs = 0 } = {}] = attempts;
    assert.ok(connectedAtMs - waitingSinceMs > 20_000);
    await bench.isClean();
    const heard = customer.ear.heard();
    const frames = Array.from({ length: Math.floor(heard.length / 160) }, (_, i) =>
      heard.subarray(i * 160, (i + 1) * 160),
    );
    const isHum = frames.map((frame) => toneShare(frame, 500) > 0.8);
    const [first, last] = [isHum.indexOf(true), isHum.lastIndexOf(true)];
    const hummed = isHum.slice(first, last + 1);
    assert.ok(hummed.length > 19.5 * 50, `${hummed.length / 50} s of the waiting treatment`);
    const lost = hummed.filter((is) => !is).length;
    assert.ok(lost * 20 <= 200, `silent for ${lost * 20} ms in all`);
  },

  'loses no sound when the waiting music starts again': async (bench) => {
    const customer = await bench.party('customer.xml');
    const queue = await bench.party('queue.xml', 'far-end/agent.wav');
    const music = (await sound('waiting.wav')).pcm.slice(0, 8000);
    const file = join(bench.folder, 'one-second.wav');
    await writeFile(file, wavBytes(music));
    await bench.call(customer, queue, {
      _treatment_customer_connect: '{}',
      _treatment_waiting_for_agent: file,
    });
    assert.equal((await bench.completed()).callback.reason, 'AGENT_CONNECTED');
    await bench.isClean();
    const [loop] = recognise(customer.ear.heard(), [{ name: 'music', pcm: music }]);
    assert.ok((loop?.heardFraction ?? 0) > 3.5, `1 s of music for 5 s: ${loop?.heardFraction}`);
  },

  'goes on as if a treatment were off when its file is missing': async (bench) => {
    const customer = await bench.party('customer.xml');
    const queue = await bench.party('queue.xml', 'far-end/agent.wav');
    await bench.call(customer, queue, { _treatment_customer_connect: 'not-there.wav' });
    assert.equal((await bench.completed()).callback.reason, 'AGENT_CONNECTED');
    await bench.isClean();
    const heard = await bench.heard(customer, 'waiting.wav', 'far-end/agent.wav');
    assert.deepEqual(
      heard.map(({ name }) => name),
      ['waiting.wav', 'far-end/agent.wav'],
    );
  },

  'takes 486 with a cause for busy, and dials as often as configured': async (bench) => {
    const customer = await bench.party('busy.xml', undefined, 2);
    await bench.call(customer, undefined, { _max_dial_attempts: '2', _dial_retry_timeout: '1' });
    const { callback, attempts } = await bench.completed();
    assert.deepEqual([callback.reason, callback.callState], ['FAIL_CALL_TO_CUSTOMER', 6]);
    assert.deepEqual(
      attempts.map(({ sipStatus, q850Cause }) => [sipStatus, q850Cause]),
      [
        [486, 17],
        [486, 17],
      ],
    );
    assert.equal(new Set(attempts.map(({ callId }) => callId)).size, 2);
    await bench.isClean();
  },

  'cancels a ringing call when the callback is cancelled': async (bench) => {
    const customer = await bench.party('queue-unanswered.xml');
    await bench.call(customer, undefined);
    await until(20_000, 'the call to ring', async () => {
      const { ladder } = await bench.story();
      return ladder.some(({ message }) => message.startsWith('180')) || undefined;
    });
    assert.equal(await bench.cancel(), 200);
    assert.equal((await bench.completed()).callback.reason, 'CANCELLED');
    await bench.isClean();
  },
};

describe('the main job, with sipp as customer and as queue', function () {
  this.timeout(180_000);
  const running = new Map<string, Promise<void>>();

  before(function () {
    if (!hasSipp()) {
      console.log('      skipped: sipp is not installed (Debian: sip-tester)');
      return this.skip();
    }
    for (const [name, run] of Object.entries(CASES)) {
      const before = [...running.values()].at(-AT_A_TIME) ?? Promise.resolve();
      const done = before
        .catch(() => {})
        .then(() => Bench.open())
        .then((bench) => run(bench).finally(() => bench.close()));
      done.catch(() => {}); // Reported by its own test below.
      running.set(name, done);
    }
  });

  for (const name of Object.keys(CASES)) {
    it(name, () => running.get(name));
  }
});
