/**
 * The engine as it runs, attacked at every port while a call is up. Whatever comes, that call goes
 * on, another can be made, each refused datagram was logged or counted, and nothing is left.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '../../src/embedded/drachtio/framing.js';
import { SipMessage, checkRoutable } from '../../src/embedded/sip/message.js';
import { FuzzBed, type GoodCall } from './bed.js';
import { mutate } from './mutate.js';
import { Random, fuzzCount, fuzzSeed } from './random.js';
import { SAMPLES, corpus, type Kind } from './samples.js';
import { INVALID } from './torture-invalid.js';
import { VALID } from './torture-valid.js';

const RSS_GROWTH_MAX_BYTES = 256 * 1024 * 1024;
const EVERYTHING_OVER_WITHIN_MS = 12_000;
const KEEP_ALIVE_BYTES = 8;
const UUID = '00000000-0000-4000-8000-000000000000';

function isSip(bytes: Buffer): boolean {
  try {
    checkRoutable(SipMessage.parse(bytes));
    return true;
  } catch {
    return false;
  }
}

describe('The embedded engine under attack', function () {
  this.timeout(60_000);
  let bed: FuzzBed;
  let call: GoodCall;
  let random: Random;
  let rssBefore = 0;
  let quiet: Record<string, number>;

  before(async () => {
    bed = await FuzzBed.open();
    random = new Random(fuzzSeed() + 100);
    // What the endpoint that proved the media server leaves behind for some seconds is no part of it.
    const left = { clientTransactions: 0, serverTransactions: 0, timers: 0 };
    quiet = { ...(await bed.engine.stats()), ...left };
    rssBefore = process.memoryUsage().rss;
    call = await bed.call();
  });
  after(() => bed.close());
  afterEach('the call that was up goes on', () => bed.isAlive(call));

  /** The corpus and damaged samples of a kind. */
  function messages(kind: Kind, share: number, samples = SAMPLES[kind]): Buffer[] {
    const kept = corpus(kind).map(({ bytes }) => bytes);
    return [...kept, ...Array.from({ length: fuzzCount(share) }, () => mutate(samples, random))];
  }

  /** Damaged SIP that names the attacker's port, so that nobody else gets the answers. */
  function sipMessages(share: number): Buffer[] {
    const torture = [...VALID, ...INVALID].map(({ bytes }) => bytes);
    return [...torture, ...messages('sip', share)].map((bytes) =>
      Buffer.from(bytes.toString('latin1').replaceAll('5062', String(bed.port)), 'latin1'),
    );
  }

  /** One line is one refusal, or the number of a second's. */
  function countRefused(): number {
    return bed.log.reduce((sum, { msg, fields }) => {
      if (msg === 'malformed SIP message dropped') return sum + 1;
      return msg === 'further input refused' ? sum + Number(fields?.['count']) : sum;
    }, 0);
  }

  it('drops damaged SIP, each with a line in the log or as part of a number', async () => {
    const hangUp = await bed.answerAll(['invite', 'options', 'message', 'info', 'notify']);
    const datagrams = sipMessages(0.12);
    bed.log.length = 0;
    await bed.flood(bed.engine.sip.port, datagrams);
    hangUp();
    const sent = datagrams.map((bytes) => bytes.subarray(0, 65_000));
    const refused = sent.filter((bytes) => bytes.length > KEEP_ALIVE_BYTES && !isSip(bytes)).length;
    await sleep(1500); // the log's second
    // A busy kernel drops some on the way; torture.test.ts counts without one.
    const counted = countRefused();
    assert.ok(counted > 0 && counted <= refused, `${counted} logged of ${refused}`);
    assert.ok(bed.log.length < 60, `${bed.log.length} lines for ${refused} refusals`);
  });

  it('cuts off whoever talks nonsense over TCP, where a good message still gets its answer', async () => {
    const good = SAMPLES.sip.filter(isSip);
    for (const port of [bed.engine.sip.port, await bed.mediaSipPort()]) {
      for (const piece of messages('sip', 0.02)) {
        await bed.talk(port, String(random.pick(good)), [piece, mutate(SAMPLES.sip, random)]);
      }
      assert.match(await bed.options(port), /^SIP\/2\.0 \d{3} /);
    }
  });

  it('drops damaged SIP on the media side as well', async () => {
    await bed.flood(await bed.mediaSipPort(), sipMessages(0.05));
  });

  it('lets nobody talk into a call, and stands what its own peer sends', async () => {
    const packets = [...messages('rtp', 0.05), ...messages('dtmf', 0.03)];
    const port = Number(/m=audio (\d+)/.exec(call.endpoint.localSdp)?.[1]);
    await bed.flood(port, packets);
    await bed.channel((uuid) => {
      const play = `sendmsg ${uuid}\ncall-command: execute\nexecute-app-name: sleep\n\n`;
      return [Buffer.from(play)];
    });
    const victim = await bed.telephony.media.createEndpoint();
    await victim.connect(`v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio ${bed.port} RTP/AVP 0 8 101\r\n`);
    await bed.flood(Number(/m=audio (\d+)/.exec(victim.localSdp)?.[1]), packets);
    assert.equal(victim.hasEnded, false);
    await victim.close();
  });

  it('cuts off whoever talks nonsense on the control port', async () => {
    const { port, secret } = bed.engine.drachtio;
    const login = encodeFrame(`1|authenticate|${secret}|`);
    for (const [i, piece] of messages('control', 0.04).entries()) {
      await bed.talk(port, i % 4 === 0 ? '' : login, [piece, mutate(SAMPLES.control, random)]);
    }
  });

  it('answers or cuts off whoever talks nonsense on the event socket', async () => {
    const { port, secret } = bed.engine.freeswitch;
    for (const [i, piece] of messages('esl', 0.04).entries()) {
      const others = Array.from({ length: 5 }, () => mutate(SAMPLES.esl, random));
      await bed.talk(port, i % 4 === 0 ? '' : `auth ${secret}\n\n`, [piece, ...others]);
    }
  });

  it('lets a channel suffer from its own application only', async () => {
    const named = (uuid: string): Buffer[] =>
      SAMPLES.esl.map((bytes) => Buffer.from(bytes.toString().replaceAll(UUID, uuid)));
    for (let n = fuzzCount(0.003); n > 0; n--) {
      await bed.channel((uuid) => Array.from({ length: 12 }, () => mutate(named(uuid), random)));
    }
  });

  it('plays no damaged file, or what is left of it', async () => {
    const paths = await Promise.all(
      messages('wav', 0.004).map((bytes, n) => bed.write(`${n}.wav`, bytes)),
    );
    for (let i = 0; i < paths.length; i += 10) {
      await bed.channel((uuid) =>
        paths
          .slice(i, i + 10)
          .map((path) =>
            Buffer.from(
              `sendmsg ${uuid}\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: ${path}\n\n`,
            ),
          ),
      );
    }
  });

  it('has nothing left of all this, and no error in its log', async () => {
    await bed.isAlive(call);
    await bed.hangUp(call);
    call = await bed.call();
    await bed.isAlive(call);
    await bed.hangUp(call);
    let stats: Record<string, number>;
    const deadlineMs = performance.now() + EVERYTHING_OVER_WITHIN_MS;
    do {
      await sleep(100);
      stats = await bed.engine.stats();
    } while (JSON.stringify(stats) !== JSON.stringify(quiet) && performance.now() < deadlineMs);
    assert.deepEqual(stats, quiet);
    assert.deepEqual(
      bed.log.filter(({ level }) => level === 'error'),
      [],
    );
    const grown = process.memoryUsage().rss - rssBefore;
    assert.ok(grown < RSS_GROWTH_MAX_BYTES, `${Math.round(grown / 1e6)} MB more than before`);
    call = await bed.call();
  });
});
