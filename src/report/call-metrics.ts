/**
 * Numbers of this process for Prometheus: what became of attempts, and the delays a customer notices.
 * Label values come from the configuration (trunk and service names) and from our own vocabulary,
 * never from the wire, so their number is bounded. Served at `/metrics`.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { TrunkView } from '../dial/trunk-watch.js';
import type { InboundOutcome } from '../schedule/inbound-calls.js';
import { QueueMetrics, type QueueSources } from './queue-metrics.js';

/** From a fast LAN to a carrier that takes its time. s */
const DELAY_BUCKETS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const MS_PER_SECOND = 1000;

/** What is read when somebody asks, rather than counted. */
export interface MetricSources extends Partial<QueueSources> {
  /** Live endpoints, dialogs, INVITEs, taps ... by kind. */
  inTheAir(): Readonly<Record<string, number>>;
  /** Signalling and media servers by name, and whether they can be used. */
  servers(): readonly { readonly name: string; readonly isUp: boolean }[];
  /** How the trunks stand. */
  trunks?(): readonly TrunkView[];
  /** Callbacks that are not COMPLETED. */
  open(): Promise<
    readonly { readonly serviceName: string; readonly state: string; readonly count: number }[]
  >;
  /** Names of paused services; `*` is every service. */
  paused?(): Promise<readonly string[]>;
  isReady(): boolean;
  /** Customers who are to be dialled and may not yet, by what is in the way. */
  held?(): ReadonlyMap<string, number>;
}

export class CallMetrics {
  readonly #registry = new Registry();
  readonly queues: QueueMetrics;
  readonly #attempts = this.#counter('attempts_total', 'Attempts by result.', ['trunk', 'result']);
  readonly #failovers = this.#counter(
    'trunk_failovers_total',
    'Times that an attempt went on from this trunk to another.',
    ['trunk'],
  );
  readonly #ended = this.#counter('callbacks_ended_total', 'Callbacks by final reason.', [
    'service',
    'reason',
  ]);
  readonly #notices = this.#counter(
    'notices_total',
    'Deliveries of notices by what came of them.',
    ['outcome'],
  );
  readonly #inbound = this.#counter(
    'inbound_calls_total',
    'Calls from outside that a service was to take, by what became of them.',
    ['service', 'outcome'],
  );
  readonly #reports = this.#counter('flow_reports_total', 'What the call flow reports.', ['what']);
  readonly #refusals = this.#counter('refusals_total', 'What a limit refused, by where and why.', [
    'where',
    'why',
  ]);
  readonly #setUp = this.#delay('set_up_seconds', 'From the decision to dial to the INVITE.');
  readonly #postDial = this.#delay(
    'post_dial_delay_seconds',
    'From the INVITE to the first ringing or early media.',
  );
  readonly #firstAudio = this.#delay(
    'answer_to_first_sound_seconds',
    'From the 200 OK to the start of the first sound for the customer.',
  );

  /** @param sources asked each time the metrics are read */
  constructor(sources?: MetricSources) {
    const { queues, agents } = sources ?? {};
    this.queues = new QueueMetrics(this.#registry, queues && agents && { queues, agents });
    if (!sources) return;
    collectDefaultMetrics({ register: this.#registry, prefix: 'dialback_' });
    this.#gauge(
      'in_the_air',
      'Endpoints, dialogs, INVITEs, taps of this process.',
      ['kind'],
      (set) => {
        for (const [kind, count] of Object.entries(sources.inTheAir())) set({ kind }, count);
      },
    );
    this.#gauge('server_up', 'Signalling and media servers in use.', ['server'], (set) => {
      for (const { name, isUp } of sources.servers()) set({ server: name }, Number(isUp));
    });
    this.#trunkGauges(() => sources.trunks?.() ?? []);
    this.#gauge('held', 'Customers who wait for their dial, by why.', ['reason'], (set) => {
      for (const [reason, count] of sources.held?.() ?? []) set({ reason }, count);
    });
    this.#gauge(
      'ready',
      '1 while /readyz says so; knows nothing of trunks and pauses.',
      [],
      (set) => set({}, Number(sources.isReady())),
    );
    this.#gauge('paused', '1 for a paused service; `*` is every one.', ['service'], async (set) => {
      for (const service of (await sources.paused?.()) ?? []) set({ service }, 1);
    });
    this.#gauge('callbacks_open', 'Callbacks not COMPLETED.', ['service', 'state'], async (set) => {
      for (const { serviceName: service, state, count } of await sources.open()) {
        set({ service, state }, count);
      }
    });
  }

  #trunkGauges(trunks: () => readonly TrunkView[]): void {
    const gauge = (name: string, help: string, valueOf: (trunk: TrunkView) => number | undefined) =>
      this.#gauge(`trunk_${name}`, help, ['trunk'], (set) => {
        for (const trunk of trunks()) {
          const value = valueOf(trunk);
          if (value !== undefined) set({ trunk: trunk.name }, value);
        }
      });
    gauge('up', '1 when the trunk gets calls.', ({ isUp }) => Number(isUp));
    gauge('registered', '1 while registered; of trunks that register.', ({ isRegistered }) =>
      isRegistered === undefined ? undefined : Number(isRegistered),
    );
    gauge('calls', 'Calls that ring or talk.', ({ calls }) => calls);
    gauge('calls_in_second', 'Calls begun in the last second.', (trunk) => trunk.callsInSecond);
  }

  /** In Prometheus' text format 0.0.4. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** @param outcome `delivered`, `retry`, `dead` or `gone` */
  noticeDelivered(outcome: string): void {
    this.#notices.inc({ outcome });
  }

  attemptEnded(trunk: string, result: string): void {
    this.#attempts.inc({ trunk, result });
  }

  /** A call from outside: refused, or how it left the queue. */
  inbound(service: string, outcome: InboundOutcome): void {
    this.#inbound.inc({ service, outcome });
  }

  wentOn(fromTrunk: string): void {
    this.#failovers.inc({ trunk: fromTrunk });
  }

  callbackEnded(service: string, reason: string): void {
    this.#ended.inc({ service, reason });
  }

  reported(what: string): void {
    this.#reports.inc({ what });
  }

  /** @param where `request`, `dial`, `reply` or `redirect`; @param why one of our own words */
  refused(where: string, why: string): void {
    this.#refusals.inc({ where, why });
  }

  setUp(trunk: string, ms: number): void {
    this.#setUp.observe({ trunk }, ms / MS_PER_SECOND);
  }

  rang(trunk: string, afterInviteMs: number): void {
    this.#postDial.observe({ trunk }, afterInviteMs / MS_PER_SECOND);
  }

  firstSound(trunk: string, afterAnswerMs: number): void {
    this.#firstAudio.observe({ trunk }, afterAnswerMs / MS_PER_SECOND);
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name: `dialback_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #delay(name: string, help: string): Histogram<'trunk'> {
    return new Histogram({
      name: `dialback_${name}`,
      help,
      labelNames: ['trunk'],
      buckets: DELAY_BUCKETS_S,
      registers: [this.#registry],
    });
  }

  /** A gauge that is read, not kept: labels that are gone are gone. */
  #gauge(
    name: string,
    help: string,
    labelNames: string[],
    read: (
      set: (labels: Readonly<Record<string, string>>, value: number) => void,
    ) => void | Promise<void>,
  ): void {
    new Gauge({
      name: `dialback_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        this.reset();
        await read((labels, value) => this.set({ ...labels }, value));
      },
    });
  }
}
