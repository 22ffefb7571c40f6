/** Queues and agents, and the names by which services and queues refer to them. */
import type { AgentPlan, QueuePlan, QueuePlans } from '../handoff/queue/plans.js';
import { addFault, readersOf, type BuildContext } from './build-parts.js';
import type { ServiceConfig } from './config.js';
import { nearestName } from './nearest-name.js';
import { PACINGS, AGENT_STARTS, EARLY_MEDIA, STRATEGIES } from './schema-terms.js';
import type { OptionReader } from './values.js';

export function buildAgents(read: OptionReader): AgentPlan[] {
  return readersOf('agents', read).map(([name, agent]) => ({
    name,
    uri: agent.optionalText('uri') ?? '',
    startsAs: agent.choice('startsAs', AGENT_STARTS),
  }));
}

export function buildQueues(
  read: OptionReader,
  agents: readonly AgentPlan[],
  context: BuildContext,
): QueuePlan[] {
  const names = agents.map(({ name }) => name);
  return readersOf('queues', read).map(([name, queue]) => buildQueue(name, queue, names, context));
}

function buildQueue(
  name: string,
  read: OptionReader,
  agents: readonly string[],
  context: BuildContext,
): QueuePlan {
  const seats = readersOf('agents', read).map(([, seat]) => ({
    agent: seat.optionalText('name') ?? '',
    tier: seat.number('tier'),
  }));
  const kind = read.optionalText('kind') ?? (seats.length > 0 ? 'agents' : 'sip');
  const any = {
    name,
    earlyMedia: read.choice('earlyMedia', EARLY_MEDIA),
    serviceLevelMs: read.durationMs('serviceLevelMs'),
  };
  if (kind === 'sip') {
    const targets = readersOf('targets', read).map(([, target]) => ({
      uri: target.optionalText('uri') ?? '',
      ringTimeoutMs: target.optionalNumber('ringTimeoutMs') ?? 0,
    }));
    if (!read.isSet('targets')) {
      const message = 'A queue of kind `sip` needs its targets.';
      addFault(context, 'CONFIG_MISSING_OPTION', `queues.${name}.targets`, message);
    }
    return { ...any, kind, targets };
  }
  seats.forEach(({ agent }, index) => {
    const path = `queues.${name}.agents[${index}].name`;
    const message = 'No agent of this name is defined.';
    refuseUnknown(agent, agents, { code: 'CONFIG_UNKNOWN_AGENT', path, message }, context);
  });
  return {
    ...any,
    kind: 'agents',
    strategy: read.choice('strategy', STRATEGIES),
    seats,
    ringTimeoutMs: read.durationMs('ringTimeoutMs'),
    progressiveDelayMs: read.durationMs('progressiveDelayMs'),
    wrapUpMs: read.durationMs('wrapUpMs'),
    missPauseMs: read.durationMs('missPauseMs'),
    missesMax: read.number('missesMax'),
    expectedHandleMs: read.durationMs('expectedHandleMs'),
    ...(read.choice('pacing', PACINGS) === 'progressive' && {
      pacing: { soonFreeMs: read.durationMs('soonFreeMs') },
    }),
  };
}

/**
 * A service that names a queue nobody defined would fail every callback. Said when nothing else is
 * wrong: a queue may be missing only because its block could not be read.
 */
export function refuseUnknownQueues(
  services: readonly ServiceConfig[],
  { queues, agents }: QueuePlans,
  context: BuildContext,
): void {
  if (context.problems.some(({ severity }) => severity === 'error')) return;
  const names = queues.map(({ name }) => name);
  const targets = [...names, ...agents.map(({ name }) => name)];
  const said = new Set<string>();
  for (const { name, options, search } of services) {
    const key = search.isByTarget ? '_target' : 'queue';
    const wanted = search.isByTarget ? search.steps.map(({ queue }) => queue) : [options.queue];
    // Of several services that have it from the defaults it is said once.
    const path =
      [`services.${name}.${key}`, `defaults.${key}`].find((at) => context.positions.has(at)) ??
      `services.${name}.${key}`;
    for (const queue of wanted) {
      if (queue === undefined || said.has(`${path} ${queue}`)) continue;
      said.add(`${path} ${queue}`);
      const known = search.isByTarget ? targets : names;
      const message = `No queue${search.isByTarget ? ' or agent' : ''} of this name is defined.`;
      refuseUnknown(queue, known, { code: 'CONFIG_UNKNOWN_QUEUE', path, message }, context);
    }
  }
}

function refuseUnknown(
  found: string,
  known: readonly string[],
  fault: {
    readonly code: 'CONFIG_UNKNOWN_QUEUE' | 'CONFIG_UNKNOWN_AGENT';
    readonly path: string;
    readonly message: string;
  },
  context: BuildContext,
): void {
  if (found === '' || known.includes(found)) return;
  const suggestion = nearestName(found, known);
  const hints = { found, ...(suggestion !== undefined && { suggestion }) };
  addFault(context, fault.code, fault.path, fault.message, hints);
}
