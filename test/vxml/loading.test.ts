/** What is refused when a page is loaded, and pages that mean no good (VoiceXML 2.0, 1.5, 5.2.6). */
import { cases, documentOf, type Case } from './bed.js';

/** A page that goes to a second one, which is refused there. */
const refusedPage = (name: string, second: string, event = 'error.badfetch'): Case => ({
  name,
  page: `<form><block><goto next="two.vxml"/></block><error><log><value expr="_event"/></log><exit/></error></form>`,
  files: {
    'two.vxml': second.includes('<vxml') || !second.startsWith('<') ? second : documentOf(second),
  },
  logs: event,
});
const inBlock = (content: string): string => `<form><block>${content}</block></form>`;

cases('VoiceXML pages are refused', [
  refusedPage('2.0 5.3.7: goto with two destinations', inBlock('<goto next="a" expr="b"/>')),
  refusedPage('2.0 5.3.7: goto without one', inBlock('<goto/>')),
  refusedPage('2.0 5.3.8: submit with two', inBlock('<submit next="a" expr="b"/>')),
  refusedPage('2.0 4.1.3: audio with two sources', inBlock('<audio src="a" expr="b"/>')),
  refusedPage('2.0 5.2.1: throw with two events', inBlock('<throw event="a" eventexpr="b"/>')),
  refusedPage('2.0 5.2.1: throw without an event', inBlock('<throw message="m"/>')),
  refusedPage(
    '2.0 5.2.1: throw with two messages',
    inBlock('<throw event="a" message="m" messageexpr="n"/>'),
  ),
  refusedPage('2.0 5.3.9: exit with expr and namelist', inBlock('<exit expr="1" namelist="a"/>')),
  refusedPage(
    '2.0 5.3.10: return with event and namelist',
    inBlock('<return event="a" namelist="b"/>'),
  ),
  refusedPage('2.0 5.3.12: script with src and content', inBlock('<script src="a">1</script>')),
  refusedPage('2.0 5.3.12: script with neither', inBlock('<script/>')),
  refusedPage('2.0 5.3.2: assign without expr', inBlock('<assign name="a"/>')),
  refusedPage('2.0 5.3.4: if without cond', inBlock('<if>x</if>')),
  refusedPage(
    '2.0 2.3.4: subdialog with two sources',
    '<form><subdialog src="a" srcexpr="b"/></form>',
  ),
  refusedPage(
    '2.0 2.3.4: param with two values',
    '<form><subdialog src="a"><param name="p" expr="1" value="2"/></subdialog></form>',
  ),
  refusedPage(
    '2.0 2.2: a choice with event and next',
    '<menu><choice dtmf="1" next="#a" event="b"/></menu>',
  ),
  refusedPage(
    '2.0 2.2: keys of a numbered menu',
    '<menu dtmf="true"><choice dtmf="1" event="a"/></menu>',
  ),
  refusedPage('2.0 2.5: a link without a destination', '<link dtmf="1"/><form/>'),
  refusedPage('2.0 2.1.1: two forms of one id', '<form id="a"/><form id="a"/>'),
  refusedPage(
    '2.0 2.1.2: two items of one name',
    '<form><block name="a"/><field name="a"/></form>',
  ),
  refusedPage(
    '2.0 2.4: a filled of an item with a namelist',
    '<form><field name="a"><filled namelist="a"/></field></form>',
  ),
  refusedPage(
    '2.0 2.4: a filled of an item with a mode',
    '<form><field name="a"><filled mode="any"/></field></form>',
  ),
  refusedPage(
    '2.0 2.4: a filled of a form that names no input item',
    '<form><block name="b"/><filled namelist="b"/></form>',
  ),
  refusedPage(
    '2.0 2.3.7: a transfer with bridge and type',
    '<form><transfer dest="tel:1" bridge="true" type="blind"/></form>',
  ),
  refusedPage('2.0 2.3.7: a transfer to nowhere', '<form><transfer name="t"/></form>'),
  refusedPage('2.1 6: foreach without an item', inBlock('<foreach array="a">x</foreach>')),
  refusedPage('2.1 5: data with two sources', inBlock('<data name="d" src="a" srcexpr="b"/>')),
  refusedPage('2.0 1.3: an element that does not exist', inBlock('<play/>')),
  refusedPage('2.0 1.3: an element where it may not be', '<form><goto next="#a"/></form>'),
  refusedPage('2.0 1.5.1: a version that does not exist', '<vxml version="3.0"><form/></vxml>'),
  refusedPage('not well-formed', '<vxml version="2.0"><form></vxml>'),
  refusedPage('no XML at all', 'not a page'),
  refusedPage('another kind of XML', '<html><body/></html><!-- <vxml -->'),
  refusedPage(
    'entities of its own',
    '<!DOCTYPE vxml [<!ENTITY a "b">]><vxml version="2.0"><form/></vxml>',
  ),
  refusedPage(
    'elements inside each other for ever',
    documentOf(inBlock('<if cond="1">'.repeat(300) + '</if>'.repeat(300))),
  ),
  refusedPage('more than two million characters', 'x'.repeat(2_000_001)),
  {
    name: 'the DTD of VoiceXML may be named, and is not read',
    page: `<?xml version="1.0"?>\n<!DOCTYPE vxml PUBLIC "-//W3C//DTD VOICEXML 2.1//EN" "http://www.w3.org/TR/voicexml21/vxml.dtd">\n<vxml version="2.1"><form><block><log>fine</log></block></form></vxml>`,
    logs: 'fine',
  },
  {
    name: 'the entry page itself: there is nobody to tell but the operator',
    page: `<vxml version="2.1"><form><block><goto/></block></form></vxml>`,
    refused: 'error.badfetch',
    message: /page\.vxml:1:\d+: <goto> needs exactly one of/,
  },
]);

