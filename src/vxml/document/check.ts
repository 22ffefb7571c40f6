/** The rules a page has to keep as it stands, before anything of it runs. */
import type { Position } from '../../plugin/scxml/errors.js';
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import { childrenOf, FORM_ITEMS, INPUT_ITEMS, isKnownElement, isOwn } from './elements.js';
import { attributeProblem } from './attribute-rules.js';

export interface PageProblem {
  readonly at: Position;
  readonly message: string;
}

const VERSIONS = ['2.0', '2.1'];
const MAX_PROBLEMS = 100;

/** @returns what is wrong, in document order; empty = nothing */
export function checkPage(root: XmlElement): PageProblem[] {
  if (root.local !== 'vxml' || !isOwn(root)) {
    const where = root.uri === '' ? '' : ` of ${root.uri.slice(0, 80)}`;
    const message = `the root element is <${root.name}>${where}, not <vxml> of VoiceXML`;
    return [{ at: root.at, message }];
  }
  const version = attributeOf(root, 'version');
  if (version !== undefined && !VERSIONS.includes(version)) {
    return [{ at: root.at, message: `version ${version} is not ${VERSIONS.join(' or ')}` }];
  }
  const problems: PageProblem[] = [];
  walk(root, problems);
  const ids = new Set<string>();
  for (const dialog of elementsOf(root)) {
    if (dialog.local !== 'form' && dialog.local !== 'menu') continue;
    const id = attributeOf(dialog, 'id');
    if (id === undefined) continue;
    if (ids.has(id)) problems.push({ at: dialog.at, message: `two dialogs have the id ${id}` });
    ids.add(id);
  }
  return problems;
}

function walk(element: XmlElement, problems: PageProblem[]): void {
  if (problems.length >= MAX_PROBLEMS) return;
  const allowed = childrenOf(element.local);
  for (const child of elementsOf(element)) {
    // Of other namespaces: not ours to judge; it is unsupported where it is executed.
    if (!isOwn(child)) continue;
    if (!isKnownElement(child.local)) {
      problems.push({ at: child.at, message: `<${child.name}> is no element of VoiceXML` });
      continue;
    }
    if (allowed && !allowed.has(child.local)) {
      const message = `<${child.name}> is not allowed in <${element.name}>`;
      problems.push({ at: child.at, message });
      continue;
    }
    const problem = attributeProblem(child);
    if (problem !== undefined) problems.push({ at: child.at, message: problem });
    if (child.local === 'grammar') continue;
    if (child.local === 'form') checkForm(child, problems);
    if (child.local === 'menu') checkMenu(child, problems);
    walk(child, problems);
  }
}

function checkForm(form: XmlElement, problems: PageProblem[]): void {
  const names = new Set<string>();
  const inputs = new Set<string>();
  for (const item of elementsOf(form)) {
    const name = attributeOf(item, 'name');
    if (!FORM_ITEMS.has(item.local) || name === undefined) continue;
    if (names.has(name))
      problems.push({ at: item.at, message: `two form items are named ${name}` });
    names.add(name);
    if (INPUT_ITEMS.has(item.local)) inputs.add(name);
  }
  for (const filled of elementsOf(form)) {
    if (filled.local !== 'filled') continue;
    for (const name of namesIn(attributeOf(filled, 'namelist'))) {
      if (!inputs.has(name)) {
        problems.push({ at: filled.at, message: `filled: ${name} is no input item of the form` });
      }
    }
  }
}

/** 2.0, 2.2: with `dtmf="true"` a choice has no keys of its own but `*`, `#` and `0`. */
function checkMenu(menu: XmlElement, problems: PageProblem[]): void {
  if (attributeOf(menu, 'dtmf') !== 'true') return;
  for (const choice of elementsOf(menu)) {
    const dtmf = attributeOf(choice, 'dtmf');
    if (choice.local !== 'choice' || dtmf === undefined) continue;
    if (!['*', '#', '0'].includes(dtmf.trim())) {
      const message = `choice: dtmf is ${dtmf}, and the menu numbers its choices itself`;
      problems.push({ at: choice.at, message });
    }
  }
}

export function namesIn(list: string | undefined): string[] {
  return (list ?? '').split(/\s+/).filter((name) => name !== '');
}
