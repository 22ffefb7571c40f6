/** What is heard (VoiceXML 2.0, 4.1; 2.1, 3). */
import assert from 'node:assert/strict';
import { fragmentsFor } from '../../src/treatment/say-as.js';
import { cases } from './bed.js';

const block = (content: string): string => `<form><block>${content}</block></form>`;

cases('VoiceXML prompts', [
  {
    name: '2.0 4.1.1: text in executable content is a prompt, white space is one space',
    page: block('hello\n   there'),
    prompts: 'hello there',
  },
  {
    name: '2.0 4.1.4: value in a prompt',
    page: block('<var name="n" expr="2"/><prompt>you have <value expr="n + 1"/> calls</prompt>'),
    prompts: 'you have 3 calls',
  },
  {
    name: '2.0 4.1.3: audio by address, relative to the page',
    page: block('<audio src="a.wav"/>'),
    prompts: '[http://pages.example.com/app/a.wav]',
  },
  {
    name: '2.0 4.1.3: the content of audio is heard when it cannot be played',
    page: block('<audio src="no.wav">instead <audio src="b.wav"/></audio>'),
    silentUrls: ['no.wav'],
    prompts: 'instead|[http://pages.example.com/app/b.wav]',
  },
  {
    name: '2.0 4.1.3: content in content',
    page: block('<audio src="no.wav"><audio src="no2.wav">text</audio></audio>'),
    silentUrls: ['no.wav', 'no2.wav'],
    prompts: 'text',
  },
  {
    name: '2.0 4.1.3: audio by expr',
    page: block(`<var name="f" expr="'x'"/><audio expr="f + '.wav'">no</audio>`),
    prompts: '[http://pages.example.com/app/x.wav]',
  },
  {
    name: '2.0 4.1.3: an expr that is undefined takes the whole element away',
    page: block('<var name="f"/><audio expr="f">not heard</audio>heard'),
    prompts: 'heard',
  },
  {
    name: '2.0 4.1.6: cond is looked at before count',
    page: `<form><field name="a" type="digits?length=1"><prompt count="1">one</prompt><prompt count="2" cond="false">two</prompt><noinput><reprompt/></noinput></field></form>`,
    caller: '-, 1',
    prompts: 'one|one',
  },
  {
    name: '2.0 4.1.6: all prompts of the right count are heard',
    page: `<form><field name="a" type="digits?length=1"><prompt>a</prompt><prompt>b</prompt><prompt count="2">c</prompt><noinput><reprompt/></noinput></field></form>`,
    caller: '-, 1',
    prompts: 'a|b|c',
  },
  {
    name: '2.0 4.1.6: an item starts at one again when its form is entered again',
    page: `<var name="n" expr="0"/><form id="f"><field name="a" type="digits?length=1"><prompt count="1">one</prompt><prompt count="2">two</prompt>
      <noinput><assign name="n" expr="n + 1"/><if cond="n == 1"><goto next="#f"/></if><reprompt/></noinput></field></form>`,
    caller: '-, -, 1',
    prompts: 'one|one|two',
  },
  {
    name: '2.0 5.3.6: what a handler says is heard before the prompts that come again',
    page: `<form><field name="a" type="digits?length=1"><prompt>ask</prompt><noinput>sorry <reprompt/></noinput></field></form>`,
    caller: '-, 1',
    prompts: 'ask|sorry|ask',
  },
  {
    name: '2.0 4.1.2: the count of a prompt in a handler does not matter',
    page: `<form><field name="a" type="digits?length=1"><noinput><prompt count="5">heard</prompt></noinput></field></form>`,
    caller: '-, 1',
    prompts: 'heard',
  },
  {
    name: '2.0 4.1: prompts of blocks are heard before those of the field that waits',
    page: `<form><block>welcome</block><field name="a" type="digits?length=1"><prompt>ask</prompt></field></form>`,
    caller: '1',
    prompts: 'welcome|ask',
  },
  {
    name: '2.0 4.1: text beside a prompt of a field is heard too',
    page: `<form><field name="a" type="digits?length=1">ask <value expr="1 + 1"/></field></form>`,
    caller: '1',
    prompts: 'ask 2',
  },
  {
    name: 'SSML 3.1.8: say-as keeps what it is',
    page: block('<prompt><say-as interpret-as="digits">12</say-as></prompt>'),
    prompts: '[digits] 12',
  },
  {
    name: 'SSML 3.1: structure and style do not change the words',
    page: block(
      '<prompt><p><s>one</s></p><emphasis>two</emphasis><sub alias="three">3</sub><prosody rate="slow">four</prosody><desc>no</desc></prompt>',
    ),
    prompts: 'one two three four',
  },
  {
    name: 'SSML 3.2.3: a break is waited for',
    page: `<form><field name="a" type="digits?length=1"><prompt>x<break time="2s"/>y</prompt></field></form>`,
    caller: '1',
    prompts: 'x|y',
  },
  {
    name: '2.0 2.3.1.3: enumerate over the options of a field',
    page: `<form><field name="a"><prompt><enumerate/></prompt><option dtmf="1">red</option><option dtmf="2">blue</option></field></form>`,
    caller: '1',
    prompts: 'red; 1; blue; 2;',
  },
  {
    name: '2.0 6.5: a time that is none is error.semantic',
    page: `<form><field name="a" type="digits"><prompt timeout="soon">x</prompt></field><error><log><value expr="_event"/></log><exit/></error></form>`,
    logs: 'error.semantic',
  },
]);

