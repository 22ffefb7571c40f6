/** Executable content (2.0, 5.3; 2.1): what blocks, filled actions and handlers are made of. */
import {
  attributeOf,
  textOf,
  type XmlElement,
  type XmlNode,
} from '../../plugin/scxml/document/xml.js';
import { namesIn } from '../document/check.js';
import { isOwn } from '../document/elements.js';
import { resolveUrl } from '../document/page.js';
import { PageEvent, semantic, unsupported } from '../errors.js';
import { jsonTree } from './data-tree.js';
import { propertiesOf, type Env } from './env.js';
import { fetchAudioOf } from './fetch-audio.js';
import { Leave } from './leave.js';
import { isSound, queuePrompt } from './prompts.js';
import {
  attributeOrExpression,
  follow,
  formNames,
  requestFor,
  textAttribute,
} from './references.js';
import { durationMs } from './time.js';

/** @throws PageEvent, Leave, PageLimit */
export async function execute(nodes: readonly XmlNode[], env: Env): Promise<void> {
  let sounds: XmlNode[] = [];
  const flush = (): void => {
    if (sounds.length > 0) queuePrompt(undefined, sounds, env);
    sounds = [];
  };
  for (const node of nodes) {
    await env.context.shared.step();
    // foreach is both: with executable content in it, it is executed.
    if (isSound(node) && !(node.kind === 'element' && node.local === 'foreach')) sounds.push(node);
    else if (node.kind === 'element') {
      flush();
      await executeElement(node, env);
    }
  }
  flush();
}

/** Runs a handler in a scope of its own, with `_event` and `_message` (2.0, 5.2.2). */
export async function runHandler(
  handler: XmlElement,
  event: { readonly name: string; readonly said: string | undefined },
  env: Env,
): Promise<void> {
  const { scopes } = env.context.shared;
  const scope = scopes.open(env.scope, undefined);
  scopes.setAll(scope, {
    _event: JSON.stringify(event.name),
    _message: event.said === undefined ? undefined : JSON.stringify(event.said),
    // Pages of Genesys' platform read these of every event.
    _url: JSON.stringify(env.context.page.url),
    _line: undefined,
    _element: undefined,
  });
  try {
    await execute(handler.children, { ...env, scope });
  } finally {
    scopes.close(scope);
  }
}

async function executeElement(element: XmlElement, env: Env): Promise<void> {
  if (!isOwn(element)) throw unsupported(element.local, `<${element.name}> is not supported`);
  const { scopes } = env.context.shared;
  const attribute = (name: string): string => attributeOf(element, name) ?? '';
  switch (element.local) {
    case 'var':
      return scopes.declare(env.scope, attribute('name'), attributeOf(element, 'expr'), element.at);
    case 'assign':
      return scopes.assign(env.scope, attribute('name'), attribute('expr'), element.at);
    case 'clear':
      return clear(element, env);
    case 'if':
      return executeIf(element, env);
    case 'foreach':
      return executeForeach(element, env);
    case 'prompt':
      return executePrompt(element, env);
    case 'reprompt':
      if (env.handler) env.handler.isReprompted = true;
      return;
    case 'throw':
      throw new PageEvent(
        attributeOrExpression(element, 'event', 'eventexpr', env),
        textAttribute(element, 'message', 'messageexpr', env),
      );
    case 'goto':
      return executeGoto(element, env);
    case 'submit':
      throw new Leave(await follow(element, env, { isSubmit: true, names: formNames(env) }));
    case 'exit':
      return executeExit(element, env);
    case 'return':
      return executeReturn(element, env);
    case 'disconnect':
      return executeDisconnect(element, env);
    case 'log':
      return executeLog(element, env);
    case 'script':
      return scopes.script(env.scope, await loadScript(element, env, textOf(element)), element.at);
    case 'data':
      return fetchData(element, env);
    default:
      throw unsupported(element.local, `<${element.name}> is not executable`);
  }
}

function clear(element: XmlElement, env: Env): void {
  const list = attributeOf(element, 'namelist');
  const names = list === undefined ? undefined : namesIn(list);
  if (env.dialog) return env.dialog.clear(names, env, element);
  for (const name of names ?? []) {
    env.context.shared.scopes.assign(env.scope, name, 'undefined', element.at);
  }
}

/** Content up to the next elseif or else belongs to the condition before it. */
async function executeIf(element: XmlElement, env: Env): Promise<void> {
  const { scopes } = env.context.shared;
  let isTrue = scopes.test(env.scope, attributeOf(element, 'cond') ?? '', element.at);
  let chosen: XmlNode[] = [];
  for (const node of element.children) {
    const isMark = node.kind === 'element' && (node.local === 'elseif' || node.local === 'else');
    if (!isMark) {
      if (isTrue) chosen.push(node);
      continue;
    }
    if (isTrue) break;
    chosen = [];
    const cond = attributeOf(node, 'cond');
    isTrue = node.local === 'else' || scopes.test(env.scope, cond ?? '', node.at);
  }
  if (isTrue) await execute(chosen, env);
}

