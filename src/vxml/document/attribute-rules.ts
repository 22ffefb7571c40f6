/** Attributes that have to be there, or exclude each other. Broken rules are error.badfetch. */
import {
  attributeOf,
  elementsOf,
  textOf,
  type XmlElement,
} from '../../plugin/scxml/document/xml.js';
import { INPUT_ITEMS } from './elements.js';

interface Rule {
  readonly required?: readonly string[];
  /** Exactly one of each group; `@content` stands for what is inside. */
  readonly one?: readonly (readonly string[])[];
  /** At most one of each group. */
  readonly atMostOne?: readonly (readonly string[])[];
}

const EVENT_TARGET = ['next', 'expr', 'event', 'eventexpr'];
const MESSAGE = ['message', 'messageexpr'];

const RULES: Readonly<Record<string, Rule>> = {
  goto: { one: [['next', 'expr', 'nextitem', 'expritem']] },
  submit: { one: [['next', 'expr']] },
  audio: { one: [['src', 'expr']] },
  subdialog: { one: [['src', 'srcexpr']] },
  data: { one: [['src', 'srcexpr']] },
  throw: { one: [['event', 'eventexpr']], atMostOne: [MESSAGE] },
  choice: { one: [EVENT_TARGET], atMostOne: [MESSAGE] },
  link: { one: [EVENT_TARGET], atMostOne: [MESSAGE] },
  return: { atMostOne: [['event', 'eventexpr', 'namelist'], MESSAGE] },
  exit: { atMostOne: [['expr', 'namelist']] },
  script: { one: [['src', 'srcexpr', '@content']] },
  grammar: { one: [['src', 'srcexpr', '@content']] },
  transfer: {
    one: [['dest', 'destexpr']],
    atMostOne: [
      ['bridge', 'type'],
      ['aai', 'aaiexpr'],
    ],
  },
  param: { required: ['name'], one: [['expr', 'value']] },
  mark: { one: [['name', 'nameexpr']] },
  var: { required: ['name'] },
  assign: { required: ['name', 'expr'] },
  value: { required: ['expr'] },
  if: { required: ['cond'] },
  elseif: { required: ['cond'] },
  foreach: { required: ['array', 'item'] },
  property: { required: ['name', 'value'] },
};

/** @returns a sentence, or undefined when all is well */
export function attributeProblem(element: XmlElement): string | undefined {
  const rule = RULES[element.local];
  if (!rule) return itemProblem(element);
  for (const name of rule.required ?? []) {
    if (attributeOf(element, name) === undefined) return `<${element.name}> needs ${name}`;
  }
  for (const group of rule.one ?? []) {
    const present = group.filter((name) => has(element, name));
    if (present.length !== 1) {
      return `<${element.name}> needs exactly one of ${group.map(spelled).join(', ')}`;
    }
  }
  for (const group of rule.atMostOne ?? []) {
    const present = group.filter((name) => has(element, name));
    if (present.length > 1) {
      return `<${element.name}> takes only one of ${group.map(spelled).join(', ')}`;
    }
  }
  return itemProblem(element);
}

/** 2.0, 3.1.3: their grammars listen where they do, and cannot say otherwise. */
const OWN_GRAMMARS: ReadonlySet<string> = new Set([...INPUT_ITEMS, 'choice', 'link']);

/** 2.0, 2.4: a filled of one item takes neither mode nor namelist. */
function itemProblem(element: XmlElement): string | undefined {
  if (OWN_GRAMMARS.has(element.local)) {
    const isScoped = elementsOf(element).some(
      (child) => child.local === 'grammar' && attributeOf(child, 'scope') !== undefined,
    );
    if (isScoped) return `<grammar> inside <${element.name}> takes no scope`;
  }
  if (!INPUT_ITEMS.has(element.local)) return undefined;
  for (const child of elementsOf(element)) {
    if (child.local !== 'filled') continue;
    for (const name of ['mode', 'namelist']) {
      if (attributeOf(child, name) !== undefined) {
        return `<filled> inside <${element.name}> takes no ${name}`;
      }
    }
  }
  return undefined;
}

function has(element: XmlElement, name: string): boolean {
  if (name !== '@content') return attributeOf(element, name) !== undefined;
  return textOf(element).trim() !== '' || elementsOf(element).length > 0;
}

function spelled(name: string): string {
  return name === '@content' ? 'content' : name;
}
