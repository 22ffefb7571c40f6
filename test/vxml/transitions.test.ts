/** From dialog to dialog, page to page, and into subdialogs (VoiceXML 2.0, 1.5, 2.3.4, 5.3.7 to 5.3.10). */
import assert from 'node:assert/strict';
import { cases, documentOf, runCase } from './bed.js';

const leaf = (content: string, root = 'root.vxml'): string =>
  `<vxml version="2.1" application="${root}">${content}</vxml>`;
const COUNTING_ROOT = `<vxml version="2.1"><var name="n" expr="0"/><form id="start"><block><assign name="n" expr="n + 1"/><log>root <value expr="n"/></log><exit/></block></form></vxml>`;

cases('VoiceXML transitions', [
  {
    name: '2.0 5.3.7: goto another page',
    page: `<form><block><goto next="two.vxml"/></block></form>`,
    files: { 'two.vxml': documentOf('<form><block><log>two</log></block></form>') },
    logs: 'two',
  },
  {
    name: '2.0 5.3.7: goto a dialog of another page, by expr',
    page: `<form><block><goto expr="'two' + '.vxml#b'"/></block></form>`,
    files: {
      'two.vxml': documentOf(
        '<form id="a"><block><log>a</log></block></form><form id="b"><block><log>b</log></block></form>',
      ),
    },
    logs: 'b',
  },
  {
    name: '2.0 5.3.7: a page that is not there is an event of the page that asked',
    page: `<form><block><goto next="no.vxml"/></block><catch event="error.badfetch.http.404"><log>404</log><exit/></catch></form>`,
    logs: '404',
  },
  {
    name: '2.0 5.3.7: a dialog that is not there is error.badfetch',
    page: `<form><block><goto next="#no"/></block><catch event="error.badfetch"><log>b</log><exit/></catch></form>`,
    logs: 'b',
  },
  {
    name: '2.0 5.3.7: an item that is not there is error.badfetch',
    page: `<form><block><goto nextitem="no"/></block><catch event="error.badfetch"><log>b</log><exit/></catch></form>`,
    logs: 'b',
  },
  {
    name: '2.0 5.3.7: expritem is evaluated',
    page: `<form><block name="a"><goto expritem="'c'"/></block><block name="b"><log>b</log><exit/></block><block name="c"><log>c</log></block></form>`,
    logs: 'c|b',
  },
  {
    name: '2.0 5.3.7: an expr that is undefined is error.semantic',
    page: `<form><var name="u"/><block><goto expr="u"/></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: '2.0 2.1: a page with an error is an event of the page that asked',
    page: `<form><block><goto next="two.vxml"/></block><catch event="error.badfetch"><log>b</log><exit/></catch></form>`,
    files: { 'two.vxml': documentOf('<form><block><goto/></block></form>') },
    logs: 'b',
  },
  {
    name: '2.0 5.3.7: a page that names itself with a fragment is loaded anew',
    page: `<var name="n" expr="session.n"/><form><block><log><value expr="n"/></log><assign name="n" expr="2"/><goto next="two.vxml#b"/></block></form>`,
    variables: { n: '1' },
    files: {
      'two.vxml': documentOf(
        `<var name="n" expr="7"/><form><block><log>no</log></block></form><form id="b"><block><log><value expr="n"/></log><if cond="n == 7"><assign name="n" expr="8"/><goto next="#c"/></if></block></form><form id="c"><block><log><value expr="n"/></log></block></form>`,
      ),
    },
    logs: '1|7|8',
  },
  {
    name: '2.0 xml:base: references are resolved against it',
    page: `<vxml version="2.0" xml:base="http://pages.example.com/other/"><form><block><goto next="two.vxml"/></block></form></vxml>`,
    files: { '../other/two.vxml': documentOf('<form><block><log>two</log></block></form>') },
    logs: 'two',
  },
  {
    name: '2.0 1.5.2: from leaf to leaf the root stays as it is',
    page: leaf(`<form><block><assign name="n" expr="5"/><goto next="b.vxml"/></block></form>`),
    files: {
      'root.vxml': COUNTING_ROOT,
      'b.vxml': leaf(`<form><block><log><value expr="application.n"/></log></block></form>`),
    },
    logs: '5',
  },
  {
    name: '2.0 1.5.2: from leaf to root by goto the root stays as it is',
    page: leaf(`<form><block><assign name="n" expr="5"/><goto next="root.vxml"/></block></form>`),
    files: { 'root.vxml': COUNTING_ROOT },
    logs: 'root 6',
  },
  {
    name: '2.0 1.5.2: from leaf to root by submit it begins anew',
    page: leaf(`<form><block><assign name="n" expr="5"/><submit next="root.vxml"/></block></form>`),
    files: { 'root.vxml': COUNTING_ROOT },
    logs: 'root 1',
  },
  {
    name: '2.0 1.5.2: from root to leaf the root stays as it is',
    page: `<var name="n" expr="1"/><form><block><assign name="n" expr="2"/><goto next="b.vxml"/></block></form>`,
    files: {
      'b.vxml': leaf(
        `<form><block><log><value expr="application.n"/></log></block></form>`,
        'page.vxml',
      ),
    },
    logs: '2',
  },
  {
    name: '2.0 1.5.2: another root is another application',
    page: leaf(`<form><block><goto next="b.vxml"/></block></form>`),
    files: {
      'root.vxml': COUNTING_ROOT,
      'root2.vxml': `<vxml version="2.1"><var name="m" expr="'two'"/></vxml>`,
      'b.vxml': leaf(
        `<form><block><log><value expr="typeof application.n + application.m"/></log></block></form>`,
        'root2.vxml',
      ),
    },
    logs: 'undefinedtwo',
  },
  {
    name: '2.0 1.5.2: a root that names a root is error.semantic',
    page: `<form><block><goto next="b.vxml"/></block><error><log><value expr="_event"/></log><exit/></error></form>`,
    files: {
      'b.vxml': leaf(`<form/>`),
      'root.vxml': leaf(`<form/>`, 'other.vxml'),
      'other.vxml': COUNTING_ROOT,
    },
    logs: 'error.semantic',
  },
  {
    name: '2.0 1.5.2: a root that is not there is error.badfetch',
    page: `<form><block><goto next="b.vxml"/></block><error><log><value expr="_event"/></log><exit/></error></form>`,
    files: { 'b.vxml': leaf(`<form/>`) },
    logs: 'error.badfetch.http.404',
  },
  {
    name: '2.0 5.3.8: submit sends the input items, and no other variables',
    page: `<form><var name="v" expr="1"/><block name="bl"/><field name="a" type="digits?length=1"/><block><submit next="two.vxml"/></block></form>`,
    files: { 'two.vxml': documentOf('<form><block><log>two</log></block></form>') },
    caller: '7',
    logs: 'two',
  },
  {
    name: '2.0 5.3.8: submit fetches even where goto would stay in the page',
    page: `<var name="n" expr="0"/><form><block><assign name="n" expr="n+1"/><submit next="#f" namelist=""/></block></form><form id="f"><block><log expr="n"/></block></form>`,
    logs: '0',
  },
  {
    name: '2.0 5.3.8: submit of an undeclared variable is error.semantic',
    page: `<form><block><submit next="two.vxml" namelist="nothing"/></block><error><log><value expr="_event"/></log><exit/></error></form>`,
    logs: 'error.semantic',
  },
  {
    name: '2.0 5.3.9: exit takes an expression',
    page: `<form><block><exit expr="{ a: [1, 2] }"/></block></form>`,
    value: { a: [1, 2] },
  },
  {
    name: '2.0 5.3.9: exit of an undeclared variable is error.semantic',
    page: `<form><block><exit namelist="nothing"/></block><error><log><value expr="_event"/></log><exit/></error></form>`,
    logs: 'error.semantic',
  },
  {
    name: '2.0 5.3.9: what is queued is heard before the exit',
    page: `<form><block><prompt>bye</prompt><exit/></block></form>`,
    prompts: 'bye',
  },
  {
    name: '2.0 C: what is queued is heard before the last dialog ends',
    page: `<form><block>bye</block></form>`,
    prompts: 'bye',
  },
  {
    name: '2.0 2.3.4: a subdialog returns values in its variable',
    page: `<form><subdialog name="r" src="#s"><filled><log><value expr="r.x + r.y"/></log></filled></subdialog></form>
      <form id="s"><var name="x" expr="1"/><var name="y" expr="2"/><block><return namelist="x y"/></block></form>`,
    logs: '3',
  },
  {
    name: '2.0 2.3.4: a subdialog of another page, with parameters',
    page: `<form><var name="v" expr="5"/><subdialog name="r" src="s.vxml"><param name="a" expr="v + 1"/><param name="b" value="text"/><filled><log><value expr="r.sum"/></log></filled></subdialog></form>`,
    files: {
      's.vxml': documentOf(
        `<form><var name="a" expr="'no'"/><var name="b"/><block><var name="sum" expr="a + b"/><return namelist="sum"/></block></form>`,
      ),
    },
    logs: '6text',
  },
  {
    name: '2.0 2.3.4: variables of the caller are not seen in a subdialog',
    page: `<var name="v" expr="5"/><form><subdialog name="r" src="s.vxml"><filled><log><value expr="r.t"/></log></filled></subdialog></form>`,
    files: {
      's.vxml': documentOf(
        `<form><block><var name="t" expr="typeof v"/><return namelist="t"/></block></form>`,
      ),
    },
    logs: 'undefined',
  },
  {
    name: '2.0 2.3.4: a subdialog of the same page has variables of its own',
    page: `<var name="v" expr="1"/><form><subdialog name="r" src="#s"/><block><log><value expr="v"/></log></block></form><form id="s"><block><assign name="v" expr="2"/><return/></block></form>`,
    logs: '1',
  },
  {
    name: '2.0 2.3.4: a parameter without a variable is error.semantic',
    page: `<form><subdialog name="r" src="#s"><param name="no" expr="1"/></subdialog><catch event="error.semantic"><log>s</log><exit/></catch></form><form id="s"><block><return/></block></form>`,
    logs: 's',
  },
  {
    name: '2.0 5.3.10: return may throw an event at the caller',
    page: `<form><subdialog name="r" src="#s"/><catch event="my.event"><log><value expr="_message"/></log><exit/></catch></form><form id="s"><block><return event="my.event" message="m"/></block></form>`,
    logs: 'm',
  },
  {
    name: '2.0 5.3.10: return outside a subdialog is error.semantic',
    page: `<form><block><return/></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: '2.0 5.3.9: exit in a subdialog ends everything',
    page: `<form><subdialog name="r" src="#s"/><block><log>no</log></block></form><form id="s"><block><exit expr="'s'"/></block></form>`,
    value: 's',
    logs: '',
  },
  {
    name: '2.0 2.3.4: a subdialog may go from dialog to dialog before it returns',
    page: `<form><subdialog name="r" src="#s"><filled><log><value expr="r.x"/></log></filled></subdialog></form><form id="s"><block><goto next="#t"/></block></form><form id="t"><block><var name="x" expr="3"/><return namelist="x"/></block></form>`,
    logs: '3',
  },
  {
    name: '2.0 2.3.4: a subdialog that is not there is an event of the caller',
    page: `<form><subdialog name="r" src="no.vxml"/><catch event="error.badfetch"><log>b</log><exit/></catch></form>`,
    logs: 'b',
  },
  {
    name: '2.0 2.3.4: a subdialog is visited while its cond holds and its variable is undefined',
    page: `<form><subdialog name="r" src="#s" cond="false"/><block><log>on</log></block></form><form id="s"><block><log>no</log><return/></block></form>`,
    logs: 'on',
  },
  {
    name: '2.0 2.3.4: an event that a subdialog does not catch ends the session',
    page: `<form><subdialog name="r" src="#s"/><catch event="e"><log>no</log></catch></form><form id="s"><block><throw event="e"/></block></form>`,
    uncaught: 'e',
    logs: '',
  },
]);

