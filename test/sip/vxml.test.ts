/**
 * VoiceXML pages on real calls: a web server, the service with the embedded engine, a called party who
 * presses keys. What the page returns decides what becomes of the callback.
 */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { createSpeech } from '../../src/adapters/media/speech.js';
import type { ScriptStep } from '../../src/farend/persona-script.js';
import { heardIn, until, watchStalls } from './bench.js';
import {
  delayMs,
  HEAR,
  isOver,
  NO_COMFORT,
  pageStage,
  person,
  press,
  talks,
  wait,
  waitsAgain,
} from './page-stage.js';

/** How long the far end holds a key. */
const KEY_MS = 100;
const quiet = (quietMs: number): ScriptStep => ({ step: 'listen', quietMs, maxMs: 30_000 });
/** From the end of a key to silence, where this process is never held up. */
const QUIET_WITHIN_MS = 250;

describe('A VoiceXML page on a call', function () {
  this.timeout(180_000);
  const { callWith, asked, counts } = pageStage();

  it('connects with an agent for 1, after the prompt was heard', async () => {
    const { view, heard, agents } = await callWith(
      'confirm.vxml',
      person([HEAR, wait(1500), press('1'), wait(20_000)]),
      talks,
    );
    assert.equal(view.callback.flow, 'connected');
    assert.equal(agents.length, 1);
    const [ask] = await heardIn(heard.recording, ['vxml/confirm-ask.wav']);
    assert.ok(
      ask && ask.heardFraction > 0.05 && ask.heardFraction < 0.9,
      'the key stops the prompt',
    );
    const parameters = new URL(asked()[0] ?? '', 'http://x').searchParams;
    assert.equal(parameters.get('_call_state'), '0');
    assert.deepEqual(JSON.parse(parameters.get('_user_data') ?? ''), { colour: 'blue' });
  });

  it('calls again in an hour for 2', async () => {
    const { view, heard } = await callWith(
      'confirm.vxml',
      person([HEAR, wait(500), press('2'), wait(20_000)]),
      waitsAgain,
    );
    assert.equal(delayMs(view), 3_600_000);
    assert.equal(heard.endedBy, 'caller');
  });

  it('cancels for 3, after a wrong key was corrected', async () => {
    const { view } = await callWith(
      'confirm.vxml',
      person([HEAR, wait(500), press('9'), wait(2500), press('3'), wait(20_000)]),
      isOver,
    );
    assert.equal(view.callback.reason, 'CANCELLED');
    await until(20_000, 'the page to be over', async () => {
      const { pageSessions } = (await counts()) ?? {};
      return pageSessions === 0 || undefined;
    });
  });

  it('is told of a hang-up in the middle, and its result counts', async () => {
    const { view } = await callWith(
      'confirm.vxml',
      person([HEAR, wait(800), { step: 'hang-up' }]),
      waitsAgain,
    );
    assert.equal(delayMs(view), 600_000);
  });

  it('gives the customer to a destination that is allowed, by a blind transfer', async () => {
    const { view, agents } = await callWith(
      'transfer.vxml',
      person([wait(20_000)]),
      talks,
      {
        'transfer.vxml': `<vxml version="2.1"><form>
          <transfer name="t" type="blind" dest="sip:nobody@FAR_END"><catch event="error.connection.noauthorization"><goto nextitem="u"/></catch></transfer>
          <transfer name="u" type="blind" dest="sip:agent@FAR_END"/>
        </form></vxml>`,
      },
      '    allowedDestinations: ["agent@FAR_END"]\n',
    );
    assert.equal(view.callback.flow, 'connected');
    assert.equal(agents.length, 1);
  });

  it('that returns nothing ends the callback as onVxmlError says', async () => {
    const { view } = await callWith('empty.vxml', person([wait(20_000)]), isOver, {
      'empty.vxml': '<vxml version="2.1"><form><block><exit/></block></form></vxml>',
    });
    assert.equal(view.callback.reason, 'FAIL_ERROR');
  });

  it('that holds the call for longer than its time to live loses it', async () => {
    const { view } = await callWith(
      'long.vxml',
      person([wait(20_000)]),
      isOver,
      {
        'long.vxml':
          '<vxml version="2.1"><form><field name="a" type="digits"><prompt timeout="30s"><audio src="media:connect.wav"/></prompt></field></form></vxml>',
      },
      '    _plugin_on_dial_timeout: 3\n',
    );
    assert.equal(view.callback.reason, 'FAIL_ERROR');
  });

  it('records a message, plays it back, and has it confirmed', async () => {
    const { view, heard } = await callWith(
      'later.vxml',
      // Each step waits for what it answers, so that a slow machine changes nothing.
      person([
        HEAR,
        quiet(1500),
        press('30#'),
        HEAR,
        quiet(700),
        { step: 'say', what: { file: 'far-end/greeting.wav' } },
        press('#'),
        HEAR,
        // The message begins with the pause before it was spoken.
        quiet(2500),
        press('1'),
        wait(20_000),
      ]),
      waitsAgain,
      {},
      NO_COMFORT,
    );
    assert.equal(delayMs(view), 30 * 60_000);
    const [back] = await heardIn(heard.recording, ['far-end/greeting.wav']);
    assert.ok((back?.heardFraction ?? 0) > 0.8, `heard ${back?.heardFraction} of the message`);
  });

  it('plays its sound while the next page is fetched, and goes on with that', async () => {
    const { view, story } = await callWith('page.vxml', person([wait(30_000)]), waitsAgain, {
      'page.vxml': `<vxml version="2.1"><property name="fetchaudiodelay" value="0s"/><property name="fetchaudiominimum" value="1s"/>
          <form><block><goto next="next.vxml?slow=1500" fetchaudio="media:say/beep.wav"/></block></form></vxml>`,
      'next.vxml': `<vxml version="2.1"><form><block><audio src="media:say/en/1.wav"/><exit expr="{ action: 'retry', message: 'OK', delay: 60 }"/></block></form></vxml>`,
    });
    assert.equal(delayMs(view), 60_000);
    const heard = story.media.map(({ what, detail }) => `${what} ${detail}`).join('\n');
    assert.match(heard, /say\/beep\.wav[^]*page-page [^\n]*next\.vxml[^]*say\/en\/1\.wav/);
  });

  it('stops the prompt at the end of a key', async () => {
    const stalls = watchStalls();
    const { heard } = await callWith(
      'stop.vxml',
      person([HEAR, wait(1000), press('5'), wait(20_000)]),
      waitsAgain,
      {
        'stop.vxml': `<vxml version="2.1"><form>
          <field name="a" type="digits?length=1"><prompt><audio src="media:waiting.wav"/></prompt></field>
          <field name="b" type="digits?length=1"><prompt timeout="1s"/><noinput><exit expr="{ action: 'retry', message: 'OK' }"/></noinput></field>
        </form></vxml>`,
      },
    );
    const pressedMs = heard.ladder.find(({ what }) => what.startsWith('presses'))?.atMs ?? NaN;
    const lastLoud = heard.recording.findLastIndex((sample) => Math.abs(sample) > 300);
    const quietAfterMs = (heard.recordingAtMs ?? NaN) + lastLoud / 8 - (pressedMs + KEY_MS);
    // Key, event, break and last packet: each may meet a stall of its own.
    const stallMs = stalls.longestMs();
    const what = `quiet ${quietAfterMs} ms after the key, held up ${stallMs} ms at most`;
    assert.ok(quietAfterMs < QUIET_WITHIN_MS + 4 * stallMs, what);
    const [prompt] = await heardIn(heard.recording, ['waiting.wav']);
    assert.ok((prompt?.heardFraction ?? 1) < 0.6, `${what}: most of the prompt was heard`);
  });

  it('speaks text where this host has a voice, and lets the page catch it where not', async () => {
    const { view, heard } = await callWith(
      'spoken.vxml',
      person([HEAR, wait(1500), press('4'), wait(20_000)]),
      waitsAgain,
      {
        'spoken.vxml': `<vxml version="2.1"><form>
          <field name="a" type="digits?length=1"><prompt>This sentence is read by a machine, and nobody recorded it.</prompt></field>
          <catch event="error.unsupported.speech"><exit expr="{ action: 'retry', message: 'OK', delay: 4000 }"/></catch>
          <block><exit expr="{ action: 'retry', message: 'OK', delay: a * 1000 }"/></block>
        </form></vxml>`,
      },
    );
    assert.equal(delayMs(view), 4_000_000);
    const loud = heard.recording.filter((sample) => Math.abs(sample) > 1000).length;
    if (await hasVoice()) assert.ok(loud > 2000, `${loud} loud samples`);
  });
});

async function hasVoice(): Promise<boolean> {
  const cacheDirectory = (): string => tmpdir();
  return (
    (await createSpeech({ program: 'auto', voices: {}, wordsPerMinute: 160, cacheDirectory })) !==
    undefined
  );
}
