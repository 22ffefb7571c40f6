/** What a configuration says of queues and agents that cannot be meant. */
import { finding } from './check-finding.js';
import type { DialbackConfig, ServiceConfig } from './config.js';
import { isWritten, writtenPath } from './positions.js';
import type { Problem } from './problem.js';

export function checkQueues(config: DialbackConfig): Problem[] {
  return [
    ...Object.values(config.queues).flatMap((queue) => [
      ...hasSomebody(config, queue),
      ...optionsOfItsKind(config, queue),
    ]),
    ...agentsServe(config),
    ...Object.values(config.services).flatMap((service) => [
      ...hasQueue(config, service),
      ...saysItOnce(config, service),
      ...waitsForSomebody(config, service),
      ...showsANumber(config, service),
    ]),
  ];
}

type Queue = DialbackConfig['queues'][string];

function hasSomebody(config: DialbackConfig, queue: Queue): Problem[] {
  const key = queue.kind === 'sip' ? 'targets' : 'agents';
  if ((queue.kind === 'sip' ? queue.targets : queue.seats).length > 0) return [];
  const path = `queues.${queue.name}.${key}`;
  return [finding(config, 'CHECK_NO_QUEUE', 'error', path, 'A queue with nobody in it.')];
}

const OF_AGENTS = [
  'agents',
  'strategy',
  'ringTimeoutMs',
  'progressiveDelayMs',
  'wrapUpMs',
  'missPauseMs',
  'missesMax',
  'expectedHandleMs',
];

function optionsOfItsKind(config: DialbackConfig, queue: Queue): Problem[] {
  const useless = queue.kind === 'sip' ? OF_AGENTS : ['targets'];
  const found = useless.filter((key) => isWritten(config, `queues.${queue.name}.${key}`));
  const isPaced = queue.kind === 'agents' && queue.strategy !== 'progressive';
  const paceless = isPaced && isWritten(config, `queues.${queue.name}.progressiveDelayMs`);
  return [
    ...found.map((key) =>
      contradiction(
        config,
        `queues.${queue.name}.${key}`,
        `Not used by a queue of kind \`${queue.kind}\`.`,
      ),
    ),
    ...(paceless
      ? [
          contradiction(
            config,
            `queues.${queue.name}.progressiveDelayMs`,
            'Used with `strategy: progressive` only.',
          ),
        ]
      : []),
  ];
}

function agentsServe(config: DialbackConfig): Problem[] {
  const serving = new Set(
    Object.values(config.queues).flatMap((queue) =>
      queue.kind === 'agents' ? queue.seats.map(({ agent }) => agent) : [],
    ),
  );
  const services = Object.values(config.services);
  for (const { search } of services) for (const { queue } of search.steps) serving.add(queue);
  if (services.some(({ request }) => request.overwritableOptions.includes('_target'))) return [];
  return Object.keys(config.agents)
    .filter((name) => !serving.has(name))
    .map((name) =>
      contradiction(config, `agents.${name}`, 'Never called: in no queue, and no `_target`.'),
    );
}

function hasQueue(config: DialbackConfig, service: ServiceConfig): Problem[] {
  const { name, options } = service;
  if (options.queue !== undefined) return [];
  const mayRouteElsewhere = options.pluginOnDialUrl !== undefined || options.vxmlUrl !== undefined;
  const severity = mayRouteElsewhere ? 'warning' : 'error';
  const message = `Customers of ${name} who answer have nobody to wait for.`;
  return [finding(config, 'CHECK_NO_QUEUE', severity, place(config, service, 'queue'), message)];
}

function saysItOnce(config: DialbackConfig, service: ServiceConfig): Problem[] {
  const path = writtenPath(config, service.name, 'queue');
  if (!service.search.isByTarget || path === undefined) return [];
  return [contradiction(config, path, 'Not used: `_target` says where customers wait.')];
}

/** Who is free can be known of agents of our own only. */
function waitsForSomebody(config: DialbackConfig, service: ServiceConfig): Problem[] {
  const { options, search } = service;
  const [first] = search.steps;
  const path = place(config, service, '_wait_for_agent');
  const isKnown = first !== undefined && config.queues[first.queue]?.kind !== 'sip';
  if (!options.waitsForAgent || first === undefined || isKnown) return [];
  const message = `We dial without waiting: the queue ${first.queue} does not tell who is free.`;
  return [contradiction(config, path, message)];
}

/** Of the hints only the number is used, and only one that fits into From. */
function showsANumber(config: DialbackConfig, service: ServiceConfig): Problem[] {
  const path = writtenPath(config, service.name, '_ixn_redirect_hints');
  if (path === undefined || service.options.cpnDigits !== undefined) return [];
  const message =
    'Not used: it has no `extensions.CPNDigits` of digits alone, with a + or without.';
  return [contradiction(config, path, message)];
}

function place(config: DialbackConfig, { name }: ServiceConfig, key: string): string {
  return writtenPath(config, name, key) ?? `services.${name}.${key}`;
}

function contradiction(config: DialbackConfig, path: string, message: string): Problem {
  return finding(config, 'CHECK_CONTRADICTION', 'warning', path, message);
}
