/** What the specification says of documents that pages read: VoiceXML 2.1, 5 and appendix D. */
import { cases } from './bed.js';

const read = (script: string): string =>
  `<form><block><data name="d" src="d.xml"/><log expr="${script}"/></block><catch event="error.noauthorization"><log>denied</log><exit/></catch><catch event="error.semantic"><log>semantic</log><exit/></catch></form>`;
const xml = (instruction: string): string => `<?xml version="1.0"?>${instruction}<a b="1"/>`;

cases('VoiceXML data, as specified', [
  {
    name: '2.1 5.1: a document that names nobody is read',
    page: read("d.documentElement.getAttribute('b')"),
    files: { 'd.xml': xml('') },
    logs: '1',
  },
  ...(
    [
      ['the host itself', 'allow="pages.example.com"', '1'],
      ['its domain', 'allow="other.example *.example.com"', '1'],
      ['everybody', 'allow="*"', '1'],
      ['another host only', 'allow="example.com"', 'denied'],
      ['everybody but this host', 'allow="*" deny="pages.example.com"', 'denied'],
      ['nobody', 'allow=""', 'denied'],
    ] as const
  ).map(([who, lists, logs]) => ({
    name: `2.1 5.1: a document for ${who}`,
    page: read("d.documentElement.getAttribute('b')"),
    files: { 'd.xml': xml(`<?access-control ${lists}?>`) },
    logs,
  })),
  {
    name: '2.1 5.1: an instruction inside the root element is none',
    page: read('d.documentElement.nodeName'),
    files: { 'd.xml': '<a><?access-control allow="other.example"?></a>' },
    logs: 'a',
  },
  {
    name: '2.1 D: attributes by their namespace',
    page: read(
      "d.documentElement.getAttributeNS('urn:x', 'b') + d.documentElement.hasAttributeNS('', 'b') + d.documentElement.attributes.getNamedItemNS('urn:x', 'b').prefix",
    ),
    files: { 'd.xml': '<a xmlns:p="urn:x" p:b="2" b="1"/>' },
    logs: '2truep',
  },
  {
    name: '2.1 D: the document cannot be changed',
    page: read("d.documentElement.setAttribute('b', 2)"),
    files: { 'd.xml': '<a b="1"/>' },
    logs: 'semantic',
  },
  {
    name: '2.1 D: what would change it is a DOM exception, which a script may catch',
    page: `<form><block><data name="d" src="d.xml"/><script><![CDATA[var code; try { d.documentElement.appendChild(d); } catch (e) { code = e.code; }]]></script><log expr="code"/></block></form>`,
    files: { 'd.xml': '<a/>' },
    logs: '7',
  },
]);
