/**
 * One site: a drachtio server for signalling and the FreeSWITCH servers that it reaches. Each site has
 * an Srf of its own, because a SIP dialog lives and dies with the drachtio server that made it.
 */
import type { Clock, Log } from '../../ports.js';
import type { InboundAnswerer } from '../../inbound/inbound-call.js';
import { ConnectionKeeper } from './connection-keeper.js';
import type { Deadlines } from './deadlines.js';
import {
  connectDrachtio,
  type DrachtioAddress,
  type DrachtioConnection,
} from './drachtio-connection.js';
import { describeError } from './errors.js';
import { takeInbound } from './inbound.js';
import type { LostLeg } from './lost-legs.js';
import type { OwnerMark } from './owner-mark.js';
import { type MemberOptions, PoolMember } from './pool-member.js';
import { DrachtioSipAgent } from './sip-agent.js';
import { newSrf, type SrfView } from './srf-types.js';

export interface SiteOptions {
  /** Name in logs and records. */
  readonly name: string;
  readonly drachtio: DrachtioAddress;
  /** The pool. */
  readonly freeswitch: readonly MemberOptions[];
}

export interface SiteContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly owner?: OwnerMark | undefined;
  /** Reads along on the connection to drachtio. */
  onFrame(this: void, frame: string): void;
  /** A server of the site went away or came back. */
  onChange(isUp: boolean, why: string): void;
  /** The signalling server was lost, and these legs with it. */
  onLegsLost(legs: readonly LostLeg[]): void;
  /** Who answers calls from outside, once there is somebody. Absent: they are not asked for. */
  inbound?(): InboundAnswerer | undefined;
}

export class Site {
  readonly name: string;
  readonly sip: DrachtioSipAgent;
  readonly members = new Set<PoolMember>();
  readonly #srf: SrfView = newSrf();
  readonly #keeper: ConnectionKeeper<DrachtioConnection>;
  #isDraining = false;

  constructor(
    readonly options: SiteOptions,
    private readonly context: SiteContext,
  ) {
    const { clock, log, deadlines } = context;
    const { name, drachtio } = options;
    this.name = name;
    this.#srf.on('error', (error) =>
      log.debug({ site: name, why: describeError(error) }, 'drachtio connection error'),
    );
    if (context.inbound) {
      takeInbound(
        this.#srf,
        () => context.inbound?.(),
        (...call) => this.sip.accept(...call),
        { log, clock },
      );
    }
    this.#keeper = new ConnectionKeeper<DrachtioConnection>({
      clock,
      log,
      name: `drachtio ${drachtio.host}:${drachtio.port}`,
      pauseMaxMs: deadlines.reconnectMaxMs,
      lastingPauseMs: deadlines.lastingFaultPauseMs,
      connect: () => connectDrachtio(this.#srf, drachtio, clock, deadlines, log, context.onFrame),
      onUp: (connection) => this.#onUp(connection),
      onDown: (why) => this.#onDown(why),
    });
    this.sip = new DrachtioSipAgent({
      clock,
      log,
      deadlines,
      srf: this.#srf,
      site: name,
      isConnected: () => this.isSignallingUp,
    });
    for (const one of options.freeswitch) this.#add(one);
  }

  /** drachtio is connected and answers. */
  get isSignallingUp(): boolean {
    return this.#keeper.current?.isResponsive ?? false;
  }

  /** `host:port` of its drachtio. */
  get drachtioName(): string {
    const { host, port } = this.options.drachtio;
    return `${host}:${port}`;
  }

  get drachtioVersion(): string | undefined {
    return this.#keeper.current?.version;
  }

  /** A new call can be made here. */
  get isOpen(): boolean {
    return this.isSignallingUp && [...this.members].some(({ isOpen }) => isOpen);
  }

  /**
   * Connects everything that is not connected, once; what fails is tried again by itself when
   * `keepTrying` is called.
   * @returns what failed, by the name of the server
   */
  async start(): Promise<Map<string, unknown>> {
    const failures = new Map<string, unknown>();
    const starting = this.#keeper.current ? undefined : this.#keeper.start();
    await starting?.catch((thrown: unknown) => failures.set(this.drachtioName, thrown));
    // Without signalling no endpoint can prove a media server, and it would not be used anyway.
    if (failures.size > 0) return failures;
    await Promise.all(
      [...this.members]
        .filter(({ connection }) => connection === undefined)
        .map((member) =>
          member.start().catch((thrown: unknown) => failures.set(member.name, thrown)),
        ),
    );
    return failures;
  }

  keepTrying(): void {
    this.#keeper.keepTrying();
    for (const member of this.members) if (!member.isDraining) member.keepTrying();
  }

  /** Takes a changed pool over: new servers connect, missing ones drain, limits hold at once. */
  setPool(pool: readonly MemberOptions[]): void {
    const wanted = new Map(pool.map((one) => [keyOf(one), one]));
    for (const member of this.members) {
      const same = wanted.get(keyOf(member.options));
      if (member.isDraining) continue;
      wanted.delete(keyOf(member.options));
      if (same) member.setLimits(same);
      else this.#drain(member);
    }
    for (const one of wanted.values()) this.#add(one).keepTrying();
  }

  /** No new calls; closes itself and calls `done` when the last one has ended. */
  drain(done: () => void): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    let left = this.members.size;
    const one = (): void => {
      left -= 1;
      if (left <= 0) void this.close().then(done);
    };
    if (left === 0) one();
    for (const member of [...this.members]) this.#drain(member, one);
  }

  /** Ends what is in the air, then the connections. */
  async close(): Promise<void> {
    await this.sip.close();
    await Promise.all([...this.members].map((member) => member.close()));
    await this.#keeper.close();
  }

  #add(options: MemberOptions): PoolMember {
    const { clock, log, deadlines, owner } = this.context;
    const member: PoolMember = new PoolMember(options, {
      owner,
      clock,
      log,
      deadlines,
      srf: this.#srf,
      site: this.name,
      isSignallingUp: () => this.isSignallingUp,
      onChange: (isUp, why) => this.context.onChange(isUp, `FreeSWITCH ${member.name}: ${why}`),
    });
    this.members.add(member);
    return member;
  }

  #drain(member: PoolMember, done: () => void = () => undefined): void {
    const { log } = this.context;
    log.info({ server: member.name }, 'media server gets no more calls');
    member.drain(() => {
      this.members.delete(member);
      log.info({ server: member.name }, 'media server is drained and let go');
      done();
    });
  }

  #onUp(connection: DrachtioConnection): void {
    connection.onSilence((isSilent) => {
      const why = isSilent ? 'it does not answer' : 'it answers again';
      this.context.onChange(!isSilent, `${this.#where}: ${why}`);
    });
    for (const member of this.members) member.onSignallingUp();
    this.context.onChange(true, `${this.#where}: connected`);
  }

  #onDown(why: string): void {
    const legs = this.sip.loseAll(`connection to drachtio lost: ${why}`);
    for (const member of this.members) member.onSignallingDown();
    this.context.onChange(false, `${this.#where}: ${why}`);
    this.context.onLegsLost(legs);
  }

  get #where(): string {
    return `drachtio ${this.drachtioName}`;
  }
}

/** What a connection is made of: a change of it is another server. */
function keyOf({
  maxSessions: _sessions,
  maxSetUpsPerSecond: _rate,
  maxSetUpsInProgress: _count,
  ...connection
}: MemberOptions): string {
  return JSON.stringify(Object.entries(connection).sort());
}
