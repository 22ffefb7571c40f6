/** An XML document as JSON text, for the DOM inside the script engine. */
import type { XmlElement } from '../../plugin/scxml/document/xml.js';

type Tree = readonly [
  string,
  Readonly<Record<string, string>>,
  readonly (Tree | string)[],
  string,
  Readonly<Record<string, string>>,
];

/** [name, attributes, children, namespace, namespaces of attributes]; text beside text is one node. */
export function jsonTree(root: XmlElement): string {
  return JSON.stringify(treeOf(root));
}

function treeOf(element: XmlElement): Tree {
  const attributes = Object.fromEntries(element.attributes.map(({ name, value }) => [name, value]));
  const children: (Tree | string)[] = [];
  for (const child of element.children) {
    const last = children.at(-1);
    if (child.kind === 'element') children.push(treeOf(child));
    else if (typeof last === 'string') children.splice(-1, 1, last + child.text);
    else children.push(child.text);
  }
  const namespaces = Object.fromEntries(
    element.attributes.filter(({ uri }) => uri !== '').map(({ name, uri }) => [name, uri]),
  );
  return [element.name, attributes, children, element.uri, namespaces];
}
