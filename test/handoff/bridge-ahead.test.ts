import assert from 'node:assert/strict';
import type { HandoffConfig } from '../../src/config/config.js';
import type { MediaEndpoint } from '../../src/ports.js';
import { handoffBed, NOTHING_LEFT } from './bed.js';

describe('a bridge while the customer waits', () => {
  /** @returns whose bridge is made ahead; true: the customer's */
  async function prepared(handoff: Partial<HandoffConfig>): Promise<boolean[]> {
    const bed = await handoffBed(handoff);
    await bed.search();
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
    const isCustomer = (endpoint: MediaEndpoint) => endpoint === bed.endpoint;
    return bed.telephony.prepared.map(isCustomer);
  }

  it('is made when an agent is looked for', async () => {
    assert.deepEqual(await prepared({}), [true]);
  });

  it('is not made where agents are screened first, or it is not wanted', async () => {
    assert.deepEqual(await prepared({ whisper: ['who.wav'] }), []);
    assert.deepEqual(await prepared({ accept: { digit: '1', timeoutMs: 1000 } }), []);
    assert.deepEqual(await prepared({ isBridgedAhead: false }), []);
  });
});
