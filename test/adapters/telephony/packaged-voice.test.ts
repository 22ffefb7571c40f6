/** What is packaged to tell a waiting customer the place and the wait, as the customer hears it. Both engines. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import { recognise } from '../../../src/farend/recognise.js';
import { SoundLibrary } from '../../../src/farend/sound-library.js';
import { WaitingCustomer } from '../../../src/handoff/waiting-customer.js';
import { mediaFault } from '../../../src/treatment/media-file.js';
import { TreatmentPlayer } from '../../../src/treatment/treatment-player.js';
import { HANDOFF } from '../../fakes/service-config.js';
import { concat } from '../../sip/far-rtp.js';
import { eventually, useSite } from './site.js';

const MEDIA = join(import.meta.dirname, '../../../media');
const announcements = {
  position: ['say/en/you-are-number.wav', '{position}', 'say/en/in-line.wav'],
  expectedWait: ['say/en/minutes-to-wait.wav', '{minutes}'],
  everyMs: 30_000,
};
const SPOKEN = ['you-are-number', '40', '2', 'in-line', 'minutes-to-wait', '12'];
/** They might be heard as well, and must not be. */
const OTHERS = ['4', '10', '20', '13', 'minutes-waited'];
const WITHIN_MS = 20_000;

describe('the packaged voice', function () {
  this.timeout(60_000);
  const site = useSite();

  it('tells the place and the wait in the middle of the music, word for word', async () => {
    const call = await site().call();
    const clock = virtualClock();
    const files = {
      probe: async (path: string) =>
        path.startsWith(MEDIA) ? undefined : mediaFault('MEDIA_MISSING', path),
      fetch: () => Promise.reject(new Error('nothing is fetched here')),
    };
    const places = { directory: '/nowhere', packagedDirectory: MEDIA };
    const started: string[] = [];
    const player = new TreatmentPlayer(places, files, {
      onStarted: (file) => started.push(file),
      onOver: () => {},
      onEnded: () => {},
      onFailed: (_, why) => assert.fail(why),
    });
    player.play(call.endpoint, { playId: 'waiting', file: 'waiting.wav', loop: true });
    await eventually(() => assert.equal(started.length, 1));
    const waiting = new WaitingCustomer(
      { clock, log: silentLog, files },
      {
        ...{ player, places, handoff: { ...HANDOFF, announcements } },
        endpoint: () => call.endpoint,
        standing: () => ({ position: 42, expectedWaitMs: 690_000 }),
      },
    );
    await clock.advance(announcements.everyMs);
    // The announcement, and the music again.
    await eventually(() => assert.equal(started.length, 3), WITHIN_MS);
    waiting.stop();
    player.close();
    await site().hangUp(call);
    const library = new SoundLibrary(join(MEDIA, 'say/en'));
    const candidates = await Promise.all(
      [...SPOKEN, ...OTHERS].map(async (name) => ({ name, pcm: await library.get(`${name}.wav`) })),
    );
    const heard = recognise(concat(call.far.rtp.packets.map(({ samples }) => samples)), candidates);
    assert.deepEqual(
      heard.map(({ name }) => name),
      SPOKEN,
    );
  });
});
