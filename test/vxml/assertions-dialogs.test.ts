/** What the specification says of dialogs, item by item: chapter 2 of VoiceXML 2.0, one assertion a case. */
import { cases } from './bed.js';

const form = (content: string): string => `<form>${content}</form>`;
const log = (code: string): string => `<log expr="${code}"/>`;
const digit = (name: string, more = ''): string =>
  `<field name="${name}" type="digits?length=1">${more}</field>`;
const dtmf = (keys: string, tag = ''): string =>
  `<grammar mode="dtmf" version="1.0" root="r" tag-format="semantics/1.0"><rule id="r">${keys}${tag && `<tag>${tag}</tag>`}</rule></grammar>`;
const pair = dtmf('7', 'out = { a: 1, b: 2 };');
const answer = `<catch event="error.semantic"><log>semantic</log><exit/></catch><catch event="error.badfetch"><log>badfetch</log><exit/></catch>`;

cases('VoiceXML forms, as specified', [
  {
    name: '2.0 2.1.3: variables of the form are declared and evaluated in document order',
    page: form(
      `<field name="a" type="digits" expr="1"/><var name="b" expr="a + 1"/><script>var c = b + 1;</script><block>${log('a + b + c')}</block>`,
    ),
    logs: '6',
  },
  {
    name: '2.0 2.1.3: a variable of the form that reads a later item reads undefined',
    page: form(`<var name="b" expr="typeof a"/>${digit('a')}<block name="z">${log('b')}</block>`),
    caller: '1',
    logs: 'undefined',
  },
  {
    name: '2.0 2.1.3: both the cond and the variable guard an item',
    page: form(
      `<var name="n" expr="0"/><block name="x" cond="n == 1">${log("'second'")}</block><block cond="n == 0" name="y"><assign name="n" expr="1"/>${log("'first'")}</block>`,
    ),
    logs: 'first|second',
  },
  {
    name: '2.0 2.1.3: a cond that cannot be evaluated is an event of its item',
    page: form(
      `<field name="a" cond="nothing == 1" type="digits"><catch event="error.semantic">${log("'item'")}<exit/></catch></field>`,
    ),
    logs: 'item',
  },
  {
    name: '2.0 2.1.4: an unnamed item cannot be cleared by name, and is visited once',
    page: form(`<block>${log("'once'")}</block>${digit('a')}`),
    caller: '1',
    logs: 'once',
  },
  {
    name: '2.0 2.1.5: the loop ends with an exit where no item is left, not with the next form',
    page: `${form('<block/>')}${form(`<block>${log("'second form'")}</block>`)}`,
    logs: '',
  },
  {
    name: '2.0 2.1.5: goto nextitem overrides a cond that does not hold',
    page: form(
      `<block><goto nextitem="a"/></block><block name="a" cond="false">${log("'visited'")}</block>`,
    ),
    logs: 'visited',
  },
  {
    name: '2.0 2.1.5: goto to another form ends the form at once',
    page: `${form('<block><goto next="#b"/><log>no</log></block>')}<form id="b"><block>${log("'b'")}</block></form>`,
    logs: 'b',
  },
  {
    name: '2.0 2.1.6.1: one input of the form fills several fields, and both of their filled run',
    page: form(
      `${pair}<initial name="i"/>${digit('a', `<filled>${log("'a' + a")}</filled>`)}${digit('b', `<filled>${log("'b' + b")}</filled>`)}<filled>${log("'all'")}</filled>`,
    ),
    caller: '7',
    logs: 'a1|b2|all',
  },
  {
    name: '2.0 2.1.6.1: an initial is over as soon as one field is filled',
    page: form(
      `${dtmf('7', 'out = { a: 1 };')}<initial name="i"><prompt>whole</prompt></initial>${digit('b', '<prompt>b</prompt>')}${digit('a')}`,
    ),
    caller: '7, 3',
    prompts: 'whole|b',
  },
  {
    name: '2.0 2.3.3: an initial with a value is not visited',
    page: form(
      `${pair}<initial name="i" expr="true"><prompt>no</prompt></initial>${digit('a', '<prompt>a</prompt>')}`,
    ),
    caller: '3',
    prompts: 'a',
  },
  {
    name: '2.0 2.3.3: an initial has counters of its own for prompts and events',
    page: form(
      `${pair}<initial name="i"><prompt>one</prompt><prompt count="2">two</prompt><nomatch count="1"><reprompt/></nomatch><nomatch count="2">${log("'twice'")}<assign name="i" expr="true"/></nomatch></initial>${digit('a')}`,
    ),
    caller: '3, 4, 5',
    prompts: 'one|two',
    logs: 'twice',
  },
  {
    name: '2.0 2.3.2: a block has a name, and its variable is true while and after it runs',
    page: form(`<block name="a">${log('a')}</block><block>${log('a')}</block>`),
    logs: 'true|true',
  },
  {
    name: '2.0 2.3.2: a block is visited again when it clears itself',
    page: form(
      `<var name="n" expr="0"/><block name="a"><assign name="n" expr="n + 1"/><if cond="n &lt; 3"><clear namelist="a"/></if></block><block>${log('n')}</block>`,
    ),
    logs: '3',
  },
  {
    name: '2.0 2.4: mode all waits, whatever the order of input',
    page: form(
      `${digit('a')}${digit('b')}<filled namelist="a b" mode="all">${log("a + '' + b")}</filled>`,
    ),
    caller: '1, 2',
    logs: '12',
  },
  {
    name: '2.0 2.4: a filled of the form names items, else it is error.badfetch',
    page: `<form><block><goto next="b.vxml"/></block>${answer}</form>`,
    files: {
      'b.vxml': `<vxml version="2.1"><form>${digit('a')}<block name="z"/><filled namelist="z"><log>no</log></filled></form></vxml>`,
    },
    logs: 'badfetch',
  },
  {
    name: '2.0 2.4: a filled of the form runs once for one input, not again for none of its items',
    page: form(
      `${digit('a')}${digit('b')}<filled namelist="a" mode="any">${log("'a' + a")}</filled>`,
    ),
    caller: '1, 2',
    logs: 'a1',
  },
  {
    name: '2.0 2.4: an item with an initial value triggers no filled',
    page: form(
      `<field name="a" expr="'1'" type="digits"><filled>${log("'no'")}</filled></field><filled>${log("'nor'")}</filled>`,
    ),
    logs: '',
  },
  {
    name: '2.0 2.1: two items of one name are error.badfetch',
    page: `<form><block><goto next="b.vxml"/></block>${answer}</form>`,
    files: { 'b.vxml': `<vxml version="2.1"><form>${digit('a')}${digit('a')}</form></vxml>` },
    logs: 'badfetch',
  },
  {
    name: '2.0 2.1: an item may be named like a variable further out, and hides it',
    page: `<var name="a" expr="'document'"/>${form(`${digit('a')}<block>${log('a + document.a')}</block>`)}`,
    caller: '1',
    logs: '1document',
  },
]);

