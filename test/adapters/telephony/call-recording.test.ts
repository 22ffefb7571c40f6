/** What a holder records of a customer, on either engine, as long as its files are on this host. */
import assert from 'node:assert/strict';
import { access, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { recordingShelf } from '../../../src/adapters/holder/recording-shelf.js';
import { readWavFile } from '../../../src/embedded/rtp/wav.js';
import { CallRecording } from '../../../src/holder/call-recording.js';
import type { DigitPress, RecordRequest } from '../../../src/holder/held-call.js';
import { toneShare } from '../../sip/far-rtp.js';
import { type LiveCall, useSite } from './site.js';

describe('a recording of a customer', function () {
  this.timeout(60_000);
  const site = useSite();
  const folder = join(tmpdir(), `dialback-recordings-${process.pid}`);
  const shelf = recordingShelf();
  after(() => rm(folder, { recursive: true, force: true }));

  function record({ endpoint }: LiveCall, request: RecordRequest): CallRecording {
    const context = {
      clock: systemClock(),
      shelf,
      endpoint,
      recordingId: 'recording-1',
      kept: () => {},
      onDigit: (handle: (press: DigitPress) => void) => {
        endpoint.onDigit((digit) => handle({ digit, beganAtMs: 0, endedAtMs: 0 }));
        return () => {};
      },
    };
    return new CallRecording(context, request);
  }

  it('ends when the customer is silent again, and holds what they said', async () => {
    const call = await site().call();
    const recording = record(call, { maxMs: 10_000, silenceEndMs: 1500, silenceStartMs: 5000 });
    await sleep(400);
    call.far.rtp.sendTone(call.endpoint.localSdp, 600);
    await sleep(1500);
    call.far.rtp.sendTone(call.endpoint.localSdp, 600, 0);
    const end = await recording.done;
    assert.ok(end.kind === 'recorded', JSON.stringify(end));
    assert.equal(end.endedBy, 'silence');
    assert.ok(end.durationMs > 1700 && end.durationMs < 8000, `${end.durationMs} ms`);
    const wav = await readWavFile(end.path);
    assert.ok(wav.ok);
    assert.equal(Math.round(wav.pcm.length / 8), end.durationMs);
    const loudest = Math.max(
      ...[0, 1, 2, 3, 4].map((part) =>
        toneShare(wav.pcm.slice(part * 4000, part * 4000 + 4000), 600),
      ),
    );
    assert.ok(loudest > 0.8, `600 Hz is ${loudest} of the best half second`);
    assert.equal((await stat(end.path)).mode & 0o077, 0, 'readable by its owner alone');
    await shelf.forget(end.path);
    await assert.rejects(access(end.path));
    await site().hangUp(call);
  });

  it('is open to the group of a folder that a media server shares with us', async () => {
    const shared = recordingShelf(folder);
    const path = await shared.keep(Buffer.alloc(320));
    assert.ok(path.startsWith(`${folder}/`));
    assert.ok(shared.newPath().startsWith(`${folder}/`));
    assert.equal((await stat(path)).mode & 0o777, 0o640);
    assert.equal((await stat(dirname(path))).mode & 0o777, 0o750);
  });

  it('ends with a key, with the longest time, and when it is stopped', async () => {
    const call = await site().call();
    call.far.rtp.sendTone(call.endpoint.localSdp, 600);
    const byKey = record(call, { maxMs: 10_000, endDigits: '#' });
    await sleep(1500);
    await call.far.rtp.pressKey(call.endpoint.localSdp, '#', 100);
    const key = await byKey.done;
    assert.ok(key.kind === 'recorded');
    assert.deepEqual([key.endedBy, key.digit], ['digit', '#']);
    const byTime = await record(call, { maxMs: 500 }).done;
    assert.ok(byTime.kind === 'recorded');
    assert.equal(byTime.endedBy, 'max-time');
    assert.ok(byTime.durationMs <= 500);
    const stopped = record(call, { maxMs: 10_000 });
    await sleep(1500);
    await stopped.stop();
    const end = await stopped.done;
    assert.equal(end.kind === 'recorded' && end.endedBy, 'stopped');
    call.far.rtp.stopSending();
    await site().hangUp(call);
  });

  it('keeps what there is when the call is taken away', async () => {
    const call = await site().call();
    call.far.rtp.sendTone(call.endpoint.localSdp, 600);
    const recording = record(call, { maxMs: 10_000 });
    await sleep(2000);
    call.far.rtp.stopSending();
    await site().hangUp(call);
    recording.takeAway();
    const end = await recording.done;
    assert.ok(end.kind === 'recorded');
    assert.equal(end.endedBy, 'call-over');
    assert.ok(end.durationMs > 300, `${end.durationMs} ms`);
  });
});
