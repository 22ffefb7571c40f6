/**
 * One trunk's registration (RFC 3261 section 10): made, refreshed before it expires, made again after a
 * failure with growing pauses, and taken back at the end. The credentials answer the challenge in the
 * adapter. Between a refresh that failed and the end of the binding the trunk is still registered.
 */
import type { Clock, Random, RequestOutcome, SipAgent } from '../ports.js';
import { hostPartOf, type Trunk } from './trunk.js';

export interface RegistrationDeps {
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
  readonly sip: Pick<SipAgent, 'request' | 'isConnected'>;
  /** @param why undefined: registered */
  onChange(why: string | undefined): void;
}

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 300_000;
/** Credentials do not get right by themselves, and a registrar may lock out who insists. */
const REFUSED_PAUSE_MS = 60_000;
/** Before the end of the binding, or a fifth of it where that is less. */
const REFRESH_BEFORE_MS = 60_000;
/** However short a time is granted: no answer makes us ask without end. */
const REFRESH_AFTER_MIN_MS = 5000;
const ANSWER_MAX_MS = 8000;

export class Registration {
  #cancelTimer: () => void = () => undefined;
  #expiresAtMs: number | undefined;
  #failures = 0;
  #expiresMs: number;
  #isStopped = false;
  #asking: Promise<void> | undefined;

  /** @param after what has to be over before the first REGISTER; never rejects */
  constructor(
    private readonly trunk: Trunk,
    private readonly deps: RegistrationDeps,
    after?: Promise<void>,
  ) {
    this.#expiresMs = trunk.registerExpiresMs ?? 0;
    deps.onChange('not registered yet');
    if (after) void after.then(() => this.#register());
    else this.#register();
  }

  get isRegistered(): boolean {
    return (this.#expiresAtMs ?? 0) > this.deps.clock.nowMs();
  }

  /** The signalling server is back: it may have another address. */
  poke(): void {
    this.#cancelTimer();
    this.#register();
  }

  /** Takes the registration back, also one that is on its way. Never rejects. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelTimer();
    await this.#asking;
    if (this.isRegistered && this.deps.sip.isConnected) await this.#ask(0);
  }

  #register(): void {
    if (this.#isStopped || this.#asking) return;
    this.#asking = this.#try().finally(() => (this.#asking = undefined));
  }

  async #try(): Promise<void> {
    let outcome = await this.#ask(this.#expiresMs);
    const leastMs = this.#longerIn(outcome);
    if (leastMs !== undefined) {
      this.#expiresMs = leastMs;
      outcome = await this.#ask(leastMs);
    }
    const grantedMs = grantedIn(outcome, this.#expiresMs);
    if (grantedMs > 0) this.#bound(grantedMs);
    else this.#failed(outcome);
  }

  /** What is asked for instead of our own wish (RFC 3261 10.2.8). */
  #longerIn(outcome: RequestOutcome): number | undefined {
    if (outcome.kind !== 'answered' || outcome.status !== 423) return undefined;
    const leastMs = secondsIn(outcome.headers['min-expires']) ?? 0;
    return leastMs > this.#expiresMs ? leastMs : undefined;
  }

  #bound(grantedMs: number): void {
    this.#failures = 0;
    this.#expiresAtMs = this.deps.clock.nowMs() + grantedMs;
    if (this.#isStopped) return;
    this.deps.onChange(undefined);
    this.#again(Math.max(grantedMs - REFRESH_BEFORE_MS, grantedMs * 0.8, REFRESH_AFTER_MIN_MS));
  }

  #failed(outcome: RequestOutcome): void {
    if (this.#isStopped) return;
    this.#failures += 1;
    const said =
      outcome.kind === 'answered' ? `${outcome.status} ${outcome.reason}`.trim() : outcome.why;
    if (!this.isRegistered) this.deps.onChange(`not registered: ${said}`);
    const isRefused = outcome.kind === 'answered' && [401, 403, 404, 407].includes(outcome.status);
    const growingMs = FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10);
    const pauseMs = Math.min(
      Math.max(growingMs, isRefused ? REFUSED_PAUSE_MS : 0),
      LONGEST_PAUSE_MS,
    );
    // Not all of a machine room in the same second.
    const waitMs = pauseMs * (0.75 + this.deps.random.fraction() / 2);
    const leftMs = (this.#expiresAtMs ?? 0) - this.deps.clock.nowMs();
    if (leftMs > 0 && leftMs <= waitMs) this.#watchExpiry(leftMs, waitMs, said);
    else this.#again(waitMs);
  }

  /** The binding ends before the next try. */
  #watchExpiry(leftMs: number, waitMs: number, said: string): void {
    this.#cancelTimer = this.deps.clock.after(leftMs, () => {
      this.deps.onChange(`registration expired: ${said}`);
      this.#again(waitMs - leftMs);
    });
  }

  #again(afterMs: number): void {
    this.#cancelTimer = this.deps.clock.after(afterMs, () => this.#register());
  }

  #ask(expiresMs: number): Promise<RequestOutcome> {
    const { trunk } = this;
    const { scheme, host } = hostPartOf(trunk);
    const user = trunk.username ?? trunk.callerId ?? 'dialback';
    const place = host.replace(/;.*$/, '');
    const address = `<${scheme}:${encodeURIComponent(user)}@${place}>`;
    return this.deps.sip.request({
      method: 'REGISTER',
      uri: trunk.uri,
      from: address,
      to: address,
      // The signalling server puts its own address in.
      contact: `<sip:${encodeURIComponent(user)}@localhost>`,
      expiresMs,
      ...requestParts(trunk),
      limitMs: ANSWER_MAX_MS,
    });
  }
}

/** How any request of ours reaches a trunk. */
export function requestParts({ proxyUri, username, password }: Trunk) {
  return {
    ...(proxyUri === undefined ? {} : { proxyUri }),
    ...(username !== undefined && password !== undefined && { auth: { username, password } }),
  };
}

const DAY_MS = 86_400_000;

function secondsIn(value: string | undefined): number | undefined {
  const seconds = /^\s*(\d{1,9})/.exec(value ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds) * 1000, DAY_MS);
}

/**
 * How long the registrar keeps it; 0: not at all. Of several bindings of the account, which may be other
 * machines', the one that ends first: ours cannot be told from them.
 */
function grantedIn(outcome: RequestOutcome, askedMs: number): number {
  if (outcome.kind !== 'answered' || outcome.status >= 300) return 0;
  const { contact = '', expires } = outcome.headers;
  const bindings = [...contact.matchAll(/;\s*expires=(\d{1,9})/gi)].map((found) => found[1]);
  const grantedMs = bindings.map((seconds) => secondsIn(seconds) ?? 0);
  if (grantedMs.length === 0) return secondsIn(expires) ?? askedMs;
  return Math.min(...(grantedMs.some(Boolean) ? grantedMs.filter(Boolean) : grantedMs));
}
