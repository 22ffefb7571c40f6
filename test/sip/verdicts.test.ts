/**
 * One real call for each verdict, before the answer and after it: what the far end plays, what is made
 * of it, and what was noticed on the way. Three customers are called at a time.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { CALL_STATE, type CallStateName } from '../../src/callflow/call-state.js';
import type { PersonaScript, ScriptStep } from '../../src/farend/persona-script.js';
import { SIT, synthesise } from '../../src/farend/tones.js';
import { join, media, mix, noise, repeat, silence, tone } from '../cpd/sounds.js';
import { wav } from './far-rtp.js';
import { FarService, type FarCallback } from './far-service.js';

interface Customer {
  /** As `dialback trace` words what was heard. */
  readonly verdict: string;
  readonly says: Int16Array;
  /** Heard before the answer, and what then comes: a final failure, or the answer and a hello. */
  readonly early?: number | 'answered';
  readonly callState: CallStateName;
  /** Of the verdict, where audio decided; else of what was heard. */
  readonly because: RegExp;
}

const hello = media('far-end/hello.wav');
const greeting = media('far-end/greeting.wav');
const beep = tone([1000], 400, 0.2);
const waves = join(
  ...Array.from({ length: 70 }, (_, i) => noise(200, 0.01 + 0.15 * Math.sin(i / 3) ** 4, i + 1)),
);
/** Two players who hold their notes. */
const song = repeat(
  5,
  ...[262, 330, 392, 330, 294, 349, 440, 349].map((hz) =>
    mix(tone([hz, 2 * hz, 3 * hz], 500, 0.1), tone([hz / 2, hz], 500, 0.06)),
  ),
);
const ring = (count: number): Int16Array =>
  repeat(count, tone([400, 450], 400), silence(200), tone([400, 450], 400), silence(2000));

const CUSTOMERS: readonly Customer[] = [
  { verdict: 'human', says: hello, callState: 'Ok', because: /then a pause of/ },
  {
    verdict: 'machine',
    says: greeting,
    callState: 'AnsweringMachineDetected',
    because: /without a telling pause/,
  },
  {
    verdict: 'machine',
    says: join(hello, silence(150), hello, silence(100), beep, silence(5000)),
    callState: 'AnsweringMachineDetected',
    because: /a beep of 1000 Hz/,
  },
  { verdict: 'fax', says: tone([2100], 2800), callState: 'FaxDetected', because: /2100 Hz/ },
  { verdict: 'silence', says: silence(8000), callState: 'Silence', because: /no speech/ },
  { verdict: 'noise', says: waves, callState: 'Unknown', because: /no speech/ },
  { verdict: 'music', says: song, callState: 'Unknown', because: /of it music/ },
  {
    verdict: 'busy',
    says: repeat(8, tone([400], 375), silence(375)),
    early: 486,
    callState: 'Busy',
    because: /busy in GB/,
  },
  {
    verdict: 'reorder',
    says: repeat(6, tone([400], 400), silence(350), tone([400], 225), silence(525)),
    early: 503,
    callState: 'SitReorder',
    because: /reorder in GB/,
  },
  {
    verdict: 'busy-or-congestion',
    says: repeat(12, tone([425], 258), silence(254)),
    early: 503,
    callState: 'Busy',
    because: /busy in \d+ countries and congestion in \d+/,
  },
  ...(
    [
      ['sit', SIT.generic, 'SitDetected'],
      ['sit-intercept', SIT.intercept, 'SitIntercept'],
      ['sit-vacant', SIT.vacant, 'SitVacant'],
      ['sit-no-circuit', SIT.noCircuit, 'SitNoCircuit'],
      ['sit-reorder', SIT.reorder, 'SitReorder'],
    ] as const
  ).map(([verdict, sit, callState]) => ({
    verdict,
    says: repeat(2, synthesise(sit), silence(500)),
    early: 404,
    callState,
    because: /special information tone/,
  })),
  {
    verdict: 'ringback',
    says: ring(2),
    early: 'answered',
    callState: 'Ok',
    because: /the rhythm of ringback/,
  },
  {
    verdict: 'announcement',
    says: join(greeting, silence(400), greeting),
    early: 404,
    callState: 'SitInvalidNum',
    because: /dips a second/,
  },
  { verdict: 'music', says: song, early: 480, callState: 'NoAnswer', because: /held notes/ },
  { verdict: 'noise', says: waves, early: 480, callState: 'NoAnswer', because: /periodic/ },
  {
    verdict: 'silence',
    says: silence(4500),
    early: 480,
    callState: 'NoAnswer',
    because: /nothing above/,
  },
  {
    // A voicemail that sounds like a person at first; heard while the treatment already plays.
    verdict: 'machine after all',
    says: join(hello, silence(1500), greeting, silence(200), greeting, silence(300), beep),
    callState: 'AnsweringMachineDetected',
    because: /a beep after the speech|without a pause/,
  },
];

