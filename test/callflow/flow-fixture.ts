/** A service with plain options, and a flow that is driven by hand: the tests say what happens. */
import assert from 'node:assert/strict';
import {
  callStateOfAnswer,
  isAnswered,
  type AnswerWord,
  type CallState,
} from '../../src/callflow/call-state.js';
import { parseReply, type PluginReply } from '../../src/callflow/plugin-reply.js';
import type { ServiceOptions, Treatment } from '../../src/callflow/service-options.js';
import { initialState, transition } from '../../src/callflow/treatment-flow.js';
import type {
  Closed,
  Afterwards,
  Command,
  CommandType,
  Event,
  EventBody,
  State,
  Step,
  TimerName,
} from '../../src/callflow/vocabulary.js';

export type { EventBody };

export const PLUGIN_URL = 'http://plugins.example.net/on-dial.scxml';
export const VXML_URL = 'http://pages.example.net/welcome.vxml';

export function treatmentFile(file: string, more: Partial<Treatment> = {}): Treatment {
  return { file, afterBeep: false, interruptible: false, ...more };
}

const BASE: ServiceOptions = {
  name: 'sales',
  customerConnectTreatment: treatmentFile('connect.wav'),
  waitingForAgentTreatment: treatmentFile('waiting.wav'),
  findAgentFailTreatment: treatmentFile('find-agent-fail.wav'),
  answeringMachineTreatment: treatmentFile('machine.wav'),
  pluginOnDialUrl: undefined,
  pluginInvokeOnCallFailed: true,
  pluginTimeoutMs: 120_000,
  pluginAssociateIxn: true,
  onPluginError: 'fail',
  pluginTimeoutTreatment: undefined,
  pluginComfort: undefined,
  vxmlUrl: undefined,
  onVxmlError: 'builtin',
  isCpdEnabled: true,
  amDetected: 'connect',
  silenceAs: 'human',
  unknownAs: 'human',
  sitPermanent: 'fail',
  machineMessage: 'every',
  completeAfterMessage: false,
  maxDialAttempts: 3,
  dialRetryMs: 300_000,
  prefixDialOut: '',
  ringTimeoutMs: 30_000,
  queue: 'support',
  agentWaitMaxMs: 120_000,
  maxTransferToAgentAttempts: 2,
  agentRetryMs: 2_000,
  cpnDigits: undefined,
  conversationMaxMs: 14_400_000,
  waitsForAgent: false,
  aheadWaitMaxMs: 14_400_000,
  ttlMs: 86_400_000,
  humanSilenceMaxMs: 5_000,
  greetingWaitMaxMs: 30_000,
  retryRules: {},
  cannotDialBufferMs: 0,
  isTimeLimited: false,
  beepWaitMaxMs: 4_000,
};

export function serviceWith(options: Partial<ServiceOptions> = {}): ServiceOptions {
  return { ...BASE, ...options };
}

export const WITH_PLUGIN = { pluginOnDialUrl: PLUGIN_URL } as const;
export const WITH_PAGE = { vxmlUrl: VXML_URL } as const;

const TIMER_EVENTS = {
  retry: 'retry-due',
  'plugin-ttl': 'plugin-timeout',
  'agent-wait': 'agent-wait-expired',
  'agent-retry': 'agent-retry-due',
  'ahead-wait': 'ahead-wait-over',
  life: 'expired',
  'human-silence': 'silence-too-long',
  'message-wait': 'message-wait-over',
  conversation: 'conversation-too-long',
} as const satisfies Record<TimerName, Event['type']>;

/** Reads a reply that must be well formed. */
export function replyOf(fields: object): PluginReply {
  const parsed = parseReply(fields);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.reply;
}

export class Flow {
  service: ServiceOptions;
  state: State = initialState();
  readonly steps: Step[] = [];
  #laterMs = 0;
  #fact: { closed?: Closed } = {};

  constructor(options: Partial<ServiceOptions> = {}) {
    this.service = serviceWith(options);
  }

  get last(): Step {
    const step = this.steps.at(-1);
    assert.ok(step);
    return step;
  }

  /** Commands of a type in the latest step. */
  commands<T extends CommandType>(type: T): Extract<Command, { type: T }>[] {
    const isWanted = (command: Command): command is Extract<Command, { type: T }> =>
      command.type === type;
    return this.last.commands.filter(isWanted);
  }

  /** Commands of a type in all steps so far. */
  allCommands<T extends CommandType>(type: T): Extract<Command, { type: T }>[] {
    const isWanted = (command: Command): command is Extract<Command, { type: T }> =>
      command.type === type;
    return this.steps.flatMap(({ commands }) => commands.filter(isWanted));
  }

