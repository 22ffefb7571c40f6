import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  attributeOf,
  elementsOf,
  parseXml,
  textOf,
} from '../../../../src/plugin/scxml/document/xml.js';
import { DocumentError } from '../../../../src/plugin/scxml/errors.js';
import { DEFAULT_LIMITS } from '../../../../src/plugin/scxml/limits.js';

const parse = (text: string, limits = {}) =>
  parseXml(text, 'page.xml', { ...DEFAULT_LIMITS, ...limits });

function refusal(text: string, limits = {}): DocumentError {
  try {
    parse(text, limits);
  } catch (error) {
    assert.ok(error instanceof DocumentError, String(error));
    return error;
  }
  throw new Error('the text was accepted');
}

describe('reading XML', () => {
  it('keeps names, namespaces, text and where each element stands', () => {
    const root = parse(
      '<a xmlns="urn:a" xmlns:x="urn:x">\n  <x:b one="1" x:two="2">t&amp;u<![CDATA[<v>]]></x:b>\n</a>',
    );
    const [b] = elementsOf(root);
    assert.ok(b);
    assert.deepEqual([b.name, b.local, b.uri], ['x:b', 'b', 'urn:x']);
    assert.deepEqual(b.at, { file: 'page.xml', line: 2, column: 3 });
    assert.deepEqual([attributeOf(b, 'one'), attributeOf(b, 'two')], ['1', undefined]);
    assert.equal(textOf(b), 't&u<v>');
    assert.equal(b.source, '<x:b one="1" x:two="2">t&amp;u<![CDATA[<v>]]></x:b>');
    assert.equal(b.attributes.length, 2, 'namespace declarations are no attributes');
  });

  it('finds the start of a tag that goes over several lines', () => {
    const [b] = elementsOf(parse('<a>\n<b\n  c="1"\n/></a>'));
    assert.equal(b?.at.line, 2);
    assert.equal(b.source, '<b\n  c="1"\n/>');
  });

  const refused: readonly (readonly [string, string, string, object?])[] = [
    ['nothing', '', 'SCXML_XML_MALFORMED'],
    ['a tag left open', '<a><b></a>', 'SCXML_XML_MALFORMED'],
    ['an entity nobody declared', '<a>&nbsp;</a>', 'SCXML_XML_MALFORMED'],
    ['a prefix nobody declared', '<x:a/>', 'SCXML_XML_MALFORMED'],
    ['two roots', '<a/><b/>', 'SCXML_XML_MALFORMED'],
    ['a document type', '<!DOCTYPE a><a/>', 'SCXML_XML_DOCTYPE'],
    [
      'an entity bomb',
      '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
      'SCXML_XML_DOCTYPE',
    ],
    [
      'an outside entity',
      '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      'SCXML_XML_DOCTYPE',
    ],
    ['too much', `<a>${'x'.repeat(100)}</a>`, 'SCXML_XML_TOO_LARGE', { documentChars: 50 }],
    [
      'too many elements',
      `<a>${'<b/>'.repeat(20)}</a>`,
      'SCXML_XML_TOO_MANY_ELEMENTS',
      { xmlElements: 20 },
    ],
    [
      'too many attributes',
      '<a b="" c="" d=""/>',
      'SCXML_XML_TOO_MANY_ATTRIBUTES',
      { attributesPerElement: 2 },
    ],
  ];
  for (const [what, text, code, limits] of refused) {
    it(`refuses ${what}: ${code}`, () => {
      assert.equal(refusal(text, limits).code, code);
    });
  }

  it('refuses 20,000 nested elements before they cost anything', () => {
    const text = '<a>'.repeat(20_000) + '</a>'.repeat(20_000);
    const startedAt = performance.now();
    assert.equal(refusal(text).code, 'SCXML_XML_TOO_DEEP');
    assert.ok(performance.now() - startedAt < 1000);
  });

  it('names the line of a mistake', () => {
    assert.equal(refusal('<a>\n\n<b></a>').at?.line, 3);
  });

  it('throws nothing but its own error, whatever it is given', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      ' ',
      '"',
      '=',
      '&',
      ';',
      '<!',
      '[',
      ']]>',
      '<?',
      '?>',
      'xmlns',
      ':',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          parse(pieces.join(''));
        } catch (error) {
          assert.ok(error instanceof DocumentError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
