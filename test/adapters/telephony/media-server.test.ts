import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import { DEFAULT_DEADLINES } from '../../../src/adapters/telephony/deadlines.js';
import type { FreeswitchConnection } from '../../../src/adapters/telephony/freeswitch-connection.js';
import { FreeswitchMediaServer } from '../../../src/adapters/telephony/media-server.js';
import type { TapTarget } from '../../../src/ports.js';

const PLAIN_SDP = 'v=0\r\nm=audio 4000 RTP/AVP 0\r\n';
const SRTP_SDP = 'v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 x\r\nm=audio 4000 RTP/AVP 0\r\n';

/** drachtio-fsmrf's endpoint as far as the adapter looks at it. */
class LibraryEndpoint extends EventEmitter {
  readonly uuid = '7d1c7c6c-0000-4000-8000-000000000001';
  byeCount = 0;
  byeFails = false;
  /** What it says to our re-INVITEs before it takes them. */
  readonly refusals: number[] = [];
  inviteCount = 0;
  readonly local: { sdp: string };
  readonly dialog: object;
  /** Its event socket: says +OK to everything. */
  readonly conn = Object.assign(new EventEmitter(), {
    sendRecv: (_line: string, _headers: object, reply: (event: object) => void) =>
      reply({ getHeader: () => '+OK' }),
  });
  /** Applications that were ordered. */
  readonly executed: string[] = [];

  constructor(sdp: string) {
    super();
    this.local = { sdp };
    const destroy = (): Promise<void> => {
      this.byeCount += 1;
      return this.byeFails ? Promise.reject(new Error('unable to find dialog')) : Promise.resolve();
    };
    const request = (_invite: object, done: (error: null, response: object) => void): void => {
      this.inviteCount += 1;
      done(null, { status: this.refusals.shift() ?? 200, reason: 'So be it', body: sdp });
    };
    this.dialog = Object.assign(new EventEmitter(), {
      connected: true,
      local: {},
      remote: {},
      destroy,
      request,
    });
  }
  /** Never settles, as the library's does when a channel is killed. */
  execute(application: string, argument: string): Promise<never> {
    this.executed.push(`${application} ${argument}`);
    return new Promise(() => undefined);
  }
}

function setUp(create: (() => Promise<LibraryEndpoint>) & { srf?: object }) {
  const clock = virtualClock();
  const commands: string[] = [];
  let canApi = true;
  const connection = {
    tapMeans: {
      kind: 'unicast',
      ourAddress: '127.0.0.1',
      unicastFrom: '0.0.0.0',
      recordingFolder: '/tmp',
    },
    facts: { hasFlite: false },
    server: { createEndpoint: create, srf: create.srf },
    api: (...words: string[]) => {
      commands.push(words.join(' '));
      return canApi ? Promise.resolve('+OK') : Promise.reject(new Error('no answer'));
    },
  } as unknown as FreeswitchConnection;
  const state = { connection: connection as FreeswitchConnection | undefined };
  const media = new FreeswitchMediaServer({
    server: 'one',
    clock,
    log: silentLog,
    deadlines: DEFAULT_DEADLINES,
    connection: () => state.connection,
  });
  return { clock, media, commands, state, allowApi: (can: boolean) => (canApi = can) };
}

/** A library whose first dialogs are ended by FreeSWITCH and then, after its 4 s, by itself. */
function givingUp(times: number, reason = 'Q.850;cause=88;text="INCOMPATIBLE_DESTINATION"') {
  let inviteCount = 0;
  let byeCount = 0;
  const timeouts: (() => Promise<void>)[] = [];
  const newDialog = () => {
    const destroy = (): Promise<void> => {
      byeCount += 1;
      return Promise.reject(new Error('unable to find dialog'));
    };
    return Object.assign(new EventEmitter(), { destroy });
  };
  const createUAC = () => {
    inviteCount += 1;
    return Promise.resolve(newDialog());
  };
  async function createEndpoint(this: {
    srf: { createUAC: typeof createUAC };
  }): Promise<LibraryEndpoint> {
    const dialog = await this.srf.createUAC();
    if (inviteCount > times) return new LibraryEndpoint(PLAIN_SDP);
    return new Promise((_, reject) => {
      timeouts.push(async () => {
        reject(new Error('Connection timeout'));
        await dialog.destroy();
      });
      dialog.emit('destroy', { get: () => reason });
    });
  }
  return {
    createEndpoint: Object.assign(createEndpoint, { srf: { createUAC } }),
    invites: () => inviteCount,
    byes: () => byeCount,
    invited: async () => {
      while (timeouts.length === 0) await new Promise(setImmediate);
    },
    afterFourSeconds: () => Promise.all(timeouts.map((over) => over())),
  };
}

const NO_EAR: TapTarget = {
  host: '127.0.0.1',
  fork: { port: 9, path: '/' },
  openPort: () => Promise.resolve(9),
  follow: () => undefined,
  onReached: () => undefined,
};
const NOTHING = { endpoints: 0, pendingEndpoints: 0, taps: 0, playbacks: 0, orphans: 0 };

