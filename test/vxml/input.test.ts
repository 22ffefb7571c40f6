/** Keys: types, menus, links, timers, type-ahead, bargein (VoiceXML 2.0, 2.2, 3, 4.1.5, D, P). */
import assert from 'node:assert/strict';
import { cases, runCase } from './bed.js';
import { field, grammar, menu } from './input-pages.js';

cases('VoiceXML types', [
  {
    name: '2.0 P: boolean is true for 1, in ECMAScript too',
    page: field('boolean', '<filled><log><value expr="typeof a"/></log></filled>'),
    caller: '1',
    logs: 'boolean|true',
  },
  { name: '2.0 P: boolean is false for 2', page: field('boolean'), caller: '2', logs: 'false' },
  {
    name: '2.0 P: boolean takes other keys by y and n',
    page: field('boolean?y=7;n=9'),
    caller: '1, 9',
    logs: 'nomatch|false',
  },
  {
    name: '2.0 P: digits of at least and at most',
    page: field('digits?minlength=2;maxlength=3'),
    caller: '1, 123',
    logs: 'nomatch|123',
  },
  {
    name: '2.0 P: digits end by the terminating key',
    page: field('digits'),
    caller: '12#',
    logs: '12',
  },
  { name: '2.0 P: digits end by silence', page: field('digits'), caller: '12', logs: '12' },
  {
    name: '2.0 P: lengths that contradict each other are error.badfetch',
    page: `${field('digits?minlength=5;maxlength=3').replace('<form>', '<form><catch event="error.badfetch"><log>b</log><exit/></catch>')}`,
    logs: 'b',
  },
  {
    name: '2.0 P: number has * for the point',
    page: field('number'),
    caller: '3*14#',
    logs: '3.14',
  },
  {
    name: '2.0 P: currency has * for the point',
    page: field('currency'),
    caller: '12*50#',
    logs: '12.50',
  },
  {
    name: '2.0 P: phone has * for the extension',
    page: field('phone'),
    caller: '5551234*12#',
    logs: '5551234x12',
  },
  {
    name: '2.0 P: date is year, month and day',
    page: field('date'),
    caller: '20241301, 20241231',
    logs: 'nomatch|20241231',
  },
  {
    name: '2.0 P: time in the afternoon says that it is one',
    page: field('time'),
    caller: '1345',
    logs: '1345h',
  },
  { name: '2.0 P: time before noon is open', page: field('time'), caller: '0945', logs: '0945?' },
  {
    name: '2.0 P: no time has 61 minutes',
    page: field('time'),
    caller: '0961, 0959',
    logs: 'nomatch|0959?',
  },
  {
    name: '2.0 P: a type that does not exist is error.semantic',
    page: `<form><field name="a" type="colour"/><error><log><value expr="_event"/></log><exit/></error></form>`,
    logs: 'error.semantic',
  },
  {
    name: '2.0 3.1.4: a field without any grammar is error.semantic',
    page: `<form><field name="a"/><error><log><value expr="_event"/></log><exit/></error></form>`,
    logs: 'error.semantic',
  },
  {
    name: '2.0 2.3.1.3: an option by its key gives its value',
    page: field('', '<option dtmf="1" value="one">First</option><option dtmf="2">Second</option>'),
    caller: '1',
    logs: 'one',
  },
  {
    name: '2.0 2.3.1.3: without a value an option gives its text',
    page: field(
      '',
      '<option dtmf="1" value="one">First</option><option dtmf="2"> Second one </option>',
    ),
    caller: '2',
    logs: 'Second one',
  },
  {
    name: '2.0 2.3.1.3: without a text an option gives its key',
    page: field('', '<option dtmf="3"/>'),
    caller: '3',
    logs: '3',
  },
]);

