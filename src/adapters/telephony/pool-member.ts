/**
 * One FreeSWITCH of a site's pool: its connection, its endpoints, how full it is and whether it may
 * get new ones. A server is not taken at its word: each new connection is proved by an endpoint of our
 * own before a customer gets one there, and failures in a row keep customers away until a trial of
 * ours succeeds. Removed from the configuration it drains: no new endpoints, those it has may end.
 */
import type { Clock, Log, SetUpLimits } from '../../ports.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { ConnectionKeeper } from './connection-keeper.js';
import type { Deadlines } from './deadlines.js';
import type { FreeswitchEndpoint } from './endpoint.js';
import { codeOf, describeError, isLasting, isPassing, TelephonyError } from './errors.js';
import {
  connectFreeswitch,
  type FreeswitchConnection,
  type FreeswitchOptions,
} from './freeswitch-connection.js';
import { FreeswitchMediaServer } from './media-server.js';
import type { MediaView } from './media-view.js';
import type { OwnerMark } from './owner-mark.js';
import type { SrfView } from './srf-types.js';

export interface MemberOptions extends FreeswitchOptions {
  /** Channels there at most, ours and everybody else's; its own limit when left out. */
  readonly maxSessions?: number;
  /** New calls a second at most; what it is found to carry when left out. */
  readonly maxSetUpsPerSecond?: number;
  /** Calls being set up at a time at most; what it is found to carry when left out. */
  readonly maxSetUpsInProgress?: number;
  /** Where it sees our files, when that is not where they are. */
  readonly mediaView?: MediaView;
}

/** What may change while calls are up. */
export type MemberLimits = Pick<
  MemberOptions,
  'maxSessions' | 'maxSetUpsPerSecond' | 'maxSetUpsInProgress'
>;

export interface MemberContext {
  readonly srf: SrfView;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly site: string;
  readonly owner?: OwnerMark | undefined;
  /** Whether drachtio can carry the INVITE of an endpoint now. */
  isSignallingUp(): boolean;
  /** It can be used from now on, or not any more. */
  onChange(isUp: boolean, why: string): void;
}

/** Three in a row is no coincidence, and each costs a caller up to two seconds. */
const FAILURES_TO_OPEN = 3;
const FIRST_TRIAL_MS = 1000;
/** Part of its `sessions-per-second` that new dials may use. */
const OWN_RATE_SHARE = 0.8;

export class PoolMember {
  /** `host:port` of its event socket, as logs and `doctor` call it. */
  readonly name: string;
  readonly media: FreeswitchMediaServer;
  readonly #keeper: ConnectionKeeper<FreeswitchConnection>;
  readonly #breaker: CircuitBreaker;
  #limits: MemberLimits;
  /** Channels of others, from the last status. */
  #foreignCount = 0;
  #isDraining = false;
  #cancelDrain: () => void = () => undefined;
  /** Why it cannot be connected, until it is. */
  #refusal: unknown;