cases('VoiceXML pages that mean no good', [
  {
    name: 'a script without end',
    page: inBlock('<script>while (true) {}</script>'),
    limits: { scriptTicks: 50 },
    limit: 'VXML_SCRIPT_TOO_LONG',
  },
  {
    name: 'a script that eats the memory',
    page: inBlock('<script>var a = []; while (true) a.push({ a: a.length });</script>'),
    limits: { scriptTicks: 100_000, scriptMemoryBytes: 2_000_000 },
    limit: 'VXML_OUT_OF_MEMORY',
  },
  {
    name: 'goto without end',
    page: `<form id="a"><block><goto next="#b"/></block></form><form id="b"><block><goto next="#a"/></block></form>`,
    limits: { stepsWithoutInput: 3000 },
    limit: 'VXML_TOO_MANY_STEPS',
  },
  {
    name: 'a form that never fills',
    page: `<form><block name="a"><clear namelist="a"/></block></form>`,
    limit: 'VXML_TOO_MANY_STEPS',
  },
  {
    name: 'submit without end',
    page: `<form><block><submit next="page.vxml"/></block></form>`,
    limit: 'VXML_TOO_MANY_FETCHES',
  },
  {
    name: 'subdialogs inside each other without end',
    page: `<form><subdialog name="s" src="#x"/></form><form id="x"><subdialog name="s" src="#x"/></form>`,
    limit: 'VXML_SUBDIALOG_TOO_DEEP',
  },
  {
    name: 'asking the caller for ever',
    page: `<form><field name="a" type="digits?length=1"><prompt timeout="1s"/><noinput/></field></form>`,
    limits: { turns: 20 },
    limit: 'VXML_TOO_MANY_TURNS',
  },
  {
    name: 'a prompt of ten million characters is error.semantic',
    page: `<form><block><prompt><value expr="'x'.repeat(60000)"/></prompt></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: 'a value that is too large to leave is error.semantic',
    page: `<form><block><exit expr="'x'.repeat(10000000)"/></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: 'prompts without end are error.semantic',
    page: `<form><block><var name="l" expr="new Array(1000).fill('x')"/><foreach item="i" array="l"><prompt>x</prompt></foreach></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: 'nothing of the host can be reached from a script',
    page: inBlock(
      `<log><value expr="[typeof process, typeof require, typeof setTimeout, typeof console].join()"/></log>`,
    ),
    logs: 'undefined,undefined,undefined,undefined',
  },
  {
    name: 'the result of a script that broke the scopes is nobody else’s',
    page: inBlock(`<script>Object.prototype.x = 1;</script><log><value expr="x"/></log>`),
    logs: '1',
  },
]);
