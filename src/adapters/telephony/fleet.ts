/**
 * All sites behind the `Telephony` port: which one a call leaves by, what becomes of the legs of one
 * that was lost, and the change from one set of servers to another while calls are up.
 */
import type { InboundAnswerer } from '../../inbound/inbound-call.js';
import type {
  Clock,
  InviteRequest,
  Log,
  OrphanEnd,
  OrphanLeg,
  OutgoingCall,
  SipAgent,
  Telephony,
} from '../../ports.js';
import type { WireMessage } from '../../report/trail.js';
import { logLibraryConsole } from './contained-console.js';
import { containKnownRejections } from './contained-rejections.js';
import type { Deadlines } from './deadlines.js';
import { codeOf, describeError, isSlow, TelephonyError } from './errors.js';
import { LostLegs } from './lost-legs.js';
import { MediaPool } from './media-pool.js';
import type { OwnerMark } from './owner-mark.js';

import { Site, type SiteOptions } from './site.js';
import { WireWatch } from './wire-watch.js';

const FIRST_PAUSE_MS = 250;

export interface FleetContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  /** Marks our channels; without it those of a dead process are found by the ledger alone. */
  readonly owner?: OwnerMark | undefined;
}

export class Fleet implements Telephony {
  readonly sip: SipAgent;
  readonly media: MediaPool;
  readonly #sites = new Set<Site>();
  readonly #leaving = new Set<Site>();
  readonly #lost: LostLegs;
  readonly #stateHandles: ((isUp: boolean, why: string) => void)[] = [];
  readonly #release: () => void;
  readonly #wire: WireWatch;
  #closing: Promise<void> | undefined;
  #inbound: InboundAnswerer | undefined;

  constructor(
    sites: readonly SiteOptions[],
    private readonly context: FleetContext,
  ) {
    const { clock, log, deadlines } = context;
    this.#wire = new WireWatch(clock);
    this.#release = containKnownRejections(log);
    logLibraryConsole(log);
    const all = (): Site[] => this.#all();
    this.media = new MediaPool({ clock, log, deadlines, sites: all });
    this.#lost = new LostLegs({ clock, log, deadlines, end: (leg) => this.#endLeg(leg) });
    this.sip = {
      get isConnected() {
        return all().some(({ isOpen }) => isOpen);
      },
      invite: (request) => this.#invite(request),
      request: async (request) => {
        const site = all().find(({ isSignallingUp }) => isSignallingUp);
        return (await site?.sip.request(request)) ?? { kind: 'error', why: 'no site is up' };
      },
    };
    for (const one of sites) this.#add(one);
  }