  constructor(
    readonly options: MemberOptions,
    private readonly context: MemberContext,
  ) {
    const { clock, log, deadlines, owner } = context;
    this.name = `${options.host}:${options.port}`;
    this.#limits = options;
    this.media = new FreeswitchMediaServer({
      server: this.name,
      clock,
      log,
      deadlines,
      owner,
      mediaView: options.mediaView,
      connection: () => this.#keeper.current,
    });
    this.#breaker = new CircuitBreaker({
      clock,
      failuresToOpen: FAILURES_TO_OPEN,
      firstPauseMs: FIRST_TRIAL_MS,
      pauseMaxMs: deadlines.lastingFaultPauseMs,
      trial: () => this.#try(),
      isPassing,
      onChange: (isClosed, why) => {
        log[isClosed ? 'info' : 'warn']({ server: this.name, why }, 'media server circuit');
        context.onChange(isClosed, why);
      },
    });
    this.#keeper = new ConnectionKeeper<FreeswitchConnection>({
      clock,
      log,
      name: `FreeSWITCH ${this.name}`,
      pauseMaxMs: deadlines.reconnectMaxMs,
      lastingPauseMs: deadlines.lastingFaultPauseMs,
      connect: () => this.#connect(),
      onUp: (connection) => this.#onUp(connection),
      onDown: (why) => {
        this.media.loseAll();
        context.onChange(false, why);
      },
      onRefused: (thrown) => (this.#refusal = thrown),
    });
  }

  get site(): string {
    return this.context.site;
  }

  get connection(): FreeswitchConnection | undefined {
    return this.#keeper.current;
  }

  /** Connected, answering, proved, and not on its way out. It may still be full. */
  get isHealthy(): boolean {
    const isResponsive = this.connection?.isResponsive ?? false;
    return isResponsive && this.#breaker.isClosed && this.context.isSignallingUp();
  }

  /** May get an endpoint of a new call. */
  get isOpen(): boolean {
    return this.isHealthy && !this.#isDraining && this.load < 1;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Part of its sessions in use, 0 and up. */
  get load(): number {
    return (this.media.channelCount + this.#foreignCount) / this.sessionsMax;
  }

  get sessionsMax(): number {
    const own = this.connection?.status?.sessionsMax ?? Infinity;
    return Math.max(1, Math.min(own, this.#limits.maxSessions ?? own));
  }

  get setUpLimits(): SetUpLimits {
    const { maxSetUpsPerSecond = Infinity, maxSetUpsInProgress = Infinity } = this.#limits;
    const { sessionsPerSecondMax = Infinity, idleCpuPercent = 100 } = this.connection?.status ?? {};
    const maxSessions = this.sessionsMax;
    return {
      // Past its own limit it refuses calls, and agents' legs and those of others count, too.
      maxPerSecond: Math.min(maxSetUpsPerSecond, sessionsPerSecondMax * OWN_RATE_SHARE),
      maxInProgress: maxSetUpsInProgress,
      maxSessions,
      freeSessions: Math.max(0, maxSessions * (1 - this.load)),
      idleCpuPercent,
    };
  }

  /** Why it cannot be used, for people; undefined when it can. */
  get fault(): string | undefined {
    if (!this.connection) {
      return this.#refusal === undefined ? 'not connected' : describeError(this.#refusal);
    }
    if (!this.connection.isResponsive) return 'it does not answer';
    if (!this.#breaker.isClosed) return this.#breaker.why;
    if (this.#isDraining) return 'it is being drained';
    return this.load < 1 ? undefined : `full: ${this.sessionsMax} sessions`;
  }

  /** @throws TelephonyError why it cannot be used; it may go on trying then */
  start(): Promise<void> {
    return this.#keeper.start().catch((thrown: unknown) => {
      this.#refusal = thrown;
      throw thrown;
    });
  }

  /** After a `start` that failed. */
  keepTrying(): void {
    this.#keeper.keepTrying();
  }

  /** @throws TelephonyError FREESWITCH_LOST, ENDPOINT_*, DEADLINE */
  async createEndpoint(limitMs: number, isSecure = false): Promise<FreeswitchEndpoint> {
    try {
      const endpoint = await this.media.createEndpoint(limitMs, isSecure);
      this.#breaker.succeeded();
      return endpoint;
    } catch (thrown) {
      const isOurs = this.context.isSignallingUp() && this.connection !== undefined;
      // Plain calls are none the worse for it.
      const isOfSrtp = codeOf(thrown) === 'ENDPOINT_NO_SRTP';
      if (isOurs && !isOfSrtp) this.#breaker.failed(describeError(thrown), isLasting(thrown));
      throw thrown;
    }
  }

  /** drachtio is back: what could not be proved without it is proved now. */
  onSignallingUp(): void {
    void this.#breaker.tryNow();
  }

  /** drachtio is gone: no endpoint here can be ended by SIP. */
  onSignallingDown(): void {
    void this.media.freeAll();
  }

  setLimits(limits: MemberLimits): void {
    this.#limits = limits;
  }

  /** No new endpoints from now on; closes itself and calls `done` when the last one has ended. */
  drain(done: () => void): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#breaker.stop();
    const LOOK_MS = 500;
    const look = (): void => {
      if (!this.media.isIdle) {
        this.#cancelDrain = this.context.clock.after(LOOK_MS, look);
        return;
      }
      void this.close().then(done);
    };
    look();
  }

  async close(): Promise<void> {
    this.#cancelDrain();
    this.#breaker.stop();
    await this.media.close();
    await this.#keeper.close();
  }

  async #connect(): Promise<FreeswitchConnection> {
    const { srf, clock, deadlines, log } = this.context;
    const connection = await connectFreeswitch(srf, this.options, clock, deadlines, log);
    try {
      await this.context.owner?.sweep(this.name, connection);
      if (this.context.isSignallingUp()) await this.media.verify(connection);
      return connection;
    } catch (thrown) {
      await connection.close();
      throw named(thrown, this.name);
    }
  }

  #onUp(connection: FreeswitchConnection): void {
    const { context, name } = this;
    this.#refusal = undefined;
    connection.onSilence((isSilent) => {
      context.onChange(!isSilent, isSilent ? 'it does not answer' : 'it answers again');
    });
    connection.onRefused = (why) =>
      context.log.warn({ server: name, why }, 'nonsense on the event socket listener, cut off');
    connection.onStatus = ({ sessionCount }) => this.#learn(sessionCount);
    if (connection.status) this.#learn(connection.status.sessionCount);
    void this.media.killOrphans();
    const { sipAddress } = connection.facts;
    const { kind: audioTap } = connection.tapMeans;
    const version = connection.status?.version;
    context.log.info(
      { server: name, version, sip: sipAddress, audioTap },
      'connected to the media server',
    );
    if (audioTap === 'unicast') {
      context.log.warn({ server: name }, 'no verdict can be revised there once a file plays');
    }
    if (context.isSignallingUp()) this.#breaker.reset();
    else this.#breaker.open('not proved yet: no signalling server');
    context.onChange(true, 'connected');
  }

  #learn(sessionCount: number): void {
    this.#foreignCount = Math.max(0, sessionCount - this.media.channelCount);
  }

  async #try(): Promise<void> {
    const { connection } = this;
    if (!connection || !this.context.isSignallingUp()) {
      throw new TelephonyError('FREESWITCH_LOST', 'no connection to try it on');
    }
    await this.media.verify(connection);
  }
}

/** The same fault, saying whose it is. */
function named(thrown: unknown, name: string): unknown {
  const code = codeOf(thrown);
  return code === undefined
    ? thrown
    : new TelephonyError(code, `${name}: ${describeError(thrown)}`);
}