/** A machine that is not idle hears more calls at once with holes in them. */
const AT_ONCE = 3;

const isAbout = (line: string, verdict: string): boolean =>
  line.startsWith(`${verdict} `) || line.startsWith(`${verdict}, `);

const numberOf = (index: number): string => `+4477009001${String(index).padStart(2, '0')}`;
const fileOf = (index: number): string => `customer-${index}.wav`;

function scriptOf({ early }: Customer, index: number): PersonaScript {
  const say: ScriptStep = { step: 'say', what: { file: fileOf(index) } };
  const stay: ScriptStep = { step: 'wait', ms: 6000 };
  const hangUp: ScriptStep = { step: 'hang-up' };
  const pickUp: readonly ScriptStep[] = [{ step: 'answer' }, { step: 'wait', ms: 300 }];
  if (early === undefined) return { steps: [...pickUp, say, stay, hangUp] };
  // A media server that is still being connected hears half of the first tone, and half is another one.
  const before: readonly ScriptStep[] = [{ step: 'early-media' }, { step: 'wait', ms: 400 }, say];
  if (early !== 'answered')
    return { steps: [...before, { step: 'reject', rejection: { status: early } }] };
  const sayHello: ScriptStep = { step: 'say', what: { file: 'far-end/hello.wav' } };
  return { steps: [...before, ...pickUp, sayHello, stay, hangUp] };
}

describe('a call for each verdict (slow)', function () {
  this.timeout(180_000);
  let folder = '';
  let service: FarService | undefined;
  let callbacks: readonly Promise<FarCallback>[] = [];

  before(async () => {
    folder = await mkdtemp(joinPath(tmpdir(), 'dialback-verdicts-'));
    // The voices that a far end wants to have.
    await cp(new URL('../../media/far-end', import.meta.url), joinPath(folder, 'far-end'), {
      recursive: true,
    });
    await Promise.all(
      CUSTOMERS.map(({ says }, index) => writeFile(joinPath(folder, fileOf(index)), wav(says))),
    );
    service = await FarService.open({
      mediaDirectory: folder,
      scripts: new Map(
        CUSTOMERS.map((customer, index) => [numberOf(index).slice(-10), scriptOf(customer, index)]),
      ),
      options: {
        queue: 'support',
        _default_country: 'GB',
        _treatment_customer_connect: 'connect.wav',
        _treatment_waiting_for_agent: 'waiting.wav',
        _max_time_to_wait_for_agent_on_the_call: '12',
        _treatment_call_failure_answering_machine: 'machine.wav',
      },
    });
    const lines: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
    callbacks = CUSTOMERS.map((_, index) => {
      const call = lines[index % AT_ONCE]!.then(() => service!.call(numberOf(index)));
      // Each is waited for by its own test; none may fail unseen before.
      lines[index % AT_ONCE] = call.catch(() => undefined);
      return call;
    });
  });
  after(async () => {
    await Promise.allSettled(callbacks);
    await service?.close();
    await rm(folder, { recursive: true, force: true });
  });

  CUSTOMERS.forEach(({ verdict, early, callState, because }, index) => {
    const when = early === undefined ? 'after the answer' : `in early media, then ${early}`;
    it(`${verdict} ${when}: ${callState}`, async function () {
      const callback = (await callbacks[index])!;
      if (verdict === 'machine after all' && callback.attempt.audioTap === 'unicast') {
        console.log('      skipped: this media server has no mod_audio_fork');
        return this.skip();
      }
      const problem = problemOf(callback);
      if (problem === undefined) return;
      // On a starved machine packets are lost, and half a tone is another one: once more, alone.
      await Promise.allSettled(callbacks);
      assert.equal(problemOf(await service!.call(numberOf(index))), undefined, problem);
    });

    function problemOf({ attempt, noticed }: FarCallback): string | undefined {
      const said = noticed.filter((line) => isAbout(line, verdict)).join('\n');
      const isRight = because.test(said) && attempt.callState === CALL_STATE[callState];
      return isRight ? undefined : `${noticed.join('\n')}\n${JSON.stringify(attempt)}`;
    }
  });
});
