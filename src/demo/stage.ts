/**
 * Sets a configuration on the demo's stage: the far end becomes the only trunk and every queue, the
 * store a temporary file, and waits that take minutes in production take seconds. What the services
 * say about treatments, answers, attempts and plugins is left as it is: that is what is shown.
 */
import type { ServiceOptions } from '../callflow/service-options.js';
import type { DialbackConfig, ServiceConfig } from '../config/config.js';
import type { QueuePlan } from '../handoff/queue/plans.js';

const RETRY_MS = 1000;
/** Longer than the longest announcement that comes before a refusal. */
const RING_MS = 5000;
const ANALYSIS_MS = 4000;
const BEEP_WAIT_MS = 1500;
const GREETING_WAIT_MS = 12_000;
const AGENT_RETRY_MS = 500;
const LIFE_MS = 600_000;
/** How much longer than the agent needs a customer waits before nobody is found. */
const AGENT_WAIT_SPARE_MS = 3000;

export interface StageOptions {
  readonly farEnd: { readonly host: string; readonly port: number };
  readonly storePath: string;
  /** Where the demo's own plugin listens, without a slash at the end. */
  readonly pluginOrigin: string;
  /** How long an agent takes to answer, so that waiting music is heard before. */
  readonly agentAnswersAfterMs: number;
}

export function setStage(config: DialbackConfig, options: StageOptions): DialbackConfig {
  const { farEnd, storePath } = options;
  const services = Object.entries(config.services).map(
    ([name, service]) => [name, quicken(service, options)] as const,
  );
  const move = (uri: string) => `sip:${userPartOf(uri)}@${farEnd.host}:${farEnd.port}`;
  const queues = Object.entries(config.queues).map(([name, queue]): [string, QueuePlan] => {
    if (queue.kind === 'agents') return [name, queue];
    const targets = queue.targets.map((target) => ({ ...target, uri: move(target.uri) }));
    return [name, { ...queue, targets }];
  });
  const agents = Object.entries(config.agents).map(
    ([name, agent]) => [name, { ...agent, uri: move(agent.uri) }] as const,
  );
  const routePoints = Object.entries(config.routePoints).map(
    ([name, { uri }]) => [name, { uri: move(uri) }] as const,
  );
  return {
    ...config,
    engine: 'embedded',
    embedded: { sipHost: '127.0.0.1', sipPort: 0, rtpHost: '127.0.0.1' },
    drachtio: [],
    freeswitch: [],
    trunks: [
      {
        name: 'far-end',
        uri: `sip:${farEnd.host}:${farEnd.port}`,
        username: undefined,
        password: undefined,
        maxConcurrentCalls: 200,
        maxCallsPerSecond: 100,
        priority: 1,
      },
    ],
    queues: Object.fromEntries(queues),
    agents: Object.fromEntries(agents),
    routePoints: Object.fromEntries(routePoints),
    store: { kind: 'sqlite', url: `sqlite:${storePath}`, path: storePath, retentionDays: 0 },
    http: {
      host: '127.0.0.1',
      port: 0,
      isLoopback: true,
      publicUrl: undefined,
      auth: { kind: 'none' },
      corsOrigins: [],
      tls: undefined,
      maxBodyBytes: 65_536,
      rateLimits: { perKey: 0, perAddress: 0 },
    },
    allowedOrigins: [...config.allowedOrigins, options.pluginOrigin],
    services: Object.fromEntries(services),
  };
}

const OTHER_SIDES = ['agent', 'agent-busy', 'agent-no-answer', 'route-point'] as const;

/** The far end's persona behind an address: named by the user part, else an agent queue. */
export function otherSide(uri: string): 'queue' | (typeof OTHER_SIDES)[number] {
  const user = userPartOf(uri);
  return OTHER_SIDES.find((persona) => persona === user) ?? 'queue';
}

/**
 * The route point to which the demo's own plugin sends the customers of a service: its webhook is on a
 * host that cannot exist (RFC 2606), and its path says which.
 */
export function pluginDestination({ options, pluginRunner }: ServiceConfig): string | undefined {
  const url = options.pluginOnDialUrl;
  if (url === undefined || pluginRunner !== 'webhook') return undefined;
  const { hostname, pathname } = new URL(url);
  return /(^|\.)example\.(net|com|org)$/.test(hostname) ? pathname.slice(1) : undefined;
}

export function userPartOf(uri: string): string {
  return /^sips?:([^@;]+)@/.exec(uri)?.[1] ?? 'queue';
}

/** Does somebody answer in the queue this service uses? The first one who answers counts. */
export function hasAgent(config: DialbackConfig, options: ServiceOptions): boolean {
  for (const uri of addressesIn(config, options.queue)) {
    const persona = otherSide(uri);
    if (persona === 'queue' || persona === 'agent') return true;
    if (persona === 'agent-no-answer') return false;
  }
  return false;
}

/** Whom a queue calls, in their order. */
function addressesIn(config: DialbackConfig, name: string | undefined): readonly string[] {
  const queue = name === undefined ? undefined : config.queues[name];
  if (queue?.kind === 'sip') return queue.targets.map(({ uri }) => uri);
  return (queue?.seats ?? []).flatMap(({ agent }) => config.agents[agent]?.uri ?? []);
}

function quicken(
  service: ServiceConfig,
  { agentAnswersAfterMs, pluginOrigin }: StageOptions,
): ServiceConfig {
  const { options, request } = service;
  const destination = pluginDestination(service);
  const waitMaxMs = agentAnswersAfterMs + AGENT_WAIT_SPARE_MS;
  return {
    ...service,
    postConnectTimeoutMs: Math.min(service.postConnectTimeoutMs, ANALYSIS_MS),
    limits: {
      ...service.limits,
      allowedCountries: [],
      refusesImpossibleNumbers: false,
      refusedKinds: [],
      maxConcurrentCalls: undefined,
      maxCallsPerSecond: undefined,
      maxAttemptsPerDay: undefined,
    },
    request: {
      ...request,
      mandatoryLookupKeys: ['_customer_number'],
      openPerNumberMax: undefined,
      throttleWindows: [],
      throttleParameters: [],
      maxQueuedCallbacks: Number.MAX_SAFE_INTEGER,
    },
    options: {
      ...options,
      ...(destination !== undefined && { pluginOnDialUrl: `${pluginOrigin}/${destination}` }),
      dialRetryMs: Math.min(options.dialRetryMs, RETRY_MS),
      ringTimeoutMs: Math.min(options.ringTimeoutMs, RING_MS),
      agentWaitMaxMs:
        options.agentWaitMaxMs === 0 ? waitMaxMs : Math.min(options.agentWaitMaxMs, waitMaxMs),
      // Longer than the demo takes: its own clock ends it.
      ttlMs: Math.max(options.ttlMs, LIFE_MS),
      agentRetryMs: Math.min(options.agentRetryMs, AGENT_RETRY_MS),
      beepWaitMaxMs: Math.min(options.beepWaitMaxMs, BEEP_WAIT_MS),
      greetingWaitMaxMs: Math.min(options.greetingWaitMaxMs, GREETING_WAIT_MS),
    },
  };
}
