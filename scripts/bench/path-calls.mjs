// The call path of the product alone, for `npm run bench:calls`: what makes and hears a call (adapters,
// call progress detection in its thread, the player), without API, store, call flow and log. It does
// what the bare script does: listen, play, hang up.
import process, { argv, exit } from 'node:process';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../dist/adapters/clock/system-clock.js';
import { CpdPool } from '../../dist/adapters/cpd/cpd-pool.js';
import { silentLog } from '../../dist/adapters/log.js';
import { createMediaFiles } from '../../dist/adapters/media/media-files.js';
import { connectTelephony } from '../../dist/adapters/telephony/connect.js';
import { OutboundCall } from '../../dist/dial/outbound-call.js';
import { TreatmentPlayer } from '../../dist/treatment/treatment-player.js';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { answerUsage } from './usage.mjs';

const { drachtio, freeswitch, file, listenMs } = JSON.parse(argv[2]);
const nowMs = () => performance.timeOrigin + performance.now();
const clock = systemClock();
const log = silentLog;
const telephony = await connectTelephony({ drachtio, freeswitch, log, clock });
const analyser = await CpdPool.start({ log });
const folder = dirname(file);
const places = { directory: folder, packagedDirectory: folder };
const files = createMediaFiles({ cacheDirectory: folder, allowedOrigins: new Set() });
const nothing = () => undefined;

const call = (uri) =>
  new Promise((resolve, reject) => {
    const hangUp = (why) =>
      outbound.hangUp('done').then(() => why && reject(new Error(why)), reject);
    const player = new TreatmentPlayer(places, files, {
      onStarted: nothing,
      onOver: nothing,
      onEnded: () => void hangUp().then(resolve),
      onFailed: (_id, why) => void hangUp(why),
    });
    const analysis = {
      profile: 'human-first',
      postConnectTimeoutMs: listenMs,
      silenceTimeoutMs: listenMs,
    };
    const outbound = new OutboundCall(
      { telephony, analyser, clock, log },
      { uri, callId: randomUUID(), ringTimeoutMs: 30_000, analysis },
      {
        ...{ onEndpoint: nothing, onIdentity: nothing, onOver: nothing, onHeard: nothing },
        ...{ onInvited: nothing, onRinging: nothing, onAnswered: nothing, onRevised: nothing },
        ...{ onGreetingEnded: nothing },
        onHungUp: () => void hangUp('hung up'),
        onLost: () => void hangUp('lost'),
        onResult: ({ legUp, detail }) => {
          if (!legUp) return void hangUp(detail.cpdReason ?? 'not answered');
          void (outbound.beforePlaying?.() ?? outbound.stopListening());
          player.play(outbound.endpoint, { playId: 'one', file, loop: false });
        },
      },
    );
  });

process.on('message', ({ number, uri }) => {
  if (number === undefined) return;
  const dialledAtMs = nowMs();
  call(uri).then(
    () => process.send({ number, dialledAtMs, ok: true }),
    (error) => process.send({ number, dialledAtMs, ok: false, why: error.message }),
  );
});
answerUsage(() => telephony.counts());
process.on('disconnect', () => void telephony.close().then(() => exit()));
process.send({ ready: true });
