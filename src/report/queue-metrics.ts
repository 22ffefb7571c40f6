/**
 * Numbers of queues and agents for Prometheus. What is counted is labelled by queue and service, so
 * that service level and abandonment can be had over any span of time; what is so now is read when
 * somebody asks.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Exit } from '../handoff/queue/requests.js';
import type { AgentView, QueueView } from '../handoff/queue/views.js';

const MS_PER_SECOND = 1000;
const WAIT_BUCKETS_S = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800];
/** Around the two seconds that US telemarketing rules give a dialler. s */
const HANDOVER_BUCKETS_S = [0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300];

export interface QueueSources {
  queues(): readonly QueueView[];
  agents(): readonly AgentView[];
}

export class QueueMetrics {
  readonly #exits: Counter<'queue' | 'service' | 'exit'>;
  readonly #inTime: Counter<'queue' | 'service'>;
  readonly #waits: Histogram<'queue' | 'service'>;
  readonly #handover: Histogram<'service'>;

  constructor(
    private readonly registry: Registry,
    sources?: QueueSources,
  ) {
    const registers = [registry];
    this.#exits = new Counter({
      name: 'dialback_queue_exits_total',
      help: 'Requests for an agent by how they left: served, abandoned, gave-up, failed, withdrawn.',
      labelNames: ['queue', 'service', 'exit'],
      registers,
    });
    this.#inTime = new Counter({
      name: 'dialback_queue_served_in_time_total',
      help: 'Of those served, the ones whose wait was within serviceLevelMs.',
      labelNames: ['queue', 'service'],
      registers,
    });
    this.#waits = new Histogram({
      name: 'dialback_queue_wait_seconds',
      help: 'Wait on the line of the customers who got an agent.',
      labelNames: ['queue', 'service'],
      buckets: WAIT_BUCKETS_S,
      registers,
    });
    this.#handover = new Histogram({
      name: 'dialback_human_to_agent_seconds',
      help: 'From the verdict that a human answered to the connection with an agent.',
      labelNames: ['service'],
      buckets: HANDOVER_BUCKETS_S,
      registers,
    });
    if (sources) this.#readFrom(sources);
  }

  left({ queue = 'none', service, exit, waitedMs, isInTime }: Exit): void {
    this.#exits.inc({ queue, service, exit });
    if (exit !== 'served' || waitedMs === undefined) return;
    this.#waits.observe({ queue, service }, waitedMs / MS_PER_SECOND);
    if (isInTime) this.#inTime.inc({ queue, service });
  }

  handedOver(service: string, afterHumanMs: number): void {
    this.#handover.observe({ service }, afterHumanMs / MS_PER_SECOND);
  }

  #readFrom(sources: QueueSources): void {
    const ofQueues = (name: string, help: string, read: (queue: QueueView) => number | null) => {
      this.#gauge(name, help, ['queue'], (set) => {
        for (const queue of sources.queues()) {
          const value = read(queue);
          if (value !== null) set({ queue: queue.name }, value);
        }
      });
    };
    const seconds = (ms: number | null) => (ms === null ? null : ms / MS_PER_SECOND);
    ofQueues('queue_waiting', 'Customers on the line without an agent.', (q) => q.waiting);
    ofQueues('queue_ahead', 'Customers who are dialled when an agent is near.', (q) => q.ahead);
    ofQueues('queue_longest_wait_seconds', 'Longest wait of those on the line.', (q) =>
      seconds(q.longestWaitMs),
    );
    ofQueues('queue_expected_wait_seconds', 'What a customer who came now would wait.', (q) =>
      seconds(q.ewtMs),
    );
    ofQueues(
      'queue_service_level',
      'Share served in time since the start, 0 to 1.',
      (q) => q.serviceLevel,
    );
    ofQueues('queue_agents_on_duty', 'Agents neither logged out nor not-ready.', (q) =>
      q.agents === null ? null : q.agents.onDuty,
    );
    this.#gauge('agents', 'Agents by state.', ['state'], (set) => {
      const counts = new Map<string, number>();
      for (const { state } of sources.agents()) counts.set(state, (counts.get(state) ?? 0) + 1);
      for (const [state, count] of counts) set({ state }, count);
    });
  }

  #gauge(
    name: string,
    help: string,
    labelNames: string[],
    read: (set: (labels: Record<string, string>, value: number) => void) => void,
  ): void {
    new Gauge({
      name: `dialback_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  }
}
