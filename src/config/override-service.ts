/**
 * Options that a request for a callback sets for itself. Only those named in the service's
 * `_overwritable_options`; each is checked like the same option in the file. References are not
 * resolved, and files outside the media folder are refused: the text comes from outside.
 */
import { isAbsolute } from 'node:path';
import { isMap } from 'yaml';
import { blockOfRaw, buildService } from './build-service.js';
import type { ServiceConfig } from './config.js';
import { deepFreeze } from './deep-freeze.js';
import { ParseContext } from './parse-context.js';
import { parseBlock } from './parse-node.js';
import type { Problem } from './problem.js';
import { readYaml } from './read-yaml.js';
import { findServiceOption, SERVICE_OPTIONS } from './schema.js';
import { TreatmentValue } from './values.js';

const MAX_TEXT_LENGTH = 16 * 1024;
const SOURCE = 'request';
/** What a request knows of its own customer is no matter of the service. */
const CUSTOMER_ZONE = 'customerTimezone';

export type OverrideResult =
  | { readonly kind: 'ok'; readonly service: ServiceConfig }
  /** Places are those in the request's JSON; `path` is the option's name. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

/**
 * @param service from a loaded configuration
 * @param overrides the request's options by name, as parsed from JSON
 */
export function overrideService(
  service: ServiceConfig,
  overrides: Readonly<Record<string, unknown>>,
): OverrideResult {
  if (Object.keys(overrides).length === 0) return { kind: 'ok', service };
  const forbidden = Object.keys(overrides).find((name) => !isOverwritable(service, name));
  if (forbidden !== undefined) {
    const message = 'This option may not be set by a request.';
    return refused(forbidden.slice(0, 80), message, service.request.overwritableOptions.join(', '));
  }
  const text = JSON.stringify(overrides);
  if (text.length > MAX_TEXT_LENGTH) return refused('', 'Too many options, or too long ones.');
  const yaml = readYaml(SOURCE, text);
  if ('problems' in yaml) return { kind: 'refused', problems: yaml.problems };
  const root = yaml.document.contents;
  if (!isMap(root)) return refused('', 'The options are not an object.');
  const context = new ParseContext(yaml, new Map());
  const layer = parseBlock(root, SERVICE_OPTIONS, '', context);
  const errors = context.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return { kind: 'refused', problems: errors };
  for (const [key, value] of layer) {
    if (value instanceof TreatmentValue && value.treatment && isAbsolute(value.treatment.file)) {
      return refused(key, 'A request names files of the media folder or URLs only.');
    }
  }
  const built = buildService(service.name, [layer, blockOfRaw(service.raw)]);
  return { kind: 'ok', service: deepFreeze(built) };
}

function isOverwritable(service: ServiceConfig, name: string): boolean {
  const spec = findServiceOption(name);
  return (
    spec !== undefined &&
    (spec.key === CUSTOMER_ZONE ||
      service.request.overwritableOptions.some((allowed) => findServiceOption(allowed) === spec))
  );
}

function refused(path: string, message: string, allowed?: string): OverrideResult {
  const problem: Problem = {
    code: 'CONFIG_NOT_ALLOWED',
    severity: 'error',
    file: SOURCE,
    line: 1,
    column: 1,
    path,
    message,
    ...(allowed && { allowed }),
  };
  return { kind: 'refused', problems: [problem] };
}
