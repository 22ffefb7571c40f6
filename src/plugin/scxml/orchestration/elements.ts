/**
 * The extension elements: each becomes one request to the host, with its attributes and children
 * evaluated. Attributes are expressions ([ORS] "value expression"); `requestid` is a location that is
 * assigned before the host hears anything, so that no answer can come too early. So is `sessionid` of
 * a session that is started.
 */
import { attributeOf, elementsOf, type XmlElement } from '../document/xml.js';
import { DocumentError } from '../errors.js';
import type { ActionContext, CompileContext, ElementExtension } from '../extension.js';
import type { Code, Payload } from '../document/model.js';

/** Composer writes the address with a scheme, the documentation without. */
export const NAMESPACE = /^(?:http:\/\/)?www\.genesyslab\.com\/modules\/(\w+)$/;
const SPELLINGS = ['http://www.genesyslab.com/modules/', 'www.genesyslab.com/modules/'];

/** What each module offers; the same word names the request, such as `session.fetch`. */
const ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  session: ['start', 'fetch', 'terminate', 'response'],
  ws: ['response'],
  dialog: [
    'play',
    'playsound',
    'playandcollect',
    'collect',
    'start',
    'stop',
    'remote',
    'runtreatments',
  ],
  interaction: ['accept', 'attach', 'detach', 'redirect', 'terminate'],
  queue: ['submit', 'cancel', 'query'],
};

/** An element as it stands in the page, ready to be evaluated. */
interface Node {
  readonly name: string;
  readonly attributes: readonly { readonly name: string; readonly value: Code }[];
  readonly payload: Payload;
  readonly children: readonly Node[];
}

export function orchestrationElements(): readonly ElementExtension[] {
  return Object.entries(ELEMENTS).flatMap(([module, names]) =>
    names.map((local) => ({
      namespaces: namespacesOf(module),
      local,
      compile: (element: XmlElement, compiler: CompileContext) =>
        compileRequest(`${module}.${local}`, element, compiler),
    })),
  );
}

function namespacesOf(module: string): readonly string[] {
  const names = module === 'interaction' ? ['interaction', 'ixn'] : [module];
  return names.flatMap((name) => SPELLINGS.map((start) => start + name));
}

function compileRequest(
  name: string,
  element: XmlElement,
  compiler: CompileContext,
): (context: ActionContext) => void {
  const node = nodeOf(element, compiler);
  const location = attributeOf(element, 'requestid');
  const sessionLocation = attributeOf(element, 'sessionid');
  return (context) => {
    const requestId = context.newId(name);
    if (location !== undefined && !isReference(name))
      context.assign(location, JSON.stringify(requestId), element.at);
    const members = [`"requestid":${JSON.stringify(requestId)}`];
    if (name === 'session.start') {
      const sessionId = JSON.stringify(context.newSessionId());
      if (sessionLocation !== undefined) context.assign(sessionLocation, sessionId, element.at);
      members.push(`"sessionid":${sessionId}`);
    }
    context.request(name, `{${members.join(',')},${membersOf(node, context)}}`);
  };
}

/** Where `requestid` names an earlier request instead of receiving a new one. */
function isReference(name: string): boolean {
  return ['dialog.stop', 'queue.cancel', 'session.response', 'ws.response'].includes(name);
}

function nodeOf(element: XmlElement, compiler: CompileContext): Node {
  const inner = elementsOf(element).filter((child) => !isPayload(child));
  for (const child of inner)
    if (!NAMESPACE.test(child.uri))
      throw new DocumentError(
        'SCXML_UNKNOWN_ELEMENT',
        `<${child.name}> is not allowed in <${element.name}>`,
        child.at,
      );
  return {
    name: element.local,
    attributes: element.attributes
      .filter(({ uri, local }) => uri === '' && !isAssigned(element, local))
      .map(({ local, value }) => ({ name: local, value: { code: value, at: element.at } })),
    payload: compiler.payload(element),
    children: inner.map((child) => nodeOf(child, compiler)),
  };
}

/** An attribute that names where to put something. */
function isAssigned(element: XmlElement, attribute: string): boolean {
  const name = `${NAMESPACE.exec(element.uri)?.[1] ?? ''}.${element.local}`;
  if (name === 'session.start' && attribute === 'sessionid') return true;
  return attribute === 'requestid' && !isReference(name);
}

function isPayload(child: XmlElement): boolean {
  return ['param', 'content'].includes(child.local) && !NAMESPACE.test(child.uri);
}

/** The members of a JSON object: attributes, payload, children. @throws ScriptError */
function membersOf(node: Node, context: ActionContext): string {
  const attributes = node.attributes.flatMap(({ name, value }) => {
    const json = context.evaluate(value.code, value.at);
    return json === undefined ? [] : [`${JSON.stringify(name)}:${json}`];
  });
  const payload = context.payload(node.payload);
  const kind = node.payload.content ? 'content' : 'params';
  const children = node.children.map(
    (child) => `{"name":${JSON.stringify(child.name)},${membersOf(child, context)}}`,
  );
  return [
    `"attributes":{${attributes.join(',')}}`,
    ...(payload === undefined ? [] : [`"${kind}":${payload}`]),
    ...(children.length === 0 ? [] : [`"children":[${children.join(',')}]`]),
  ].join(',');
}
