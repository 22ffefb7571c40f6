/**
 * Delivers notices: takes what is due from the store, sends each as a signed POST, tells the store what
 * came of it. At least once: a process that dies between the two leaves it to the next after the lease.
 *
 * 2xx is delivered. 410 switches the target off. Everything else is tried again, later each time and
 * not in step with others, until the notice's deliveries are used up; then it is a dead letter.
 */
import type { Fetcher, FetchAnswer } from '../holder/fetcher.js';
import type { Clock, Log, Random } from '../ports.js';
import type { CallbackStore } from '../schedule/callback-store.js';
import { Rounds } from '../schedule/rounds.js';
import { REMINDER, type Notice, type NoticeOutcome } from '../schedule/notices.js';
import { webhookHeaders } from './webhook-signature.js';

const TIMEOUT_MS = 10_000;
/** Longer than a delivery can take. */
const LEASE_MS = 30_000;
const BATCH = 20;
const POLL_MS = 1000;
/** While the store cannot be asked. */
const PAUSE_MS = 5000;
const RETRY_FIRST_MS = 5000;
const RETRY_FACTOR = 4;
const RETRY_MAX_MS = 3_600_000;
/** Of what is answered nothing is read but the status. */
const ANSWER_MAX_BYTES = 64 * 1024;

export interface NotifierDeps {
  readonly store: Pick<CallbackStore, 'claimNotices' | 'settleNotices' | 'get' | 'isWritable'>;
  readonly fetcher: Fetcher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** `whsec_...`, the newest first; asked for each delivery. */
  secrets(): readonly string[];
  /** Whose event it is, for the envelope's `source`. */
  source(): string;
  onDelivery?(outcome: NoticeOutcome['kind']): void;
}

export class Notifier {
  readonly #rounds: Rounds;

  constructor(private readonly deps: NotifierDeps) {
    this.#rounds = new Rounds(deps.clock, () => this.#deliverDue());
  }

  start(): void {
    this.#rounds.start();
  }

  /** There may be something to deliver. */
  poke(): void {
    this.#rounds.poke();
  }

  /** Resolves when deliveries under way are over. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** @returns how long to sleep when nobody pokes */
  async #deliverDue(): Promise<number> {
    const { store, clock, log } = this.deps;
    if (!store.isWritable) return PAUSE_MS;
    try {
      const notices = await store.claimNotices(clock.nowMs(), BATCH, LEASE_MS);
      if (notices.length === 0) return POLL_MS;
      const outcomes = await Promise.all(notices.map((notice) => this.#deliver(notice)));
      await store.settleNotices(outcomes);
      for (const { kind } of outcomes) this.deps.onDelivery?.(kind);
      // Behind what was delivered the next one of the same callback may be waiting.
      return 0;
    } catch (error) {
      log.error({ error: String(error) }, 'notices could not be read or settled');
      return PAUSE_MS;
    }
  }

  async #deliver(notice: Notice): Promise<NoticeOutcome> {
    const { clock, fetcher, log, store } = this.deps;
    if (notice.event === REMINDER && !(await isStillTrue(store, notice))) {
      return { id: notice.id, kind: 'delivered' };
    }
    const body = JSON.stringify(envelopeOf(notice, this.deps.source()));
    const timestamp = Math.floor(clock.nowMs() / 1000);
    const answer = await fetcher.fetch({
      url: notice.target,
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        ...webhookHeaders({ id: notice.id, timestamp, body }, this.deps.secrets()),
      },
      body,
      timeoutMs: TIMEOUT_MS,
      maxBytes: ANSWER_MAX_BYTES,
      maxRedirects: 0,
    });
    const outcome = this.#judge(notice, answer);
    if (outcome.kind !== 'delivered') {
      const { event, callbackId } = notice;
      log.warn({ event, callbackId, ...outcome }, 'notice not delivered');
    }
    return outcome;
  }

  #judge(notice: Notice, answer: FetchAnswer): NoticeOutcome {
    const { id, deliveryCount, deliveriesMax } = notice;
    const status = answer.kind === 'answer' ? answer.status : undefined;
    if (status !== undefined && status >= 200 && status < 300) return { id, kind: 'delivered' };
    const atMs = this.deps.clock.nowMs();
    const why = answer.kind === 'answer' ? `answered ${status}` : `${answer.code}: ${answer.why}`;
    if (status === 410) return { id, kind: 'gone', why, atMs };
    if (deliveryCount >= deliveriesMax) return { id, kind: 'dead', why };
    return { id, kind: 'retry', why, atMs: atMs + this.#pauseMs(deliveryCount) };
  }

  /** 5 s, 20 s, 80 s ... an hour, each shortened at random by up to a half. */
  #pauseMs(deliveryCount: number): number {
    const longest = Math.min(RETRY_FIRST_MS * RETRY_FACTOR ** (deliveryCount - 1), RETRY_MAX_MS);
    return Math.round(longest * (1 - this.deps.random.fraction() / 2));
  }
}

/** CloudEvents 1.0 in JSON. */
function envelopeOf(notice: Notice, source: string): object {
  const { id, event, callbackId, serviceName, sequence, createdAtMs, data } = notice;
  return {
    specversion: '1.0',
    id,
    source: `${source}/services/${encodeURIComponent(serviceName)}`,
    type: event,
    subject: callbackId,
    time: new Date(createdAtMs).toISOString(),
    datacontenttype: 'application/json',
    sequence: String(sequence).padStart(10, '0'),
    data,
  };
}

/** A callback that was moved, began or ended meanwhile needs no reminder of the old time. */
async function isStillTrue(store: NotifierDeps['store'], notice: Notice): Promise<boolean> {
  const record = await store.get(notice.callbackId);
  if (record?.state !== 'SCHEDULED') return false;
  const promised = notice.data['_desired_time'];
  return promised === undefined || promised === new Date(record.desiredAtMs).toISOString();
}
