import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../../src/adapters/log.js';
import { connectTelephony } from '../../../src/adapters/telephony/connect.js';
import { OwnerMark } from '../../../src/adapters/telephony/owner-mark.js';
import type { MediaEndpoint } from '../../../src/ports.js';
import { useSite } from './site.js';

const newId = (): string => randomBytes(16).toString('hex');

async function isEnded(endpoint: MediaEndpoint): Promise<boolean> {
  for (let tries = 0; tries < 100 && !endpoint.hasEnded; tries++) await sleep(20);
  return endpoint.hasEnded;
}

describe('channels of a dead process', function () {
  this.timeout(60_000);
  const site = useSite();

  it('are ended by the next process of the same store, which knows none of them', async () => {
    const [ours, others] = [newId(), newId()];
    const dead = await connectTelephony({ ...site().options(), ownerId: ours });
    const stranger = await connectTelephony({ ...site().options(), ownerId: others });
    const left = await dead.media.createEndpoint();
    const kept = await stranger.media.createEndpoint();
    const next = await connectTelephony({ ...site().options(), ownerId: ours });
    assert.equal(await isEnded(left), true, 'ended without its name');
    assert.equal(kept.hasEnded, false, 'those of another store go on');
    const fresh = await next.media.createEndpoint();
    await sleep(100);
    assert.equal(fresh.hasEnded, false, 'nor do its own end');
    await fresh.close();
    await kept.close();
    for (const telephony of [dead, stranger, next]) await telephony.close();
  });
});

describe('the mark of an owner', () => {
  const id = newId();

  /** A server that takes commands only while it may. */
  function server() {
    const state = { commands: [] as string[], canAnswer: true };
    const api = (...words: readonly string[]): Promise<string> => {
      state.commands.push(words.join(' '));
      return state.canAnswer ? Promise.resolve('+OK') : Promise.reject(new Error('no answer'));
    };
    return Object.assign(state, { api });
  }

  it('sweeps a server once: later its channels may be ours', async () => {
    const one = server();
    const mark = new OwnerMark(id, silentLog);
    await mark.sweep('a', one);
    await mark.sweep('a', one);
    assert.deepEqual(one.commands, [`hupall NORMAL_CLEARING sip_h_X-Dialback-Owner ${id}`]);
    assert.deepEqual(mark.headers, { 'X-Dialback-Owner': id });
  });

  it('asks again, and says so, when the server did not answer', async () => {
    const one = server();
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (_fields: object, text: string) => warnings.push(text) };
    const mark = new OwnerMark(id, log);
    one.canAnswer = false;
    await mark.sweep('a', one);
    one.canAnswer = true;
    await mark.sweep('a', one);
    assert.equal(one.commands.length, 2);
    assert.deepEqual(warnings, ['channels of a dead process may be left']);
  });

  it('is nothing that could end other channels', () => {
    for (const wrong of ['', 'abc', `${id} all`, 'g'.repeat(32)]) {
      assert.throws(() => new OwnerMark(wrong, silentLog), RangeError);
    }
  });
});
