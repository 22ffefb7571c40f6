/** Events: who throws them, which handler gets them, what counts (VoiceXML 2.0, 5.2). */
import { cases } from './bed.js';

const asked = (handlers: string, more = ''): string =>
  `${more}<form><field name="a" type="digits?length=1"><prompt>ask</prompt>${handlers}</field></form>`;

cases('VoiceXML events', [
  {
    name: '2.0 5.2.1: throw goes to the catch of its name',
    page: `<form><block><throw event="my.event"/></block><catch event="my.event"><log>caught</log><exit/></catch></form>`,
    logs: 'caught',
  },
  {
    name: '2.0 5.2.1: a message is read in _message, the name in _event',
    page: `<form><block><throw event="my.event" message="why"/></block><catch event="my"><log><value expr="_event + ' ' + _message"/></log><exit/></catch></form>`,
    logs: 'my.event why',
  },
  {
    name: '2.0 5.2.1: eventexpr and messageexpr are evaluated',
    page: `<form><block><throw eventexpr="'a.' + 'b'" messageexpr="1 + 1"/></block><catch event="a.b"><log><value expr="_message"/></log><exit/></catch></form>`,
    logs: '2',
  },
  {
    name: '2.0 5.2.2: without a message _message is undefined',
    page: `<form><block><throw event="a"/></block><catch event="a"><log><value expr="typeof _message"/></log><exit/></catch></form>`,
    logs: 'undefined',
  },
  {
    name: '2.0 5.2.4: a prefix matches whole tokens only',
    page: `<form><block><throw event="event.foobar"/></block><catch event="event.foo"><log>no</log></catch><catch event="event"><log>yes</log><exit/></catch></form>`,
    logs: 'yes',
  },
  {
    name: '2.0 5.2.2: a catch without event, or with an empty one, catches all',
    page: `<form><block><throw event="x.y"/></block><catch event=""><log>all</log><exit/></catch></form>`,
    logs: 'all',
  },
  {
    name: '2.0 5.2.2: a catch may name several events',
    page: `<form><block><throw event="c"/></block><catch event="a b c"><log>c</log><exit/></catch></form>`,
    logs: 'c',
  },
  {
    name: '2.0 5.2.4: the handler of the item comes before that of the form',
    page: `<form><catch event="noinput"><log>form</log></catch><field name="a" type="digits?length=1"><catch event="noinput"><log>item</log></catch></field></form>`,
    caller: '-, 1',
    logs: 'item',
  },
  {
    name: '2.0 5.2.4: the first in document order of two alike',
    page: `<form><block><throw event="a"/></block><catch event="a"><log>1</log><exit/></catch><catch event="a"><log>2</log><exit/></catch></form>`,
    logs: '1',
  },
  {
    name: '2.0 5.2.4: the highest count that is reached wins',
    page: asked(
      '<noinput count="1"><log>1</log></noinput><noinput count="2"><log>2</log></noinput><noinput count="3"><log>3</log></noinput>',
    ),
    caller: '-, -, -, -, 1',
    logs: '1|2|3|3',
  },
  {
    name: '2.0 5.2.4: a higher count further out wins against a lower one inside',
    page: asked(
      '<noinput count="1"><log>in</log></noinput>',
      '<noinput count="2"><log>out</log></noinput>',
    ),
    caller: '-, -, 1',
    logs: 'in|out',
  },
  {
    name: '2.0 5.2.2: each event has a counter of its own',
    page: asked(
      '<noinput count="2"><log>ni2</log></noinput><noinput><log>ni</log></noinput><nomatch><log>nm</log></nomatch>',
    ),
    caller: '-, *, -, 1',
    logs: 'ni|nm|ni2',
  },
  {
    name: '2.0 5.2.2: an event counts for its prefixes too',
    page: `<form><var name="n" expr="0"/><block name="b"><assign name="n" expr="n + 1"/><if cond="n == 1"><throw event="e.one"/><elseif cond="n == 2"/><throw event="e.two"/></if></block>
      <catch event="e" count="2"><log>second</log><exit/></catch><catch event="e"><log>first</log><assign name="b" expr="undefined"/></catch></form>`,
    logs: 'first|second',
  },
  {
    name: '2.0 5.2.2: form-level counters count what is thrown in a form-level filled',
    page: `<form><field name="a" type="digits?length=1"/><filled><clear namelist="a"/><throw event="e"/></filled>
      <catch event="e"><log>1</log></catch><catch event="e" count="2"><log>2</log><exit/></catch></form>`,
    caller: '1, 1',
    logs: '1|2',
  },
  {
    name: '2.0 5.2.2: clear starts the counters of an item anew',
    page: asked(
      '<noinput count="2"><log>2</log></noinput><noinput><log>1</log><clear namelist="a"/></noinput>',
    ),
    caller: '-, -, 1',
    logs: '1|1',
  },
  {
    name: '2.0 5.2.2: counters start anew when the form is entered again',
    page: `<var name="n" expr="0"/><form id="f"><field name="a" type="digits?length=1"><noinput count="2"><log>2</log></noinput>
      <noinput><log>1</log><assign name="n" expr="n + 1"/><if cond="n == 1"><goto next="#f"/></if></noinput></field></form>`,
    caller: '-, -, -, 1',
    logs: '1|1|2',
  },
  {
    name: '2.0 5.2.2: cond has to hold',
    page: `<form><block><throw event="a"/></block><catch event="a" cond="false"><log>no</log></catch><catch event="a" cond="1 == 1"><log>yes</log><exit/></catch></form>`,
    logs: 'yes',
  },
  {
    name: '2.0 5.2.3: error, help, noinput and nomatch are short for catch',
    page: `<form><block><throw event="help.me"/></block><help><log>help</log><throw event="error.mine"/></help><error><log><value expr="_event"/></log><exit/></error></form>`,
    logs: 'help|error.mine',
  },
  {
    name: '2.0 5.2.4: handlers of the page and of the root are inherited',
    page: `<vxml version="2.0" application="root.vxml"><form><block><throw event="a"/></block></form></vxml>`,
    files: {
      'root.vxml': `<vxml version="2.0"><catch event="a"><log>root</log><exit/></catch></vxml>`,
    },
    logs: 'root',
  },
  {
    name: '2.0 5.2.4: an inherited handler sees the variables of the dialog',
    page: `<catch event="a"><log><value expr="x"/></log><exit/></catch><form><var name="x" expr="'dialog'"/><block><throw event="a"/></block></form>`,
    logs: 'dialog',
  },
  {
    name: '2.0 5.2.4: addresses in an inherited handler are those of the active page',
    page: `<vxml version="2.0" application="deep/root.vxml"><form><block><throw event="a"/></block></form></vxml>`,
    files: {
      'deep/root.vxml': `<vxml version="2.0"><catch event="a"><goto next="next.vxml"/></catch></vxml>`,
      'next.vxml': `<vxml version="2.0"><form><block><log>beside the page</log></block></form></vxml>`,
    },
    logs: 'beside the page',
  },
  {
    name: '2.0 5.2.5: an error nobody catches ends the page',
    page: `<form><block><throw event="error.mine" message="m"/></block></form>`,
    uncaught: 'error.mine',
    message: /^m$/,
  },
  {
    name: '2.0 5.2.5: any other event nobody catches ends it too',
    page: `<form><block><throw event="mine"/></block></form>`,
    uncaught: 'mine',
  },
  {
    name: '2.0 5.2.5: the built-in noinput and nomatch ask again',
    page: asked(''),
    caller: '-, *, 1',
    prompts: 'ask|ask|ask',
  },
  {
    name: '2.0 5.2.5: the built-in cancel does nothing',
    page: `<form><block><throw event="cancel"/></block><block><log>on</log></block></form>`,
    logs: 'on',
  },
  {
    name: '2.0 5.2.5: the built-in exit ends the page',
    page: `<form><block><throw event="exit"/></block><block><log>on</log></block></form>`,
    logs: '',
  },
  {
    name: '2.0 5.2.6: an undeclared variable is error.semantic',
    page: `<form><block><log><value expr="nothing"/></log></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: '2.0 5.2.6: a syntax error in an expression is error.semantic',
    page: `<form><block><assign name="x" expr="1 +"/></block><var name="x"/><error><log><value expr="_event"/></log><exit/></error></form>`,
    logs: 'error.semantic',
  },
  {
    name: '2.0 5.2.6: an unknown element of another namespace is error.unsupported when it is executed',
    page: `<form><block><g:send xmlns:g="http://www.genesyslab.com/2006/vxml21-extension"/></block><catch event="error.unsupported.send"><log>u</log><exit/></catch></form>`,
    logs: 'u',
  },
  {
    name: '2.0 2.3.5: object is error.unsupported.objectname',
    page: `<form><object name="o" classid="builtin://x"/><catch event="error.unsupported.objectname"><log>o</log><exit/></catch></form>`,
    logs: 'o',
  },
  {
    name: '2.0 5.2.4: what a handler throws is handled like the first event',
    page: `<form><block><throw event="a"/></block><catch event="a"><throw event="b"/></catch><catch event="b"><log>b</log><exit/></catch></form>`,
    logs: 'b',
  },
  {
    name: '2.0 5.2.4: a handler that throws its own event without end is stopped',
    page: `<form><block><throw event="a"/></block><catch event="a"><throw event="a"/></catch></form>`,
    limit: 'VXML_TOO_MANY_STEPS',
  },
  {
    name: '2.0 5.2.4: an event of a filled is handled from its item on',
    page: `<form><field name="a" type="digits?length=1"><filled><throw event="e"/></filled><catch event="e"><log>item</log><exit/></catch></field><catch event="e"><log>form</log><exit/></catch></form>`,
    caller: '1',
    logs: 'item',
  },
  {
    name: '2.0 5.2.4: an event of a form-level filled is handled from the form on',
    page: `<form><field name="a" type="digits?length=1"><catch event="e"><log>item</log><exit/></catch></field><filled><throw event="e"/></filled><catch event="e"><log>form</log><exit/></catch></form>`,
    caller: '1',
    logs: 'form',
  },
  {
    name: '2.0 5.3.6: reprompt outside a handler does nothing',
    page: `<form><block><reprompt/></block><field name="a" type="digits?length=1"><prompt>ask</prompt></field></form>`,
    caller: '1',
    prompts: 'ask',
  },
  {
    name: '2.0 C: after a handler without reprompt another item is not prompted either',
    page: `<form><block name="b"><throw event="e"/></block><field name="a" type="digits?length=1"><prompt>ask</prompt></field><catch event="e"><log>e</log></catch></form>`,
    caller: '1',
    prompts: '',
    logs: 'e',
  },
  {
    name: '2.0 C: but it is when the dialog has changed',
    page: `<form><block><throw event="e"/></block><catch event="e"><goto next="#two"/></catch></form><form id="two"><field name="a" type="digits?length=1"><prompt>ask</prompt></field></form>`,
    caller: '1',
    prompts: 'ask',
  },
  {
    name: '2.0 5.2: an event while a page is initialised goes to the handlers of the page',
    page: `<var name="x" expr="nothing.at.all"/><catch event="error.semantic"><log>init</log><exit/></catch><form><block><log>no</log></block></form>`,
    logs: 'init',
  },
  {
    name: '2.0 5.2: an event while a form is initialised goes to the handlers of the form',
    page: `<form><var name="x" expr="nothing.at.all"/><catch event="error.semantic"><log>init</log><exit/></catch><block><log>no</log></block></form>`,
    logs: 'init',
  },
]);