cases('VoiceXML menus and links', [
  {
    name: '2.0 2.2: a choice leads to its dialog',
    page: menu('<choice dtmf="1" next="#f">go</choice>'),
    caller: '1',
    logs: 'f',
  },
  {
    name: '2.0 2.2: a choice throws its event',
    page: menu('<choice dtmf="1" event="a">go</choice>'),
    caller: '1',
    logs: 'a',
  },
  {
    name: '2.0 2.2: with dtmf="true" the choices are numbered',
    page: menu('<choice event="a">x</choice><choice event="b">y</choice>', 'dtmf="true"'),
    caller: '2',
    logs: 'b',
    prompts: 'choose x; 1; y; 2;',
  },
  {
    name: '2.0 2.2: 0, * and # may be given besides',
    page: menu('<choice dtmf="0" event="a">x</choice><choice event="b">y</choice>', 'dtmf="true"'),
    caller: '1',
    logs: 'b',
  },
  {
    name: '2.0 2.2: enumerate with a text of its own',
    page: `<menu dtmf="true"><prompt><enumerate>For <value expr="_prompt"/> press <value expr="_dtmf"/>.</enumerate></prompt><choice event="exit">red</choice><choice event="exit">blue</choice></menu>`,
    caller: '1',
    prompts: 'For red press 1 . For blue press 2 .',
  },
  {
    name: '2.0 2.2: a wrong key is nomatch',
    page: menu('<choice dtmf="1" event="a">x</choice>'),
    caller: '9, 1',
    logs: 'nomatch|a',
  },
  {
    name: '2.0 2.5: a link with a key of its own throws its event',
    page: `<link dtmf="*" event="help"/><form><field name="a" type="digits?length=1"><help><log>help</log></help></field></form>`,
    caller: '*, 1',
    logs: 'help',
  },
  {
    name: '2.0 2.5: a link leads to another dialog',
    page: `<form><link next="#f"><grammar mode="dtmf" root="r"><rule id="r">* *</rule></grammar></link><field name="a" type="digits?length=1"/></form><form id="f"><block><log>f</log></block></form>`,
    caller: '**',
    logs: 'f',
  },
  {
    name: '2.0 3.1.3: a modal field hears its own grammars only',
    page: `<link dtmf="*" event="help"/><form><field name="a" type="digits?length=1" modal="true"><help><log>help</log></help><nomatch><log>nomatch</log></nomatch></field></form>`,
    caller: '*, 1',
    logs: 'nomatch',
  },
  {
    name: '2.0 3.1.4: the grammar of the field comes before that of a link',
    page: `<link dtmf="1" event="help"/><form><field name="a" type="digits?length=1"><help><log>help</log></help><filled><log>field</log></filled></field></form>`,
    caller: '1',
    logs: 'field',
  },
  {
    name: '2.0 3.1.3: a form that listens throughout the page is gone to with what was keyed in',
    page: `<form><field name="a" type="digits?length=1"/></form><form scope="document">${grammar('<rule id="r">*<tag>out.b="star";</tag></rule>')}<field name="b"/><filled><log><value expr="b"/></log></filled></form>`,
    caller: '*',
    logs: 'star',
  },
  {
    name: '2.0 2.2: a menu that listens throughout the page',
    page: `<form><field name="a" type="digits?length=1"/></form><menu scope="document"><choice dtmf="#" next="#f">x</choice></menu><form id="f"><block><log>f</log></block></form>`,
    caller: '#',
    logs: 'f',
  },
  {
    name: '2.0 5.1.5: application.lastresult$ tells of the last input',
    page: `<form><field name="a" type="digits"/><block><log><value expr="[application.lastresult$.utterance, application.lastresult$[0].inputmode, application.lastresult$.confidence, application.lastresult$.length].join()"/></log></block></form>`,
    caller: '12#',
    logs: '12,dtmf,1,1',
  },
  {
    name: '2.0 2.3.1.2: shadow variables of a field',
    page: `<form><field name="a" type="digits"/><block><log><value expr="[a$.utterance, a$.inputmode, a$.confidence].join()"/></log></block></form>`,
    caller: '12#',
    logs: '12,dtmf,1',
  },
]);

