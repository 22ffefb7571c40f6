import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { ServiceOptions } from '../../src/callflow/service-options.js';
import type { Role } from '../../src/demo/cast.js';
import { expectationOf } from '../../src/demo/expectation.js';
import { SoundShelf } from '../../src/demo/sounds.js';
import { createMediaFiles } from '../../src/adapters/media/media-files.js';
import { noNetwork } from '../fakes/no-network.js';
import { SERVICE_OPTIONS } from '../fakes/service-config.js';

const MEDIA = fileURLToPath(new URL('../../media', import.meta.url));
const shelf = new SoundShelf(
  { directory: MEDIA, packagedDirectory: MEDIA },
  createMediaFiles({ cacheDirectory: MEDIA, fetcher: noNetwork }),
);
const file = (name: string) => ({ file: name, afterBeep: false, interruptible: false });

function expect(
  role: Partial<Role> & Pick<Role, 'answer'>,
  options: Partial<ServiceOptions> = {},
  agentAnswersAfterMs: number | undefined = 4000,
  comfortWasHeard = false,
) {
  return expectationOf(
    { persona: 'human', ...role },
    { ...SERVICE_OPTIONS, maxDialAttempts: 2, ...options },
    { shelf, agentAnswersAfterMs, comfortWasHeard },
  );
}

describe('what the demo expects', () => {
  it('is what the decision table says where nothing is in the way', async () => {
    assert.deepEqual(await expect({ answer: 'human' }), {
      callState: 0,
      attempts: 1,
      state: 'COMPLETED',
      reason: 'AGENT_CONNECTED',
      treatments: ['connect.wav', 'waiting.wav'],
      isHandedOff: true,
    });
    const machine = await expect({ answer: 'machine' });
    assert.deepEqual(machine.treatments, ['machine.wav', 'machine.wav']);
  });

  it('takes a file that cannot be played for a treatment that is off', async () => {
    const { treatments } = await expect(
      { answer: 'human' },
      { customerConnectTreatment: file('nowhere.wav') },
    );
    assert.deepEqual(treatments, ['waiting.wav']);
  });

  it('hears one file twice in a row as one', async () => {
    const { treatments } = await expect(
      { answer: 'human' },
      { customerConnectTreatment: file('waiting.wav') },
    );
    assert.deepEqual(treatments, ['waiting.wav']);
  });

  it('knows that a wait shorter than the agent needs is in vain', async () => {
    const { reason, treatments } = await expect({ answer: 'human' }, { agentWaitMaxMs: 1000 });
    assert.equal(reason, 'FAIL_TARGET_NOT_FOUND');
    assert.deepEqual(treatments, ['connect.wav', 'find-agent-fail.wav']);
  });

  it('takes whoever answers for a person when call progress detection is off', async () => {
    const off = { isCpdEnabled: false };
    assert.equal((await expect({ answer: 'fax' }, off)).reason, 'AGENT_CONNECTED');
    assert.equal((await expect({ answer: 'busy' }, off)).callState, 6);
    const gone = await expect({ answer: 'hung-up' }, off);
    assert.deepEqual([gone.reason, gone.treatments], ['FAIL_INTERACTION_DELETED', []]);
  });

  it('follows the demo’s own plugin to the route point, with the waiting treatment', async () => {
    const routed = await expectationOf(
      { persona: 'human', answer: 'human' },
      { ...SERVICE_OPTIONS, pluginOnDialUrl: 'http://plugin.example.net/after-hours' },
      {
        shelf,
        agentAnswersAfterMs: 4000,
        comfortWasHeard: false,
        pluginRoutesTo: 'after-hours',
      },
    );
    assert.deepEqual(
      [routed.reason, routed.treatments, routed.isHandedOff],
      ['ROUTED_TO_RP', ['waiting.wav'], true],
    );
  });

  it('takes what a plugin of the configuration replied for what it was to reply', async () => {
    const cancelled = await expectationOf(
      { persona: 'human', answer: 'human' },
      { ...SERVICE_OPTIONS, pluginOnDialUrl: 'http://127.0.0.1/own.scxml' },
      {
        shelf,
        agentAnswersAfterMs: 4000,
        comfortWasHeard: false,
        replied: { action: 'cancel', isInteractionDeleted: false, ignoredFields: [] },
      },
    );
    assert.deepEqual([cancelled.reason, cancelled.isHandedOff], ['CANCELLED', false]);
  });

  it('lets nobody hang up on a treatment that is not there', async () => {
    const silent = { customerConnectTreatment: undefined, waitingForAgentTreatment: undefined };
    const role = { answer: 'human', leavesDuringTreatment: true } as const;
    assert.equal((await expect(role, silent)).reason, 'AGENT_CONNECTED');
    assert.equal((await expect(role, silent, 4000, true)).reason, 'FAIL_INTERACTION_DELETED');
    assert.equal((await expect(role)).reason, 'FAIL_INTERACTION_DELETED');
  });
});
