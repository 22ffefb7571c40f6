/** Keys by grammar (VoiceXML 2.0, 3.1; SRGS). */
import { cases } from './bed.js';
import { field, grammar, withGrammar } from './input-pages.js';

cases('VoiceXML DTMF grammars', [
  {
    name: 'SRGS 2.4: alternatives, with weights that mean nothing here',
    page: withGrammar(
      `<rule id="r"><one-of><item weight="10">1 2</item><item>3</item></one-of></rule>`,
    ),
    caller: '3',
    logs: '3',
  },
  {
    name: 'SRGS 2.5: repeat is exact',
    page: withGrammar(
      `<rule id="r"><item repeat="3"><ruleref uri="#d"/></item></rule><rule id="d"><one-of><item>4</item><item>5</item></one-of></rule>`,
    ),
    caller: '456, 454',
    logs: 'nomatch|454',
  },
  {
    name: 'SRGS 2.5: repeat has a range',
    page: withGrammar(`<rule id="r"><item repeat="1-2">7</item></rule>`),
    caller: '77',
    logs: '77',
  },
  {
    name: 'SRGS 2.5: repeat without end, and none',
    page: withGrammar(`<rule id="r">1<item repeat="0-">2</item></rule>`),
    caller: '1222#',
    logs: '1222',
  },
  {
    name: 'SRGS 2.2: a rule of another grammar',
    page: withGrammar(`<rule id="r">9<ruleref uri="other.grxml#two"/></rule>`),
    files: {
      'other.grxml': `<grammar mode="dtmf" root="one"><rule id="one">1</rule><rule id="two">2</rule></grammar>`,
    },
    caller: '92',
    logs: '92',
  },
  {
    name: 'SRGS 2.2: a built-in grammar in a rule',
    page: withGrammar(`<rule id="r">9<ruleref uri="builtin:dtmf/digits?length=2"/></rule>`),
    caller: '912',
    logs: '912',
  },
  {
    name: 'SRGS 4.8: without a root the first rule is taken',
    page: field('', `<grammar mode="dtmf"><rule id="x">5</rule></grammar>`),
    caller: '5',
    logs: '5',
  },
  {
    name: '2.0 3.1.1.2: an external grammar',
    page: field('', '<grammar mode="dtmf" src="g.grxml" type="application/srgs+xml"/>'),
    files: {
      'g.grxml': `<grammar mode="dtmf" root="r" xmlns="http://www.w3.org/2001/06/grammar"><rule id="r">8</rule></grammar>`,
    },
    caller: '8',
    logs: '8',
  },
  {
    name: '2.0 3.1.1.2: an external grammar that only refers to rules, called one for keys',
    page: field('', '<grammar mode="dtmf" src="g.grxml"/>'),
    files: {
      'g.grxml': `<grammar root="r"><rule id="r"><ruleref uri="builtin:dtmf/digits?length=2"/></rule></grammar>`,
    },
    caller: '42',
    logs: '42',
  },
  {
    name: '2.1 2: the address of a grammar may be computed',
    page: field('', `<grammar mode="dtmf" srcexpr="'g' + '.grxml'"/>`),
    files: { 'g.grxml': `<grammar mode="dtmf" root="r"><rule id="r">8</rule></grammar>` },
    caller: '8',
    logs: '8',
  },
  {
    name: '2.0 3.1.1.2: a grammar that is not there is error.badfetch',
    page: `<form><field name="a"><grammar mode="dtmf" src="no.grxml"/></field><catch event="error.badfetch"><log>b</log><exit/></catch></form>`,
    logs: 'b',
  },
  {
    name: '2.0 3.1.1: a built-in grammar by its address',
    page: field('', '<grammar src="builtin:dtmf/boolean"/>'),
    caller: '2',
    logs: 'false',
  },
  {
    name: '2.0 5.2.6: a voice grammar is error.unsupported.format',
    page: `<form><field name="a"><grammar mode="voice" root="r"><rule id="r">yes</rule></grammar></field><catch event="error.unsupported.format"><log>u</log><exit/></catch></form>`,
    logs: 'u',
  },
  {
    name: '2.0 6.3.6: with inputmodes dtmf voice grammars are left out',
    page: `<property name="inputmodes" value="dtmf"/>${field('', `<grammar mode="voice" root="r"><rule id="r">yes</rule></grammar>${grammar('<rule id="r">1</rule>')}`)}`,
    caller: '1',
    logs: '1',
  },
  {
    name: '2.0 5.2.6: a grammar of another format is error.unsupported.format',
    page: `<form><field name="a"><grammar mode="dtmf" type="application/x-jsgf">1 | 2</grammar></field><catch event="error.unsupported.format"><log>u</log><exit/></catch></form>`,
    logs: 'u',
  },
  {
    name: 'SISR 3: a tag sets the value',
    page: withGrammar(
      `<rule id="r"><one-of><item>1<tag>out="yes";</tag></item><item>2<tag>out="no";</tag></item></one-of></rule>`,
      'tag-format="semantics/1.0"',
    ),
    caller: '2',
    logs: 'no',
  },
  {
    name: 'SISR 4: literals',
    page: withGrammar(
      `<rule id="r"><one-of><item>1<tag>yes</tag></item><item>2<tag>no</tag></item></one-of></rule>`,
      'tag-format="semantics/1.0-literals"',
    ),
    caller: '1',
    logs: 'yes',
  },
  {
    name: 'SISR 3.3: rule variables of the rules inside',
    page: withGrammar(
      `<rule id="r"><ruleref uri="#d"/><tag>out = rules.d + 1;</tag></rule><rule id="d">4<tag>out = 4;</tag></rule>`,
      'tag-format="semantics/1.0"',
    ),
    caller: '4',
    logs: '5',
  },
  {
    name: '2.0 3.1.6: an object fills the fields whose slots it has',
    page: `<form>${grammar(`<rule id="r">1<tag>out.city="B"; out.day="M";</tag></rule>`, 'tag-format="semantics/1.0"')}<initial name="i"><prompt>go</prompt></initial>
      <field name="city"/><field name="d" slot="day"/><filled><log><value expr="city + d"/></log></filled></form>`,
    caller: '1',
    logs: 'BM',
    prompts: 'go',
  },
  {
    name: '2.0 3.1.6.3: a field takes its slot of an object',
    page: withGrammar(
      `<rule id="r">1<tag>out.a="x"; out.b="y";</tag></rule>`,
      'tag-format="semantics/1.0"',
    ),
    caller: '1',
    logs: 'x',
  },
  {
    name: 'SRGS 2.2.3: what refers to itself for ever is error.badfetch',
    page: `<form><field name="a">${grammar('<rule id="r"><ruleref uri="#r"/></rule>')}</field><catch event="error.badfetch"><log>b</log><exit/></catch></form>`,
    logs: 'b',
  },
  {
    name: 'a grammar of endless repeats is error.badfetch',
    page: `<form><field name="a">${grammar('<rule id="r"><item repeat="9999"><item repeat="9999"><item repeat="9999"/></item></item></rule>')}</field><catch event="error.badfetch"><log>b</log><exit/></catch></form>`,
    logs: 'b',
  },
]);
