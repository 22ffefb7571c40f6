/**
 * Asks a trunk with OPTIONS whether it is there. Any answer but 503 says that it is; silence, 408 and 503
 * say that it is not. One word does not turn it over: two in a row do, either way.
 */
import type { Clock, PlainRequest, RequestOutcome, SipAgent } from '../ports.js';
import { requestParts } from './registration.js';
import type { Trunk } from './trunk.js';

export interface OptionsWatchDeps {
  readonly clock: Clock;
  readonly sip: Pick<SipAgent, 'request' | 'isConnected'>;
  /** @param why undefined: it is there */
  onChange(why: string | undefined): void;
}

const IN_A_ROW = 2;
const ANSWER_MAX_MS = 5000;

export class OptionsWatch {
  #cancelTimer: () => void = () => undefined;
  #isUp = true;
  /** Answers in a row that say otherwise. */
  #contrary = 0;
  #isStopped = false;

  constructor(
    private readonly trunk: Trunk,
    private readonly deps: OptionsWatchDeps,
  ) {
    void this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  async #ask(): Promise<void> {
    const { clock, sip } = this.deps;
    // Without a signalling server of our own nothing is learned of the trunk.
    if (sip.isConnected) {
      const outcome = await sip.request(optionsTo(this.trunk));
      if (this.#isStopped) return;
      if (sip.isConnected) this.#heard(faultIn(outcome));
    }
    const { optionsIntervalMs = 0 } = this.trunk;
    this.#cancelTimer = clock.after(optionsIntervalMs, () => void this.#ask());
  }

  #heard(fault: string | undefined): void {
    if ((fault === undefined) === this.#isUp) {
      this.#contrary = 0;
      return;
    }
    this.#contrary += 1;
    if (this.#contrary < IN_A_ROW) return;
    this.#contrary = 0;
    this.#isUp = fault === undefined;
    this.deps.onChange(fault);
  }
}

/** What asks a trunk whether it is there. */
export function optionsTo(trunk: Trunk): PlainRequest {
  const parts = requestParts(trunk);
  return { method: 'OPTIONS', uri: trunk.uri, ...parts, limitMs: ANSWER_MAX_MS };
}

function faultIn(outcome: RequestOutcome): string | undefined {
  if (outcome.kind === 'error') return `OPTIONS: ${outcome.why}`;
  const { status } = outcome;
  if (status === 408) return 'OPTIONS are not answered';
  return status === 503 ? 'OPTIONS answered with 503' : undefined;
}