cases('VoiceXML recordings and transfers', [
  {
    name: '2.0 2.3.6: a recording has its length and what ended it',
    page: `<form><record name="r" maxtime="5s"><prompt>speak</prompt><filled><log><value expr="[r$.duration, r$.termchar, r$.maxtime].join()"/></log></filled></record></form>`,
    caller: 'speak:2000',
    prompts: 'speak',
    logs: '2000,,false',
  },
  {
    name: '2.0 2.3.6: a recording that took all of its time',
    page: `<form><record name="r" maxtime="1s"><filled><log><value expr="[r$.duration, r$.maxtime].join()"/></log></filled></record></form>`,
    caller: 'speak:2000',
    logs: '1000,true',
  },
  {
    name: '2.0 2.3.6: a key ends a recording and is not the next input',
    page: `<form><record name="r" dtmfterm="true"/><field name="a" type="digits?length=1"/><block><log><value expr="r$.termchar + a"/></log></block></form>`,
    caller: '#, 5',
    logs: '#5',
  },
  {
    name: '2.0 2.3.6: silence is noinput',
    page: `<form><record name="r"><noinput><log>noinput</log><exit/></noinput></record></form>`,
    caller: '-',
    logs: 'noinput',
  },
  {
    name: '2.0 2.3.6: a recording is heard by audio expr',
    page: `<form><record name="r"/><block><audio expr="r"/></block></form>`,
    caller: 'speak:500',
    prompts: '[recording recording-1]',
  },
  {
    name: '2.0 2.3.6: what was recorded before a hang-up is there for the handler',
    page: `<form><record name="r"/><catch event="connection.disconnect.hangup"><log><value expr="typeof r"/></log><exit/></catch></form>`,
    caller: 'hangup',
    logs: 'string',
  },
  {
    name: '2.0 2.3.7: the result of a bridged transfer, and its length',
    page: `<form><transfer name="t" dest="tel:+15551234" bridge="true"><filled><log><value expr="t + t$.duration"/></log></filled></transfer></form>`,
    transfer: () => ({ kind: 'ended', result: 'busy', durationMs: 3000 }),
    logs: 'busy3',
  },
  {
    name: '2.0 2.3.7.2.1: a key of its own grammar ends a bridged transfer, another one does not',
    page: `<form><transfer name="t" dest="tel:1" bridge="true"><grammar mode="dtmf" version="1.0" root="r"><rule id="r">9</rule></grammar><filled><log><value expr="[t, t$.duration, t$.inputmode, t$.utterance].join(' ')"/></log></filled></transfer></form>`,
    caller: '~59',
    transfer: () => ({ kind: 'ended', result: 'far_end_disconnect', durationMs: 5000 }),
    logs: 'near_end_disconnect 0.2 dtmf 9',
  },
  {
    name: '2.0 2.3.7.1: a blind transfer raises connection.disconnect.transfer',
    page: `<form><transfer name="t" destexpr="'tel:' + 5"/><catch event="connection.disconnect.transfer"><log>gone</log></catch></form>`,
    transfer: () => ({ kind: 'transferred' }),
    logs: 'gone',
  },
  {
    name: '2.0 5.2.6: a transfer that the platform cannot do',
    page: `<form><transfer name="t" dest="tel:5" bridge="true"/><catch event="error.unsupported.transfer.bridge"><log>u</log><exit/></catch></form>`,
    logs: 'u',
  },
  {
    name: '2.0 2.3.7: a destination that is none',
    page: `<form><transfer name="t" dest="mailto:x" bridge="true"/><catch event="error.unsupported.uri"><log>u</log><exit/></catch></form>`,
    logs: 'u',
  },
]);

describe('Recorded fragments', () => {
  const table: readonly (readonly [string, string, string, string?])[] = [
    ['digits', '1 20#', '1 2 0 pound'],
    ['telephone', '+1 555-0100', 'plus 1 5 5 5 0 1 0 0'],
    ['number', '0', '0'],
    ['number', '21', '20 1'],
    ['number', '-1234567.05', 'minus 1 million 2 hundred 30 4 thousand 5 hundred 60 7 point 0 5'],
    ['number', '12', '1 2', 'digits'],
    ['ordinal', '31', 'ordinal-31'],
    ['date', '20241231', 'december ordinal-31 20 20 4'],
    ['date', '2005-01-02', 'january ordinal-2 2 thousand 5'],
    ['date', '????0704', 'july ordinal-4'],
    ['time', '0905a', '9 0 5 am'],
    ['time', '1330h', '13 30'],
    ['vxml:currency', 'USD12.50', '12 dollars and 50 cents'],
    ['currency', 'EUR3', '3 euros'],
    ['currency', '1.5', '1 point 5'],
  ];
  for (const [as, text, fragments, format] of table) {
    it(`say "${text}" as ${as}${format === undefined ? '' : ` in ${format}`}`, () => {
      assert.equal(fragmentsFor(as, text, format)?.join(' '), fragments);
    });
  }

  for (const [as, text] of [
    ['digits', 'a word'],
    ['date', '20241301'],
    ['time', '2561'],
    ['currency', 'XXX5'],
    ['colour', '5'],
  ] as const) {
    it(`do not say "${text}" as ${as}`, () => {
      assert.equal(fragmentsFor(as, text, undefined), undefined);
    });
  }
});
