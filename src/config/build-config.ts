/**
 * Checked values to the finished configuration: paths made absolute, addresses taken apart, services
 * built, and the few rules that span several options and must hold before anything starts.
 */
import { isIP } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAgents, buildQueues, refuseUnknownQueues } from './build-queues.js';
import { buildDialling } from './build-limits.js';
import { buildService } from './build-service.js';
import { buildCapacities, buildOfficeHours, refuseUnknownTimes } from './build-time.js';
import type {
  CpdConfig,
  DialbackConfig,
  LogLevel,
  RoutePointConfig,
  ServiceConfig,
  StoreConfig,
} from './config.js';
import { addFault, blockReader, readersOf, textsByName, type BuildContext } from './build-parts.js';
import { buildHttp } from './build-http.js';
import { buildTelephony } from './build-telephony.js';
import { buildTrunks, refuseInbound } from './build-trunks.js';
import { CONFIG_OPTIONS } from './schema.js';
import { TRANSFERS } from './schema-handoff.js';
import { CPD_PROFILES, SPEECH_PROGRAMS } from './schema-terms.js';
import { OptionReader, type Block } from './values.js';

const BYTES_PER_MEGABYTE = 1_000_000;
const MS_PER_DAY = 86_400_000;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The product's own sounds. */
export function packagedMediaDirectory(): string {
  return fileURLToPath(new URL('../../media', import.meta.url));
}

export function buildConfig(
  values: Block,
  context: BuildContext,
): Omit<DialbackConfig, 'warnings'> {
  const read = new OptionReader(CONFIG_OPTIONS, [values]);
  const engine = read.choice('engine', ['embedded', 'servers']);
  const services = buildServices(read);
  const agents = buildAgents(read);
  const queues = buildQueues(read, agents, context);
  refuseUnknownQueues(services, { queues, agents }, context);
  const officeHours = dictionary(buildOfficeHours(read));
  const capacities = dictionary(buildCapacities(read));
  const known = { officeHours: Object.keys(officeHours), capacities: Object.keys(capacities) };
  refuseInbound(read, services, context);
  refuseUnknownTimes(services, known, context);
  const orchestration = { url: blockReader('orchestration', read).optionalText('url') };
  return {
    file: context.file,
    engine,
    embedded: buildEmbedded(blockReader('embedded', read)),
    ...buildTelephony(read, context),
    ...buildTrunks(read, context),
    dialling: buildDialling(blockReader('dialling', read), context),
    media: buildMedia(blockReader('media', read), context),
    speech: buildSpeech(blockReader('speech', read)),
    cpd: buildCpd(blockReader('cpd', read), context),
    queues: dictionary(queues.map((queue) => [queue.name, queue])),
    agents: dictionary(agents.map((agent) => [agent.name, agent])),
    routePoints: dictionary(
      readersOf('routePoints', read).map(([name, reader]) => [name, buildRoutePoint(reader)]),
    ),
    officeHours,
    capacities,
    store: buildStore(blockReader('store', read), context),
    recordings: buildRecordings(blockReader('recordings', read)),
    http: buildHttp(blockReader('http', read), context),
    shutdown: { drainTimeoutMs: blockReader('shutdown', read).durationMs('drainTimeout') },
    orchestration,
    callRecords: buildCallRecords(blockReader('callRecords', read), context),
    notifications: { secrets: blockReader('notifications', read).texts('secrets') },
    webhook: { secret: blockReader('webhook', read).optionalText('secret') },
    allowedOrigins: collectOrigins(read.texts('allowedOrigins'), orchestration.url, services),
    allowedAddresses: buildNetworks(read.texts('allowedAddresses'), context),
    log: { level: blockReader('log', read).choice<LogLevel>('level', LOG_LEVELS) },
    services: dictionary(services.map((service) => [service.name, service])),
  };
}

function buildServices(read: OptionReader): ServiceConfig[] {
  const defaults = read.block('defaults');
  return read.blocks('services').map(([name, block]) => buildService(name, [block, defaults]));
}

function buildEmbedded(read: OptionReader): DialbackConfig['embedded'] {
  const sipHost = read.text('sipHost');
  const rtpHost = read.optionalText('rtpHost') ?? sipHost;
  return { sipHost, sipPort: read.number('sipPort'), rtpHost };
}

function buildRoutePoint(read: OptionReader): RoutePointConfig {
  const uri = read.optionalText('uri') ?? '';
  const written = read.optionalText('transfer');
  const transfer = TRANSFERS.find((one) => one === written);
  return transfer === undefined ? { uri } : { uri, transfer };
}

