/** The schema as Markdown: config/REFERENCE.md, written by scripts/make-reference.mjs. */
import { RESULT_ROWS } from '../dial/result-rows.js';
import { describeRange } from './parse-scalar.js';
import { PROBLEM_CODES } from './problem.js';
import { IGNORED_OPTIONS, insteadOf, SERVER_OPTIONS, SERVICE_GROUPS } from './schema.js';
import type { OptionSpec, ValueType } from './schema-types.js';

const INTRODUCTION = `# Configuration reference

Generated from \`src/config/schema.ts\` by \`node --import tsx scripts/make-reference.mjs\`; do not edit.
A configuration to start from is \`dialback.yaml\` beside this file; \`examples/\` has smaller ones.

## The file

- One YAML 1.2 file, or a folder whose \`*.yaml\` files are read together. In a folder each block stands in one file; \`services\`, \`queues\`, \`agents\` and \`routePoints\` may be spread over several. Saying the same thing twice is an error.
- \`\${env:NAME}\` is replaced by an environment variable and \`\${file:PATH}\` by the text of a file, anywhere in a value. Secrets belong there. A reference that cannot be resolved is an error.
- Relative paths start at the folder of the configuration file.
- An empty value counts as not set. A service option that is not set is taken from \`defaults\`, then from the built-in default.
- Names with a leading underscore are Genesys' options, with Genesys' units. The others are ours; the unit is the last part of the name.
- \`dialback run\` watches its file or folder and takes a change over while it runs: completely, or, when anything is wrong or something can only change with a restart (\`engine\`, \`embedded\`, \`store\`, \`http.listen\`), not at all. The log says what changed, or why nothing did. An attempt that is under way keeps the options it began with; the next attempt of the same callback takes the new ones. Queues and agents belong to everybody: what changes of them holds at once, agents keep their states, customers their places; an agent who is taken out finishes the conversation, and a queue that is taken out serves those who wait in it. Keys and origins that are withdrawn are refused at once. SIGHUP reads the configuration again too, which is what a changed \`\${file:PATH}\` needs.
- Limits: 1 MiB a file, 100 files, 200 aliases.
`;

export function makeReference(): string {
  const top = SERVER_OPTIONS.filter((spec) => nestedOptions(spec.type) === undefined);
  const blocks = SERVER_OPTIONS.filter((spec) => nestedOptions(spec.type) !== undefined);
  const parts = [
    INTRODUCTION,
    '## Top level\n',
    optionTable(top),
    ...blocks.flatMap((spec) => describeBlock(spec, '##', spec.key)),
    '## Services\n',
    '`services` holds the services by name, `defaults` the options for those that do not set them. Both take the options below.\n',
    ...SERVICE_GROUPS.flatMap(({ title, intro, options }) => [
      `### ${title}\n`,
      `${intro}\n`,
      optionTable(options),
      ...nestedBlocks(options, '####'),
    ]),
    ignoredSection(),
    resultSection(),
    problemSection(),
  ];
  return `${parts.join('\n').trimEnd()}\n`;
}

/** The built-in rows of the result table, as the program has them. */
function resultSection(): string {
  const rows = RESULT_ROWS.map(({ id, when, then, answer, why }) => {
    const { status, q850Cause, header, hasRung } = when;
    const codes = status && (status[0] === status[1] ? [status[0]] : status).join(' to ');
    const more = [
      ...(q850Cause === undefined ? [] : [String(q850Cause)]),
      ...(header === undefined ? [] : [`${header.name} has ${header.text}`]),
      ...(hasRung === false ? ['no phone has rung'] : []),
    ];
    const cells = [id, codes ?? '', more.join(', '), then, answer ?? '', why];
    return `| ${cells.map((cell) => escapeCell(String(cell))).join(' | ')} |`;
  });
  return [
    '## Result table\n',
    'What a refused INVITE means. Rows of `trunkResults` are asked first, then these, from above; the first that fits decides. With `next-trunk` another trunk is tried within the attempt, unless a phone has rung; when none is left, the call state decides. Tones heard before a 404, 480 or 503 without a cause of this table decide the call state where they say more. `dialback explain-sip CODE` prints the row that decides.\n',
    '| row | SIP status | Q.850 cause, and what else | then | call state as answer word | why |\n|---|---|---|---|---|---|',
    `${rows.join('\n')}\n`,
  ].join('\n');
}

function describeBlock(spec: OptionSpec, level: string, title: string): string[] {
  const options = nestedOptions(spec.type) ?? [];
  const form =
    spec.type.kind === 'list'
      ? 'A list of:'
      : spec.type.kind === 'map'
        ? 'By name, each with:'
        : '';
  return [
    `${level} \`${title}\`\n`,
    `${[spec.doc, form].join(' ').trim()}\n`,
    optionTable(options),
    ...nestedBlocks(options, `${level}#`, `${title}.`),
  ];
}

