/**
 * What the specification says of grammars, prompts, properties and times: chapters 3, 4 and 6 of VoiceXML 2.0.
 */
import assert from 'node:assert/strict';
import { cases, runCase } from './bed.js';

const form = (content: string): string => `<form>${content}</form>`;
const log = (code: string): string => `<log expr="${code}"/>`;
const digit = (name: string, more = ''): string =>
  `<field name="${name}" type="digits?length=1">${more}</field>`;
const dtmf = (keys: string, more = ''): string =>
  `<grammar mode="dtmf" version="1.0" root="r" ${more}><rule id="r">${keys}</rule></grammar>`;
const answer = `<catch event="error.semantic"><log>semantic</log><exit/></catch><catch event="error.badfetch"><log>badfetch</log><exit/></catch>`;
const page = (content: string, attributes = ''): string =>
  `<vxml version="2.1" ${attributes}>${content}</vxml>`;
const filled = (content: string): string => `<filled>${content}</filled>`;

cases('VoiceXML grammars, as specified', [
  {
    name: '2.0 3.1.3: a grammar of the form is heard in its fields, and in no other form',
    page: `<form id="a">${dtmf('* 1')}${digit('n', filled('<goto next="#b"/>'))}</form><form id="b">${digit('m', `<nomatch>${log("'nomatch'")}<exit/></nomatch>`)}</form>`,
    caller: '5, *1',
    logs: 'nomatch',
  },
  {
    name: '2.0 3.1.3: a grammar of the form with scope document is heard in other forms',
    page: `<form id="a"><block><goto next="#b"/></block></form><form id="w">${dtmf('* 1<tag>out.x = 3</tag>', 'scope="document" tag-format="semantics/1.0"')}<field name="x"/><block>${log('x')}</block></form><form id="b">${digit('m')}</form>`,
    caller: '*1',
    logs: '3',
  },
  {
    name: '2.0 3.1.3: scope dialog of a grammar holds against scope document of its form',
    page: `<form id="a"><block><goto next="#b"/></block></form><form id="w" scope="document">${dtmf('* 1', 'scope="dialog"')}${digit('x')}</form><form id="b">${digit('m', `<nomatch>${log("'nomatch'")}<exit/></nomatch>`)}</form>`,
    caller: '*1',
    logs: 'nomatch',
  },
  {
    name: '2.0 3.1.4: the grammar of the field is preferred to that of its form',
    page: form(
      `${dtmf('5<tag>out.a = 1</tag>', 'tag-format="semantics/1.0"')}<field name="a">${dtmf('5')}</field><block>${log('a')}</block>`,
    ),
    caller: '5',
    logs: '5',
  },
  {
    name: '2.0 3.1.4: the grammar of the form is preferred to that of the page',
    page: `<link event="l" dtmf="5"/>${form(`${dtmf('5<tag>out.a = 1</tag>', 'tag-format="semantics/1.0"')}<field name="a" type="boolean"/><catch event="l"><log>link</log></catch><block>${log('a')}</block>`)}`,
    caller: '5',
    logs: '1',
  },
  {
    name: '2.0 3.1.1: src and srcexpr of a grammar together are error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: {
      'b.vxml': page(form(`<field name="a"><grammar src="a" srcexpr="'b'"/></field>`)),
    },
    logs: 'badfetch',
  },
  {
    name: '2.0 3.1.1.2: the rule that a fragment names is taken',
    page: form(
      `<field name="a"><grammar mode="dtmf" src="g.grxml#two"/></field><block>${log('a')}</block>`,
    ),
    files: {
      'g.grxml':
        '<grammar version="1.0" mode="dtmf" root="one"><rule id="one">1</rule><rule id="two" scope="public">2</rule></grammar>',
    },
    caller: '2',
    logs: '2',
  },
  {
    name: '2.0 3.1.1.2: a rule that is not there is error.badfetch',
    page: form(`<field name="a"><grammar mode="dtmf" src="g.grxml#three"/></field>${answer}`),
    files: {
      'g.grxml': '<grammar version="1.0" mode="dtmf" root="one"><rule id="one">1</rule></grammar>',
    },
    logs: 'badfetch',
  },
  {
    name: '2.0 5.2.6: what is not there says why in the name of its event',
    page: form(
      `<field name="a"><grammar mode="dtmf" src="none.grxml"/></field><catch event="error.badfetch">${log('_event')}<exit/></catch>`,
    ),
    logs: 'error.badfetch.http.404',
  },
  {
    name: '2.0 3.1.5: a nested result fills the slot that the field names',
    page: form(
      `${dtmf('5<tag>out.x = { y: 8 };</tag>', 'tag-format="semantics/1.0"')}<field name="a" slot="x.y" type="boolean"/><block>${log('a')}</block>`,
    ),
    caller: '5',
    logs: '8',
  },
]);

