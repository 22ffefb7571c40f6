/** Variables, scopes, scripts and data (VoiceXML 2.0, 5.1 and 5.3.1 to 5.3.3, 5.3.12; 2.1, 5). */
import { cases } from './bed.js';

const block = (content: string, more = ''): string =>
  `${more}<form><var name="d" expr="'dialog'"/><block>${content}</block></form>`;

cases('VoiceXML variables', [
  {
    name: '2.0 5.1.2: an inner scope hides the outer one, which its name still reaches',
    page: block(
      `<var name="x" expr="'anonymous'"/><log><value expr="[x, dialog.x, document.x].join()"/></log>`,
      `<var name="x" expr="'document'"/>`,
    ).replace(`<var name="d"`, `<var name="x" expr="'dialog'"/><var name="d"`),
    logs: 'anonymous,dialog,document',
  },
  {
    name: '2.0 5.1.2: the variables of the root are in application',
    page: `<vxml version="2.0" application="root.vxml"><var name="x" expr="'leaf'"/><form><block><log><value expr="[x, document.x, application.x, y].join()"/></log></block></form></vxml>`,
    files: {
      'root.vxml': `<vxml version="2.0"><var name="x" expr="'root'"/><var name="y" expr="'only root'"/></vxml>`,
    },
    logs: 'leaf,leaf,root,only root',
  },
  {
    name: '2.0 5.1.2: in a page without a root, document and application are one',
    page: block(
      `<log><value expr="application.x + document.x"/></log>`,
      `<var name="x" expr="1"/>`,
    ),
    logs: '2',
  },
  {
    name: '2.0 5.1.2: variables of a block are gone after it',
    page: `<form><block><var name="x" expr="1"/></block><block><log><value expr="typeof x"/></log></block></form>`,
    logs: 'undefined',
  },
  {
    name: '2.0 5.3.1: a variable without expr is undefined',
    page: block(`<var name="x"/><log><value expr="x === undefined"/></log>`),
    logs: 'true',
  },
  {
    name: '2.0 5.3.1: a variable declared again without expr keeps its value',
    page: block(`<var name="x" expr="1"/><var name="x"/><log><value expr="x"/></log>`),
    logs: '1',
  },
  {
    name: '2.0 5.3.1: a name with a scope in front is error.semantic',
    page: `<form><block><var name="dialog.x" expr="1"/></block><error><log><value expr="_event"/></log><exit/></error></form>`,
    logs: 'error.semantic',
  },
  {
    name: '2.0 5.3.2: assign to an undeclared variable is error.semantic',
    page: `<form><block><assign name="nothing" expr="1"/></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: '2.0 5.3.2: assign to an undeclared variable of a named scope is error.semantic',
    page: `<form><block><assign name="document.nothing" expr="1"/></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: '2.0 5.3.2: assign reaches the nearest variable of that name',
    page: `<var name="x" expr="1"/><form><block><assign name="x" expr="x + 1"/></block><block><log><value expr="document.x"/></log></block></form>`,
    logs: '2',
  },
  {
    name: '2.0 5.3.2: assign reaches a member of an object',
    page: block(
      `<var name="o" expr="{ a: { b: 1 } }"/><assign name="o.a.b" expr="2"/><log><value expr="o.a.b"/></log>`,
    ),
    logs: '2',
  },
  {
    name: '2.0 5.1.4: session variables are there and cannot be written',
    page: `<form><block><log><value expr="session.connection.remote.uri"/></log><assign name="session.connection" expr="1"/></block><catch event="error.semantic"><log>read-only</log><exit/></catch></form>`,
    variables: { connection: '{"remote":{"uri":"tel:+15551234"}}' },
    logs: 'tel:+15551234|read-only',
  },
  {
    name: '2.0 5.3.3: clear makes form items open again',
    page: `<form><var name="n" expr="0"/><block name="b"><assign name="n" expr="n + 1"/></block><block name="c"><if cond="n &lt; 3"><clear/></if></block><block><log><value expr="n"/></log></block></form>`,
    logs: '3',
  },
  {
    name: '2.0 5.3.3: clear means the nearest variable of a name',
    page: `<form><field name="a" expr="1"/><block><var name="a" expr="2"/><clear namelist="a"/><log expr="typeof a + dialog.a"/><clear namelist="dialog.a"/><log expr="typeof dialog.a"/><exit/></block></form>`,
    logs: 'undefined1|undefined',
  },
  {
    name: '2.0 5.3.3: clear of an undeclared variable is error.semantic',
    page: `<form><block><clear namelist="nothing"/></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: '2.0 5.3.3: clear starts the prompts of an item anew',
    page: `<form><field name="a" type="digits?length=1"><prompt count="1">one</prompt><prompt count="2">two</prompt><noinput><clear namelist="a"/><reprompt/></noinput></field></form>`,
    caller: '-, 1',
    prompts: 'one|one',
  },
  {
    name: '2.0 5.3.4: if, elseif and else',
    page: block(
      [1, 2, 3]
        .map(
          (n) =>
            `<if cond="${n} == 1"><log>one</log><elseif cond="${n} == 2"/><log>two</log><else/><log>other</log></if>`,
        )
        .join(''),
    ),
    logs: 'one|two|other',
  },
  {
    name: '2.0 5.3.12: var and function of a script belong to its scope',
    page: `<script>var n = 1; function next() { return ++n; }</script><form><block><log><value expr="next() + ' ' + document.n"/></log></block></form>`,
    logs: '2 2',
  },
  {
    name: '2.0 5.3.12: a script sees what assign did to its variables',
    page: `<script>var n = 1; function twice() { return n * 2; }</script><form><block><assign name="n" expr="21"/><log><value expr="twice()"/></log></block></form>`,
    logs: '42',
  },
  {
    name: '2.0 5.3.12: functions call each other before they are written',
    page: block(
      `<script>var r = a(); function a() { return b() + 1; } function b() { return 1; }</script><log><value expr="r"/></log>`,
    ),
    logs: '2',
  },
  {
    name: '2.0 5.3.12: variables inside a function stay there',
    page: block(
      `<script>function f() { var d = 'inner'; return d; } f();</script><log><value expr="d"/></log>`,
    ),
    logs: 'dialog',
  },
  {
    name: '2.0 5.3.12: a script without var writes to the variable that is there',
    page: block(`<script>d = 'changed';</script><log><value expr="dialog.d"/></log>`),
    logs: 'changed',
  },
  {
    name: '2.0 5.3.12: a script from elsewhere',
    page: `<script src="lib/f.js"/><form><block><log><value expr="f(2)"/></log></block></form>`,
    files: { 'lib/f.js': 'function f(x) { return x * 2 }' },
    logs: '4',
  },
  {
    name: '2.1 4: the address of a script may be computed',
    page: `<form><block><script srcexpr="'f' + '.js'"/><log><value expr="f(2)"/></log></block></form>`,
    files: { 'f.js': 'function f(x) { return x * 2 }' },
    logs: '4',
  },
  {
    name: '2.0 5.3.12: a script that is not there is error.badfetch',
    page: `<form><block><script src="no.js"/></block><catch event="error.badfetch.http.404"><log>404</log><exit/></catch></form>`,
    logs: '404',
  },
  {
    name: '2.0 5.3.12: what a script throws is error.semantic',
    page: `<form><block><script>throw 'no'</script></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: '2.0 5.1.1: names may hold $ and letters of any language',
    page: block(`<var name="größe$" expr="3"/><log><value expr="größe$"/></log>`),
    logs: '3',
  },
  {
    name: '2.0 5.1: a reserved word is no name',
    page: `<form><block><var name="if" expr="1"/></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: '2.1 6: foreach takes the items one after the other',
    page: block(
      `<var name="list" expr="['a', 'b']"/><foreach item="it" array="list"><log><value expr="it"/></log></foreach>`,
    ),
    logs: 'a|b',
  },
  {
    name: '2.1 6: foreach works on a copy of its list',
    page: block(
      `<var name="list" expr="[1, 2]"/><foreach item="it" array="list"><script>list.push(9)</script><log><value expr="it"/></log></foreach><log><value expr="list.length"/></log>`,
    ),
    logs: '1|2|4',
  },
  {
    name: '2.1 6: a foreach over what is no list is error.semantic',
    page: `<form><block><foreach item="i" array="5"><log>no</log></foreach></block><catch event="error.semantic"><log>s</log><exit/></catch></form>`,
    logs: 's',
  },
  {
    name: '2.1 6: foreach in a prompt',
    page: `<form><block><var name="list" expr="['a', 'b']"/><prompt><foreach item="it" array="list">item <value expr="it"/></foreach></prompt></block></form>`,
    prompts: 'item a item b',
  },
  {
    name: '2.1 5: data is a DOM, read from ECMAScript',
    page: `<form><block><data name="x" src="d.xml"/><log><value expr="x.documentElement.getElementsByTagName('b').item(1).firstChild.data"/></log>
      <log><value expr="x.documentElement.childNodes.length + x.documentElement.getAttribute('k')"/></log><log><value expr="x.documentElement.firstChild.nextSibling.nodeName"/></log></block></form>`,
    files: { 'd.xml': `<a k="v"><b>1</b><b>2</b></a>` },
    logs: '2|2v|b',
  },
  {
    name: '2.1 D: attributes, namespaces and text of the DOM',
    page: `<form><block><data name="x" src="d.xml"/><var name="e" expr="x.getElementsByTagName('b').item(0)"/>
      <log><value expr="[e.attributes.getNamedItem('k').nodeValue, e.attributes.item(0).name, e.namespaceURI, e.parentNode.nodeName, e.firstChild.nodeType, e.ownerDocument === x].join()"/></log></block></form>`,
    files: { 'd.xml': `<a><b k="v" xmlns="urn:b">t</b></a>` },
    logs: 'v,k,urn:b,a,3,true',
  },
  {
    name: '2.1 5: data goes into a variable of its scope that is declared already',
    page: `<form><var name="x"/><data name="x" src="d.xml"/><block><log><value expr="dialog.x.documentElement.nodeName"/></log></block></form>`,
    files: { 'd.xml': `<a/>` },
    logs: 'a',
  },
  {
    name: '2.1 5: data is declared like a var, and hides a variable further out',
    page: `<var name="x" expr="'outer'"/><form><block><data name="x" src="d.xml"/><log expr="x.documentElement.nodeName"/></block><block><log expr="x"/></block></form>`,
    files: { 'd.xml': `<a/>` },
    logs: 'a|outer',
  },
  {
    name: '2.1 5: without a name whatever data brings is passed over',
    page: `<form><block><data src="d.txt"/><log>went on</log></block></form>`,
    files: { 'd.txt': `OK` },
    logs: 'went on',
  },
  {
    name: '2.1 5: data that is no XML is error.badfetch',
    page: `<form><block><data name="x" src="d.xml"/></block><catch event="error.badfetch"><log>b</log><exit/></catch></form>`,
    files: { 'd.xml': `no xml` },
    logs: 'b',
  },
  {
    name: '2.1 5: data of a page, and srcexpr',
    page: `<data name="x" srcexpr="'d' + '.xml'"/><form><block><log><value expr="x.documentElement.textContent"/></log></block></form>`,
    files: { 'd.xml': `<a>t</a>` },
    logs: 't',
  },
  {
    name: '2.0 5.3.13: log has a label, an expression and content',
    page: block(`<log label="L" expr="1 + 1">a <value expr="2"/> b </log>`),
    logs: 'L: a 2 b 2',
  },
]);