cases('VoiceXML input in time', [
  {
    name: '2.0 4.1.5: a key stops the prompts',
    page: `<form><field name="a" type="digits?length=1"><prompt>a long prompt</prompt><prompt>another</prompt></field></form>`,
    caller: '~1',
    prompts: 'a long prompt',
  },
  {
    name: '2.0 4.1.5: without bargein keys are not heard while the prompt plays',
    page: field('digits?length=1', '<prompt bargein="false">listen</prompt>'),
    caller: '~1, 2',
    prompts: 'listen',
    logs: '2',
  },
  {
    name: '2.0 6.3.5: the property bargein counts where a prompt says nothing',
    page: `<property name="bargein" value="false"/>${field('digits?length=1', '<prompt>listen</prompt>')}`,
    caller: '~1, 2',
    logs: '2',
  },
  {
    name: '2.0 4.1.5.1: hotword: what does not match lets the prompt go on',
    page: field(
      '',
      `<prompt bargeintype="hotword">a long prompt indeed</prompt>${grammar('<rule id="r">7</rule>')}`,
    ),
    caller: '~17',
    logs: '7',
  },
  {
    name: '2.0 4.1.8: keys pressed ahead are for the next field',
    page: `<form><field name="a" type="digits?length=1"/><field name="b" type="digits?length=2"><prompt>second</prompt></field><block><log><value expr="a + '-' + b"/></log></block></form>`,
    caller: '123',
    logs: '1-23',
  },
  {
    name: '2.0 D: a wrong key of several leaves nothing for the next try',
    page: field('', grammar('<rule id="r">1 2 3 4</rule>')),
    caller: '91, 1234',
    logs: 'nomatch|1234',
  },
  {
    name: '2.0 D: with termtimeout a terminating key after the last digit belongs to the input',
    page: `<property name="termtimeout" value="2s"/><form><field name="a" type="digits?length=2"/><field name="b" type="digits?length=1"/><block><log><value expr="a + b"/></log></block></form>`,
    caller: '12#, 3',
    logs: '123',
  },
  {
    name: '2.0 D: with termtimeout another digit begins the next input',
    page: `<property name="termtimeout" value="2s"/><form><field name="a" type="digits?length=2"/><field name="b" type="digits?length=1"/><block><log><value expr="a + b"/></log></block></form>`,
    caller: '123',
    logs: '123',
  },
  {
    name: '2.0 6.3.3: termchar may be another key',
    page: `<property name="termchar" value="*"/>${field('digits')}`,
    caller: '12*',
    logs: '12',
  },
  {
    name: '2.0 2.3.1: hang-up while a field waits',
    page: `<form><field name="a" type="digits"/><catch event="connection.disconnect.hangup"><log>gone</log><exit expr="'result'"/></catch></form>`,
    caller: 'hangup',
    logs: 'gone',
    value: 'result',
  },
  {
    name: '2.0 1.5.4: after a hang-up nothing is heard and nothing waited for',
    page: `<form><field name="a" type="digits"/><catch event="connection.disconnect.hangup"><prompt>bye</prompt><goto next="#f"/></catch></form><form id="f"><block><log>f</log></block><field name="b" type="digits"/><block><log>no</log></block></form>`,
    caller: 'hangup',
    logs: 'f',
    prompts: '',
  },
  {
    name: '2.0 5.2.5: a hang-up nobody catches ends the page',
    page: `<form><field name="a" type="digits"/></form>`,
    caller: 'hangup',
    logs: '',
  },
  {
    name: '2.0 5.3.11: disconnect lets be heard what is queued, then raises the hang-up',
    page: `<form><block>bye<disconnect/></block><catch event="connection.disconnect.hangup"><log>gone</log></catch></form>`,
    prompts: 'bye',
    logs: 'gone',
  },
  {
    name: '2.1 3: a mark that was passed is in the shadow variables',
    page: `<form><field name="a" type="digits?length=1"><prompt>one <mark name="m1"/> two <mark name="m2"/></prompt><filled><log><value expr="a$.markname + (a$.marktime &gt;= 0) + application.lastresult$.markname"/></log></filled></field></form>`,
    caller: '1',
    logs: 'm2truem2',
  },
]);

describe('VoiceXML timers', () => {
  const waits = async (properties: string, caller: string, prompt = ''): Promise<number> => {
    const page = `${properties}<form><field name="a" type="digits">${prompt}<catch event="noinput nomatch"><exit/></catch><filled><exit/></filled></field></form>`;
    const { events } = await runCase({ page, caller });
    const last = events.filter(({ what }) => what === 'event').at(-1);
    return (last?.atMs ?? 0) - Date.UTC(2024, 0, 1);
  };

  it('2.0 6.3.2: noinput after the property timeout', async () => {
    assert.equal(await waits('<property name="timeout" value="7s"/>', '-'), 7000);
  });

  it('2.0 4.1.7: noinput after the timeout of the last prompt, counted from its end', async () => {
    assert.equal(await waits('', '-', '<prompt timeout="1500ms">1234567890</prompt>'), 2000);
  });

  it('2.0 6.3.3: the time between two keys', async () => {
    const page = `<property name="interdigittimeout" value="4s"/><form><field name="a"><grammar mode="dtmf" root="r"><rule id="r">1 2 3</rule></grammar><nomatch><log>n</log><exit/></nomatch></field></form>`;
    const { events } = await runCase({ page, caller: '12' });
    const at = events.find(({ what }) => what === 'log')?.atMs ?? 0;
    assert.equal(at - Date.UTC(2024, 0, 1), 4200);
  });

  it('fetches a grammar once, however often its field is visited', async () => {
    const page = `<form><field name="a"><grammar mode="dtmf" src="g.grxml"/></field></form>`;
    const files = { 'g.grxml': '<grammar mode="dtmf" root="r"><rule id="r">1</rule></grammar>' };
    const { requests } = await runCase({ page, files, caller: '-, -, 1' });
    assert.equal(requests.filter(({ what }) => what === 'grammar').length, 1);
  });
});
