/**
 * What a configuration says that cannot be meant: options that cancel each other out, names nobody
 * defined, doors left open. One function a rule; each looks at the finished configuration only.
 */
import { isTls } from '../dial/trunk.js';
import { isLoopbackHost } from './build-parts.js';
import { finding } from './check-finding.js';
import { checkQueues } from './check-queues.js';
import type { DialbackConfig, ServiceConfig } from './config.js';
import { nearestName } from './nearest-name.js';
import { isWritten, writtenPath } from './positions.js';
import type { Problem } from './problem.js';
import { findServiceOption, SERVICE_OPTIONS } from './schema.js';

type ServiceRule = (config: DialbackConfig, service: ServiceConfig) => Problem[];
type Rule = (config: DialbackConfig) => Problem[];

/** Everything that can be said without looking at the disk or the network. */
export function checkRules(config: DialbackConfig): Problem[] {
  return [
    ...checkQueues(config),
    ...RULES.flatMap((rule) => rule(config)),
    ...Object.values(config.services).flatMap((service) =>
      SERVICE_RULES.flatMap((rule) => rule(config, service)),
    ),
  ];
}

const hasServices: Rule = (config) =>
  Object.keys(config.services).length > 0
    ? []
    : [
        warn(
          config,
          'CHECK_NO_SERVICE',
          'services',
          'There is no service to request a callback of.',
        ),
      ];

const trunksFitTheEngine: Rule = (config) => {
  const { engine, trunks, embedded } = config;
  if (engine === 'servers' && trunks.length === 0) {
    return [
      warn(config, 'CHECK_NO_TRUNK', 'trunks', 'Without a trunk every dial ends in call state 41.'),
    ];
  }
  if (engine !== 'embedded') return [];
  return trunks.flatMap(({ uri }, index) => {
    const path = `trunks[${index}].uri`;
    if (uri.startsWith('sips:')) {
      return [
        contradiction(config, path, 'The embedded engine has no TLS and will refuse this trunk.'),
      ];
    }
    const host = /^sips?:(\[[^\]]*\]|[^:;]*)/.exec(uri)?.[1]?.replace(/[[\]]/g, '') ?? '';
    if (!isLoopbackHost(embedded.sipHost) || isLoopbackHost(host)) return [];
    const message = `The engine listens on ${embedded.sipHost} only, which this trunk cannot answer to: set embedded.sipHost.`;
    return [contradiction(config, path, message)];
  });
};

/** RFC 4568 section 7: the keys stand in the SDP. */
const keysTravelInTls: Rule = (config) =>
  config.trunks.flatMap(({ isSecure, uri, proxyUri }, index) => {
    if (isSecure !== true || isTls(proxyUri ?? uri)) return [];
    const message =
      'The SRTP keys go out in clear: `sips:` or `;transport=tls` in the trunk’s URI.';
    return [contradiction(config, `trunks[${index}].srtp`, message)];
  });

/** A name without a password, or the other way round, authenticates nobody. */
const credentialsAreWhole: Rule = (config) =>
  config.trunks.flatMap(({ username, password }, index) => {
    if ((username === undefined) === (password === undefined)) return [];
    const has = username === undefined ? 'password' : 'username';
    const message = 'Not used: `username` and `password` go together.';
    return [contradiction(config, `trunks[${index}].${has}`, message)];
  });

const unusedBlocks: Rule = (config) => {
  const unused = config.engine === 'embedded' ? ['drachtio', 'freeswitch'] : ['embedded'];
  return unused
    .filter((path) => isWritten(config, path) && !isEmptyPool(config, path))
    .map((path) => contradiction(config, path, `Not used with \`engine: ${config.engine}\`.`));
};

function isEmptyPool(config: DialbackConfig, path: string): boolean {
  return path === 'freeswitch' && config.freeswitch.length === 0;
}

const recordedServicesExist: Rule = (config) => {
  const named = config.cpd.recorder?.services ?? [];
  const unknown = named.filter((name) => !Object.hasOwn(config.services, name));
  if (unknown.length === 0) return [];
  const message = `Records nothing of ${unknown.join(', ')}: no service has this name.`;
  return [contradiction(config, 'cpd.recorder.services', message)];
};

