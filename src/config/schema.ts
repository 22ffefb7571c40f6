/**
 * The whole configuration, each option once: name, type and unit, range, default, what it does and
 * where it comes from. Loading, `check`, the reference, the JSON Schema for editors and the search
 * for misspelt names read nothing else.
 */
import { SERVICE_NAME } from './schema-parts.js';
import { SERVER_OPTIONS } from './schema-servers.js';
import { SERVICE_OPTIONS } from './schema-service.js';
import type { OptionSpec } from './schema-types.js';

export {
  IGNORED_OPTIONS,
  ignoredMessage,
  ignoredOptionNames,
  insteadOf,
  isIgnoredOption,
} from './schema-ignored.js';
export { SERVER_OPTIONS } from './schema-servers.js';
export { SERVICE_GROUPS, SERVICE_OPTIONS } from './schema-service.js';

const serviceBlock = { kind: 'block', options: SERVICE_OPTIONS } as const;

/** The document's top level. */
export const CONFIG_OPTIONS: readonly OptionSpec[] = [
  ...SERVER_OPTIONS,
  {
    key: 'defaults',
    type: serviceBlock,
    doc: 'Service options for every service that does not set them itself.',
    source: 'the `callback` section of Genesys',
  },
  {
    key: 'services',
    type: { kind: 'map', of: serviceBlock, maxItems: 1000 },
    doc: 'The services that callbacks can be requested of, by name.',
    source: 'the `service.NAME` sections of Genesys',
  },
];

/** Names of services, queues and route points. */
export const ENTRY_NAME = SERVICE_NAME;

const BY_NAME: ReadonlyMap<string, OptionSpec> = new Map(
  SERVICE_OPTIONS.flatMap((spec) =>
    [spec.key, spec.genesysName, spec.misprint]
      .filter((name) => name !== undefined)
      .map((name) => [name, spec]),
  ),
);

/** A service option by any of its names. */
export function findServiceOption(name: string): OptionSpec | undefined {
  return BY_NAME.get(name);
}