  get reason(): string | undefined {
    return this.state.name === 'ended' ? this.state.reason : undefined;
  }

  send(event: EventBody): this {
    const atMs = this.#laterMs + this.steps.length;
    const step = transition(this.state, { ...event, ...this.#fact, atMs }, this.service);
    this.#fact = {};
    this.steps.push(step);
    this.state = step.state;
    return this;
  }

  /** So much time goes by before the next event. */
  later(byMs: number): this {
    this.#laterMs += byMs;
    return this;
  }

  /** The next event finds the hours closed. */
  closed(forMs = 3_600_000): this {
    this.#fact = { closed: { forMs, why: 'callingWindow is closed in Europe/Berlin' } };
    return this;
  }

  due(): this {
    return this.send({ type: 'due' });
  }

  /** Fires a timer that must be running. */
  timer(name: TimerName): this {
    const timerId = this.state.context.timers[name];
    assert.ok(timerId, `timer ${name} is not running`);
    return this.send({ type: TIMER_EVENTS[name], timerId });
  }

  answer(answer: AnswerWord): this {
    return this.result(callStateOfAnswer(answer), isAnswered(answer));
  }

  result(callState: CallState, legUp: boolean, retryAfterMs?: number): this {
    const detail = retryAfterMs === undefined ? {} : { detail: { retryAfterMs } };
    return this.send({ type: 'attempt-result', legId: this.legId, callState, legUp, ...detail });
  }

  /** A result with what the result table says of attempts to come. */
  refused(answer: AnswerWord, afterwards: Afterwards): this {
    const { legId } = this;
    const callState = callStateOfAnswer(answer);
    const detail = { afterwards };
    return this.send({ type: 'attempt-result', legId, callState, legUp: false, detail });
  }

  /** Dials, and lets this be the result; fires the retry timer first when one runs. */
  dialed(answer: AnswerWord): this {
    if (this.state.name === 'waiting-to-retry') this.timer('retry');
    else this.due();
    return this.answer(answer);
  }

  reply(fields: object): this {
    const { holder } = this.state.context;
    const type = holder?.kind === 'vxml' ? 'vxml-result' : 'plugin-reply';
    return this.send({ type, holderId: holder?.holderId ?? '', reply: replyOf(fields) });
  }

  holderFails(why = 'it broke'): this {
    const { holder } = this.state.context;
    const type = holder?.kind === 'vxml' ? 'vxml-failed' : 'plugin-failed';
    return this.send({ type, holderId: holder?.holderId ?? '', why });
  }

  played(): this {
    return this.send({ type: 'treatment-ended', playId: this.playId });
  }

  playFails(): this {
    return this.send({ type: 'play-failed', playId: this.playId, why: 'no such file' });
  }

  agentAnswers(): this {
    return this.send({ type: 'agent-answered', queueId: this.queueId });
  }

  agentFails(): this {
    return this.send({ type: 'agent-failed', queueId: this.queueId, why: 'busy' });
  }

  agentMissed(): this {
    return this.send({ type: 'agent-missed', queueId: this.queueId, why: 'no answer in 20 s' });
  }

  earlyMedia(isHeard = true): this {
    return this.send({ type: 'early-media', queueId: this.queueId, isHeard });
  }

  agentIsNear(): this {
    return this.send({ type: 'agent-near', queueId: this.queueId, why: 'ann is kept free' });
  }

  agentHangsUp(): this {
    return this.send({ type: 'agent-hung-up', queueId: this.queueId });
  }

  hangUp(): this {
    return this.send({ type: 'customer-hung-up', legId: this.legId });
  }

  lose(cause: 'signalling' | 'media' | 'node' = 'media'): this {
    return this.send({ type: 'leg-lost', legId: this.legId, cause });
  }

  revise(callState: CallState): this {
    return this.send({ type: 'verdict-revised', legId: this.legId, callState });
  }

  greetingEnds(heardBeep: boolean): this {
    return this.send({ type: 'greeting-ended', legId: this.legId, heardBeep });
  }

  get legId(): string {
    return this.state.context.leg?.legId ?? 'no-leg';
  }

  get playId(): string {
    return this.state.context.playing?.playId ?? 'no-play';
  }

  get queueId(): string {
    return this.state.context.queued?.queueId ?? 'no-queue';
  }

  get routeId(): string {
    return this.state.context.route?.routeId ?? 'no-route';
  }
}

/** What plays after the latest step. */
export function playing(flow: Flow): string | undefined {
  return flow.state.context.playing?.treatment;
}
