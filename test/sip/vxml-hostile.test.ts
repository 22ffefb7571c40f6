/** Pages and sounds that are broken or mean, on real calls: what the page can catch, and what ends it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wavBytes } from '../../src/farend/write-wav.js';
import {
  delayMs,
  HEAR,
  isOver,
  pageStage,
  person,
  press,
  wait,
  waitsAgain,
  type PageOnCall,
} from './page-stage.js';

const HTML = '<!DOCTYPE html><html><body>The sound has moved.</body></html>'.repeat(20);
/** The same each time, and no sound of any format. */
const NOISE = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919 + 31) % 251));
const SAMPLES_OF_10_MB = 5 * 1024 * 1024;

/** Plays each of these; the delay of its retry says how many of them were no event. */
const playing = (sources: readonly string[]): string => `<vxml version="2.1"><form>
  <var name="silent" expr="0"/>
  ${sources
    .map(
      (source, index) => `<field name="f${index}" type="digits?length=1">
    <prompt timeout="200ms"><audio src="${source}"/></prompt>
    <noinput><assign name="f${index}" expr="'heard'"/><assign name="silent" expr="silent + 1"/><reprompt/></noinput>
    <catch event="error.badfetch"><assign name="f${index}" expr="'bad'"/><reprompt/></catch>
  </field>`,
    )
    .join('\n')}
  <block><prompt><audio src="${sources[0]}"><audio src="media:find-agent-fail.wav"/></audio></prompt></block>
  <block><exit expr="{ action: 'retry', message: 'OK', delay: silent }"/></block>
</form></vxml>`;

describe('A VoiceXML page that is broken or mean, on a call', function () {
  this.timeout(180_000);
  const { callWith, counts } = pageStage();
  let media = '';
  before(async () => {
    media = await mkdtemp(join(tmpdir(), 'dialback-vxml-media-'));
    await writeFile(join(media, 'html.wav'), HTML);
    await writeFile(join(media, 'noise.wav'), NOISE);
    await writeFile(join(media, 'noise.mp3'), NOISE);
  });
  after(() => rm(media, { recursive: true }));
  const customer = person([wait(20_000)]);
  const endOf = ({ story }: PageOnCall): string =>
    story.steps.map(({ because }) => because).join('\n');

  it('passes over what is no sound, as a file and from the web, or plays its content; the story says why', async () => {
    const sources = [
      ...['html.wav', 'noise.wav', 'missing.wav'],
      ...['media:html.wav', 'media:noise.wav', 'media:noise.mp3', 'media:missing.wav'],
    ];
    const call = await callWith(
      'page.vxml',
      customer,
      (view) => waitsAgain(view) || isOver(view),
      { 'page.vxml': playing(sources), 'html.wav': HTML, 'noise.wav': NOISE },
      `media: { directory: "${media}" }\n`,
    );
    const story = call.story.media.map(({ what, detail }) => `${what} ${detail}`);
    assert.equal(delayMs(call.view), sources.length * 1000, story.join('\n'));
    const missing = story.filter((line) => /^page-sound-missing [A-Z_]+: /.test(line));
    assert.equal(missing.length, sources.length, story.join('\n'));
    const loud = call.heard.recording.filter((sample) => Math.abs(sample) > 1000).length;
    assert.ok(loud > 2000, `${loud} loud samples of the content`);
  });

  it('plays a sound of 10 MB, and stops it at a key', async () => {
    const sound = new Int16Array(SAMPLES_OF_10_MB).map((_, index) => (index % 16) * 800 - 6000);
    const { view } = await callWith(
      'page.vxml',
      person([HEAR, wait(1000), press('4'), wait(20_000)]),
      waitsAgain,
      {
        'page.vxml': `<vxml version="2.1"><form><field name="a" type="digits?length=1"><prompt><audio src="long.wav"/></prompt></field>
          <block><exit expr="{ action: 'retry', message: 'OK', delay: a * 1000 }"/></block></form></vxml>`,
        'long.wav': wavBytes(sound),
      },
    );
    assert.equal(delayMs(view), 4_000_000);
  });

  const ends: readonly (readonly [what: string, page: string, because: RegExp])[] = [
    [
      'a prompt of 10 MB of text',
      `<vxml version="2.1"><form><block>${'blah '.repeat(2 * 1024 * 1024)}</block></form></vxml>`,
      /VXML_BADFETCH: error\.badfetch.*FETCH_TOO_LARGE/,
    ],
    ['no VoiceXML', HTML, /VXML_BADFETCH: error\.badfetch/],
    [
      'a submit to itself without end',
      '<vxml version="2.1"><form><block><submit next="page.vxml"/></block></form></vxml>',
      /VXML_TOO_MANY_FETCHES/,
    ],
    [
      'subdialogs in each other without end',
      '<vxml version="2.1"><form id="f"><subdialog src="#f"/></form><catch><exit/></catch></vxml>',
      /VXML_SUBDIALOG_TOO_DEEP/,
    ],
    [
      'subdialogs of the next page without end',
      '<vxml version="2.1"><form><subdialog src="page.vxml"/></form><catch><exit/></catch></vxml>',
      /VXML_SUBDIALOG_TOO_DEEP/,
    ],
  ];
  for (const [what, page, because] of ends) {
    it(`ends the callback with a code for ${what}`, async () => {
      const call = await callWith('page.vxml', customer, isOver, { 'page.vxml': page });
      assert.equal(call.view.callback.reason, 'FAIL_ERROR');
      assert.match(endOf(call), because);
      const { pageSessions } = (await counts()) ?? {};
      assert.equal(pageSessions, 0);
    });
  }
});
