/** What happens when an item is visited, and what its result does to the form (2.0, 2.3 and appendix C). */
import { attributeOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import type { Page } from '../document/page.js';
import { Matcher, type GrammarMatch } from '../dtmf/matcher.js';
import { PageEvent, semantic, unsupported } from '../errors.js';
import type { InputOutcome, MarkReached } from '../platform.js';
import { activeGrammars, type ActiveGrammar } from './active-grammars.js';
import type { Dialog } from './dialog.js';
import { propertiesOf } from './env.js';
import { execute } from './executable.js';
import type { Item } from './items.js';
import { Leave, type CarriedInput } from './leave.js';
import { visitRecord } from './record.js';
import { attributeOrExpression, follow, textAttribute } from './references.js';
import { visitSubdialog } from './subdialog.js';
import { visitTransfer } from './transfer.js';

/** @throws PageEvent, Leave, PageLimit */
export async function visit(dialog: Dialog, item: Item): Promise<void> {
  switch (item.kind) {
    case 'block':
      return visitBlock(dialog, item);
    case 'field':
    case 'initial':
    case 'menu':
      return visitField(dialog, item);
    case 'record':
      return visitRecord(dialog, item);
    case 'transfer':
      return visitTransfer(dialog, item);
    case 'subdialog':
      return visitSubdialog(dialog, item);
    default:
      throw unsupported('objectname', 'there are no objects on this platform');
  }
}

async function visitBlock(dialog: Dialog, item: Item): Promise<void> {
  const { scopes } = dialog.context.shared;
  scopes.set(dialog.scope, item.variable, 'true');
  const scope = scopes.open(dialog.scope, undefined);
  try {
    await execute(item.element.children, { ...dialog.env(item), scope });
  } finally {
    scopes.close(scope);
  }
}

async function visitField(dialog: Dialog, item: Item): Promise<void> {
  const { shared } = dialog.context;
  const active = await activeGrammars(dialog, item);
  if (active.length === 0) throw semantic('no grammar is active: nothing could be keyed in');
  shared.beginTurn();
  shared.scopes.set(dialog.context.applicationScope, 'lastresult$', undefined);
  const properties = propertiesOf(dialog.env(item));
  const outcome = await shared.platform.input({
    prompts: shared.takePrompts(),
    matcher: new Matcher(active.map(({ grammar }) => grammar)),
    isMuted: !properties.listensTo('dtmf'),
    ...properties.inputTimes(),
  });
  await processInput(dialog, item, active, outcome);
}

async function processInput(
  dialog: Dialog,
  item: Item,
  active: readonly ActiveGrammar[],
  outcome: InputOutcome,
): Promise<void> {
  const { shared } = dialog.context;
  switch (outcome.kind) {
    case 'hung-up':
      return shared.hungUp();
    case 'failed':
      throw new PageEvent(outcome.event, outcome.why);
    case 'noinput':
      if (outcome.mark) setLastResult(dialog, '[]', outcome.mark);
      throw new PageEvent('noinput');
    case 'nomatch': {
      const result = { confidence: 0, utterance: outcome.digits, inputmode: 'dtmf' };
      setLastResult(dialog, JSON.stringify([result]), outcome.mark);
      throw new PageEvent('nomatch');
    }
    case 'match': {
      const { match, mark } = outcome;
      const chosen = active[match.grammar];
      if (!chosen) throw semantic('no grammar matched');
      const meaning = interpretationOf(dialog, chosen, match);
      setLastResult(dialog, `[${withInterpretation(resultOf(match), meaning)}]`, mark);
      return processMatch(dialog, item, chosen, { match, interpretation: meaning }, mark);
    }
  }
}

/** JSON text. */
function interpretationOf(
  dialog: Dialog,
  { grammar, owner }: ActiveGrammar,
  match: GrammarMatch,
): string | undefined {
  if (owner.kind === 'option') {
    return owner.value === undefined ? undefined : JSON.stringify(owner.value);
  }
  const { meaning } = grammar.grammar;
  if (meaning) return meaning(match.digits);
  const [, parts] = match.tree;
  if (parts.every((part) => typeof part === 'string')) return JSON.stringify(match.digits);
  return dialog.context.shared.scopes.interpretation(JSON.stringify(match.tree), dialog.element.at);
}

/** What was keyed in while the item did something else than ask, by a grammar that is not its own. */
export function processOther(
  dialog: Dialog,
  item: Item,
  chosen: ActiveGrammar,
  match: GrammarMatch,
): Promise<void> {
  const interpretation = interpretationOf(dialog, chosen, match);
  setLastResult(dialog, `[${withInterpretation(resultOf(match), interpretation)}]`, undefined);
  return processMatch(dialog, item, chosen, { match, interpretation }, undefined);
}

async function processMatch(
  dialog: Dialog,
  item: Item,
  { owner }: ActiveGrammar,
  input: CarriedInput,
  mark: MarkReached | undefined,
): Promise<void> {
  switch (owner.kind) {
    case 'item':
    case 'option':
      return fillItem(dialog, item, input, mark);
    case 'target':
      return leaveByTarget(dialog, item, owner);
    case 'form':
      if (owner.dialog === dialog.element) return fillForm(dialog, input);
      return leaveForForm(dialog, owner, input);
  }
}

/** A choice or link: to another dialog, or an event. */
async function leaveByTarget(
  dialog: Dialog,
  item: Item,
  { element, page }: { readonly element: XmlElement; readonly page: Page },
): Promise<never> {
  const env = dialog.env(item);
  if (attributeOf(element, 'event') ?? attributeOf(element, 'eventexpr')) {
    throw new PageEvent(
      attributeOrExpression(element, 'event', 'eventexpr', env),
      textAttribute(element, 'message', 'messageexpr', env),
    );
  }
  throw new Leave(await follow(element, env, { isSubmit: false, names: [], from: page }));
}

/** A form that listens throughout the page, or the root's: it begins with what was keyed in. */
function leaveForForm(
  dialog: Dialog,
  { dialog: form, isRoot }: { readonly dialog: XmlElement; readonly isRoot: boolean },
  carried: CarriedInput,
): never {
  const root = dialog.context.pages().at(-1);
  const loaded = isRoot && root ? { page: root, root: undefined } : undefined;
  throw new Leave({ kind: 'dialog', loaded, dialog: form, isSubmit: false, carried });
}

/** The item's own grammar: its slot of the result, or all of it. */
function fillItem(
  dialog: Dialog,
  item: Item,
  { match, interpretation }: CarriedInput,
  mark: MarkReached | undefined,
): void {
  const { scopes } = dialog.context.shared;
  const value = slotOf(interpretation, item.slot) ?? interpretation;
  scopes.set(dialog.scope, item.variable, value);
  if (value === undefined) return;
  const shadow = { ...resultOf(match), ...(mark && marks(mark)) };
  scopes.set(dialog.scope, `${item.variable}$`, withInterpretation(shadow, interpretation));
  dialog.markFilled(item);
}

/** A grammar of the form: each item whose slot the result has. */
export function fillForm(dialog: Dialog, { match, interpretation }: CarriedInput): void {
  const { scopes } = dialog.context.shared;
  for (const item of dialog.items) {
    if (item.kind !== 'field') continue;
    const value = slotOf(interpretation, item.slot);
    if (value === undefined) continue;
    scopes.set(dialog.scope, item.variable, value);
    scopes.set(dialog.scope, `${item.variable}$`, withInterpretation(resultOf(match), value));
    dialog.markFilled(item);
  }
}

/** @param path names with dots between. @returns JSON text */
function slotOf(interpretation: string | undefined, path: string): string | undefined {
  let value: unknown = interpretation === undefined ? undefined : JSON.parse(interpretation);
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return JSON.stringify(value);
}

function resultOf({ digits }: GrammarMatch) {
  return { confidence: 1, utterance: digits, inputmode: 'dtmf' };
}

function withInterpretation(shadow: object, interpretation: string | undefined): string {
  const value: unknown = interpretation === undefined ? undefined : JSON.parse(interpretation);
  return JSON.stringify({ ...shadow, interpretation: value });
}

function marks({ name, timeMs }: MarkReached) {
  return { markname: name, marktime: timeMs };
}

/** `application.lastresult$` (2.0, 5.1.5); what matched nothing counts too. @param results JSON text */
function setLastResult(dialog: Dialog, results: string, mark: MarkReached | undefined): void {
  const { context } = dialog;
  const extra = JSON.stringify(mark ? marks(mark) : {});
  context.shared.scopes.setLastResult(context.applicationScope, results, extra);
}
