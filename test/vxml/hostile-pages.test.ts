/** Pages that mean harm: each ends in a way that is known, and in little time. */
import { cases, documentOf } from './bed.js';

const page = (name: string): string =>
  documentOf(`<form><subdialog name="s" src="${name}"/></form>`);

const everyWait = (timeout: string): string =>
  `<property name="timeout" value="${timeout}"/><catch event="connection.disconnect"><exit expr="'hung up'"/></catch>
   <form><field name="f" type="digits"><noinput><script>(function () { for (var i = 0; i !== 300000; i++); })();</script><reprompt/></noinput></field></form>`;
const SILENT = `${'-,'.repeat(30)}hangup`;

cases('Pages that mean harm', [
  {
    name: 'thousands of comments before the page are read once',
    page: `<?xml version="1.0"?>${'<!--a--><?b?>'.repeat(5000)}<vxml version="2.1"><form><block><log>read</log></block></form></vxml>`,
    logs: 'read',
  },
  {
    name: 'entities of its own are refused, however they grow',
    page: `<!DOCTYPE vxml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><vxml version="2.1"><form><block>&b;</block></form></vxml>`,
    refused: 'error.badfetch',
    message: /document type/,
  },
  {
    name: 'a prompt of ten million characters is error.semantic',
    page: `<catch event="error.semantic"><log>too long</log><exit/></catch><form><block><var name="t" expr="new Array(1000001).join('1234567890')"/><prompt><value expr="t"/></prompt></block></form>`,
    logs: 'too long',
  },
  {
    name: 'a page of more than two million characters is error.badfetch',
    page: `<catch event="error.badfetch"><log>too large</log><exit/></catch><form><block><goto next="large.vxml"/></block></form>`,
    files: { 'large.vxml': documentOf(`<form><block>${'x'.repeat(2_000_001)}</block></form>`) },
    logs: 'too large',
  },
  {
    name: 'subdialogs that call each other',
    page: `<form><subdialog name="s" src="a.vxml"/></form>`,
    files: { 'a.vxml': page('b.vxml'), 'b.vxml': page('a.vxml') },
    limit: 'VXML_SUBDIALOG_TOO_DEEP',
  },
  {
    name: 'a submit loop',
    page: `<form><block><submit next="page.vxml"/></block></form>`,
    limit: 'VXML_TOO_MANY_FETCHES',
  },
  {
    name: 'a handler that throws what it catches',
    page: `<catch event="error"><throw event="error.again"/></catch><form><block><throw event="error.first"/></block></form>`,
    limits: { stepsWithoutInput: 2000 },
    limit: 'VXML_TOO_MANY_STEPS',
  },
  {
    name: 'an event whose name is nothing but dots',
    page: `<catch><log>caught</log><exit/></catch><form><block><throw eventexpr="new Array(30001).join('.a') + 'a'"/></block></form>`,
    logs: 'caught',
  },
  {
    name: 'a condition without an end',
    page: `<form><block><if cond="(function () { for (;;) {} })()"/></block></form>`,
    limit: 'VXML_SCRIPT_TOO_LONG',
  },
  {
    name: 'scripts that are short, after each wait of a millisecond',
    page: everyWait('1ms'),
    caller: SILENT,
    limits: { work: 200, workPerSecond: 100 },
    limit: 'VXML_TOO_BUSY',
  },
  {
    name: 'the same scripts after waits of five seconds are nothing to end a page for',
    page: everyWait('5s'),
    caller: SILENT,
    limits: { work: 200, workPerSecond: 100 },
    value: 'hung up',
  },
  {
    name: 'a value that goes in circles is nothing to submit',
    page: `<catch event="error"><log expr="_event"/><exit/></catch><form><block><script>var o = {}; o.o = o;</script><submit next="page.vxml" namelist="o"/></block></form>`,
    logs: 'error.semantic',
  },
  {
    name: 'more prompts than wait',
    page: `<catch event="error.semantic"><log>too many</log><exit/></catch><form><block><foreach item="i" array="new Array(900)"><prompt>a</prompt></foreach></block></form>`,
    logs: 'too many',
  },
  {
    name: 'a grammar that repeats what repeats',
    page: `<catch event="error.badfetch"><log>too large</log><exit/></catch><form><field name="a"><grammar mode="dtmf" root="r"><rule id="r"><item repeat="0-9999"><item repeat="0-9999"><item repeat="0-9999">1</item></item></item></rule></grammar></field></form>`,
    logs: 'too large',
  },
  {
    name: 'scripts that reach for what the scopes are made of',
    page: `<form><block><script>try { __vxml.open = null; } catch (error) {} var got = typeof process + typeof require + typeof __vxml.open; Object.prototype.x = 1; Array.prototype.push = function () { throw 1; };</script><log expr="got"/><var name="y" expr="2"/><log expr="y"/></block></form>`,
    logs: 'undefinedundefinedfunction|2',
  },
]);