cases('VoiceXML menus, as specified', [
  {
    name: '2.0 2.2: a menu without keys hears none: what is said in words is not understood here',
    page: `<menu><prompt><enumerate/></prompt><choice next="#x">sports</choice><choice next="#x">news</choice><noinput>${log("'noinput'")}<exit/></noinput></menu><form id="x"/>`,
    caller: '-',
    prompts: 'sports news',
    logs: 'noinput',
  },
  {
    name: '2.0 2.2: a key in a menu without keys is nomatch',
    page: `<menu><choice next="#x">sports</choice><nomatch>${log("'nomatch'")}<exit/></nomatch></menu><form id="x"/>`,
    caller: '1',
    logs: 'nomatch',
  },
  {
    name: '2.0 2.2: a choice may be several keys',
    page: `<menu><choice dtmf="12" next="#x">a</choice><choice dtmf="1 3" next="#y">b</choice></menu><form id="x"/><form id="y"><block>${log("'y'")}</block></form>`,
    caller: '13',
    logs: 'y',
  },
  {
    name: '2.0 2.2: the first nine choices get numbers, in the order of those without keys of their own',
    page: `<menu dtmf="true"><prompt><enumerate><value expr="_dtmf + _prompt"/></enumerate></prompt>${'abcdefghijk'
      .split('')
      .map((name) => `<choice next="#x">${name}</choice>`)
      .join('')}</menu><form id="x"/>`,
    caller: '1',
    prompts: '1a 2b 3c 4d 5e 6f 7g 8h 9i j k',
  },
  {
    name: '2.0 2.2: with numbers given, another key of a choice is error.badfetch',
    page: `<form><block><goto next="b.vxml"/></block>${answer}</form>`,
    files: {
      'b.vxml':
        '<vxml version="2.1"><menu dtmf="true"><choice dtmf="5" next="#x">a</choice></menu><form id="x"/></vxml>',
    },
    logs: 'badfetch',
  },
  {
    name: '2.0 2.2.2: a choice leads on by an expression',
    page: `<var name="to" expr="'#y'"/><menu><choice dtmf="1" expr="to">a</choice></menu><form id="y"><block>${log("'y'")}</block></form>`,
    caller: '1',
    logs: 'y',
  },
  {
    name: '2.0 2.2.2: a choice throws an event by an expression, with a message',
    page: `<menu><choice dtmf="1" eventexpr="'my.' + 'event'" messageexpr="'m' + 1">a</choice><catch event="my">${log('_event + _message')}<exit/></catch></menu>`,
    caller: '1',
    logs: 'my.eventm1',
  },
  {
    name: '2.0 2.2.2: a choice with two ways on is error.badfetch',
    page: `<form><block><goto next="b.vxml"/></block>${answer}</form>`,
    files: {
      'b.vxml':
        '<vxml version="2.1"><menu><choice dtmf="1" next="#x" event="e">a</choice></menu><form id="x"/></vxml>',
    },
    logs: 'badfetch',
  },
  {
    name: '2.0 2.2.2: a choice may have a grammar for keys, in place of the text',
    page: `<menu><choice next="#y">${dtmf('4 2')}a</choice></menu><form id="y"><block>${log("'y'")}</block></form>`,
    caller: '42',
    logs: 'y',
  },
  {
    name: '2.0 2.2: accept is about words, and changes nothing for keys',
    page: `<menu accept="approximate"><choice dtmf="1" accept="exact" next="#y">a b</choice></menu><form id="y"><block>${log("'y'")}</block></form>`,
    caller: '1',
    logs: 'y',
  },
  {
    name: '2.0 2.2: a menu counts its prompts and events like a form item',
    page: `<menu dtmf="true"><prompt>one</prompt><prompt count="2">two</prompt><choice next="#y">a</choice><noinput count="1"><reprompt/></noinput><noinput count="2">${log("'two'")}<reprompt/></noinput></menu><form id="y"/>`,
    caller: '-, -, 1',
    prompts: 'one|two|two',
    logs: 'two',
  },
  {
    name: '2.0 2.2: a menu that is gone to again begins its counters anew',
    page: `<menu id="m" dtmf="true"><prompt>one</prompt><prompt count="2">two</prompt><choice next="#back">a</choice><choice next="#x">b</choice></menu><form id="back"><block><goto next="#m"/></block></form><form id="x"/>`,
    caller: '1, 2',
    prompts: 'one|one',
  },
  {
    name: '2.0 2.2.4: enumerate in a handler of the menu',
    page: `<menu dtmf="true"><choice next="#x">red</choice><choice next="#x">blue</choice><noinput><enumerate><value expr="_prompt"/></enumerate></noinput></menu><form id="x"/>`,
    caller: '-, 1',
    prompts: 'red blue',
  },
]);