describe('creating endpoints', () => {
  it('field notes 1: SRTP in the offer; refused, its channel ended, and what to configure is said', async () => {
    const endpoint = new LibraryEndpoint(SRTP_SDP);
    const { media } = setUp(() => Promise.resolve(endpoint));
    await assert.rejects(media.createEndpoint(DEFAULT_DEADLINES.endpointMs), {
      code: 'ENDPOINT_SRTP',
      message: /rtp_secure_media_inbound=forbidden/,
    });
    assert.equal(endpoint.byeCount, 1);
    assert.deepEqual(media.counts(), NOTHING);
  });

  it('says of a server that takes no more calls what may be used up', async () => {
    const { media } = setUp(() => Promise.reject(new Error('Sip non-success response: 503')));
    await assert.rejects(media.createEndpoint(DEFAULT_DEADLINES.endpointMs), {
      code: 'ENDPOINT_NO_ROOM',
      message: /max-sessions/,
    });
    assert.deepEqual(media.counts(), NOTHING);
  });

  it('field notes 6: gives the channel up before its socket came; another one is tried at once', async () => {
    const library = givingUp(2);
    const { media } = setUp(library.createEndpoint);
    const endpoint = await media.createEndpoint(DEFAULT_DEADLINES.endpointMs);
    assert.equal(library.invites(), 3);
    assert.equal(endpoint.id, '7d1c7c6c-0000-4000-8000-000000000001');
    assert.equal(media.counts().endpoints, 1);
  });

  it('says at once that the third channel was given up, too, and lets the library end nothing twice', async () => {
    const library = givingUp(3);
    const { media } = setUp(library.createEndpoint);
    await assert.rejects(media.createEndpoint(DEFAULT_DEADLINES.endpointMs), {
      code: 'ENDPOINT_GIVEN_UP',
      message: /Bind Error/,
    });
    assert.equal(library.invites(), 3);
    await library.afterFourSeconds();
    assert.equal(library.byes(), 0);
    assert.deepEqual(media.counts(), NOTHING);
  });

  it('takes a channel that ends for another reason for one whose socket does not reach us', async () => {
    const library = givingUp(1, 'Q.850;cause=16;text="NORMAL_CLEARING"');
    const { media } = setUp(library.createEndpoint);
    const creating = media.createEndpoint(DEFAULT_DEADLINES.endpointMs);
    const refused = assert.rejects(creating, { code: 'ENDPOINT_UNREACHED' });
    await library.invited();
    await library.afterFourSeconds().catch(() => undefined);
    await refused;
    assert.equal(library.invites(), 1);
  });

  it('refuses an answer with SRTP from the far side', async () => {
    const { media } = setUp(() => Promise.resolve(new LibraryEndpoint(PLAIN_SDP)));
    const endpoint = await media.createEndpoint(DEFAULT_DEADLINES.endpointMs);
    await assert.rejects(endpoint.connect(SRTP_SDP), { code: 'ENDPOINT_SRTP' });
    await assert.rejects(endpoint.connect('not sdp'), { code: 'REFUSED_TEXT' });
    await endpoint.close();
  });

  it('comes again with an offer that crossed one of FreeSWITCH’s, and never after another refusal', async () => {
    const library = new LibraryEndpoint(PLAIN_SDP);
    const { clock, media } = setUp(() => Promise.resolve(library));
    const endpoint = await media.createEndpoint(DEFAULT_DEADLINES.endpointMs);
    library.refusals.push(491, 491);
    const connected = endpoint.connect(PLAIN_SDP);
    await clock.advance(19);
    assert.deepEqual([library.inviteCount, endpoint.isConnected], [1, false]);
    await clock.advance(41);
    await connected;
    assert.equal(library.inviteCount, 3);
    library.refusals.push(500);
    const failed = { code: 'COMMAND_FAILED', message: /500/, isOfFarSide: false };
    await assert.rejects(endpoint.answer(PLAIN_SDP), failed);
    library.refusals.push(488);
    const refused = { code: 'SDP_REFUSED', message: /488/, isOfFarSide: true };
    await assert.rejects(endpoint.answer(PLAIN_SDP), refused);
    assert.equal(await endpoint.answer(PLAIN_SDP), PLAIN_SDP, 'the next offer is not held up');
    await endpoint.close();
  });

  it('gives an offer up that always crosses one of FreeSWITCH’s', async () => {
    const library = new LibraryEndpoint(PLAIN_SDP);
    const { clock, media } = setUp(() => Promise.resolve(library));
    const endpoint = await media.createEndpoint(DEFAULT_DEADLINES.endpointMs);
    library.refusals.push(...Array.from({ length: 1000 }, () => 491));
    const refused = assert.rejects(endpoint.connect(PLAIN_SDP), /491/);
    await clock.advance(DEFAULT_DEADLINES.modifyMs);
    await refused;
    assert.ok(library.inviteCount < 12, `${library.inviteCount} INVITEs`);
    await endpoint.close();
  });

  it('field notes 6: FS frozen; gives up at its own deadline and ends the endpoint that comes late', async () => {
    const endpoint = new LibraryEndpoint(PLAIN_SDP);
    let deliver = (_: LibraryEndpoint): void => undefined;
    const { clock, media } = setUp(() => new Promise((resolve) => (deliver = resolve)));
    const creating = assert.rejects(media.createEndpoint(DEFAULT_DEADLINES.endpointMs), {
      code: 'DEADLINE',
    });
    await clock.advance(DEFAULT_DEADLINES.endpointMs);
    await creating;
    assert.equal(media.counts().pendingEndpoints, 1);
    deliver(endpoint);
    await clock.advance(0);
    assert.equal(endpoint.byeCount, 1);
    assert.deepEqual(media.counts(), NOTHING);
  });

  it('passes a refusal on without the library’s object', async () => {
    const sipError = Object.assign(new Error('Sip non-success response: 480'), { res: {} });
    const { media } = setUp(() => Promise.reject(sipError));
    await assert.rejects(media.createEndpoint(DEFAULT_DEADLINES.endpointMs), (thrown: object) => {
      assert.equal((thrown as { code: string }).code, 'ENDPOINT_REFUSED');
      assert.ok(!('res' in thrown) && !('cause' in thrown));
      return true;
    });
  });

  it('kills the channel when the BYE fails, and remembers it when that fails too', async () => {
    const endpoint = new LibraryEndpoint(PLAIN_SDP);
    endpoint.byeFails = true;
    const { media, commands, allowApi } = setUp(() => Promise.resolve(endpoint));
    const ours = await media.createEndpoint(DEFAULT_DEADLINES.endpointMs);
    allowApi(false);
    await ours.close();
    assert.deepEqual(commands, [`uuid_kill ${endpoint.uuid}`]);
    assert.equal(media.counts().orphans, 1);
    allowApi(true);
    await media.killOrphans();
    assert.deepEqual(media.counts(), NOTHING);
  });

  it('kills a channel that left a command unanswered, though it says 200 to the BYE', async () => {
    const library = new LibraryEndpoint(PLAIN_SDP);
    const { clock, media, commands } = setUp(() => Promise.resolve(library));
    const endpoint = await media.createEndpoint(DEFAULT_DEADLINES.endpointMs);
    await endpoint.connect(PLAIN_SDP);
    const tap = await endpoint.tap(NO_EAR);
    const stopped = tap.stop();
    // One for the variables of the channel, one for its transfer.
    await clock.advance(2 * DEFAULT_DEADLINES.commandMs);
    await stopped;
    // Not by uuid_transfer, which can hang a channel with a unicast for ever.
    assert.equal(library.executed.at(-1), 'transfer park inline');
    await endpoint.close();
    assert.equal(library.byeCount, 1);
    assert.deepEqual(commands, [`uuid_kill ${endpoint.id}`]);
    assert.deepEqual(media.counts(), NOTHING);
    await clock.advance(DEFAULT_DEADLINES.commandMs);
    assert.equal(clock.pendingCount, 0);
  });

  it('field notes 6: uuid_kill of the endpoint; told once, what plays settles, no timer is left', async () => {
    const endpoint = new LibraryEndpoint(PLAIN_SDP);
    const { clock, media } = setUp(() => Promise.resolve(endpoint));
    const ours = await media.createEndpoint(DEFAULT_DEADLINES.endpointMs);
    await ours.connect(PLAIN_SDP);
    let endCount = 0;
    ours.onEnded(() => (endCount += 1));
    const playback = ours.play(['/a.wav'], { loop: true });
    endpoint.emit('destroy');
    endpoint.emit('destroy');
    assert.deepEqual(await playback.done, {
      kind: 'failed',
      why: 'ENDPOINT_ENDED: the endpoint ended',
    });
    assert.equal(endCount, 1);
    await clock.advance(1000);
    assert.equal(endpoint.byeCount, 1, 'the dialog towards the media server is ended as well');
    assert.equal(clock.pendingCount, 0);
    assert.deepEqual(media.counts(), NOTHING);
  });

  it('field notes 1: GOTCHA 4, ep.execute of an unknown app never settles; what we execute does, at its deadline', async () => {
    const { clock, media } = setUp(() => Promise.resolve(new LibraryEndpoint(PLAIN_SDP)));
    const ours = await media.createEndpoint(DEFAULT_DEADLINES.endpointMs);
    await ours.connect(PLAIN_SDP);
    const playback = ours.play(['/a.wav'], { loop: false });
    const { playStartMs, stopMs, commandMs } = DEFAULT_DEADLINES;
    await clock.advance(playStartMs + 2 * stopMs + commandMs);
    const end = await playback.done;
    assert.ok(end.kind === 'failed' && /^PLAY_NO_SOUND/.test(end.why), JSON.stringify(end));
    await ours.close();
    await clock.advance(1000);
    assert.equal(clock.pendingCount, 0);
  });
});
