import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import { ChannelTap } from '../../../src/adapters/telephony/channel-tap.js';
import type { Channel } from '../../../src/adapters/telephony/channel.js';
import { TelephonyError } from '../../../src/adapters/telephony/errors.js';
import type { TapKind } from '../../../src/ports.js';
import { level, toneShare } from '../../sip/far-rtp.js';
import { watchStalls } from '../../sip/sound-and-time.js';
import { eventually, type TestSite, useSite } from './site.js';
import { TapEar } from './tap-ear.js';

/** Opens an ear for each test; skips a kind that the media server does not have. */
function useTap(site: () => TestSite, kind: TapKind): () => TapEar {
  let ear: TapEar | undefined;
  before(async function () {
    const bare = await site().telephony.media.createEndpoint();
    const probe = await TapEar.open();
    const tap = await bare.tap(probe);
    await bare.close();
    probe.close();
    if (tap.kind === kind) return;
    console.log(`      skipped: this media server offers ${tap.kind}, not ${kind}`);
    this.skip();
  });
  beforeEach(async () => void (ear = await TapEar.open()));
  afterEach(() => ear?.close());
  return () => {
    if (!ear) throw new Error('the ear is not open');
    return ear;
  };
}

const FRAME_MS = 20;
/** What passes before the first frame comes. */
const BEGINNING_FRAMES = 25;

/** `lateMs`: FreeSWITCH writes the first half second of a recording at once. */
const KINDS = [
  { kind: 'audio_fork', settings: {}, lateMs: 200 },
  { kind: 'recording', settings: { audioTap: 'recording' }, lateMs: 750 },
  { kind: 'unicast', settings: { audioTap: 'unicast' }, lateMs: 200 },
] as const;

for (const { kind, settings, lateMs } of KINDS) {
  describe(`a tap by ${kind}, field notes 2`, function () {
    this.timeout(60_000);
    const site = useSite(settings);
    const ear = useTap(site, kind);

    it("delivers the customer's audio, fifty frames a second, until it is stopped", async () => {
      const call = await site().call();
      call.far.rtp.sendTone(call.endpoint.localSdp, 800);
      const startedAtMs = performance.now();
      const tap = await call.endpoint.tap(ear());
      assert.equal(site().telephony.counts()['taps'], 1);
      // Held up, it catches up: never more than there was time for, and in the end hardly less.
      const due = () => (performance.now() - startedAtMs) / FRAME_MS;
      const heard = () => ear().samples(0).length / 160;
      await eventually(() => {
        assert.ok(heard() <= due() + 5, `${heard()} of ${due()} frames`);
        const isAll = heard() >= 300 && heard() + BEGINNING_FRAMES >= 0.96 * due();
        assert.ok(isAll, `${heard()} of ${due()} frames`);
      }, 20_000);
      await tap.stop();
      const steady = ear().frames.slice(15);
      const ofTone = steady.filter(({ samples }) => toneShare(samples, 800) > 0.9);
      assert.ok(ofTone.length > 0.8 * steady.length, `${ofTone.length} of ${steady.length}`);
      await sleep(100);
      const countAfterStop = ear().frames.length;
      await sleep(200);
      assert.equal(ear().frames.length, countAfterStop);
      assert.equal(site().telephony.counts()['taps'], 0);
      await site().hangUp(call);
    });

    it('is armed before the call is answered, and hears early media from its start', async () => {
      const far = await site().far();
      far.onInvite = (call) => call.respond(183, 'Session Progress', { sdp: far.rtp.sdp });
      const endpoint = await site().telephony.media.createEndpoint();
      const tap = await endpoint.tap(ear());
      const invite = site().invite(far, { localSdp: endpoint.localSdp });
      const early = await new Promise<{ sdp?: string }>((resolve) => invite.onProvisional(resolve));
      await endpoint.connect(early.sdp ?? '');
      const from = ear().frames.length;
      const spokeAtMs = performance.now();
      far.rtp.sendTone(endpoint.localSdp, 900);
      const stalls = watchStalls();
      const onset = () =>
        ear()
          .frames.slice(from)
          .find(({ samples }) => level(samples) > 0.1);
      await eventually(() => assert.ok(onset(), 'the tone is heard before the answer'));
      const tookMs = Math.round((onset()?.atMs ?? NaN) - spokeAtMs);
      const mostMs = lateMs + 4 * stalls.longestMs();
      assert.ok(tookMs < mostMs, `after ${tookMs} of ${mostMs} ms`);
      await tap.stop();
      invite.cancel('test over');
      await invite.outcome;
      await endpoint.close();
    });

    it('can be armed again after it was stopped, and after a playback', async () => {
      const call = await site().call();
      call.far.rtp.sendTone(call.endpoint.localSdp, 800);
      const file = await site().toneFile(500, 300);
      for (let round = 0; round < 3; round++) {
        const tap = await call.endpoint.tap(ear());
        ear().frames.length = 0;
        await eventually(() => assert.ok(ear().frames.length > 10));
        if (round === 1) await tap.stop();
        const end = await call.endpoint.play([file], { loop: false }).done;
        assert.deepEqual(end, { kind: 'ended', playedMs: 300 });
      }
      await site().hangUp(call);
    });

    it('does not cut a playback that begins while it is being stopped', async () => {
      const call = await site().call();
      const tap = await call.endpoint.tap(ear());
      await sleep(100);
      const stopping = tap.stop();
      const playback = call.endpoint.play([await site().toneFile(500, 600)], { loop: false });
      await stopping;
      assert.equal((await playback.done).kind, 'ended');
      await call.far.rtp.isQuiet();
      const heard = call.far.rtp.loud();
      assert.ok(Math.abs(heard.length - 30) <= 2, `${heard.length} of 30 packets`);
      await site().hangUp(call);
    });

    it('tells no RTP (0xFF) from silence (0x00), as field notes 9 says of unicast', async () => {
      const call = await site().call();
      const tap = await call.endpoint.tap(ear());
      /** Of the last eight frames. */
      const withoutRtp = (): number => {
        const last = ear().frames.slice(-8);
        assert.equal(last.length, 8);
        return last.filter(({ samples }) => samples.every((s) => s === -1)).length;
      };
      await eventually(() => assert.ok(withoutRtp() >= 7, 'no RTP yet'));
      call.far.rtp.sendTone(call.endpoint.localSdp, 800, 0);
      await eventually(() => assert.ok(withoutRtp() <= 1, 'digital silence'));
      await tap.stop();
      await site().hangUp(call);
    });

    if (kind === 'unicast') {
      it('is refused while a file plays, because nothing would be heard', async () => {
        const call = await site().call();
        const playback = call.endpoint.play([await site().toneFile(500, 1000)], { loop: true });
        await assert.rejects(call.endpoint.tap(ear()), { code: 'ENDPOINT_BUSY' });
        await playback.stop();
        await site().hangUp(call);
      });

      it('is stopped and armed again any number of times, and hangs no channel in FreeSWITCH', async function () {
        if (site().engine.name !== 'servers') return this.skip();
        const again = async (): Promise<void> => {
          const [call, listener] = [await site().call(), await TapEar.open()];
          call.far.rtp.sendTone(call.endpoint.localSdp, 800);
          // Each parks twice, which was the end at the 70th time.
          for (let round = 0; round < 40; round++) {
            const tap = await call.endpoint.tap(listener);
            await sleep(50);
            await tap.stop();
          }
          assert.ok(!call.endpoint.hasEnded);
          await site().hangUp(call);
          listener.close();
        };
        await Promise.all([again(), again(), again(), again()]);
      });
      return;
    }

    it('goes on while a file plays, and hears the customer alone', async () => {
      const call = await site().call();
      call.far.rtp.sendTone(call.endpoint.localSdp, 800);
      const tap = await call.endpoint.tap(ear());
      const playback = call.endpoint.play([await site().toneFile(440, 1500)], { loop: false });
      await call.far.rtp.hears(440);
      const from = ear().frames.length;
      await playback.done;
      const during = ear().samples(from);
      assert.ok(during.length > 0.8 * 8000, `${during.length} samples while the file played`);
      assert.ok(toneShare(during, 800) > 0.9);
      assert.ok(toneShare(during, 440) < 0.01);
      await tap.stop();
      await site().hangUp(call);
    });
  });
}

