/** play_and_get_digits with keys at chosen moments: RTP is paced by a clock that the test moves. */
import assert from 'node:assert/strict';
import { Channel, type ChannelHost } from '../../../src/embedded/freeswitch/channel.js';
import { SoundFiles } from '../../../src/embedded/freeswitch/sound-files.js';
import { RtpSession } from '../../../src/embedded/rtp/session.js';
import { virtualPacer } from '../rtp/virtual-pacer.js';

const FACTS = {
  ...{ callId: 'c', userAgent: 'drachtio-fsmrf:u', outboundSocket: '127.0.0.1:1', fromUri: 'a@b' },
  ...{ localSdp: 'v=0', remoteSdp: '', remoteMedia: undefined, codecName: 'PCMU' },
  localMedia: { host: '127.0.0.1', port: 20000 },
  dtmfPayloadType: 101,
  privateHeaders: [],
};

/** Opening a sound takes a few turns of the event loop. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('Collecting keys', () => {
  const { pacer, clock } = virtualPacer();
  let rtp: RtpSession;
  let channel: Channel;
  let events: string[] = [];

  beforeEach(async () => {
    events = [];
    rtp = new RtpSession({ host: '127.0.0.1', pacer });
    await rtp.open();
    const host: ChannelHost = {
      files: new SoundFiles('/', () => undefined),
      onLog: () => undefined,
      fire: (event) => {
        const file = event['Playback-File-Path'] ?? event['Application'] ?? '';
        events.push(`${event['Event-Name']} ${file}`);
      },
      onEnded: () => undefined,
    };
    channel = new Channel(rtp, host, () => FACTS, '127.0.0.1:1 async full');
    // A channel without its application's connection would end with its last run.
    channel.connection = { close: () => undefined } as unknown as typeof channel.connection;
  });

  afterEach(() => channel.hangup('NORMAL_CLEARING', 'shutdown'));

  async function run(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += 20) {
      clock.advance(20);
      if (at % 200 === 0) await settle();
    }
  }

  function collect(argument: string): void {
    channel.execute({ application: 'play_and_get_digits', argument, uuid: 'u' });
  }

  const press = (keys: string): void => {
    for (const key of keys) rtp.onDtmf?.(key, 800);
  };

  const isOver = (): boolean => events.includes('CHANNEL_EXECUTE_COMPLETE play_and_get_digits');

  const result = (): (string | undefined)[] =>
    ['d', 'd_invalid', 'read_terminator_used'].map((name) => channel.variable(name));

  it('ends with the last key there is room for', async () => {
    collect('1 2 1 60000 # silence_stream://400 silence_stream://100 d \\d+ 60000');
    await run(100);
    press('12');
    await run(40);
    assert.ok(isOver());
    assert.deepEqual(result(), ['12', undefined, undefined]);
  });

  it('breaks the prompt with the first key', async () => {
    collect('1 4 1 60000 # silence_stream://400 silence_stream://100 d \\d+ 60000');
    await run(100);
    press('1');
    await run(20);
    assert.deepEqual(events.slice(-1), ['PLAYBACK_STOP silence_stream://400']);
    press('#');
    await run(40);
    assert.deepEqual(result(), ['1', undefined, '#']);
  });

  it('tries again after keys that do not fit, and remembers them', async () => {
    collect('1 1 2 60000 # silence_stream://100 silence_stream://200 d [5-9] 60000');
    await run(40);
    press('1');
    await run(400);
    press('7');
    await run(40);
    assert.ok(isOver());
    assert.deepEqual(result(), ['7', '1', undefined]);
    const prompts = events.filter((e) => e === 'PLAYBACK_START silence_stream://100').length;
    assert.equal(prompts, 2);
  });

  it('refuses patterns that could take for ever, and anything it cannot read', async () => {
    for (const pattern of ['(\\d+)+x', '\\d*\\d*\\d*\\d*', '(?=1)', '[', 'a'.repeat(300)]) {
      events = [];
      collect(`1 1 1 60000 # silence_stream://100 silence_stream://200 d ${pattern} 60000`);
      await run(40);
      assert.ok(isOver(), pattern);
    }
    collect('one two');
    await run(40);
    assert.equal(events.filter((e) => e.startsWith('PLAYBACK')).length, 0);
  });

  it('stops when the channel is hung up meanwhile', async () => {
    collect('1 1 3 60000 # silence_stream://100 silence_stream://200 d \\d 60000');
    await run(200);
    channel.hangup('NORMAL_CLEARING', 'application');
    assert.ok(isOver());
    assert.equal(pacer.stats().sessions, 0);
    assert.equal(clock.timer, undefined);
  });
});
