import assert from 'node:assert/strict';
import { compileDocument } from '../../../../src/plugin/scxml/document/compile.js';
import type { Document } from '../../../../src/plugin/scxml/document/model.js';
import { parseXml } from '../../../../src/plugin/scxml/document/xml.js';
import { DocumentError } from '../../../../src/plugin/scxml/errors.js';
import { NO_DIALECT } from '../../../../src/plugin/scxml/extension.js';
import { DEFAULT_LIMITS } from '../../../../src/plugin/scxml/limits.js';
import { scxml } from '../bed.js';

const compile = (body: string): Document =>
  compileDocument(parseXml(scxml(body), 'page.scxml', DEFAULT_LIMITS), NO_DIALECT);

function refusal(body: string): DocumentError {
  try {
    compile(body);
  } catch (error) {
    assert.ok(error instanceof DocumentError, String(error));
    return error;
  }
  throw new Error('the document was accepted');
}

describe('checking a document', () => {
  it('links states, targets and default initial states', () => {
    const { root, byId } = compile(
      '<state id="a"><state id="b"/><state id="c"><transition event="x.* y. *" target="b"/></state></state>',
    );
    const [a, b, c] = ['a', 'b', 'c'].map((id) => byId.get(id));
    assert.equal(root.initial?.targets?.[0], a);
    assert.equal(a?.initial?.targets?.[0], b);
    assert.deepEqual(c?.ancestors, [a, root]);
    assert.deepEqual(c?.transitions[0]?.events, ['x', 'y', '*']);
    assert.equal(c.transitions[0].targets?.[0], b);
  });

  it('takes elements without a namespace for its own', () => {
    assert.equal(compile('<scxml><state id="a"/></scxml>').states.length, 2);
  });

  const s = (content: string): string => `<state id="s">${content}</state>`;
  const entry = (content: string): string => s(`<onentry>${content}</onentry>`);
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'another root element',
      '<scxml2/>'.replace('scxml2', '?xml version="1.0"?><vxml'),
      'SCXML_UNKNOWN_ELEMENT',
    ],
    ['no state at all', '<script/>', 'SCXML_UNKNOWN_ELEMENT'],
    [
      'another data model',
      '<scxml datamodel="xpath"><state id="a"/></scxml>',
      'SCXML_UNSUPPORTED_DATAMODEL',
    ],
    ['an unknown element', s('<stat id="t"/>'), 'SCXML_UNKNOWN_ELEMENT'],
    ['a foreign element', s('<x:y xmlns:x="urn:x"/>'), 'SCXML_UNKNOWN_ELEMENT'],
    ['unknown executable content', entry('<say text="hello"/>'), 'SCXML_UNKNOWN_ELEMENT'],
    ['foreign executable content', entry('<x:say xmlns:x="urn:x"/>'), 'SCXML_UNKNOWN_ELEMENT'],
    [
      'unknown content deep inside',
      entry('<if cond="true"><foreach array="[]" item="i"><say/></foreach></if>'),
      'SCXML_UNKNOWN_ELEMENT',
    ],
    [
      'onentry in a history',
      s('<state id="t"/><history id="h"><onentry/><transition target="t"/></history>'),
      'SCXML_UNKNOWN_ELEMENT',
    ],
    [
      'something after else',
      entry('<if cond="true"><else/><elseif cond="true"/></if>'),
      'SCXML_UNKNOWN_ELEMENT',
    ],
    ['two states of one id', s('<state id="s"/>'), 'SCXML_DUPLICATE_ID'],
    ['a target that is not there', s('<transition target="t"/>'), 'SCXML_UNKNOWN_TARGET'],
    [
      'an initial that is not there',
      '<scxml initial="t"><state id="s"/></scxml>',
      'SCXML_UNKNOWN_TARGET',
    ],
    [
      'an initial outside its state',
      '<state id="a" initial="b"><state id="c"/></state><state id="b"/>',
      'SCXML_BAD_TARGET',
    ],
    ['an initial of an atomic state', '<state id="a" initial="a"/>', 'SCXML_BAD_TARGET'],
    [
      'targets that exclude each other',
      '<state id="a"><transition event="x" target="b c"/></state><state id="b"/><state id="c"/>',
      'SCXML_BAD_TARGET',
    ],
    ['a history without default', s('<state id="t"/><history id="h"/>'), 'SCXML_BAD_TARGET'],
    [
      'a shallow history that leads deep',
      s('<state id="t"><state id="u"/></state><history id="h"><transition target="u"/></history>'),
      'SCXML_BAD_TARGET',
    ],
    [
      'both forms of an initial',
      s('<initial><transition target="t"/></initial><state id="t"/>').replace(
        'id="s"',
        'id="s" initial="t"',
      ),
      'SCXML_BAD_ATTRIBUTE',
    ],
    ['a transition of nothing', s('<transition/>'), 'SCXML_MISSING_ATTRIBUTE'],
    [
      'a transition of an unknown type',
      s('<transition event="x" type="inner"/>'),
      'SCXML_BAD_ATTRIBUTE',
    ],
    ['a raise without event', entry('<raise/>'), 'SCXML_MISSING_ATTRIBUTE'],
    ['an if without cond', entry('<if/>'), 'SCXML_MISSING_ATTRIBUTE'],
    ['a send with both forms', entry('<send event="a" eventexpr="b"/>'), 'SCXML_BAD_ATTRIBUTE'],
    [
      'a send with content and params',
      entry('<send event="a" namelist="b"><content>c</content></send>'),
      'SCXML_BAD_ATTRIBUTE',
    ],
    [
      'a param without value',
      entry('<send event="a"><param name="b"/></send>'),
      'SCXML_MISSING_ATTRIBUTE',
    ],
    ['data without id', s('<datamodel><data expr="1"/></datamodel>'), 'SCXML_MISSING_ATTRIBUTE'],
  ];
  for (const [what, body, code] of cases) {
    it(`refuses ${what}: ${code}`, () => {
      const error = refusal(body);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, /^page\.scxml:1:\d+: /);
    });
  }

  it('names the element and its line', () => {
    const { message, at } = refusal(
      '<state id="s">\n<onentry>\n  <play file="a.wav"/></onentry></state>',
    );
    assert.equal(message, 'page.scxml:3:3: <play> is not executable content');
    assert.deepEqual(at, { file: 'page.scxml', line: 3, column: 3 });
  });
});
