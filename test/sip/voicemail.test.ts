/**
 * A voicemail end to end: greeting, beep, message. How soon the message begins is measured by
 * `npm run bench:message`; here it has to begin after the beep and be heard to its end.
 */
import assert from 'node:assert/strict';
import type { PersonaScript } from '../../src/farend/persona-script.js';
import { FarService, type FarCallback } from './far-service.js';
import { leavesMessage, LISTENS, messageHeard, voicemail } from './voicemail-call.js';

/** The other end of a greeting, its pause, would let it begin this late: the beep was not heard. ms */
const PAUSE_MS = 1800;

describe('A voicemail that beeps', function () {
  this.timeout(180_000);
  let service: FarService | undefined;

  afterEach(() => service?.close());

  async function callMachine(script: PersonaScript): Promise<FarCallback> {
    service = await FarService.open(leavesMessage(script));
    return service.call('+447700900123');
  }

  it('hears all of the message, and none of it into the beep', async () => {
    const { attempt, heard } = await callMachine(voicemail(LISTENS));
    assert.deepEqual([attempt.callState, attempt.message], [9, 'delivered']);
    const { fraction, afterBeepMs } = await messageHeard(heard);
    assert.ok(fraction > 0.95, `heard ${fraction}`);
    assert.ok(afterBeepMs > -20, `${-afterBeepMs} ms before the beep was over`);
    assert.ok(afterBeepMs < PAUSE_MS, `${afterBeepMs} ms after the beep`);
  });

  it('that hangs up too soon has no message, and the record says so', async () => {
    const { attempt } = await callMachine(voicemail([{ step: 'wait', ms: 1500 }]));
    assert.deepEqual([attempt.callState, attempt.message], [9, 'cut']);
  });
});
