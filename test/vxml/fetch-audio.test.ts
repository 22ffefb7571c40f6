/** What the caller hears while something is fetched (2.0, 6.1.1 and 6.3.5). */
import assert from 'node:assert/strict';
import { BASE, cases, documentOf, runCase } from './bed.js';

const NEXT = { 'b.vxml': documentOf('<form><block><log>there</log></block></form>') };
const HANDLER = '<catch event="connection.disconnect.hangup"><log>hung up</log><exit/></catch>';
const MUSIC = `[${BASE}music.wav]`;
const heard = (times: number): string => Array<string>(times).fill(MUSIC).join('|');

cases('VoiceXML fetchaudio', [
  {
    name: '2.0 6.3.5: begins after fetchaudiodelay, 2 s by default, and goes on until the fetch is over',
    page: `<property name="fetchaudiominimum" value="0s"/><form><block><goto next="b.vxml" fetchaudio="music.wav"/></block></form>`,
    files: NEXT,
    slowMs: { 'b.vxml': 4500 },
    prompts: heard(3),
    logs: 'there',
  },
  {
    name: '2.0 6.3.5: is not heard when the fetch is over before',
    page: `<form><block><goto next="b.vxml" fetchaudio="music.wav"/></block></form>`,
    files: NEXT,
    slowMs: { 'b.vxml': 1900 },
    prompts: '',
    logs: 'there',
  },
  {
    name: '2.0 6.3.5: the property counts where the element says nothing, relative to the page that sets it',
    page: `<vxml version="2.1" application="root/root.vxml"><form><block><goto next="b.vxml"/></block></form></vxml>`,
    files: {
      ...NEXT,
      'root/root.vxml': documentOf(
        '<property name="fetchaudio" value="music.wav"/><property name="fetchaudiodelay" value="0s"/><property name="fetchaudiominimum" value="0s"/>',
      ),
    },
    slowMs: { 'b.vxml': 500 },
    prompts: `[${BASE}root/music.wav]`,
  },
  {
    name: '2.0 6.3.5: an empty property further in is silence',
    page: `<property name="fetchaudio" value="music.wav"/><form><property name="fetchaudio" value=""/><block><goto next="b.vxml"/></block></form>`,
    files: NEXT,
    slowMs: { 'b.vxml': 9000 },
    prompts: '',
    logs: 'there',
  },
  {
    name: '2.0 4.1.8: what is queued is heard before the fetch',
    page: `<form><block>one moment<goto next="b.vxml" fetchaudio="music.wav"/></block></form>`,
    files: NEXT,
    prompts: 'one moment',
    logs: 'there',
  },
  {
    name: '2.1 5, 2.0 2.3.4, 5.3.8: data, subdialog and submit have it, too',
    page: `<property name="fetchaudiodelay" value="0s"/><property name="fetchaudiominimum" value="0s"/>
      <form><block><data name="d" src="d.xml" fetchaudio="1.wav"/></block><subdialog name="s" src="s.vxml" fetchaudio="2.wav"/>
      <block><submit next="b.vxml" fetchaudio="3.wav"/></block></form>`,
    files: {
      ...NEXT,
      'd.xml': '<d/>',
      's.vxml': documentOf('<form><block><return/></block></form>'),
    },
    slowMs: { 'd.xml': 500, 's.vxml': 500, 'b.vxml': 500 },
    prompts: [1, 2, 3].map((name) => `[${BASE}${name}.wav]`).join('|'),
  },
]);

describe('VoiceXML fetchaudio, by the clock', () => {
  const page = `<form><block><goto next="b.vxml" fetchaudio="music.wav"/></block></form>`;
  const slow = { page, files: NEXT, slowMs: { 'b.vxml': 2500 } };

  it('is heard for fetchaudiominimum, 5 s by default, once it is heard', async () => {
    const run = await runCase(slow);
    assert.ok(run.durationMs >= 7000 && run.durationMs <= 8000, String(run.durationMs));
    assert.equal(run.of('prompt').join('|'), heard(5));
  });

  it('holds nobody up where it cannot be played', async () => {
    const run = await runCase({ ...slow, silentUrls: ['music.wav'] });
    assert.ok(run.durationMs <= 4000, String(run.durationMs));
    assert.equal(run.of('sound-missing').length, 1);
  });

  it('ends with the call, and the page hears of the hang-up where it waits again', async () => {
    const waits = '<form><field name="a" type="digits"><prompt>key</prompt></field></form>';
    const files = { 'b.vxml': documentOf(waits + HANDLER) };
    const run = await runCase({ ...slow, files, caller: '~hangup' });
    assert.ok(run.durationMs <= 4000, String(run.durationMs));
    assert.equal(run.end.kind, 'exited');
    assert.equal(run.of('prompt').join('|'), MUSIC);
    assert.equal(run.of('log').join('|'), 'hung up');
  });

  it('keeps what is keyed in meanwhile for the next input', async () => {
    const files = {
      'b.vxml': documentOf(
        '<form><field name="a" type="digits?length=1"/><block><log expr="a"/></block></form>',
      ),
    };
    const run = await runCase({ ...slow, files, caller: '~7' });
    assert.equal(run.of('log').join('|'), '7');
  });
});
