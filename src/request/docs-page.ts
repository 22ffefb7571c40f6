/**
 * The description of the API as one page of HTML: no script, nothing loaded from anywhere, so that it
 * can be shown under the strictest policy. Pure: a document in, text out.
 */
import { DOCS_STYLE } from './docs-style.js';

export { DOCS_STYLE };

/** As much of JSON Schema as the page shows. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly additionalProperties?: boolean | SchemaNode;
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

type Content = Readonly<Record<string, { readonly schema?: SchemaNode }>>;

export interface ApiParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: SchemaNode;
}

export interface ApiOperation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly ApiParameter[];
  readonly requestBody?: { readonly content?: Content; readonly required?: boolean };
  readonly responses?: Readonly<
    Record<string, { readonly description?: string; readonly content?: Content }>
  >;
}

/** As much of OpenAPI as the page shows. */
export interface ApiDocument {
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description?: string;
  };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
}

/** Levels of objects in objects that are shown. */
const DEPTH_MAX = 3;
const OTHER = 'Other';

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: ApiOperation;
  readonly anchor: string;
}

/** @returns a whole HTML document */
export function docsPage(document: ApiDocument): string {
  const { title, version, description } = document.info;
  const groups = groupsOf(document);
  const menu = groups.map(
    ({ name, entries }) =>
      `<h2>${escape(name)}</h2><ul>${entries
        .map(
          ({ anchor, method, path, operation }) =>
            `<li><a href="#${anchor}"><span class="m ${method}">${method}</span>${escape(operation.summary ?? path)}</a></li>`,
        )
        .join('')}</ul>`,
  );
  const sections = groups.map(
    ({ name, description: about, entries }) =>
      `<section><h2>${escape(name)}</h2><p>${prose(about ?? '')}</p>${entries.map(operationOf).join('')}</section>`,
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escape(title)} API</title><style>${DOCS_STYLE}</style></head><body>`,
    `<nav aria-label="Operations"><p class="name">${escape(title)}<span>${escape(version)}</span></p>${menu.join('')}</nav>`,
    `<main><h1>${escape(title)} API</h1><p class="intro">${prose(description ?? '')}</p>`,
    '<p class="intro">With keys, send one as <code>Authorization: Bearer KEY</code> or <code>x-api-key: KEY</code>. ',
    'This page as <a href="openapi.json">OpenAPI 3.1</a>.</p>',
    `${sections.join('')}</main></body></html>`,
  ].join('');
}

function groupsOf({ tags = [], paths }: ApiDocument) {
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Entry => ({
      ...{ method, path, operation },
      anchor: `${method}${path}`.replace(/[^A-Za-z0-9]+/g, '-'),
    })),
  );
  const known = new Set(tags.map(({ name }) => name));
  const tagOf = ({ operation }: Entry): string => {
    const [tag = OTHER] = operation.tags ?? [];
    return known.has(tag) ? tag : OTHER;
  };
  return [...tags, { name: OTHER, description: '' }]
    .map((tag) => ({ ...tag, entries: entries.filter((entry) => tagOf(entry) === tag.name) }))
    .filter((group) => group.entries.length > 0);
}

function operationOf({ method, path, operation, anchor }: Entry): string {
  const { summary, description, parameters = [], requestBody, responses = {} } = operation;
  return [
    `<article id="${anchor}"><h3><span class="m ${method}">${method}</span><code>${escape(path).replace(/\{[^}]+\}/g, '<em>$&</em>')}</code></h3>`,
    summary === undefined ? '' : `<p class="summary">${escape(summary)}</p>`,
    description === undefined ? '' : paragraphs(description),
    parameters.length === 0 ? '' : `<h4>Parameters</h4>${parameterTable(parameters)}`,
    requestBody?.content ? `<h4>Body</h4>${contentOf(requestBody.content)}` : '',
    `<h4>Answers</h4>${Object.entries(responses).map(responseOf).join('')}</article>`,
  ].join('');
}

function parameterTable(parameters: readonly ApiParameter[]): string {
  const rows = parameters.map(({ name, in: place, required, description, schema }) =>
    row(name, `${place}${required ? ', required' : ''}`, schema ?? {}, description),
  );
  return `<table>${rows.join('')}</table>`;
}

function contentOf(content: Content): string {
  const [first] = Object.values(content);
  const types = Object.keys(content).map((type) => `<code>${escape(type)}</code>`);
  return `<p class="types">${types.join(' or ')}</p>${schemaOf(first?.schema ?? {}, 0)}`;
}

function responseOf([status, { description = '', content }]: [
  string,
  { readonly description?: string; readonly content?: Content },
]): string {
  const label = status === 'default' ? 'else' : status;
  const kind = status.startsWith('2') ? 'good' : 'bad';
  const about = description === 'Default Response' ? '' : prose(description);
  const head = `<span class="s ${kind}">${escape(label)}</span>${about}`;
  const schema = content && Object.values(content)[0]?.schema;
  const table = schema ? schemaOf(schema, 0) : '';
  return table === ''
    ? `<p class="answer">${head}</p>`
    : `<details><summary>${head}</summary>${table}</details>`;
}

function schemaOf(schema: SchemaNode, depth: number): string {
  const { properties, items, oneOf, anyOf } = schema;
  if (items) return depth < DEPTH_MAX ? schemaOf(items, depth) : '';
  const choices = oneOf ?? anyOf;
  if (choices) return choices.map((choice) => schemaOf(choice, depth)).join('<p>or</p>');
  if (!properties) return '';
  const required = new Set(schema.required);
  const rows = Object.entries(properties).map(([name, property]) => {
    const inner = depth + 1 < DEPTH_MAX ? schemaOf(property, depth + 1) : '';
    return row(name, required.has(name) ? 'required' : '', property, property.description, inner);
  });
  return `<table>${rows.join('')}</table>`;
}

function row(
  name: string,
  note: string,
  schema: SchemaNode,
  description = schema.description,
  inner = '',
): string {
  const notes = note === '' ? '' : `<span class="note">${escape(note)}</span>`;
  const limits = limitsOf(schema);
  const rest = limits === '' ? '' : `<span class="note">${escape(limits)}</span>`;
  return `<tr><th><code>${escape(name)}</code>${notes}</th><td>${escape(typeOf(schema))}</td><td>${prose(description ?? '')}${rest}${inner}</td></tr>`;
}

function typeOf({ type, items, oneOf, anyOf, format }: SchemaNode): string {
  if (items) return `list of ${typeOf(items)}`;
  const choices = oneOf ?? anyOf;
  if (choices) return choices.map(typeOf).join(' or ');
  const [first] = [type].flat();
  const name = typeof type === 'object' ? type.join(' or ') : (first ?? 'any');
  return format === undefined ? name : `${name} (${format})`;
}

function limitsOf(schema: SchemaNode): string {
  const { minimum, maximum, minLength, maxLength, maxItems, pattern } = schema;
  const span = (low: number | undefined, high: number | undefined, what: string): string[] =>
    low === undefined && high === undefined ? [] : [`${low ?? ''}..${high ?? ''}${what}`];
  return [
    ...(schema.enum ? [schema.enum.map(String).join(' | ')] : []),
    ...span(minimum, maximum, ''),
    ...span(minLength, maxLength, ' characters'),
    ...span(undefined, maxItems, ' items'),
    ...(pattern === undefined ? [] : [pattern]),
    ...(schema.default === undefined ? [] : [`default ${JSON.stringify(schema.default)}`]),
  ].join(', ');
}

function paragraphs(text: string): string {
  return text
    .split('\n\n')
    .map((part) => `<p>${prose(part)}</p>`)
    .join('');
}

/** Text in which backquotes mean code. */
function prose(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
