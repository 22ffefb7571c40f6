/**
 * Text to YAML nodes with positions. Refuses, before the parser sees it, what would hurt the parser:
 * deep nesting overflows its stack. Turns the parser's errors into our own sentences, because its
 * texts quote the source, and the source may hold a password.
 *
 * A reference such as ${env:NAME} stands unquoted in a flow map (`{ secret: ${env:NAME} }`), where
 * YAML would take its brace for a nested map. The braces are therefore replaced by two private-use
 * characters of the same width before parsing, and put back afterwards; columns stay right.
 */
import { Lexer, LineCounter, parseDocument, type Document, type ErrorCode } from 'yaml';
import type { Problem, ProblemCode } from './problem.js';

const MAX_FLOW_DEPTH = 24;
const MAX_INDENT = 200;
const MAX_INDICATORS_PER_LINE = 8;
const OPEN = '\uE000';
const CLOSE = '\uE001';
const REFERENCE_IN_TEXT = /\$\{([A-Za-z]+:[^{}\r\n\uE000\uE001]*)\}/g;
/** A reference in a scalar after parsing: word and argument. */
const REFERENCE_IN_SCALAR = /\$\uE000([A-Za-z]+):([^\uE001]*)\uE001/g;

export interface YamlFile {
  readonly file: string;
  readonly document: Document.Parsed;
  /** Place of a character offset. */
  readonly locate: (offset: number) => { line: number; column: number };
}

/** @returns the parsed file, or everything that is wrong with its syntax. */
export function readYaml(file: string, text: string): YamlFile | { problems: Problem[] } {
  const tooDeep = findDeepNesting(text);
  if (tooDeep !== undefined) {
    const message = 'Nested too deeply.';
    return { problems: [syntaxProblem(file, 'CONFIG_TOO_DEEP', message, tooDeep)] };
  }
  const lines = new LineCounter();
  const document = parseDocument(maskReferences(text), {
    lineCounter: lines,
    prettyErrors: false,
    // Quadratic in the number of keys; parse-node.ts looks for duplicates itself.
    uniqueKeys: false,
    merge: false,
    schema: 'core',
    version: '1.2',
  });
  const locate = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = [...document.errors, ...document.warnings].slice(0, 10);
  if (faults.length === 0) return { file, document, locate };
  return {
    problems: faults.map((fault) =>
      syntaxProblem(file, 'CONFIG_SYNTAX', explainFault(fault.code), locate(fault.pos[0])),
    ),
  };
}

/** The references in a scalar as YAML gave it. */
export function findReferences(scalar: string): { word: string; argument: string; text: string }[] {
  return [...scalar.matchAll(REFERENCE_IN_SCALAR)].map(([, word = '', argument = '']) => ({
    word,
    argument,
    text: `\${${word}:${argument}}`,
  }));
}

/** Replaces each reference in a scalar; the text is the one written in the file. */
export function replaceReferences(scalar: string, replace: (text: string) => string): string {
  return scalar.replace(REFERENCE_IN_SCALAR, (masked) => replace(unmaskReferences(masked)));
}

/** A scalar as it stands in the file. */
export function unmaskReferences(scalar: string): string {
  return scalar.replaceAll(OPEN, '{').replaceAll(CLOSE, '}');
}

function maskReferences(text: string): string {
  return text.replace(REFERENCE_IN_TEXT, (_whole, inner: string) => `$${OPEN}${inner}${CLOSE}`);
}

/** The first place where flow collections, indentation or `- - -` go deeper than the limits. */
function findDeepNesting(text: string): { line: number; column: number } | undefined {
  let flowDepth = 0;
  let line = 1;
  let indicators = 0;
  for (const token of new Lexer().lex(maskReferences(text))) {
    if (token === '{' || token === '[') flowDepth += 1;
    else if (token === '}' || token === ']') flowDepth = Math.max(0, flowDepth - 1);
    // Inside a flow collection a colon makes no level of its own.
    else if (flowDepth === 0 && (token === '-' || token === '?' || token === ':')) indicators += 1;
    const isIndent = token.length > MAX_INDENT && /^ +$/.test(token);
    const isTooMany = indicators > MAX_INDICATORS_PER_LINE && flowDepth === 0;
    if (isIndent || isTooMany || flowDepth > MAX_FLOW_DEPTH) return { line, column: 1 };
    const breaks = token.split('\n').length - 1;
    if (breaks > 0) indicators = 0;
    line += breaks;
  }
  return undefined;
}

function syntaxProblem(
  file: string,
  code: ProblemCode,
  message: string,
  place: { line: number; column: number },
): Problem {
  return { code, severity: 'error', file, ...place, path: '', message };
}

function explainFault(code: ErrorCode): string {
  switch (code) {
    case 'BAD_INDENT':
    case 'MISSING_CHAR':
    case 'UNEXPECTED_TOKEN':
    case 'BAD_SCALAR_START':
    case 'BLOCK_IN_FLOW':
    case 'MULTILINE_IMPLICIT_KEY':
    case 'KEY_OVER_1024_CHARS':
    case 'IMPOSSIBLE':
      return `Not valid YAML here (${code}): look for indentation, a missing colon, comma or closing quote.`;
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'Two colons in one line; quote a value that has a colon at its end or before a blank.';
    case 'TAB_AS_INDENT':
      return 'YAML is indented with blanks; here is a tab.';
    case 'BAD_DQ_ESCAPE':
      return 'Unknown escape in double quotes; use single quotes for a literal backslash.';
    case 'BAD_ALIAS':
      return 'An alias whose anchor was not set before it; quote a value that starts with `*`.';
    case 'MULTIPLE_DOCS':
      return 'Several documents in one file; use several files in one folder instead.';
    case 'TAG_RESOLVE_FAILED':
    case 'MULTIPLE_TAGS':
    case 'BAD_COLLECTION_TYPE':
      return 'Tags are not accepted; quote a value that starts with `!`.';
    case 'RESOURCE_EXHAUSTION':
      return 'Nested too deeply.';
    case 'DUPLICATE_KEY':
      return 'The same key twice.';
    case 'ALIAS_PROPS':
    case 'BAD_DIRECTIVE':
    case 'BAD_PROP_ORDER':
    case 'MULTIPLE_ANCHORS':
    case 'NON_STRING_KEY':
      return `A YAML feature that no option needs (${code}).`;
    default:
      return 'Not valid YAML here.';
  }
}
