/** Pages as customers of Genesys' media platform have them: what Composer makes, and what is written by hand. */
import assert from 'node:assert/strict';
import { cases, documentOf, runCase } from './bed.js';

const GVP = 'xmlns:gvp="http://www.genesyslab.com/2006/vxml21-extension"';
const SESSION = {
  com: '{"genesyslab":{"userdata":{"colour":"blue"},"sessionid":"ixn-1"}}',
  connection:
    '{"uuid":"u-1","protocol":{"sip":{"headers":{"x-team":"blue"},"requesturi":{"_ttl":"60","LANG":"\'de\'"}}}}',
};
/** As Composer's root: a state object, functions that read it, and handlers for everything. */
const ROOT = documentOf(`
  <var name="AppState" expr="new Object()"/>
  <script><![CDATA[
    var version = '8.1';
    function userData(name) {
      if (typeof session.com.genesyslab.userdata != 'undefined' && session.com.genesyslab.userdata != null)
        return session.com.genesyslab.userdata[name];
      return undefined;
    }
    function parameter(name, otherwise) {
      var it = session.connection.protocol.sip.requesturi[name];
      return it == undefined ? otherwise : eval(it);
    }
    function count() { AppState.count = (AppState.count || 0) + 1; return AppState.count; }
  ]]></script>
  <catch event="error.com.example"><log>root <value expr="_event + ' ' + _message"/></log><exit/></catch>`);