/** The list is copied first; the item is a variable of the surrounding scope (2.1, 6). */
async function executeForeach(element: XmlElement, env: Env): Promise<void> {
  const { scopes } = env.context.shared;
  const { key, length } = scopes.list(env.scope, attributeOf(element, 'array') ?? '', element.at);
  const name = attributeOf(element, 'item') ?? '';
  try {
    for (let index = 0; index < length; index++) {
      scopes.setItem(key, index, env.scope, name, element.at);
      await execute(element.children, env);
    }
  } finally {
    scopes.dropList(key);
  }
}

function executePrompt(element: XmlElement, env: Env): void {
  const cond = attributeOf(element, 'cond');
  const { scopes } = env.context.shared;
  if (cond !== undefined && !scopes.test(env.scope, cond, element.at)) return;
  queuePrompt(element, element.children, env);
}

async function executeGoto(element: XmlElement, env: Env): Promise<void> {
  const isItem =
    attributeOf(element, 'nextitem') !== undefined ||
    attributeOf(element, 'expritem') !== undefined;
  if (!isItem) throw new Leave(await follow(element, env, { isSubmit: false, names: [] }));
  const name = attributeOrExpression(element, 'nextitem', 'expritem', env);
  if (!env.dialog) throw semantic('goto to an item outside a form');
  env.dialog.goToItem(name);
}

async function executeExit(element: XmlElement, env: Env): Promise<void> {
  const { shared } = env.context;
  const code = attributeOf(element, 'expr');
  const value = code === undefined ? undefined : shared.scopes.value(env.scope, code, element.at);
  const values = valuesOf(element, env);
  await shared.flushPrompts().catch((error: unknown) => {
    if (!(error instanceof PageEvent)) throw error;
  });
  throw new Leave({ kind: 'exit', values, value });
}

function valuesOf(element: XmlElement, env: Env): Record<string, string | undefined> {
  const { scopes } = env.context.shared;
  const names = namesIn(attributeOf(element, 'namelist'));
  return Object.fromEntries(
    names.map((name) => [name, scopes.value(env.scope, name, element.at)] as const),
  );
}

function executeReturn(element: XmlElement, env: Env): void {
  if (env.context.depth === 0) throw semantic('return outside a subdialog');
  const names = namesIn(attributeOf(element, 'namelist'));
  const event = textAttribute(element, 'event', 'eventexpr', env);
  const message = textAttribute(element, 'message', 'messageexpr', env);
  throw new Leave({
    kind: 'return',
    values: env.context.shared.scopes.hold(env.scope, names, element.at),
    event: event === undefined ? undefined : { name: event, message },
  });
}

/** What is queued is heard first (2.0, 5.3.11); a namelist is what the page leaves (2.1, 8). */
async function executeDisconnect(element: XmlElement, env: Env): Promise<void> {
  const { shared } = env.context;
  const values = valuesOf(element, env);
  await shared.flushPrompts();
  if (!shared.isHungUp) {
    shared.platform.trace('disconnect', JSON.stringify(values));
    shared.leftAtDisconnect = values;
    await shared.platform.disconnect();
  }
  shared.hungUp();
}

function executeLog(element: XmlElement, env: Env): void {
  const { shared } = env.context;
  const code = attributeOf(element, 'expr');
  const words = element.children.map((node) => {
    if (node.kind === 'text') return node.text.replace(/\s+/g, ' ');
    return shared.scopes.text(env.scope, attributeOf(node, 'expr') ?? '', node.at);
  });
  if (code !== undefined) words.push(shared.scopes.text(env.scope, code, element.at));
  shared.platform.log(attributeOf(element, 'label'), words.join('').trim());
}

/** Source of a script element. @throws PageEvent error.badfetch... */
async function loadScript(element: XmlElement, env: Env, text: string): Promise<string> {
  const reference = textAttribute(element, 'src', 'srcexpr', env);
  if (reference === undefined) return text;
  const { context } = env;
  const url = resolveUrl(reference, context.page.base);
  return context.shared.staticText(url, 'script', fetchTimeoutMs(element, env));
}

/** 2.1, 5: an XML document, read-only. Without a name nobody reads the answer, whatever it is. */
async function fetchData(element: XmlElement, env: Env): Promise<void> {
  const { shared, page } = env.context;
  const reference = attributeOrExpression(element, 'src', 'srcexpr', env);
  const request = requestFor(element, env, namesIn(attributeOf(element, 'namelist')));
  const url = resolveUrl(request.withQuery(reference), page.base);
  const timeoutMs = fetchTimeoutMs(element, env);
  const fetch = { url, what: 'data', timeoutMs, ...request.how } as const;
  const audio = fetchAudioOf(element, env);
  const name = attributeOf(element, 'name');
  if (name === undefined) {
    await shared.text(fetch, audio);
    return;
  }
  const tree = jsonTree(await shared.xml(fetch, page, audio));
  shared.scopes.setDocument(env.scope, name, tree, element.at);
}

export function fetchTimeoutMs(element: XmlElement, env: Env): number {
  const own = attributeOf(element, 'fetchtimeout');
  if (own !== undefined) return durationMs(own, 'fetchtimeout');
  return propertiesOf(env).timeMs('fetchtimeout');
}
