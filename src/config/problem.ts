/**
 * What can be wrong with a configuration: one record per finding, with its place in the file, and
 * the list of all codes. A finding never carries the value of a secret: whoever makes one passes the
 * text through `describeFound` in `parse-node.ts`, which hides what came from a reference or is
 * marked secret in the schema.
 */

/** Every code, with the sentence that the reference prints. Codes are stable; scripts may rely on them. */
export const PROBLEM_CODES = {
  CONFIG_FILE_MISSING: 'The file or folder does not exist, or the folder holds no .yaml file.',
  CONFIG_FILE_UNREADABLE: 'The file exists and cannot be read, or is not UTF-8.',
  CONFIG_FILE_TOO_LARGE: 'More than 1 MiB in one file, or more than 100 files in a folder.',
  CONFIG_SYNTAX: 'Not YAML 1.2, or a YAML feature that is not accepted (tags, several documents).',
  CONFIG_TOO_DEEP: 'Nested deeper than any option needs.',
  CONFIG_TOO_MANY: 'More entries, values or aliases than are accepted.',
  CONFIG_DUPLICATE_KEY: 'The same key twice in one block, or in two files of one folder.',
  CONFIG_DUPLICATE_NAME: 'Two entries of a list have the same name.',
  CONFIG_OPTION_TWICE: 'One option under two of its names in the same block.',
  CONFIG_UNKNOWN_OPTION: 'No such option here.',
  CONFIG_MISSING_OPTION: 'An option that has no default is absent.',
  CONFIG_WRONG_TYPE: 'A value of another type than the option takes.',
  CONFIG_OUT_OF_RANGE: 'A number outside its range.',
  CONFIG_NOT_ALLOWED: 'A word that is not among the allowed ones.',
  CONFIG_BAD_FORMAT: 'A text that is not what the option takes, such as a URL or a SIP URI.',
  CONFIG_UNKNOWN_REFERENCE: 'A ${...:...} that is neither ${env:NAME} nor ${file:PATH}.',
  CONFIG_ENV_MISSING: 'The environment variable of a ${env:NAME} is not set.',
  CONFIG_REFERENCE_FILE_MISSING: 'The file of a ${file:PATH} is absent, too large or not text.',
  CONFIG_PUBLIC_WITHOUT_AUTH:
    'The HTTP listener is reachable from other machines, without API keys and without an explicit `auth: none`.',
  CONFIG_DEFAULT_SECRET:
    "A server that is not on loopback is used with its vendor's default secret, without an explicit `allowDefaultSecret: true`.",
  CONFIG_PUBLIC_LISTENER:
    'The event sockets of a media server would come to a public address, without an explicit `allowPublicListener: true`.',
  CONFIG_UNKNOWN_TRUNK: 'A row of `trunkResults` names a trunk that is not under `trunks`.',
  CONFIG_NEXT_TRUNK:
    'A row of `trunkResults` that would try another trunk after busy (486, 600, cause 17) or decline (603, 607, 608, cause 21).',
  CONFIG_INBOUND: 'Calls from outside are to go where they cannot.',
  CONFIG_NO_SRTP: 'SRTP on a trunk, with an engine that has none.',
  CONFIG_RESERVED_HEADER:
    'A header of a trunk that makes up the call, or has an option of its own.',
  CONFIG_BAD_RANGE: 'A range that ends before it begins, or has no beginning.',
  CONFIG_UNKNOWN_SITE: 'A media server of a site that no drachtio server bears the name of.',
  CONFIG_UNKNOWN_QUEUE: 'A service names a queue that is not under `queues`.',
  CONFIG_UNKNOWN_HOURS:
    'A service names hours or capacities that are not under `officeHours` or `capacities`.',
  CONFIG_UNKNOWN_AGENT: 'A queue names an agent who is not under `agents`.',
  CONFIG_NOT_SUPPORTED:
    'A value that Genesys knows and that would change the flow; we have no such flow.',
  CONFIG_NOT_IMPLEMENTED: 'An option that is accepted and has no effect in this version.',
  CONFIG_MISPRINT: 'The misprinted name of an option; it is accepted as the option meant.',
  CHECK_FILE_MISSING: 'A treatment file does not exist.',
  CHECK_FILE_UNPLAYABLE: 'A treatment file is not something the media server in use can play.',
  CHECK_FOLDER_MISSING: 'A folder does not exist.',
  CHECK_DO_NOT_CALL: 'The file under `dialling.doNotCall` cannot be read.',
  CHECK_CALIBRATION: 'The file under `cpd.calibration` is none that `cpd-train` wrote.',
  CHECK_NO_QUEUE:
    'Answered customers of a service can wait for an agent, and it has no queue, or one with nobody in it.',
  CHECK_NO_TRUNK:
    'Real servers are in use and there is no trunk: every dial ends in call state 41.',
  CHECK_NO_SERVICE: 'There is no service, so no callback can be requested.',
  CHECK_CONTRADICTION:
    'Options that cancel each other out, or one that another leaves without effect.',
  CHECK_URL_UNREACHABLE: 'A URL did not answer within two seconds, or answered with an error.',
  CHECK_PLUGIN_PAGE:
    'An SCXML page that a service names uses what is not supported, or breaks a rule.',
  CHECK_HOST_UNREACHABLE: 'A host that cannot be found, or a name that is reserved for examples.',
  CHECK_PUBLIC_HTTP: 'The HTTP API is open to other machines without API keys.',
  CHECK_UNSIGNED_WEBHOOK: 'A webhook cannot tell our requests from those of others.',
  CHECK_ANY_DESTINATION: 'Real trunks, and a service that may dial any country.',
  CHECK_NOT_SHARED: 'A file that a media server on another machine cannot see.',
} as const;

export type ProblemCode = keyof typeof PROBLEM_CODES;

export interface Position {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface Problem extends Position {
  readonly code: ProblemCode;
  readonly severity: 'error' | 'warning';
  /** Where in the document, such as `services.sales._ttl` or `trunks[0].uri`; empty for the whole. */
  readonly path: string;
  /** One sentence without the place and without the value. */
  readonly message: string;
  readonly found?: string;
  readonly allowed?: string;
  /** The nearest valid name, or what to write instead. */
  readonly suggestion?: string;
}

/**
 * One finding as a compiler would print it:
 * `file:line:col: error CODE path: message (found X; allowed Y; did you mean Z?)`.
 */
export function formatProblem(problem: Problem): string {
  const { file, line, column, severity, code, path, message } = problem;
  const hints = [
    problem.found === undefined ? undefined : `found ${problem.found}`,
    problem.allowed === undefined ? undefined : `allowed ${problem.allowed}`,
    problem.suggestion === undefined ? undefined : `did you mean ${problem.suggestion}?`,
  ].filter((hint) => hint !== undefined);
  const place = path === '' ? '' : ` ${path}`;
  const tail = hints.length === 0 ? '' : ` (${hints.join('; ')})`;
  return `${file}:${line}:${column}: ${severity} ${code}${place}: ${message}${tail}`;
}

/** By file, line and column. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  );
}

/** A configuration that cannot be used; `problems` holds every finding, at least one of them an error. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';

  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'ConfigError';
  }
}