function nestedBlocks(options: readonly OptionSpec[], level: string, path = ''): string[] {
  return options
    .filter(({ type }) => nestedOptions(type) !== undefined)
    .flatMap((inner) => describeBlock(inner, level, `${path}${inner.key}`));
}

/** The options inside a block, a list of blocks or a map of blocks. */
function nestedOptions(type: ValueType): readonly OptionSpec[] | undefined {
  if (type.kind === 'block') return type.options;
  return type.kind === 'list' || type.kind === 'map' ? nestedOptions(type.of) : undefined;
}

function optionTable(options: readonly OptionSpec[]): string {
  const rows = options.map((spec) => {
    const cells = [
      nameCell(spec),
      describeType(spec.type),
      defaultCell(spec),
      docCell(spec),
      spec.source,
    ];
    return `| ${cells.map(escapeCell).join(' | ')} |`;
  });
  return `| option | takes | default | meaning | source |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

function nameCell({ key, genesysName, genesysItems }: OptionSpec): string {
  const name = genesysItems === undefined ? genesysName : `${genesysItems}1`;
  const more = genesysItems === undefined ? '' : ' and so on';
  return name === undefined ? `\`${key}\`` : `\`${key}\`, Genesys: \`${name}\`${more}`;
}

function docCell({ doc, misprint, unbuilt, ignoredValue, type }: OptionSpec): string {
  const notes = [doc];
  if (misprint !== undefined)
    notes.push(`The misprint \`${misprint}\` is accepted with a warning.`);
  if (unbuilt !== undefined) notes.push(`Accepted with a warning: ${unbuilt}`);
  if (ignoredValue)
    notes.push(`\`${ignoredValue.value}\` is accepted with a warning: ${ignoredValue.says}`);
  if (type.kind === 'choice' && type.unsupported) {
    const words = Object.keys(type.unsupported).map((word) => `\`${word}\``);
    notes.push(`${words.join(', ')} is refused.`);
  }
  return notes.join(' ');
}

function defaultCell(spec: OptionSpec): string {
  if (spec.isRequired) return 'required';
  if (spec.defaultSays !== undefined) return spec.defaultSays;
  if (spec.default === undefined) return 'none';
  if (Array.isArray(spec.default))
    return spec.default.length === 0 ? 'empty' : spec.default.join(', ');
  return `\`${String(spec.default)}\``;
}

function describeType(type: ValueType): string {
  switch (type.kind) {
    case 'boolean':
      return '`true`, `false`';
    case 'integer':
      return describeRange(type);
    case 'text':
      return type.isSecret
        ? `${type.format?.says ?? 'text'} (secret)`
        : (type.format?.says ?? 'text');
    case 'choice':
      return type.values.map((value) => `\`${value}\``).join(', ');
    case 'url':
      return type.isOrigin
        ? 'an http(s) origin, without a path'
        : `${type.schemes.join(' or ')} URL`;
    case 'country':
      return 'a country, ISO 3166 alpha-2';
    case 'timezone':
      return 'a time zone of the IANA database';
    case 'treatment':
      return 'a treatment';
    case 'json':
      return 'a JSON object, as YAML or as text';
    case 'targets':
      return 'a name, or a list (up to 15) of `{ target, timeout, clear }`';
    case 'list':
      return `${type.orSingle ? 'a block, or ' : ''}a list (up to ${type.maxItems})${nestedOptions(type.of) ? '' : ` of: ${describeType(type.of)}`}`;
    case 'map':
    case 'block':
      return 'a block';
  }
}

function ignoredSection(): string {
  const rows = Object.entries(IGNORED_OPTIONS).map(
    ([section, names]) => `| ${section} | ${names.map((name) => `\`${name}\``).join(', ')} |`,
  );
  const advice = Object.values(IGNORED_OPTIONS)
    .flat()
    .flatMap((name) => {
      const instead = insteadOf(name);
      return instead === undefined ? [] : [`| \`${name}\` | ${escapeCell(instead)} |`];
    });
  return `## Genesys options without effect

A service copied from Genesys may keep these. Each is accepted, does nothing, and is named in a warning.

| section | options |
|---|---|
${rows.join('\n')}

| instead of | here |
|---|---|
${advice.join('\n')}
`;
}

function problemSection(): string {
  const rows = Object.entries(PROBLEM_CODES).map(
    ([code, says]) => `| \`${code}\` | ${escapeCell(says)} |`,
  );
  return `## Findings

\`CONFIG_...\` comes from reading the file: \`run\` and \`explain\` refuse what has an error. \`CHECK_...\` comes from \`dialback check\`, which also looks at files and URLs.

| code | meaning |
|---|---|
${rows.join('\n')}
`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