cases('VoiceXML fields and links, as specified', [
  {
    name: '2.0 2.3.1: a field may have a type and grammars beside it',
    page: form(
      `<field name="a" type="boolean">${dtmf('*', "out = 'star';")}</field><block>${log('a')}</block>`,
    ),
    caller: '*',
    logs: 'star',
  },
  {
    name: '2.0 2.3.1.1: shadow variables of a field that the form filled',
    page: form(
      `${pair}<initial/>${digit('a')}${digit('b')}<block>${log('a$.utterance + a$.inputmode + a$.confidence + a$.interpretation')}</block>`,
    ),
    caller: '7',
    logs: '7dtmf11',
  },
  {
    name: '2.0 2.3.1.3: options and a grammar of the same field',
    page: form(
      `<field name="a"><option dtmf="1" value="one">One</option>${dtmf('2', "out = 'two';")}</field><block>${log('a')}</block>`,
    ),
    caller: '2',
    logs: 'two',
  },
  {
    name: '2.0 2.3.1.3: an option without keys cannot be chosen here, and is no error',
    page: form(
      `<field name="a"><option value="v">Voice</option><noinput>${log("'noinput'")}<exit/></noinput></field>`,
    ),
    caller: '-',
    logs: 'noinput',
  },
  {
    name: '2.0 2.5: a link throws its event at the item that waits, with a message by expression',
    page: `<link eventexpr="'my.' + 'link'" messageexpr="'m'">${dtmf('*')}</link>${form(`<field name="a" type="digits?length=1"><catch event="my.link">${log('_event + _message')}<exit/></catch></field>`)}`,
    caller: '*',
    logs: 'my.linkm',
  },
  {
    name: '2.0 2.5: a link leads on by an expression that is evaluated when it is chosen',
    page: `<var name="to" expr="'#x'"/><link expr="to">${dtmf('*')}</link>${form(`<block><assign name="to" expr="'#y'"/></block>${digit('a')}`)}<form id="y"><block>${log("'y'")}</block></form>`,
    caller: '*',
    logs: 'y',
  },
  {
    name: '2.0 2.5: a link of a form is not heard in another one',
    page: `<form id="a"><link next="#z">${dtmf('*')}</link>${digit('n', '<filled><goto next="#b"/></filled>')}</form><form id="b">${digit('m', `<nomatch>${log("'nomatch'")}<exit/></nomatch>`)}</form><form id="z"/>`,
    caller: '1, *',
    logs: 'nomatch',
  },
  {
    name: '2.0 2.5: a link of a field is heard in that field only',
    page: form(
      `${digit('a')}<field name="b" type="digits?length=1"><link event="l">${dtmf('*')}</link></field><catch event="l">${log("'l'")}<exit/></catch><nomatch>${log("'nomatch'")}</nomatch>`,
    ),
    caller: '*, 1, *',
    logs: 'nomatch|l',
  },
  {
    name: '2.0 2.5: a link may have several grammars and a key besides',
    page: `<link event="l" dtmf="#">${dtmf('8')}${dtmf('9 9')}</link>${form(`<field name="a" type="boolean"/><catch event="l">${log("'l'")}<exit/></catch>`)}`,
    caller: '99',
    logs: 'l',
  },
  {
    name: '2.0 2.5: a link with two ways on is error.badfetch',
    page: `<form><block><goto next="b.vxml"/></block>${answer}</form>`,
    files: {
      'b.vxml': `<vxml version="2.1"><link next="#x" event="e">${dtmf('*')}</link><form id="x"/></vxml>`,
    },
    logs: 'badfetch',
  },
]);