const app = (page: string, attributes = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!-- made -->\n<?xml-stylesheet href="x.xsl" type="text/xsl"?>\n<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" ${GVP} xml:lang="en-US" application="root.vxml"${attributes}>${page}</vxml>`;
const files = { 'root.vxml': ROOT };
const variables = SESSION;

cases('Pages that come from another platform', [
  {
    name: 'one form for each block, a state object in the root, assignments into it',
    page: app(`<form id="Entry1"><block><assign name="AppState.nested" expr="{ list: [1, { deep: 'x' }] }"/><assign name="AppState.nested.list[1].deep" expr="'y'"/>
      <assign name="application.AppState.language" expr="parameter('LANG', 'en')"/><assign name="AppState['with-dash']" expr="7"/><goto next="#Log1"/></block></form>
      <form id="Log1"><block><log label="AppState" expr="JSON.stringify(AppState)"/><goto next="#Exit1"/></block></form><form id="Exit1"><block><exit namelist="AppState"/></block></form>`),
    files,
    variables,
    logs: 'AppState: {"nested":{"list":[1,{"deep":"y"}]},"language":"de","with-dash":7}',
    values: { AppState: { nested: { list: [1, { deep: 'y' }] }, language: 'de', 'with-dash': 7 } },
  },
  {
    name: 'functions of the root read the attached data, and see what pages change',
    page: app(
      `<form><block><assign name="AppState.count" expr="4"/><log expr="userData('colour') + ' ' + userData('none') + ' ' + count() + ' ' + version"/></block></form>`,
    ),
    files,
    variables,
    logs: 'blue undefined 5 8.1',
  },
  {
    name: 'state lives from page to page of the application',
    page: app(`<form><block><script>count();</script><goto next="two.vxml#f2"/></block></form>`),
    files: {
      ...files,
      'two.vxml': app(
        '<form id="f1"><block><exit/></block></form><form id="f2"><block><log expr="count()"/></block></form>',
      ),
    },
    variables,
    logs: '2',
  },
  {
    name: 'an expression with a side effect is evaluated once, wherever it stands',
    page: `<var name="n" expr="0"/><script>function next(){ n++; return n; }</script><form>
      <block><prompt><audio expr="'p' + next() + '.wav'"/></prompt></block>
      <subdialog name="s" srcexpr="'s.vxml?' + next()"><param name="p" expr="next()"/></subdialog>
      <block><log expr="s.p + ' ' + n"/><goto expr="'#last' + next()"/></block></form><form id="last4"><block><log expr="n"/></block></form>`,
    files: {
      's.vxml': documentOf('<form><var name="p"/><block><return namelist="p"/></block></form>'),
    },
    prompts: '[http://pages.example.com/app/p1.wav]',
    logs: '3 3|4',
  },
  {
    name: 'chains of subdialogs hand objects down and back',
    page: `<form><var name="order" expr="{ items: ['a'], note: function () { return 'kept'; } }"/><subdialog name="one" src="one.vxml"><param name="order" expr="order"/><filled><log expr="one.order.items.join('+') + ' ' + one.extra.depth + ' ' + order.note()"/></filled></subdialog></form>`,
    files: {
      'one.vxml': documentOf(
        `<form><var name="order"/><subdialog name="two" src="two.vxml"><param name="order" expr="order"/></subdialog><block><var name="extra" expr="two.extra"/><return namelist="order extra"/></block></form>`,
      ),
      'two.vxml': documentOf(
        `<form><var name="order"/><block><script>order.items.push('b'); var extra = { depth: 2 };</script><return namelist="order extra"/></block></form>`,
      ),
    },
    logs: 'a+b 2 kept',
  },
  {
    name: 'a subdialog returns shadow variables by their names',
    page: `<form><subdialog name="s" src="s.vxml"><filled><log expr="s.DbInput + ' ' + s.DbInput$.inputmode"/></filled></subdialog></form>`,
    files: {
      's.vxml': documentOf(
        `<form><field name="DbInput"><property name="timeout" value="3s"/><property name="com.genesyslab.private" value="true"/><grammar xml:lang="en-US" root="TOPLEVELDTMF" version="1.0" mode="dtmf"><rule id="TOPLEVELDTMF" scope="public"><one-of><item>12</item><item>34</item></one-of></rule></grammar><filled><return namelist="DbInput DbInput$"/></filled><noinput><return event="noinput"/></noinput></field></form>`,
      ),
    },
    caller: '34',
    logs: '34 dtmf',
  },
  {
    name: 'a hang-up is submitted, and the answer leaves the result',
    page: `<catch event="connection.disconnect.hangup"><var name="reason" expr="_event"/><submit next="bye.vxml" namelist="reason"/></catch><form><field name="a" type="digits"><prompt>key</prompt></field></form>`,
    files: {
      'bye.vxml': documentOf(
        `<var name="treatment_result" expr="{ action: 'cancel', message: 'interaction_deleted' }"/><form><block><exit namelist="treatment_result"/></block></form>`,
      ),
    },
    caller: 'hangup',
    values: { treatment_result: { action: 'cancel', message: 'interaction_deleted' } },
  },
  {
    name: 'a hang-up is caught by a handler for everything, and by one for its prefix first',
    page: `<form><field name="a" type="digits"/><catch event="connection.disconnect"><log>gone</log><exit/></catch><catch event=""><log>any</log></catch></form>`,
    caller: 'hangup',
    logs: 'gone',
  },
  {
    name: 'noinput of the third time ends it, with prompts that change',
    page: `<form><field name="a" type="digits?length=1"><prompt count="1">one</prompt><prompt count="3">three</prompt><noinput count="1"><reprompt/></noinput><noinput count="3"><log>enough</log><exit/></noinput></field></form>`,
    caller: '-, -, -',
    prompts: 'one|one|three',
    logs: 'enough',
  },
  {
    name: 'conditions with comparisons, entities, CDATA and nesting',
    page: `<form><block><var name="n" expr="5"/><if cond="n &gt; 3 &amp;&amp; (n &lt; 9 || n == 'x')"><if cond="typeof m == 'undefined' &amp;&amp; !(n % 2 === 0)"><log>odd</log><else/><log>even</log></if><elseif cond="n == 5"/><log>no</log></if>
      <script><![CDATA[ if (n < 9 && n > 1) { n = n << 1; } // ]] >
      ]]></script><log><![CDATA[<n> is ]]><value expr="n"/></log></block></form>`,
    logs: 'odd|<n> is 10',
  },
  {
    name: 'JSON goes in and out, with dates, regular expressions and escapes',
    page: `<form><block><var name="text" expr="'{&quot;a&quot;: [1, {&quot;b&quot;: &quot;\\u00e4&quot;}]}'"/><var name="o" expr="JSON.parse(text)"/><log expr="JSON.stringify(o.a[1])"/><log expr="new Date(0).toISOString().replace(/[-:]/g, '').substr(0, 8) + unescape('%41') + encodeURIComponent('a b')"/></block></form>`,
    logs: '{"b":"ä"}|19700101Aa%20b',
  },
  {
    name: 'let, const and class of a script are variables, as var and function are',
    page: `<script>const RATE = 2; let total = 1; class Price { get() { return RATE * total; } } var add = function () { return new Price().get() + 1; }; // end</script>
      <form><block><assign name="total" expr="total + RATE"/><log expr="total + ' ' + RATE + ' ' + add() + ' ' + new Price().get()"/></block></form>`,
    logs: '3 2 3 2',
  },
  {
    name: 'data is read by the DOM, with namespaces, attributes and CDATA',
    page: `<form><block><data name="d" srcexpr="'d.' + 'xml'"/><script>var root = d.documentElement; var names = []; for (var i = 0; i &lt; root.childNodes.length; i++) if (root.childNodes.item(i).nodeType == 1) names.push(root.childNodes.item(i).getAttribute('id') + root.childNodes.item(i).firstChild.data);</script><log expr="names.join() + root.getElementsByTagNameNS('urn:x', 'row').length"/></block></form>`,
    files: {
      'd.xml': `<?xml version="1.0"?><?access-control allow="*"?><x:rows xmlns:x="urn:x"><x:row id="1"><![CDATA[<a>]]></x:row>\n<x:row id="2">b</x:row></x:rows>`,
    },
    logs: '1<a>,2b2',
  },
  {
    name: 'every element may carry a prefix',
    page: `<v:vxml version="2.1" xmlns:v="http://www.w3.org/2001/vxml" xmlns:s="http://www.w3.org/2001/10/synthesis"><v:form><v:block><v:if cond="true"><v:log>prefixed</v:log></v:if><v:prompt>one <s:emphasis>two</s:emphasis></v:prompt></v:block></v:form></v:vxml>`,
    logs: 'prefixed',
    prompts: 'one two',
  },
  {
    name: 'attributes of another platform change nothing',
    page: app(
      `<form gvp:name="x"><block gvp:y="z"><log gvp:level="5" gvp:dest="callmgr">written</log><prompt gvp:langexpr="'de-DE'">hello</prompt></block></form>`,
    ),
    files,
    variables,
    logs: 'written',
    prompts: 'hello',
  },
  {
    name: 'elements of another platform are error.unsupported with their name, which a page can catch',
    page: app(
      `<form><catch event="error.unsupported"><log expr="_event"/><goto nextitem="b"/></catch><block><gvp:send async="false"/><log>not reached</log></block><block name="b"><log>went on</log></block></form>`,
    ),
    files,
    variables,
    logs: 'error.unsupported.send|went on',
  },
  {
    name: 'a processing instruction, comments and a document type before the page, and a mark of its bytes',
    page: `\ufeff<?xml version="1.0"?>\n<!-- a > b --><?import namespace="x" implementation="y>z"?>\n<!DOCTYPE vxml PUBLIC "-//W3C//DTD VOICEXML 2.1//EN" "http://www.w3.org/TR/voicexml21/vxml.dtd">\n<vxml version="2.1"><form><block><log>read</log></block></form></vxml>`,
    logs: 'read',
  },
  {
    name: 'properties are overridden further in, those that nobody knows pass',
    page: `<property name="timeout" value="1s"/><property name="com.genesyslab.audio.x" value="1"/><property name="universals" value="all"/><form><property name="timeout" value="9s"/><field name="a" type="digits?length=1"><property name="interdigittimeout" value="100ms"/><prompt timeout="2s">key</prompt><catch event="noinput"><log expr="_event"/><exit/></catch></field></form>`,
    caller: '-',
    logs: 'noinput',
  },
  {
    name: 'an event thrown with an expression finds the handler of the root, with its message',
    page: app(
      `<form><block><throw eventexpr="'error.com.example.' + 'db'" messageexpr="'no ' + AppState"/></block></form>`,
    ),
    files,
    variables,
    logs: 'root error.com.example.db no [object Object]',
  },
  {
    name: 'a script of another address and one beside it share their names',
    page: `<script src="lib.js"/><script srcexpr="'more.js'"/><form><block><log expr="twice(lib.value)"/></block></form>`,
    files: {
      'lib.js': 'var lib = lib || {}; lib.value = 21;',
      'more.js': 'function twice(n) { return helper(n) * 2; }\nfunction helper(n) { return n; }',
    },
    logs: '42',
  },
  {
    name: 'a menu of keys with links and handlers around it',
    page: `<link dtmf="#" event="help"/><help><log>help</log></help><menu id="m"><property name="inputmodes" value="dtmf"/><prompt>menu</prompt><choice dtmf="1" next="#a">one</choice><choice dtmf="2" event="nomatch">two</choice><nomatch count="1"><log>no</log></nomatch></menu><form id="a"><block><log>a</log></block></form>`,
    caller: '#, 2, 1',
    logs: 'help|no|a',
  },
  {
    name: 'foreach queues and executes over a list of objects',
    page: `<form><block><var name="list" expr="[{ f: 'a.wav', t: 'A' }, { f: 'b.wav', t: 'B' }]"/><foreach item="it" array="list"><log expr="it.t"/></foreach><prompt><foreach item="it" array="list"><audio expr="it.f"><value expr="it.t"/></audio></foreach></prompt></block></form>`,
    silentUrls: ['b.wav'],
    prompts: '[http://pages.example.com/app/a.wav]|B',
    logs: 'A|B',
  },
  {
    name: 'clear begins a form anew, counters and all',
    page: `<form><field name="a" type="digits?length=1"><prompt count="1">first</prompt><prompt count="2">again</prompt><nomatch><reprompt/></nomatch></field><field name="b" type="digits?length=1"><filled><if cond="b == '0'"><clear namelist="a b"/></if></filled></field><block><log expr="a + b"/></block></form>`,
    caller: '*, 1, 0, 2, 3',
    prompts: 'first|again|first',
    logs: '23',
  },
  {
    name: 'a built-in grammar by address, with parameters in both spellings',
    page: `<form><field name="a"><grammar mode="dtmf" src="builtin:dtmf/digits?minlength=2;maxlength=3"/></field><field name="b" type="digits?length=2"/><block><log expr="a + ' ' + b"/></block></form>`,
    caller: '12#, 34',
    logs: '12 34',
  },
  {
    name: 'error.semantic of an undefined name, error.badfetch of a page that is not there, by code',
    page: `<catch event="error"><log expr="_event"/></catch><form><block><value expr="nothing.here"/></block><block><goto next="none.vxml"/></block><block><submit next="#none" namelist="undeclared"/></block><block><exit/></block></form>`,
    logs: 'error.semantic|error.badfetch.http.404|error.semantic',
  },
  {
    name: 'a result as JSON text',
    page: `<form><block><var name="treatment_result" expr="JSON.stringify({ action: 'retry', delay: 60 })"/><exit namelist="treatment_result"/></block></form>`,
    values: { treatment_result: '{"action":"retry","delay":60}' },
  },
  {
    name: 'a value of the page may be called as something of the language',
    page: `<form><block><var name="name" expr="1"/><var name="toString" expr="2"/><var name="constructor" expr="3"/><var name="length" expr="4"/><log expr="name + toString + constructor + length"/></block></form>`,
    logs: '10',
  },
  {
    name: 'goto within a page keeps its variables',
    page: `<var name="n" expr="0"/><form><block><assign name="n" expr="n + 1"/><if cond="n &lt; 3"><goto next="#again"/></if><log expr="n"/></block></form><form id="again"><block><assign name="n" expr="n + 1"/><goto next="#last"/></block></form><form id="last"><block><log expr="n"/></block></form>`,
    logs: '2',
  },
  {
    name: 'scopes are named: the same name in each of them',
    page: app(
      `<var name="x" expr="'document'"/><form><var name="x" expr="'dialog'"/><block><var name="x" expr="'here'"/><assign name="application.AppState.x" expr="'application'"/><log expr="[x, dialog.x, document.x, application.AppState.x].join()"/></block></form>`,
    ),
    files,
    variables,
    logs: 'here,dialog,document,application',
  },
]);

describe('What such pages send', () => {
  it('are variables by their names, objects as JSON text', async () => {
    const { requests } = await runCase({
      page: `<form><block><var name="a" expr="{ x: [1] }"/><var name="b" expr="'ä &amp; b'"/><submit next="s.vxml" method="POST" namelist="a b session.connection.uuid"/></block></form>`,
      files: { 's.vxml': documentOf('<form/>') },
      variables,
    });
    const { method, body } = requests[1] ?? {};
    assert.equal(method, 'POST');
    assert.equal(
      body?.kind === 'urlencoded' && body.text,
      'a=%7B%22x%22%3A%5B1%5D%7D&b=%C3%A4+%26+b&session.connection.uuid=u-1',
    );
  });
});