cases('VoiceXML prompts, as specified', [
  {
    name: '2.0 4.1.3: audio that cannot be played and has no content is passed over, without an event',
    page: form(
      `${digit('a', '<prompt><audio src="no.wav"/>heard</prompt>')}<catch event="error"><log>event</log><exit/></catch>`,
    ),
    caller: '1',
    silentUrls: ['no.wav'],
    prompts: 'heard',
    logs: '',
  },
  {
    name: '2.0 4.1.3: audio with src and expr is error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: { 'b.vxml': page(form(`<block><audio src="a" expr="'b'"/></block>`)) },
    logs: 'badfetch',
  },
  {
    name: 'SSML 3.1.4: addresses in a prompt are relative to its xml:base',
    page: form(
      '<block><prompt xml:base="http://pages.example.com/sounds/"><audio src="a.wav"/></prompt></block>',
    ),
    prompts: '[http://pages.example.com/sounds/a.wav]',
  },
  {
    name: '2.0 4.1.6: the highest count that is not above the counter, of those whose cond holds',
    page: form(
      `${digit('a', '<prompt count="1">1</prompt><prompt count="3">3</prompt><prompt count="2" cond="false">2</prompt><noinput><reprompt/></noinput>')}`,
    ),
    caller: '-, -, -, 1',
    prompts: '1|1|3|3',
  },
  {
    name: '2.0 4.1.6: a cond that does not hold leaves a prompt of a block out',
    page: form('<block><prompt cond="false">no</prompt><prompt cond="true">yes</prompt></block>'),
    prompts: 'yes',
  },
  {
    name: '2.0 4.1.6: a cond that cannot be evaluated is error.semantic',
    page: form(`${digit('a', '<prompt cond="nothing">no</prompt>')}${answer}`),
    logs: 'semantic',
  },
  {
    name: '2.0 4.1.8: what a filled says is heard before the next field’s prompts',
    page: form(
      `${digit('a', `<prompt>a</prompt>${filled('thanks')}`)}${digit('b', '<prompt>b</prompt>')}`,
    ),
    caller: '1, 2',
    prompts: 'a|thanks|b',
  },
  {
    name: '2.0 4.1.8: what was queued is heard in the page that is gone to',
    page: form('<block>first<goto next="b.vxml"/></block>'),
    files: { 'b.vxml': page(form(digit('a', '<prompt>second</prompt>'))) },
    caller: '1',
    prompts: 'first|second',
  },
  {
    name: '2.0 4.1.5: bargein of the last prompt does not make an earlier one interruptible',
    page: form(
      digit('a', '<prompt bargein="false">whole</prompt><prompt bargein="true">rest</prompt>'),
    ),
    caller: '~5, 6',
    prompts: 'whole|rest',
  },
  {
    name: '2.0 4.1.4: a value that is undefined is said as such',
    page: form('<var name="v"/><block><value expr="v"/></block>'),
    prompts: 'undefined',
  },
  {
    name: '2.0 4.1.4: a value that cannot be evaluated is error.semantic',
    page: form(`<block><value expr="nothing.at.all"/></block>${answer}`),
    logs: 'semantic',
  },
  {
    name: 'SSML 3.1.10: sub is heard as its alias',
    page: form('<block><prompt>the <sub alias="World Wide Web">W3</sub></prompt></block>'),
    prompts: 'the World Wide Web',
  },
]);

cases('VoiceXML properties, as specified', [
  {
    name: '2.0 6.3: a property of the root counts in its pages',
    page: page(
      form(digit('a', `<prompt>say</prompt><noinput>${log("'n'")}<exit/></noinput>`)),
      'application="root.vxml"',
    ),
    files: { 'root.vxml': page('<property name="bargein" value="false"/>') },
    caller: '~1, -',
    logs: 'n',
  },
  {
    name: '2.0 6.3: a property whose value is none of its values is error.semantic',
    page: form(
      `${digit('a', '<property name="bargein" value="perhaps"/><prompt>x</prompt>')}${answer}`,
    ),
    logs: 'semantic',
  },
  {
    name: '2.0 6.3: a time that is none is error.semantic',
    page: form(`${digit('a', '<property name="timeout" value="5"/>')}${answer}`),
    logs: 'semantic',
  },
  {
    name: '2.0 6.3: a property of another platform is passed over',
    page: form(
      `<property name="com.example.anything" value="?"/>${digit('a')}<block>${log('a')}</block>`,
    ),
    caller: '1',
    logs: '1',
  },
  {
    name: '2.0 6.3.3: an empty termchar ends nothing: # is a wrong key',
    page: form(
      `<property name="termchar" value=""/><field name="a" type="digits"><nomatch>${log("'nomatch'")}<exit/></nomatch></field>`,
    ),
    caller: '12#',
    logs: 'nomatch',
  },
  {
    name: '2.0 D: a terminating key at once is nomatch',
    page: form(
      `<field name="a" type="digits"><nomatch>${log("'nomatch' + application.lastresult$.utterance")}<exit/></nomatch></field>`,
    ),
    caller: '#',
    logs: 'nomatch',
  },
]);

describe('VoiceXML times, as specified', () => {
  const field = (properties: string): string =>
    form(`${properties}<field name="a" type="digits?maxlength=3"/><block>${log('a')}</block>`);

  it('2.0 D: interdigittimeout ends an input that could go on', async () => {
    const run = await runCase({
      page: field('<property name="interdigittimeout" value="7s"/>'),
      caller: '12',
    });
    assert.deepEqual(run.of('log'), ['12']);
    assert.ok(run.durationMs >= 7000 && run.durationMs < 9000, `${run.durationMs} ms`);
  });

  it('2.0 D: termtimeout ends one that could not', async () => {
    const run = await runCase({
      page: field(
        '<property name="termtimeout" value="4s"/><property name="interdigittimeout" value="9s"/>',
      ),
      caller: '123',
    });
    assert.deepEqual(run.of('log'), ['123']);
    assert.ok(run.durationMs >= 4000 && run.durationMs < 6000, `${run.durationMs} ms`);
  });

  it('2.0 6.5: a timeout of no time at all is noinput at once', async () => {
    const run = await runCase({
      page: form(
        digit('a', `<property name="timeout" value="0s"/><noinput>${log("'n'")}<exit/></noinput>`),
      ),
    });
    assert.deepEqual(run.of('log'), ['n']);
    assert.ok(run.durationMs <= 1000, `${run.durationMs} ms`);
  });
});
