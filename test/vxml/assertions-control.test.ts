/** What the specification says of scopes, events and executable content: VoiceXML 2.0, chapter 5. */
import { BASE, cases } from './bed.js';

const form = (content: string): string => `<form>${content}</form>`;
const log = (code: string): string => `<log expr="${code}"/>`;
const digit = (name: string, more = ''): string =>
  `<field name="${name}" type="digits?length=1">${more}</field>`;
const answer = `<catch event="error.semantic"><log>semantic</log><exit/></catch><catch event="error.badfetch"><log>badfetch</log><exit/></catch>`;
const page = (content: string, attributes = ''): string =>
  `<vxml version="2.1" ${attributes}>${content}</vxml>`;
const filled = (content: string): string => `<filled>${content}</filled>`;

cases('VoiceXML control, as specified', [
  {
    name: '2.0 5.1.2: session, application, document and dialog are no reserved words',
    page: form(
      `<var name="document" expr="1"/><var name="session" expr="2"/><block>${log('document + session')}</block>`,
    ),
    logs: '3',
  },
  {
    name: '2.0 5.1.2: a handler’s variables are gone after it',
    page: form(
      `<block name="a"><throw event="e"/></block><catch event="e"><var name="x" expr="1"/><assign name="a" expr="true"/></catch><block>${log('typeof x')}</block>`,
    ),
    logs: 'undefined',
  },
  {
    name: '2.0 5.1.2: a filled has a scope of its own inside the dialog’s',
    page: form(
      `<var name="v" expr="'dialog'"/>${digit('a', filled(`<var name="v" expr="'filled'"/>${log('v + dialog.v')}`))}<block>${log('v')}</block>`,
    ),
    caller: '1',
    logs: 'filleddialog|dialog',
  },
  {
    name: '2.0 5.1.2: a variable of the page by its scope from a handler of the root',
    page: page(
      '<var name="v" expr="2"/><form><block><throw event="e"/></block></form>',
      'application="root.vxml"',
    ),
    files: {
      'root.vxml': page(
        `<var name="v" expr="1"/><catch event="e">${log('application.v + document.v')}<exit/></catch>`,
      ),
    },
    logs: '3',
  },
  {
    name: '2.0 5.2.4: of two that match, the first in the document wins, even a shorter name',
    page: form(
      `<block><throw event="a.b"/></block><catch event="a"><log>a</log><exit/></catch><catch event="a.b"><log>a.b</log><exit/></catch>`,
    ),
    logs: 'a',
  },
  {
    name: '2.0 5.2.4: a handler of the item before one of the form, whichever name is longer',
    page: form(
      `<catch event="a.b"><log>form</log><exit/></catch><block><throw event="a.b"/></block>`,
    ).replace(
      '<block>',
      `<field name="f" type="boolean"><catch event="a"><log>item</log><exit/></catch><noinput><throw event="a.b"/></noinput></field><block>`,
    ),
    caller: '-',
    logs: 'item',
  },
  {
    name: '2.0 5.2.4: one point stands for all events',
    page: form(`<block><throw event="x.y"/></block><catch event="."><log>all</log><exit/></catch>`),
    logs: 'all',
  },
  {
    name: '2.0 5.2.4: a point behind a name changes nothing',
    page: form(`<block><throw event="x.y"/></block><catch event="x."><log>x</log><exit/></catch>`),
    logs: 'x',
  },
  {
    name: '2.0 5.2.4: handlers of the page come before those of the root, by count first',
    page: page(
      `<catch event="noinput"><log>leaf</log></catch><form>${digit('a')}</form>`,
      'application="root.vxml"',
    ),
    files: { 'root.vxml': page('<catch event="noinput" count="2"><log>root</log></catch>') },
    caller: '-, -, 1',
    logs: 'leaf|root',
  },
  {
    name: '2.0 5.2.2: a cond that does not hold hands the event on to the next handler',
    page: form(
      digit(
        'a',
        `<noinput cond="false"><log>no</log></noinput><noinput>${log("'yes'")}<exit/></noinput>`,
      ),
    ),
    caller: '-',
    logs: 'yes',
  },
  {
    name: '2.0 5.2.2: a throw in a handler reaches the handlers of the item again',
    page: form(
      digit(
        'a',
        `<noinput><throw event="my"/></noinput><catch event="my">${log("'my'")}<exit/></catch>`,
      ),
    ),
    caller: '-',
    logs: 'my',
  },
  {
    name: '2.0 5.2.1: throw with event and eventexpr is error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: { 'b.vxml': page(form(`<block><throw event="a" eventexpr="'b'"/></block>`)) },
    logs: 'badfetch',
  },
  {
    name: '2.0 5.2.2: what pages of the old platform ask of an event is there, or undefined',
    page: form(
      `<block><throw event="e" message="m"/></block><catch>${log("[_event, _message, _url, typeof _line, typeof _element].join(' ')")}<exit/></catch>`,
    ),
    logs: `e m ${BASE}page.vxml undefined undefined`,
  },
  {
    name: '2.0 5.3.3: clear without a namelist clears all items, and no other variable',
    page: form(
      `<var name="v" expr="1"/>${digit('a')}<block name="b" cond="v == 1"><assign name="v" expr="2"/><clear/></block><block name="c">${log('v + typeof a')}</block>`,
    ),
    caller: '1, 2',
    logs: '2string',
  },
  {
    name: '2.0 5.3.4: an else without a condition, and conditions inside each other',
    page: form(
      `<var name="n" expr="2"/><block><if cond="n == 1"><log>1</log><else/><if cond="n == 2"><log>2</log><else/><log>3</log></if></if></block>`,
    ),
    logs: '2',
  },
  {
    name: '2.0 5.3.7: goto without a destination, or with two, is error.badfetch',
    page: form(`<block><goto next="b.vxml"/></block>${answer}`),
    files: { 'b.vxml': page(form('<block><goto/></block>')) },
    logs: 'badfetch',
  },
  {
    name: '2.0 5.3.7: goto from one form to an item of another is error.badfetch',
    page: `<form><block><goto nextitem="x"/></block>${answer}</form><form><block name="x"/></form>`,
    logs: 'badfetch',
  },
  {
    name: '2.0 5.3.8: submit by an expression, evaluated when it is executed',
    page: form(`<var name="to" expr="'b'"/><block><submit expr="to + '.vxml'"/></block>`),
    files: { 'b.vxml': page(form(`<block>${log("'b'")}</block>`)) },
    logs: 'b',
  },
  {
    name: '2.0 5.3.8: a submit that fails is an event of the page that is left',
    page: form(
      `<block><submit next="none.vxml"/></block><catch event="error.badfetch.http.404"><log>still here</log><exit/></catch>`,
    ),
    logs: 'still here',
  },
  {
    name: '2.0 5.3.5: prompt and reprompt in a handler: its own words first, once each',
    page: form(digit('a', '<prompt>ask</prompt><nomatch>wrong<reprompt/></nomatch>')),
    caller: '*, 1',
    prompts: 'ask|wrong|ask',
  },
  {
    name: '2.0 5.3.12: a script of the page runs once, when the page is entered',
    page: `<var name="n" expr="0"/><script>n = n + 1;</script><form id="a">${digit('x', filled('<if cond="x == 1"><goto next="#a"/></if>'))}<block>${log('n')}</block></form>`,
    caller: '1, 2',
    logs: '1',
  },
  {
    name: '2.0 5.3.12: a script of the form runs each time the form is entered',
    page: `<var name="n" expr="0"/><form id="a"><script>document.n = document.n + 1;</script>${digit('x', filled('<if cond="x == 1"><goto next="#a"/></if>'))}<block>${log('n')}</block></form>`,
    caller: '1, 2',
    logs: '2',
  },
]);