const remoteServersFindUs: Rule = (config) =>
  config.freeswitch.flatMap((server, index) => {
    if (isLoopbackHost(server.host)) return [];
    const path = `freeswitch[${index}]`;
    const problems: Problem[] = [];
    if (server.advertise === undefined) {
      const message = 'This server runs on another machine and is not told our address.';
      problems.push(warn(config, 'CHECK_NOT_SHARED', `${path}.advertise`, message));
    }
    if (server.mediaPath === undefined) {
      const message = `This server has to see the media folder as ${config.media.directory}; if not, set mediaPath.`;
      problems.push(warn(config, 'CHECK_NOT_SHARED', `${path}.mediaPath`, message));
    }
    return problems;
  });

const httpIsClosed: Rule = (config) =>
  config.http.isLoopback || config.http.auth.kind === 'keys'
    ? []
    : [
        warn(
          config,
          'CHECK_PUBLIC_HTTP',
          'http.auth',
          'Anybody who reaches this listener can order calls.',
        ),
      ];

const MACHINE = '_treatment_call_failure_answering_machine';

const messageCanBeLeft: ServiceRule = (config, service) => {
  const { options } = service;
  const path = writtenPath(config, service.name, MACHINE);
  const why =
    options.amDetected === 'drop'
      ? '`amDetected: drop` hangs up on machines first'
      : options.isCpdEnabled
        ? undefined
        : '`_cpd_enable: false` takes every answer for a human';
  if (why !== undefined && path !== undefined && options.answeringMachineTreatment) {
    return [contradiction(config, path, `The message is never left: ${why}.`)];
  }
  if (!options.completeAfterMessage || (why === undefined && options.answeringMachineTreatment))
    return [];
  const message = 'No message is ever left on a machine, so this never ends a callback.';
  return [contradiction(config, place(config, service, 'completeAfterMessage'), message)];
};

const pluginGoesFirst: ServiceRule = (config, service) => {
  const { options, name } = service;
  const problems: Problem[] = [];
  const who =
    options.pluginOnDialUrl !== undefined
      ? 'plugin'
      : options.vxmlUrl !== undefined
        ? 'page'
        : undefined;
  if (who === 'plugin' && options.vxmlUrl !== undefined) {
    const path = place(config, service, '_on_customer_connect_treatment_url');
    problems.push(contradiction(config, path, 'Never run: the plugin goes first.'));
  }
  const connect = `services.${name}._treatment_customer_connect`;
  const onError = who === 'plugin' ? options.onPluginError : options.onVxmlError;
  if (
    who !== undefined &&
    onError === 'fail' &&
    options.customerConnectTreatment &&
    isWritten(config, connect)
  ) {
    problems.push(
      contradiction(config, connect, `Never played: the ${who} decides what a human hears.`),
    );
  }
  return problems;
};

const pluginsReachUs: ServiceRule = (config, service) => {
  const { options, pluginRunner } = service;
  if (options.pluginOnDialUrl === undefined) return [];
  if (pluginRunner === 'ors' && config.orchestration.url === undefined) {
    const message = '`pluginRunner: ors` needs `orchestration.url`.';
    return [
      finding(
        config,
        'CHECK_CONTRADICTION',
        'error',
        place(config, service, 'pluginRunner'),
        message,
      ),
    ];
  }
  const needsReplyUrl = pluginRunner !== 'embedded' && config.http.publicUrl === undefined;
  const host = new URL(options.pluginOnDialUrl).hostname;
  if (!needsReplyUrl || isLoopbackHost(host.replace(/[[\]]/g, ''))) return [];
  const message = 'A plugin on another machine has to reach us to reply: set `http.publicUrl`.';
  return [contradiction(config, place(config, service, '_plugin_on_dial_url'), message)];
};

