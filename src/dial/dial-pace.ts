/**
 * May a customer of this service be dialled now? Asked when it would be one's turn, for first attempts
 * and retries alike: calls at a time and a second of the service and of all services, agents who are
 * free, and the pace after an outage. Trunks have limits of their own (`trunk-board.ts`).
 *
 * It counts no calls itself: it is told how many are in the air, so that no missed release can close a
 * service for good.
 */
import type { DiallingConfig, ServiceConfig } from '../config/config.js';
import type { Clock } from '../ports.js';
import { CallsPerSecond } from './calls-per-second.js';
import type { Hindrance } from './dial-line.js';
import { WarmStart, type WarmStartPlan } from './warm-start.js';

/** Calls of this process. */
export interface CallLoad {
  /** Customers' legs, ringing or up, or about to be made. */
  readonly total: number;
  readonly byService: ReadonlyMap<string, number>;
  /** Customers dialled or on the line who have no agent, by the queue they are for. */
  readonly needingByQueue: ReadonlyMap<string, number>;
}

export interface DialPaceDeps {
  readonly clock: Clock;
  dialling(): DiallingConfig;
  /** Sum of what the trunks may dial a second. */
  trunksPerSecond(): number;
  load(): CallLoad;
  /** May one more customer be dialled for this queue? Always, where the queue does not pace. */
  isRoomForAgent(queue: string, needing: ReadonlyMap<string, number>): boolean;
}

export const NO_DIALLING_LIMITS: DiallingConfig = {
  allowedCountries: [],
  doNotCallFile: undefined,
  maxConcurrentCalls: undefined,
  maxCallsPerSecond: undefined,
  maxAttemptsPerDay: undefined,
  dayZone: 'UTC',
  warmStartMs: 0,
  warmStartAfterMs: 0,
};

export class DialPace {
  readonly #everything = new CallsPerSecond();
  readonly #services = new Map<string, CallsPerSecond>();
  readonly #warmStart = new WarmStart();

  constructor(private readonly deps: DialPaceDeps) {}

  /** Dials are possible, or not: servers, trunks and store are there. To be said again and again. */
  noteOpen(isOpen: boolean): void {
    this.#warmStart.note(isOpen, this.deps.clock.nowMs(), this.#warmStartPlan());
  }

  /**
   * What is in the way of one more dial.
   * @param sinceMs since when the customer waits to be called
   */
  hindrance(service: ServiceConfig, sinceMs: number): Hindrance | undefined {
    const { name, limits, options } = service;
    const dialling = this.deps.dialling();
    const { total, byService, needingByQueue } = this.deps.load();
    if (total >= (dialling.maxConcurrentCalls ?? Infinity)) {
      const why = `dialling.maxConcurrentCalls is ${dialling.maxConcurrentCalls}`;
      return { code: 'all-calls', why };
    }
    if ((byService.get(name) ?? 0) >= (limits.maxConcurrentCalls ?? Infinity)) {
      const why = `maxConcurrentCalls of ${name} is ${limits.maxConcurrentCalls}`;
      return { code: 'service-calls', why };
    }
    const { queue } = options;
    // With an agent kept free first, there is one.
    const isPaced = queue !== undefined && !options.waitsForAgent;
    if (isPaced && !this.deps.isRoomForAgent(queue, needingByQueue)) {
      return { code: 'no-agent', why: `no agent of ${queue} is free for one more` };
    }
    return this.#tooFast(service, dialling, sinceMs);
  }

  /** Somebody is dialled; nothing was in the way. */
  take({ name }: ServiceConfig, sinceMs: number): void {
    const nowMs = this.deps.clock.nowMs();
    this.#everything.take(nowMs);
    this.#paceOf(name).take(nowMs);
    this.#warmStart.dialled(sinceMs, nowMs);
  }

  #tooFast(
    { name, limits }: ServiceConfig,
    { maxCallsPerSecond }: DiallingConfig,
    sinceMs: number,
  ): Hindrance | undefined {
    const nowMs = this.deps.clock.nowMs();
    const warmMs = this.#warmStart.waitMs(sinceMs, nowMs, this.#warmStartPlan());
    if (warmMs > 0) {
      const why = 'the rate is still rising after a start or an outage (dialling.warmStartMs)';
      return { code: 'warm-start', why, waitMs: warmMs };
    }
    const allMs = maxCallsPerSecond && this.#everything.waitMs(maxCallsPerSecond, nowMs);
    if (allMs) {
      const why = `dialling.maxCallsPerSecond is ${maxCallsPerSecond}`;
      return { code: 'all-rate', why, waitMs: allMs };
    }
    const { maxCallsPerSecond: ofService } = limits;
    const waitMs = ofService && this.#paceOf(name).waitMs(ofService, nowMs);
    if (!waitMs) return undefined;
    const why = `maxCallsPerSecond of ${name} is ${ofService}`;
    return { code: 'service-rate', why, waitMs };
  }

  #paceOf(name: string): CallsPerSecond {
    const pace = this.#services.get(name) ?? new CallsPerSecond();
    this.#services.set(name, pace);
    return pace;
  }

  #warmStartPlan(): WarmStartPlan {
    const { warmStartMs, warmStartAfterMs, maxCallsPerSecond } = this.deps.dialling();
    const fullPerSecond = Math.min(maxCallsPerSecond ?? Infinity, this.deps.trunksPerSecond());
    return { warmStartMs, warmStartAfterMs, fullPerSecond };
  }
}
