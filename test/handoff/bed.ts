/** A callback's far sides between a faked telephony and the test, with a customer who is on the line. */
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import type { EventBody } from '../../src/callflow/vocabulary.js';
import type { HandoffConfig, ServiceConfig } from '../../src/config/config.js';
import type { HandoffFacts } from '../../src/handoff/conversation.js';
import { FarSides, type CustomerSide } from '../../src/handoff/far-sides.js';
import { QueueDesk } from '../../src/handoff/queue-desk.js';
import { LegLedger } from '../../src/leg-ledger.js';
import { LegTrail } from '../../src/leg-trail.js';
import type { MediaFiles } from '../../src/treatment/media-file.js';
import { TreatmentPlayer } from '../../src/treatment/treatment-player.js';
import { FakeTelephony, settle, silentLog, type FakeCall } from '../fakes/fake-telephony.js';
import { supportPlans } from '../fakes/queue-desk.js';
import { HANDOFF, serviceConfig } from '../fakes/service-config.js';

const PLACES = { directory: '/m', packagedDirectory: '/p' };

export async function handoffBed(
  handoff: Partial<HandoffConfig> = {},
  more: Partial<ServiceConfig> = {},
  plans = supportPlans('sip:support@pbx'),
) {
  const telephony = new FakeTelephony();
  const clock = virtualClock();
  const posted: EventBody[] = [];
  const facts: HandoffFacts[] = [];
  const notes: string[] = [];
  const userData: Record<string, string> = {};
  const cleanUps: Promise<unknown>[] = [];
  const desk = new QueueDesk({ clock, log: silentLog }, plans);
  let ids = 0;
  const service = {
    ...serviceConfig(),
    allowedDestinations: ['pbx'],
    handoff: { ...HANDOFF, ...handoff },
    ...more,
  };
  const files: MediaFiles = {
    probe: () => Promise.resolve(undefined),
    fetch: () => Promise.resolve({ kind: 'unplayable', code: 'MEDIA_MISSING', why: '404' }),
  };
  const trail = new LegTrail(telephony, clock, (entries) => {
    for (const entry of entries) if (entry.kind === 'media') notes.push(entry.what);
  });
  const ledger = new LegLedger(clock, trail, () => {});
  const farSides = new FarSides({
    deps: {
      telephony,
      clock,
      log: silentLog,
      files,
      desk,
      random: { uuid: () => `leg-${(ids += 1)}`, fraction: () => 0.5 },
    },
    callback: {
      id: 'cb-1',
      customerNumber: '+15550100',
      createdAtMs: clock.nowMs() - 60_000,
      userData,
    },
    ledger,
    trail,
    settings: () => ({
      routePoints: { after: { uri: 'sip:8999@pbx' } },
      places: PLACES,
      service,
    }),
    post: (event) => posted.push(event),
    attempt: () => 1,
    onFacts: (known) => facts.push(known),
    cleanUp: (work) => cleanUps.push(work),
  });

  const endpoint = await telephony.media.createEndpoint();
  const customerCall = telephony.sip.invite({ uri: 'sip:c@t', callId: 'customer', localSdp: '' });
  const dialog = customerCall.answer();
  trail.follow('customer', 'customer');
  const player = new TreatmentPlayer(PLACES, files, {
    onStarted: () => {},
    onOver: () => {},
    onEnded: () => {},
    onFailed: () => {},
  });
  let isReleased = false;
  const customer: CustomerSide = {
    call: {
      callId: 'customer',
      get endpoint() {
        return isReleased ? undefined : endpoint;
      },
      dialog,
      stopListening: () => Promise.resolve(),
      releaseMedia: async () => {
        isReleased = true;
        await endpoint.close();
      },
    },
    player,
  };
  player.play(endpoint, { playId: 'waiting', file: 'waiting.wav', loop: true });
  await settle();

  return {
    telephony,
    clock,
    files,
    posted,
    notes,
    userData,
    farSides,
    desk,
    customer,
    player,
    endpoint,
    dialog,
    /** All facts told so far, the later ones over the earlier. */
    known: (): HandoffFacts => Object.assign({}, ...facts) as HandoffFacts,
    /** Files that are playing now, per playback. */
    playing: () => telephony.plays.filter((play) => play.isPlaying).map((play) => play.files),
    async search(): Promise<FakeCall> {
      farSides.search(
        { type: 'queue', queueId: 'q', legId: 'l', queue: 'support', attemptsMax: 5 },
        customer,
      );
      await settle();
      return lastOf(telephony.calls);
    },
    async route(destination = 'after'): Promise<void> {
      farSides.route({ type: 'route', routeId: 'r', legId: 'l', destination }, customer);
      await settle();
    },
    async bridge(id: string): Promise<void> {
      void player.stop('waiting');
      farSides.bridge(id, customer);
      await settle();
    },
    /** The call that was made last; the first is the customer's. */
    lastCall: () => lastOf(telephony.calls),
    /** Gives everything back. @returns what was left behind */
    async end() {
      farSides.dropAll('the test is over');
      await dialog.bye('over');
      await endpoint.close();
      await Promise.all(cleanUps);
      await settle();
      trail.flush();
      return { ...telephony.counts(), timers: clock.pendingCount };
    },
  };
}

function lastOf(calls: readonly FakeCall[]): FakeCall {
  const call = calls.at(-1);
  if (!call) throw new Error('no call was made');
  return call;
}

/** What `end` returns when nothing is. */
export const NOTHING_LEFT = { endpoints: 0, dialogs: 0, timers: 0 };
