/** Subdialogs (2.0, 2.3.4): another dialog in a context of its own, like a function call. */
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import { namesIn } from '../document/check.js';
import { PageEvent, PageLimit, semantic } from '../errors.js';
import type { HeldKey } from '../script/scopes.js';
import { Context } from './context.js';
import type { Dialog, Parameters } from './dialog.js';
import { fetchTimeoutMs } from './executable.js';
import { fetchAudioOf } from './fetch-audio.js';
import { findHandler } from './handlers.js';
import { EventCounters, type Item } from './items.js';
import { Leave, type DialogDestination } from './leave.js';
import { attributeOrExpression, requestFor } from './references.js';

/** @throws PageEvent, Leave, PageLimit */
export async function visitSubdialog(dialog: Dialog, item: Item): Promise<void> {
  const { context } = dialog;
  const max = context.shared.limits.subdialogDepth;
  if (context.depth >= max) {
    throw new PageLimit('VXML_SUBDIALOG_TOO_DEEP', `more than ${max} subdialogs in each other`);
  }
  const { element } = item;
  const destination = await called(dialog, item);
  const values = parametersOf(dialog, element);
  const problem = parameterProblem(destination, values.keys());
  const parameters: Parameters = { values, ...(problem && { problem }) };
  try {
    await new Context(context.shared, context.depth + 1).run(destination, parameters);
  } catch (error) {
    if (!(error instanceof Leave) || error.to.kind !== 'return') throw error;
    takeResult(dialog, item, error.to);
  }
}

/** Evaluated where they stand. @throws PageEvent error.semantic */
function parametersOf({ context, scope }: Dialog, element: XmlElement): Map<string, HeldKey> {
  const params = elementsOf(element).filter(({ local }) => local === 'param');
  return new Map(
    params.map((param) => {
      const literal = attributeOf(param, 'value');
      const code = literal === undefined ? attributeOf(param, 'expr') : JSON.stringify(literal);
      const held = context.shared.scopes.holdValue(scope, code ?? 'undefined', param.at);
      return [attributeOf(param, 'name') ?? '', held];
    }),
  );
}

async function called(dialog: Dialog, item: Item): Promise<DialogDestination> {
  const env = dialog.env(item);
  const { element } = item;
  const { context } = dialog;
  const reference = attributeOrExpression(element, 'src', 'srcexpr', env);
  const request = requestFor(element, env, namesIn(attributeOf(element, 'namelist')));
  const timeoutMs = fetchTimeoutMs(element, env);
  const target = request.withQuery(reference);
  const audio = fetchAudioOf(element, env);
  const destination = await context.destination(target, { ...request.how, timeoutMs }, { audio });
  if (destination.loaded) return destination;
  // The same page once more, with variables of its own.
  const [page = context.page, root] = context.pages();
  return { ...destination, loaded: { page, root } };
}

/**
 * A parameter needs a variable in the called form. The called page hears of it where it has a handler,
 * else the caller. @throws PageEvent error.semantic
 */
function parameterProblem(
  { loaded, dialog }: DialogDestination,
  names: Iterable<string>,
): PageEvent | undefined {
  const declared = elementsOf(dialog ?? NOTHING)
    .filter(({ local }) => local === 'var')
    .map((element) => attributeOf(element, 'name'));
  const missing = [...names].find((name) => !declared.includes(name));
  if (missing === undefined) return undefined;
  const problem = semantic(`the subdialog has no variable ${missing.slice(0, 60)}`);
  problem.isDialogLevel = true;
  const scopes = [dialog, loaded?.page.root].filter((one) => one !== undefined);
  const counters = new EventCounters();
  counters.add(problem.event);
  if (findHandler(problem.event, scopes, counters, () => true)) return problem;
  problem.isDialogLevel = false;
  throw problem;
}

const NOTHING: XmlElement = {
  kind: 'element',
  local: '',
  name: '',
  uri: '',
  attributes: [],
  children: [],
  at: { file: '', line: 1, column: 1 },
  source: '',
};

function takeResult(
  dialog: Dialog,
  item: Item,
  { values, event }: Extract<Leave['to'], { kind: 'return' }>,
): void {
  if (event) throw new PageEvent(event.name, event.message);
  const { scopes } = dialog.context.shared;
  scopes.setHeld(dialog.scope, item.variable, values);
  dialog.markFilled(item);
}