const apologyIsHeard: ServiceRule = (config, service) => {
  const path = writtenPath(config, service.name, '_treatment_find_agent_fail');
  const { agentWaitMaxMs, findAgentFailTreatment } = service.options;
  if (agentWaitMaxMs > 0 || path === undefined || !findAgentFailTreatment) return [];
  const message = 'Never played: `_max_time_to_wait_for_agent_on_the_call: 0` waits without end.';
  return [contradiction(config, path, message)];
};

const retryFitsLife: ServiceRule = (config, service) => {
  const { ttlMs, dialRetryMs, maxDialAttempts } = service.options;
  if (ttlMs === 0 || maxDialAttempts === 1 || dialRetryMs < ttlMs) return [];
  const message = 'No second attempt: the callback’s life (`_ttl`) is over before.';
  return [contradiction(config, place(config, service, '_dial_retry_timeout'), message)];
};

const lookupKeysHoldTheMandatory: ServiceRule = (config, service) => {
  const { lookupKeys, mandatoryLookupKeys } = service.request;
  const missing = mandatoryLookupKeys.filter((key) => !lookupKeys.includes(key));
  if (missing.length === 0) return [];
  const path = place(config, service, '_mandatory_customer_lookup_keys');
  const message = '`_customer_lookup_keys` has to contain every mandatory key.';
  return [
    finding(config, 'CHECK_CONTRADICTION', 'error', path, message, { found: missing.join(', ') }),
  ];
};

const overwritableOptionsExist: ServiceRule = (config, service) =>
  service.request.overwritableOptions
    .filter((name) => findServiceOption(name) === undefined)
    .map((name) => {
      const suggestion = nearestName(
        name,
        SERVICE_OPTIONS.map(({ key }) => key),
      );
      const path = place(config, service, '_overwritable_options');
      const hints = { found: name, ...(suggestion !== undefined && { suggestion }) };
      return finding(config, 'CHECK_CONTRADICTION', 'warning', path, 'No such option.', hints);
    });

const webhooksAreSigned: ServiceRule = (config, service) =>
  service.pluginRunner !== 'webhook' ||
  service.options.pluginOnDialUrl === undefined ||
  config.webhook.secret !== undefined
    ? []
    : [
        warn(
          config,
          'CHECK_UNSIGNED_WEBHOOK',
          place(config, service, 'pluginRunner'),
          'Requests to the webhook are not signed: set `webhook.secret`.',
        ),
      ];

const destinationsAreLimited: ServiceRule = (config, service) =>
  config.trunks.length === 0 ||
  service.limits.allowedCountries.length + config.dialling.allowedCountries.length > 0
    ? []
    : [
        warn(
          config,
          'CHECK_ANY_DESTINATION',
          place(config, service, 'allowedCountries'),
          'Requests may dial any country of the world.',
        ),
      ];

const RULES: readonly Rule[] = [
  hasServices,
  trunksFitTheEngine,
  keysTravelInTls,
  credentialsAreWhole,
  unusedBlocks,
  recordedServicesExist,
  remoteServersFindUs,
  httpIsClosed,
];

const recordsApart: ServiceRule = (config, service) => {
  const { recording } = service.handoff;
  if (recording === undefined || recording.includes('{callbackId}')) return [];
  const path = place(config, service, 'recordCalls');
  const message =
    'Without `{callbackId}` in it calls record over each other, and `recordings` deletes none.';
  return [contradiction(config, path, message)];
};

const SERVICE_RULES: readonly ServiceRule[] = [
  recordsApart,
  messageCanBeLeft,
  pluginGoesFirst,
  pluginsReachUs,
  apologyIsHeard,
  retryFitsLife,
  lookupKeysHoldTheMandatory,
  overwritableOptionsExist,
  webhooksAreSigned,
  destinationsAreLimited,
];

function place(config: DialbackConfig, service: ServiceConfig, key: string): string {
  return writtenPath(config, service.name, key) ?? `services.${service.name}.${key}`;
}

function warn(
  config: DialbackConfig,
  code: Problem['code'],
  path: string,
  message: string,
): Problem {
  return finding(config, code, 'warning', path, message);
}

function contradiction(config: DialbackConfig, path: string, message: string): Problem {
  return warn(config, 'CHECK_CONTRADICTION', path, message);
}
