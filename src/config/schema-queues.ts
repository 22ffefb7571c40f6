/** The blocks that say who talks to the customers: `queues`, and `agents` of our own. */
import { AGENT_QUEUE_DEFAULTS } from '../handoff/queue/plans.js';
import { NAME, option, SIP_URI } from './schema-parts.js';
import {
  AGENT_STARTS,
  EARLY_MEDIA,
  HOUR_MS,
  QUEUE_KINDS,
  PACINGS,
  STRATEGIES,
} from './schema-terms.js';
import type { OptionSpec, ValueType } from './schema-types.js';

const agentName: ValueType = { kind: 'text', maxLength: 64, format: NAME };
const ms = (min: number, max: number): ValueType => ({ kind: 'integer', min, max, unit: 'ms' });
const ringMs = ms(1000, 180_000);

const target = [
  option(
    'uri',
    { kind: 'text', maxLength: 512, format: SIP_URI },
    'A PBX queue, agent group or extension.',
    { isRequired: true },
  ),
  option(
    'ringTimeoutMs',
    ms(1000, HOUR_MS),
    'How long it may ring before the next one is called instead.',
    { defaultSays: 'no limit' },
  ),
];

const seat = [
  option('name', agentName, 'Name of the agent, under `agents`.', { isRequired: true }),
  option('tier', { kind: 'integer', min: 1, max: 100 }, 'Agents of a lower tier are asked first.', {
    default: 1,
  }),
];

export const queues: OptionSpec = option(
  'queues',
  {
    kind: 'map',
    maxItems: 1000,
    of: {
      kind: 'block',
      options: [
        option(
          'kind',
          { kind: 'choice', values: QUEUE_KINDS },
          '`sip`: a queue of a PBX or contact centre behind SIP addresses, which finds its agents itself. `agents`: agents of our own, called one by one.',
          { defaultSays: '`agents` when there are `agents`, else `sip`' },
        ),
        option(
          'targets',
          { kind: 'list', maxItems: 15, of: { kind: 'block', options: target } },
          'For `sip`: tried in this order until one answers.',
          { defaultSays: 'none' },
        ),
        option(
          'agents',
          {
            kind: 'list',
            maxItems: 1000,
            uniqueBy: 'name',
            of: { kind: 'block', options: seat },
          },
          'For `agents`: who serves this queue. An agent may serve several.',
          { default: [] },
        ),
        option(
          'strategy',
          { kind: 'choice', values: STRATEGIES },
          'Who of the free agents of the lowest tier is called: whoever has been idle longest; whoever was called longest ago; all of them at once, each on a channel of the media server; or one more after each `progressiveDelayMs`, while those before go on ringing.',
          { default: AGENT_QUEUE_DEFAULTS.strategy },
        ),
        option(
          'pacing',
          { kind: 'choice', values: PACINGS },
          'With `agents`. `progressive`: a customer is dialled only when there is an agent for each one who is being dialled or waits, an agent of several queues counted once. `none`: customers are dialled whether or not.',
          { default: 'none' },
        ),
        option(
          'soonFreeMs',
          ms(0, HOUR_MS),
          'With `pacing`: an agent whose wrap-up is over within this time counts as free.',
          { default: 0 },
        ),
        option('ringTimeoutMs', ringMs, 'How long an agent may ring.', {
          default: AGENT_QUEUE_DEFAULTS.ringTimeoutMs,
        }),
        option(
          'progressiveDelayMs',
          ms(1000, 60_000),
          'Pause before one more agent is called, with `strategy: progressive`.',
          { default: AGENT_QUEUE_DEFAULTS.progressiveDelayMs },
        ),
        option(
          'wrapUpMs',
          ms(0, HOUR_MS),
          'After a conversation an agent is left alone for so long.',
          { default: AGENT_QUEUE_DEFAULTS.wrapUpMs },
        ),
        option(
          'missPauseMs',
          ms(0, HOUR_MS),
          'After a call that was not answered an agent is left alone for so long.',
          { default: AGENT_QUEUE_DEFAULTS.missPauseMs },
        ),
        option(
          'missesMax',
          { kind: 'integer', min: 0, max: 100 },
          'An agent who misses so many calls in a row becomes not-ready; 0 = never.',
          { default: AGENT_QUEUE_DEFAULTS.missesMax },
        ),
        option(
          'expectedHandleMs',
          ms(1000, 4 * HOUR_MS),
          'How long conversation and wrap-up are taken to last before one has been had; for the expected wait.',
          { default: AGENT_QUEUE_DEFAULTS.expectedHandleMs },
        ),
        option(
          'earlyMedia',
          { kind: 'choice', values: EARLY_MEDIA },
          'What ringing and early media of the far side do while a customer waits: `ignore` goes on with the waiting treatment, `pass` lets the customer hear the far side from its first early media on.',
          { default: AGENT_QUEUE_DEFAULTS.earlyMedia },
        ),
        option(
          'serviceLevelMs',
          ms(0, HOUR_MS),
          'A customer who waited no longer than this was served in time.',
          { default: AGENT_QUEUE_DEFAULTS.serviceLevelMs },
        ),
      ],
    },
  },
  'Who talks to the customers, by name.',
);

export const agents: OptionSpec = option(
  'agents',
  {
    kind: 'map',
    maxItems: 5000,
    of: {
      kind: 'block',
      options: [
        option(
          'uri',
          { kind: 'text', maxLength: 512, format: SIP_URI },
          'Where the agent is called.',
          { isRequired: true },
        ),
        option(
          'startsAs',
          { kind: 'choice', values: AGENT_STARTS },
          'Where an agent stands who has not been seen before. After that the API says; the store keeps it, neither reload nor restart changes it.',
          { default: 'ready' },
        ),
      ],
    },
  },
  'Agents of our own, by name. Their states are shown and set under `/v1/agents`.',
  { source: 'Dialback' },
);
