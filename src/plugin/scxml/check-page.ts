/**
 * Everything about a page that can be told without running it, all at once: elements nobody knows, rules
 * of the specification that are broken, code that is none, files that cannot be had, and what works
 * differently here. Each with its place.
 */
import { isCore } from './document/attributes.js';
import { compileDocument } from './document/compile.js';
import type { Document } from './document/model.js';
import { elementsOf, parseXml, textOf, type XmlElement, type XmlNode } from './document/xml.js';
import { DocumentError, LimitError, type Position, ScriptError } from './errors.js';
import type { Dialect, PrepareContext } from './extension.js';
import type { Limits } from './limits.js';
import { EnginePool } from './script/engine-pool.js';
import { ScriptEngine } from './script/script-engine.js';
import type { FetchOutcome } from './session/host.js';
import { dialectOf } from './session/read-document.js';

export interface PageProblem {
  /** As in errors.ts, or `SCXML_SCRIPT_ERROR`, `SCXML_CAUTION`. */
  readonly code: string;
  /** An `error` refuses the page or fails where it stands; a `warning` lets it run. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly at: Position | undefined;
}

export interface CheckedPage {
  readonly problems: readonly PageProblem[];
  /** What of the page could be understood; undefined when nothing could. */
  readonly document: Document | undefined;
  /** Whether it is written in a dialect, and not in plain SCXML. */
  readonly isDialect: boolean;
}

export interface CheckOptions {
  readonly limits: Limits;
  readonly dialects: readonly Dialect[];
  /** Always settles. */
  fetch(reference: string, base: string): Promise<FetchOutcome>;
}

/** @param file the page's address, which its includes are relative to */
export async function checkPage(
  text: string,
  file: string,
  options: CheckOptions,
): Promise<CheckedPage> {
  const problems: PageProblem[] = [];
  const note = (error: unknown): void => void problems.push(problemOf(error));
  let root: XmlElement;
  let dialect: Dialect;
  try {
    root = parseXml(text, file, options.limits);
    dialect = dialectOf(root, options.dialects);
    const { limits } = options;
    const prepare: PrepareContext = { limits, fetch: (ref, base) => options.fetch(ref, base) };
    root = (await dialect.prepare?.(root, prepare)) ?? root;
  } catch (error) {
    note(error);
    return { problems, document: undefined, isDialect: false };
  }
  const known = new Checker(dialect, problems).prune(root);
  await checkCode(known, dialect, options.limits, note);
  let document: Document | undefined;
  try {
    document = compileDocument(known, dialect);
    await checkResources(document, options, problems);
  } catch (error) {
    note(error);
  }
  problems.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0));
  return { problems, document, isDialect: dialect.prepare !== undefined };
}

const EXECUTABLE = [
  'raise',
  'log',
  'assign',
  'script',
  'if',
  'elseif',
  'else',
  'foreach',
  'send',
  'cancel',
];
/** Whose children are executable content. */
const BLOCKS = ['onentry', 'onexit', 'transition', 'finalize', 'if', 'foreach'];

/** Takes out of the tree what nobody knows, so that the rest can be checked, too. */
class Checker {
  readonly #dialect: Dialect;
  readonly #problems: PageProblem[];

  constructor(dialect: Dialect, problems: PageProblem[]) {
    this.#dialect = dialect;
    this.#problems = problems;
  }

  prune(element: XmlElement): XmlElement {
    for (const { message, at } of this.#dialect.cautions?.(element) ?? [])
      this.#problems.push({ code: 'SCXML_CAUTION', severity: 'warning', message, at });
    const isBlock = isCore(element) && BLOCKS.includes(element.local);
    const children = element.children.flatMap((child): readonly XmlNode[] => {
      if (child.kind === 'text') return [child];
      if (isBlock && !this.#isKnown(child)) {
        this.#refuse(child);
        return [];
      }
      return [this.prune(child)];
    });
    return { ...element, children };
  }

  #isKnown(element: XmlElement): boolean {
    if (isCore(element)) return EXECUTABLE.includes(element.local);
    return this.#dialect.elements.some(
      ({ local, namespaces }) => local === element.local && namespaces.includes(element.uri),
    );
  }

  #refuse({ name, uri, at }: XmlElement): void {
    const whose = uri === '' ? '' : ` of "${uri}"`;
    this.#problems.push({
      code: 'SCXML_UNKNOWN_ELEMENT',
      severity: 'error',
      message: `<${name}>${whose} is not supported`,
      at,
    });
  }
}

const CODE_ATTRIBUTES = /^(cond|expr|location|array|.+expr)$/;

async function checkCode(
  root: XmlElement,
  dialect: Dialect,
  limits: Limits,
  note: (error: unknown) => void,
): Promise<void> {
  const engines = await EnginePool.create(1);
  const budget = { tick: () => false, isScriptOver: false };
  const engine = new ScriptEngine(engines.take(), limits, budget);
  const check = (code: string, kind: 'expression' | 'script', at: Position): void => {
    try {
      engine.check(code, kind, at);
    } catch (error) {
      note(error instanceof ScriptError ? new SyntaxProblem(error.message, at) : error);
    }
  };
  const visit = (element: XmlElement): void => {
    for (const { local, uri, value } of element.attributes)
      if (uri === '' && value !== '' && isCode(element, local))
        check(value, 'expression', element.at);
    if (isCore(element) && element.local === 'script') check(textOf(element), 'script', element.at);
    for (const child of elementsOf(element)) visit(child);
  };
  const isCode = (element: XmlElement, attribute: string): boolean =>
    isCore(element)
      ? CODE_ATTRIBUTES.test(attribute)
      : dialect.elements.some(({ namespaces }) => namespaces.includes(element.uri));
  visit(root);
  engine.dispose();
}

async function checkResources(
  { resources, file }: Document,
  options: CheckOptions,
  problems: PageProblem[],
): Promise<void> {
  for (const { url, isScript } of resources) {
    const outcome = await options.fetch(url, file);
    if (outcome.kind === 'ok') continue;
    problems.push({
      code: 'SCXML_FETCH_FAILED',
      severity: isScript ? 'error' : 'warning',
      message: `${url}: ${outcome.why}`,
      at: undefined,
    });
  }
}

class SyntaxProblem extends Error {
  readonly at: Position;

  constructor(message: string, at: Position) {
    super(message);
    this.at = at;
  }
}

function problemOf(error: unknown): PageProblem {
  const severity = 'error';
  if (error instanceof SyntaxProblem)
    return {
      code: 'SCXML_SCRIPT_ERROR',
      severity,
      message: withoutPlace(error.message),
      at: error.at,
    };
  if (error instanceof DocumentError)
    return { code: error.code, severity, message: withoutPlace(error.message), at: error.at };
  const code = error instanceof LimitError ? error.code : 'SCXML_INTERNAL';
  return {
    code,
    severity,
    message: error instanceof Error ? error.message : String(error),
    at: undefined,
  };
}

/** The place is a field of its own. */
function withoutPlace(message: string): string {
  return message.replace(/^\S+?:\d+(:\d+)?: /, '');
}
