/** The form interpretation algorithm: which item, in which order, and when a form ends. */
import { cases } from './bed.js';

cases('VoiceXML forms', [
  {
    name: '2.0 2.1.5: runs the first form, then ends when nothing is left',
    page: `<form><block><log>one</log></block></form><form><block><log>two</log></block></form>`,
    logs: 'one',
  },
  {
    name: '2.0 C: visits items in document order, each once',
    page: `<form><block><log>a</log></block><block><log>b</log></block></form>`,
    logs: 'a|b',
  },
  {
    name: '2.0 2.3.2: a block whose variable has a value is not visited',
    page: `<form><block expr="true"><log>a</log></block><block name="b" expr="0"><log>b</log></block><block><log>c</log></block></form>`,
    logs: 'c',
  },
  {
    name: '2.0 2.1.3: cond has to hold for an item to be visited',
    page: `<form><var name="x" expr="1"/><block cond="x == 2"><log>a</log></block><block cond="x == 1"><log>b</log></block></form>`,
    logs: 'b',
  },
  {
    name: '2.0 C: an earlier item that has become open again is chosen first',
    page: `<form><var name="n" expr="0"/><block name="a"><log>a</log></block>
      <block name="b"><log>b</log><assign name="n" expr="n + 1"/><if cond="n == 1"><clear namelist="a"/></if></block>
      <block><log>c</log></block></form>`,
    logs: 'a|b|a|c',
  },
  {
    name: '2.0 2.3.1: a field is filled by its digits',
    page: `<form><field name="pin" type="digits?length=4"><prompt>pin</prompt><filled><log><value expr="pin"/></log></filled></field></form>`,
    caller: '1234',
    logs: '1234',
    prompts: 'pin',
  },
  {
    name: '2.0 2.3.1: a field with a value in expr is not asked for',
    page: `<form><field name="a" expr="'7'" type="digits"/><block><log><value expr="a"/></log></block></form>`,
    logs: '7',
  },
  {
    name: '2.0 4.1.6: prompts are chosen by their count',
    page: `<form><field name="a" type="digits?length=1"><prompt count="1">one</prompt><prompt count="3">three</prompt>
      <noinput><reprompt/></noinput></field></form>`,
    caller: '-, -, -, 1',
    prompts: 'one|one|three|three',
  },
  {
    name: '2.0 5.3.6: without reprompt a handler leaves the prompts out',
    page: `<form><field name="a" type="digits?length=1"><prompt>ask</prompt><noinput><prompt>what?</prompt></noinput></field></form>`,
    caller: '-, 1',
    prompts: 'ask|what?',
  },
  {
    name: '2.0 2.4: form-level filled waits for all of its items',
    page: `<form><field name="a" type="digits?length=1"/><field name="b" type="digits?length=1"/>
      <filled mode="all" namelist="a b"><log><value expr="a + b"/></log></filled></form>`,
    caller: '1, 2',
    logs: '12',
  },
  {
    name: '2.0 2.4: mode any is triggered by each of them',
    page: `<form><field name="a" type="digits?length=1"/><field name="b" type="digits?length=1"/>
      <filled mode="any" namelist="a b"><log>f</log></filled></form>`,
    caller: '1, 2',
    logs: 'f|f',
  },
  {
    name: '2.0 5.3.7: goto nextitem visits an item that has a value already',
    page: `<form><block name="a"><log>a</log></block><block name="b"><log>b</log><if cond="!seen"><assign name="seen" expr="true"/><goto nextitem="a"/></if></block><block><log>c</log></block><var name="seen" expr="false"/></form>`,
    logs: 'a|b|a|c',
  },
  {
    name: '2.0 5.3.7: goto to another form of the page keeps its variables',
    page: `<var name="x" expr="1"/><form><block><assign name="x" expr="2"/><goto next="#two"/></block></form>
      <form id="two"><block><log><value expr="x"/></log></block></form>`,
    logs: '2',
  },
  {
    name: '2.0 5.3.9: exit gives the values of its namelist',
    page: `<var name="treatment_result" expr="{ 'action': 'route_to_agent', 'message': '0k' }"/><form><block><exit namelist="treatment_result"/></block></form>`,
    values: { treatment_result: { action: 'route_to_agent', message: '0k' } },
  },
]);
