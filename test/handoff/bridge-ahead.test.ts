import assert from 'node:assert/strict';
import type { HandoffConfig } from '../../src/config/config.js';
import type { MediaEndpoint } from '../../src/ports.js';
import { handoffBed, NOTHING_LEFT } from './bed.js';

describe('a bridge while an agent is called', () => {
  /** @returns whose bridge is expected; true: the customer's */
  async function expected(handoff: Partial<HandoffConfig>): Promise<boolean[]> {
    const bed = await handoffBed(handoff);
    await bed.search();
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
    const isCustomer = (endpoint: MediaEndpoint) => endpoint === bed.endpoint;
    return bed.telephony.expected.map(isCustomer);
  }

  it('is expected from when an agent is looked for', async () => {
    assert.deepEqual(await expected({}), [true]);
  });

  it('is not expected where agents are screened first, or it is not wanted', async () => {
    assert.deepEqual(await expected({ whisper: ['who.wav'] }), []);
    assert.deepEqual(await expected({ accept: { digit: '1', timeoutMs: 1000 } }), []);
    assert.deepEqual(await expected({ isBridgedAhead: false }), []);
  });
});