function buildSpeech(read: OptionReader): DialbackConfig['speech'] {
  const voices = Object.entries(textsByName(read, 'voices'));
  return {
    program: read.choice('program', SPEECH_PROGRAMS),
    voices: Object.fromEntries(voices.map(([language, voice]) => [language.toLowerCase(), voice])),
    wordsPerMinute: read.number('wordsPerMinute'),
  };
}

function buildMedia(read: OptionReader, context: BuildContext): DialbackConfig['media'] {
  const packagedDirectory = packagedMediaDirectory();
  const named = read.optionalText('directory');
  const directory = named === undefined ? packagedDirectory : resolve(context.folder, named);
  const exchange = read.optionalText('exchangeDirectory');
  return {
    directory,
    packagedDirectory,
    exchangeDirectory: exchange === undefined ? undefined : resolve(context.folder, exchange),
  };
}

function buildCpd(read: OptionReader, context: BuildContext): CpdConfig {
  const recorder = blockReader('recorder', read);
  const directory = recorder.optionalText('directory');
  const wanted = new Set(read.texts('shadowProfiles'));
  const calibration = read.optionalText('calibration');
  return {
    calibrationFile: calibration === undefined ? undefined : resolve(context.folder, calibration),
    shadowProfiles: CPD_PROFILES.filter((profile) => wanted.has(profile)),
    recorder:
      directory === undefined
        ? undefined
        : {
            directory: resolve(context.folder, directory),
            seconds: recorder.number('seconds'),
            retentionDays: recorder.number('retentionDays'),
            services: recorder.texts('services'),
          },
  };
}

function buildCallRecords(
  read: OptionReader,
  context: BuildContext,
): DialbackConfig['callRecords'] {
  const file = read.optionalText('file');
  if (file === undefined) return undefined;
  const limits = { maxBytes: read.number('maxBytes'), keptFiles: read.number('keptFiles') };
  return { file: resolve(context.folder, file), ...limits };
}

function buildRecordings(read: OptionReader): DialbackConfig['recordings'] {
  return {
    ageMaxMs: read.number('retentionDays') * MS_PER_DAY,
    bytesMax: read.number('maxMegabytes') * BYTES_PER_MEGABYTE,
  };
}

function buildStore(read: OptionReader, context: BuildContext): StoreConfig {
  const url = read.text('url');
  const retentionDays = read.number('retentionDays');
  if (!url.startsWith('sqlite:')) {
    return { kind: 'postgres', url, retentionDays, leaseMs: read.number('leaseMs') };
  }
  const named = url.slice('sqlite:'.length);
  const path = named === ':memory:' || isAbsolute(named) ? named : resolve(context.folder, named);
  return { kind: 'sqlite', url: `sqlite:${path}`, path, retentionDays };
}

/** A URL that stands in the file is trusted, and so is what its page loads from the same origin. */
function collectOrigins(
  written: readonly string[],
  orchestrationUrl: string | undefined,
  services: readonly ServiceConfig[],
): readonly string[] {
  const urls = services.flatMap(({ options, notification }) => [
    options.pluginOnDialUrl,
    options.vxmlUrl,
    options.customerConnectTreatment?.file,
    options.waitingForAgentTreatment?.file,
    options.findAgentFailTreatment?.file,
    options.answeringMachineTreatment?.file,
    options.pluginComfort?.file,
    options.pluginTimeoutTreatment?.file,
    notification.target,
  ]);
  const origins = [...written, orchestrationUrl, ...urls]
    .filter((url) => url !== undefined && /^https?:/i.test(url))
    .map((url) => new URL(url ?? '').origin);
  return [...new Set(origins)].sort();
}

function buildNetworks(texts: readonly string[], context: BuildContext): readonly string[] {
  texts.forEach((text, index) => {
    const [address = '', bits = '0'] = text.split('/');
    const version = isIP(address);
    if (version !== 0 && Number(bits) <= (version === 4 ? 32 : 128)) return;
    const allowed = 'an address or a network, such as 10.0.0.0/8';
    const path = `allowedAddresses[${index}]`;
    addFault(context, 'CONFIG_BAD_FORMAT', path, 'Not an address.', { allowed });
  });
  return texts;
}

/** Without a prototype: a name from a request, such as `constructor`, finds nothing by accident. */
function dictionary<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  const record = Object.create(null) as Record<string, T>;
  for (const [name, value] of entries) record[name] = value;
  return record;
}
