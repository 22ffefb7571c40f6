/** Corners in which implementations differ, each decided as the specification says. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { cases, documentOf, runCase } from './bed.js';

cases('VoiceXML corners', [
  {
    name: '2.0 2.1.6.2: an initial that nothing matched asks again, and may give way to its fields',
    page: `<form><grammar mode="dtmf" root="r" tag-format="semantics/1.0"><rule id="r">1 2<tag>out.a = 12;</tag></rule></grammar>
      <initial name="start"><prompt>all at once</prompt><nomatch count="1">again<reprompt/></nomatch><nomatch count="2"><assign name="start" expr="true"/><reprompt/></nomatch></initial>
      <field name="a" type="digits?length=1"><prompt>one by one</prompt></field><block><log><value expr="a"/></log></block></form>`,
    caller: '99, 99, 7',
    prompts: 'all at once|again|all at once|one by one',
    logs: '7',
  },
  {
    name: '2.0 2.1.6: a grammar of the form fills its fields while one of them is asked for',
    page: `<form><grammar mode="dtmf" root="r" tag-format="semantics/1.0"><rule id="r">* 1<tag>out.b = 'B'; out.a = 'A';</tag></rule></grammar>
      <field name="a" type="digits?length=1"><filled><log>a</log></filled></field><field name="b" type="digits?length=1"><filled><log>b</log></filled></field>
      <filled><log><value expr="a + b"/></log></filled></form>`,
    caller: '*1',
    logs: 'a|b|AB',
  },
  {
    name: '2.0 C: what one filled clears, the next one does not see as filled',
    page: `<form><grammar mode="dtmf" root="r" tag-format="semantics/1.0"><rule id="r">*<tag>out.a = 'A'; out.b = 'B';</tag></rule></grammar>
      <initial/><field name="a" type="digits?length=1"><filled><log>a</log><assign name="b" expr="undefined"/></filled></field><field name="b" type="digits?length=1"><filled><log>b <value expr="b"/></log></filled></field></form>`,
    caller: '*, 5',
    logs: 'a|b 5',
  },
  {
    name: '2.0 5.2.4: an item-level count does not hide a form-level handler of a higher one',
    page: `<form><catch event="nomatch" count="2"><log>form 2</log></catch><field name="a" type="digits?length=1"><nomatch><log>item</log></nomatch></field></form>`,
    caller: '*, *, 1',
    logs: 'item|form 2',
  },
  {
    name: '2.0 5.2.2: events of another item have counters of their own',
    page: `<form><field name="a" type="digits?length=1"/><field name="b" type="digits?length=1"/><noinput count="2"><log>2</log></noinput><noinput><log>1</log></noinput></form>`,
    caller: '-, 1, -, -, 1',
    logs: '1|1|2',
  },
  {
    name: '2.0 2.3.4: an event of a subdialog goes to its own page first',
    page: `<form><subdialog name="s" src="two.vxml"/><catch event="e"><log>caller</log><exit/></catch></form>`,
    files: {
      'two.vxml': documentOf(
        `<catch event="e"><log>called</log><return event="e"/></catch><form><block><throw event="e"/></block></form>`,
      ),
    },
    logs: 'called|caller',
  },
  {
    name: '2.0 2.3.4: a subdialog has its own root, and the caller keeps its own',
    page: `<vxml version="2.0" application="root.vxml"><form><block><assign name="n" expr="1"/></block><subdialog name="s" src="two.vxml"><filled><log><value expr="s.seen + ' ' + n"/></log></filled></subdialog></form></vxml>`,
    files: {
      'root.vxml': documentOf('<var name="n" expr="0"/>'),
      'two.vxml': `<vxml version="2.0" application="root.vxml"><form><block><var name="seen" expr="n"/><assign name="n" expr="9"/><return namelist="seen"/></block></form></vxml>`,
    },
    logs: '0 1',
  },
  {
    name: '2.0 2.3.4: a subdialog asks the caller with prompts and keys of its own',
    page: `<link dtmf="*" event="outside"/><catch event="outside"><log>outside</log></catch><form><block>hello</block><subdialog name="s" src="two.vxml"><filled><log><value expr="s.k"/></log></filled></subdialog></form>`,
    files: {
      'two.vxml': documentOf(
        `<form><field name="k" type="digits?length=1"><prompt>key</prompt><nomatch><log>nomatch</log></nomatch><filled><return namelist="k"/></filled></field></form>`,
      ),
    },
    caller: '*, 3',
    prompts: 'hello|key',
    logs: 'nomatch|3',
  },
  {
    name: '2.0 1.5.2: a link of the root is heard in every page of the application',
    page: `<vxml version="2.0" application="root.vxml"><form><field name="a" type="digits?length=1"/></form></vxml>`,
    files: {
      'root.vxml': documentOf(
        `<link dtmf="*" next="root.vxml#operator"/><form id="operator"><block><log>operator</log></block></form>`,
      ),
    },
    caller: '*',
    logs: 'operator',
  },
  {
    name: '2.0 5.3.7: goto in a handler of the page to a dialog of the page',
    page: `<catch event="e"><goto next="#two"/></catch><form><block><throw event="e"/></block></form><form id="two"><block><log>two</log></block></form>`,
    logs: 'two',
  },
  {
    name: '2.0 5.3.7: goto nextitem from a handler',
    page: `<form><block><throw event="e"/></block><block><log>skipped</log></block><block name="c"><log>c</log><exit/></block><catch event="e"><goto nextitem="c"/></catch></form>`,
    logs: 'c',
  },
  {
    name: '2.0 6.3: the innermost property counts',
    page: `<property name="timeout" value="9s"/><form><property name="timeout" value="8s"/><field name="a" type="digits?length=1"><property name="timeout" value="1s"/><noinput><exit/></noinput></field></form>`,
    caller: '-',
    logs: '',
  },
  {
    name: '2.0 5.1.2: a handler may declare variables of its own each time',
    page: `<form><field name="a" type="digits?length=1"><noinput><var name="x" expr="1"/><assign name="x" expr="x + 1"/><log><value expr="x"/></log></noinput></field></form>`,
    caller: '-, -, 1',
    logs: '2|2',
  },
  {
    name: '2.0 2.3.1: the name of a field is its variable, in scripts too',
    page: `<form><field name="a" type="digits?length=1"/><block><script>dialog.a = Number(a) + 1; a = a * 2;</script><log><value expr="a"/></log></block></form>`,
    caller: '4',
    logs: '10',
  },
  {
    name: '2.0 5.3.4: nested conditions, and executable content between elseif and else',
    page: `<form><block><if cond="true"><if cond="false"><log>no</log><else/><log>yes</log></if><elseif cond="true"/><log>no</log></if></block></form>`,
    logs: 'yes',
  },
  {
    name: '2.0 4.1.5: prompts with and without bargein in one turn',
    page: `<form><field name="a" type="digits?length=1"><prompt bargein="false">legal</prompt><prompt>menu</prompt></field></form>`,
    caller: '~1, 2',
    prompts: 'legal|menu',
  },
  {
    name: '2.0 5.3.9: exit of several names',
    page: `<form><block><var name="a" expr="1"/><var name="b" expr="[true, null]"/><exit namelist="a b"/></block></form>`,
    values: { a: 1, b: [true, null] },
  },
  {
    name: 'attributes may end like statements',
    page: `<form><block><var name="a" expr="{ x: 1 };"/><log expr="a.x;"/></block></form>`,
    logs: '1',
  },
]);

describe('Pages that were damaged', () => {
  const samples = ['confirm.vxml', 'later-when.vxml', 'later-root.vxml'].map((name) =>
    readFileSync(new URL(`../../config/examples/vxml/${name}`, import.meta.url), 'utf8'),
  );

  it('end in one of the known ways, whatever is cut out, doubled or put in', async function () {
    this.timeout(60_000);
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      '&',
      '</form>',
      '<block>',
      '<goto next="#ask"/>',
      'x',
      '\0',
      '{',
      "'",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.nat(),
        fc.nat({ max: 40 }),
        fc.array(piece, { maxLength: 3 }),
        async (sample, position, cut, pieces) => {
          const at = position % sample.length;
          const page = sample.slice(0, at) + pieces.join('') + sample.slice(at + cut);
          if (!page.includes('<vxml')) return;
          const { end } = await runCase({ page, caller: '1,9,-', limits: { turns: 30 } });
          assert.ok(['exited', 'uncaught', 'refused', 'limit'].includes(end.kind));
        },
      ),
      { numRuns: 100, seed: 7 },
    );
  });
});