describe('a recording that is a tap', function () {
  this.timeout(60_000);
  const site = useSite({ audioTap: 'recording' });
  const ear = useTap(site, 'recording');

  it("leaves no customer's voice on the disk, not even while it runs", async () => {
    const call = await site().call();
    const tap = await call.endpoint.tap(ear());
    await eventually(() => assert.ok(ear().frames.length > 5));
    assert.match(ear().followed, /dialback-tap-.*\.raw$/);
    assert.equal(existsSync(ear().followed), false);
    await tap.stop();
    await site().hangUp(call);
  });
});

describe('a tap by audio_fork whose listener closed first', () => {
  async function stopWith(answer: string): Promise<string[]> {
    const warnings: string[] = [];
    const api = (_name: string, _uuid: string, verb: string) =>
      verb === 'start'
        ? Promise.resolve('+OK Success')
        : Promise.reject(new TelephonyError('COMMAND_FAILED', `uuid_audio_fork: ${answer}`));
    const ear = await TapEar.open();
    const tap = await ChannelTap.start(
      {
        channel: { uuid: 'channel', hasEnded: false, api } as unknown as Channel,
        clock: virtualClock(),
        log: { ...silentLog, warn: (_fields, message) => warnings.push(message) },
        means: {
          kind: 'audio_fork',
          ourAddress: '127.0.0.1',
          unicastFrom: '127.0.0.1',
          recordingFolder: '/tmp',
        },
        park: () => Promise.resolve(),
        isPlaying: () => false,
      },
      ear,
    );
    await tap.stop();
    ear.close();
    return warnings;
  }

  it('is over already, which is no reason for a warning', async () => {
    assert.deepEqual(await stopWith('-ERR Operation Failed'), []);
  });

  it('is told when it cannot be stopped for another reason', async () => {
    assert.deepEqual(await stopWith('-ERR no such session'), ['tap not stopped']);
  });
});

describe('a tap by audio_fork that does not reach us', function () {
  this.timeout(60_000);
  const site = useSite();
  const ear = useTap(site, 'audio_fork');

  it('is replaced by unicast within two seconds and a half', async () => {
    const call = await site().call();
    call.far.rtp.sendTone(call.endpoint.localSdp, 800);
    ear().fork = { port: 9, path: '/nobody' };
    const tap = await call.endpoint.tap(ear());
    assert.equal(tap.kind, 'audio_fork');
    await eventually(() => assert.ok(ear().frames.length > 10));
    assert.equal(tap.kind, 'unicast');
    assert.equal(tap.hearsWhilePlaying, false);
    await tap.stop();
    await site().hangUp(call);
  });
});