describe('VoiceXML submits', () => {
  const two = { 'two.vxml': documentOf('<form><block><exit/></block></form>') };
  const submit = (attributes: string): string =>
    `<form><var name="v" expr="'a b'"/><var name="o" expr="{ x: 1 }"/><field name="f" expr="'7'"/><block><submit next="two.vxml" ${attributes}/></block></form>`;

  it('2.0 5.3.8: sends by GET in the query', async () => {
    const { requests } = await runCase({ page: submit('namelist="v f"'), files: two });
    assert.equal(requests[1]?.url, 'http://pages.example.com/app/two.vxml?v=a+b&f=7');
    assert.equal(requests[1].method, 'GET');
  });

  it('2.0 5.3.8: sends the input items when there is no namelist', async () => {
    const { requests } = await runCase({ page: submit(''), files: two });
    assert.equal(requests[1]?.url, 'http://pages.example.com/app/two.vxml?f=7');
  });

  it('2.0 5.3.8: sends by POST in the body', async () => {
    const { requests } = await runCase({ page: submit('method="post" namelist="v"'), files: two });
    assert.equal(requests[1]?.url, 'http://pages.example.com/app/two.vxml');
    assert.deepEqual(requests[1].body, { kind: 'urlencoded', text: 'v=a+b' });
  });

  it('2.0 5.3.8: sends a recording as multipart', async () => {
    const { requests } = await runCase({
      page: `<form><record name="r"/><block><submit next="two.vxml" method="post" enctype="multipart/form-data" namelist="r"/></block></form>`,
      files: two,
      caller: 'speak:2000',
    });
    assert.deepEqual(requests[1]?.body, {
      kind: 'multipart',
      fields: [{ name: 'r', value: { kind: 'recording', id: 'recording-1' } }],
    });
  });
});
