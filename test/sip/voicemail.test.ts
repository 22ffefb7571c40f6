/**
 * A voicemail end to end: greeting, beep, message. The far end says when its beep was over and when the
 * first sound of the message reached it, so the number is what a machine would have recorded.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startFarEnd, type FarEnd, type HeardCall } from '../../src/farend/far-end.js';
import type { PersonaScript } from '../../src/farend/persona-script.js';
import { recognise } from '../../src/farend/recognise.js';
import { BEEP } from '../../src/farend/tones.js';
import { startDialback, type Dialback } from '../../src/main.js';
import type { AttemptRecord } from '../../src/schedule/callback-store.js';
import { sound, until } from './bench.js';

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const BEEP_MS = BEEP.segments.reduce((sum, { ms }) => sum + ms, 0);

/** On a machine with more to do than it has cores, media are late; then only the order is judged. */
const mostAfterBeepMs = (): number => (loadavg()[0]! > availableParallelism() ? 2000 : 200);

const voicemail = (after: PersonaScript['steps']): PersonaScript => ({
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

describe('A voicemail that beeps', function () {
  this.timeout(60_000);
  let folder = '';
  let farEnd: FarEnd | undefined;
  let dialback: Dialback | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-voicemail-'));
  });
  afterEach(async () => {
    await dialback?.stop(0);
    await farEnd?.stop();
    dialback = farEnd = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  /** One callback to this machine, to its end. */
  async function callMachine(
    script: PersonaScript,
  ): Promise<{ attempt: AttemptRecord; heard: HeardCall }> {
    farEnd = await startFarEnd({ mediaDirectory: MEDIA, rules: () => script });
    const file = join(folder, 'dialback.yaml');
    await writeFile(
      file,
      `engine: embedded
trunks: [{ name: far-end, uri: "sip:127.0.0.1:${farEnd.port}" }]
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
services:
  sales:
    _default_country: GB
    _max_dial_attempts: 1
    _treatment_call_failure_answering_machine: { file: machine.wav, hints: { am-beep-detection: "on" } }
`,
    );
    dialback = await startDialback(await loadConfig(file), silentLog);
    const { url } = dialback;
    const response = await fetch(`${url}/genesys/1/service/callback/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: '+447700900123' }),
    });
    const { _id: id } = (await response.json()) as { _id: string };
    const attempt = await until(40_000, 'the callback to complete', async () => {
      const answer = await fetch(`${url}/v1/callbacks/${id}`);
      const { callback, attempts } = (await answer.json()) as {
        callback: { state: string };
        attempts: AttemptRecord[];
      };
      return callback.state === 'COMPLETED' ? attempts[0] : undefined;
    });
    const heard = farEnd.calls()[0];
    assert.ok(heard);
    return { attempt, heard };
  }

  const LISTEN = { step: 'listen', quietMs: 3000, maxMs: 15_000 } as const;

  it('hears all of the message, from within 200 ms of the beep’s end', async () => {
    const { attempt, heard } = await callMachine(voicemail([LISTEN]));
    assert.deepEqual([attempt.callState, attempt.message], [9, 'delivered']);
    const says = heard.ladder.filter(({ what }) => what.startsWith('says'));
    const beepEndMs = (says.at(-1)?.atMs ?? NaN) + BEEP_MS;
    const [message] = recognise(heard.recording, [await sound('machine.wav')]);
    assert.ok((message?.heardFraction ?? 0) > 0.95, `heard ${message?.heardFraction}`);
    const afterMs = (heard.recordingAtMs ?? NaN) + (message?.startMs ?? NaN) - beepEndMs;
    assert.ok(afterMs > -20, `${-afterMs} ms before the beep was over`);
    assert.ok(afterMs <= mostAfterBeepMs(), `${afterMs} ms after the beep`);
  });

  it('that hangs up too soon has no message, and the record says so', async () => {
    const { attempt } = await callMachine(voicemail([{ step: 'wait', ms: 1500 }]));
    assert.deepEqual([attempt.callState, attempt.message], [9, 'cut']);
  });
});