  /**
   * Connects every server. One site that can take a call is enough; the others go on trying. While there is
   * none, what was only slow is tried again until `startMs` are over.
   * @throws TelephonyError the first fault when there is none; nothing goes on then
   */
  async start(): Promise<void> {
    const { clock, log, deadlines } = this.context;
    const untilMs = clock.nowMs() + deadlines.startMs;
    let failures = await this.#startSites();
    for (let pauseMs = FIRST_PAUSE_MS; !this.media.isConnected; pauseMs *= 2) {
      const slow = failures.find(isSlow);
      if (slow === undefined || clock.nowMs() + pauseMs > untilMs) break;
      log.warn({ code: codeOf(slow), why: describeError(slow), nextMs: pauseMs }, 'starts slowly');
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
      failures = await this.#startSites();
    }
    if (!this.media.isConnected) {
      const [first] = failures;
      if (first instanceof Error) throw first;
      throw new TelephonyError('FREESWITCH_LOST', 'no server is configured');
    }
    for (const thrown of failures) {
      const fields = { code: codeOf(thrown), why: describeError(thrown) };
      log.error(fields, 'a server cannot be used; the others take its calls');
    }
    for (const site of this.#sites) site.keepTrying();
  }

  /** @returns what failed */
  async #startSites(): Promise<unknown[]> {
    const started = await Promise.all([...this.#sites].map((site) => site.start()));
    return started.flatMap((failed) => [...failed.values()]);
  }

  /** Takes another set of servers over; calls on those that are left out may end there. */
  reconfigure(sites: readonly SiteOptions[]): void {
    const wanted = new Map(sites.map((one) => [keyOf(one), one]));
    for (const site of [...this.#sites]) {
      const same = wanted.get(keyOf(site.options));
      wanted.delete(keyOf(site.options));
      if (same) site.setPool(same.freeswitch);
      else this.#leave(site);
    }
    for (const one of wanted.values()) this.#add(one).keepTrying();
  }

  onInbound(answer: InboundAnswerer): void {
    this.#inbound = answer;
  }

  onStateChange(handle: (isUp: boolean, why: string) => void): void {
    this.#stateHandles.push(handle);
  }

  async endOrphan(leg: OrphanLeg): Promise<OrphanEnd> {
    if (leg.endpointId !== undefined) await this.media.endOrphan(leg.endpointId);
    return this.#endLeg(leg);
  }

  counts(): Readonly<Record<string, number>> {
    const own = { lostLegs: this.#lost.count, watchedCalls: this.#wire.count };
    const sum: Record<string, number> = { ...this.media.counts(), ...own };
    for (const site of this.#all()) {
      for (const [kind, count] of Object.entries(site.sip.counts())) {
        sum[kind] = (sum[kind] ?? 0) + count;
      }
    }
    return sum;
  }

  watchWire(callId: string, handle: (message: WireMessage) => void): () => void {
    return this.#wire.watch(callId, handle);
  }

  servers(): { name: string; isUp: boolean }[] {
    return this.#all().flatMap(({ members, drachtioName, isSignallingUp }) => [
      { name: `drachtio ${drachtioName}`, isUp: isSignallingUp },
      ...[...members].map(({ name, isHealthy }) => ({
        name: `FreeSWITCH ${name}`,
        isUp: isHealthy,
      })),
    ]);
  }

  /** For `doctor`: what each server says of itself. */
  get sites(): readonly Site[] {
    return this.#all();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stateHandles.length = 0;
    this.#lost.close();
    await Promise.all(this.#all().map((site) => site.close()));
    this.#release();
  }

  #all(): Site[] {
    return [...this.#sites, ...this.#leaving];
  }

  #invite(request: InviteRequest): OutgoingCall {
    const { endpointId } = request;
    const of = endpointId === undefined ? undefined : this.media.memberOf(endpointId)?.site;
    const all = this.#all();
    const site = all.find(({ name }) => name === of) ?? all.find(({ isOpen }) => isOpen) ?? all[0];
    if (!site) throw new TelephonyError('DRACHTIO_UNREACHABLE', 'no site is configured');
    return site.sip.invite(request);
  }

  /**
   * The server that has the leg ends it. While that one is away any other can send the BYE of an
   * answered call, which is made of its tags; nobody else can cancel one that rings.
   */
  async #endLeg(leg: OrphanLeg): Promise<OrphanEnd> {
    const up = this.#all().filter(({ isSignallingUp }) => isSignallingUp);
    const name = leg.identity?.site;
    const own = up.find((site) => site.name === name);
    if (own) return own.sip.endOrphan(leg);
    if (name !== undefined && !leg.identity?.answered) return 'unknown';
    for (const site of up) if ((await site.sip.endOrphan(leg)) === 'ended') return 'ended';
    return 'unknown';
  }

  #add(options: SiteOptions): Site {
    const site = new Site(options, {
      ...this.context,
      onFrame: (frame) => this.#wire.frame(frame),
      onChange: (isUp, why) => this.#report(isUp, why),
      inbound: () => this.#inbound,
      onLegsLost: (legs) => {
        for (const leg of legs) this.#lost.add(leg);
      },
    });
    this.#sites.add(site);
    return site;
  }

  #leave(site: Site): void {
    this.#sites.delete(site);
    this.#leaving.add(site);
    site.drain(() => this.#leaving.delete(site));
  }

  #report(isUp: boolean, why: string): void {
    if (this.#closing) return;
    this.context.log[isUp ? 'info' : 'warn']({ why }, isUp ? 'server connected' : 'server lost');
    if (isUp) this.#lost.tryAll();
    for (const handle of this.#stateHandles) handle(isUp, why);
  }
}

/** A site is its drachtio server; its pool may change. */
function keyOf({ name, drachtio }: SiteOptions): string {
  const { tls, ...address } = drachtio;
  return JSON.stringify([name, Object.entries(address).sort(), Object.entries(tls ?? {}).sort()]);
}
