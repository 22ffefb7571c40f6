/**
 * A blind transfer: an agent who talks to the customer sends them on by REFER. The two go on talking
 * until whom it was referred to has answered; an agent who hangs up at once, as telephones do, leaves
 * the customer with the waiting treatment. Where it comes to nothing the agent has the customer still.
 */
import { join } from 'node:path';
import type { LegLedger } from '../leg-ledger.js';
import type { AskedReferral, MediaEndpoint } from '../ports.js';
import { resolveAll } from '../treatment/media-file.js';
import { AgentCall, type AgentCallRequest } from './agent-call.js';
import type { CustomerCall } from './conversation.js';
import type { FarSidesContext, HandoffSettings } from './far-sides.js';
import type { FarCall, LegWish } from './queue-search.js';
import type { RouteTarget } from './route-point.js';

const COMFORT = 'comfort.wav';

export interface AgentTransferContext {
  readonly deps: Pick<FarSidesContext['deps'], 'telephony' | 'clock' | 'random' | 'files'>;
  readonly settings: HandoffSettings;
  readonly ledger: Pick<LegLedger, 'begin'>;
  readonly customer: CustomerCall;
  /** Who sends the customer on. */
  readonly agent: Pick<FarCall, 'endpoint'>;
  /** What the new leg is given. */
  readonly leg: LegWish;
  /** The customer talks to it now: the agent is not needed any more. */
  readonly onTaken: (call: AgentCall) => void;
  /** It came to nothing, and the agent is still there. */
  readonly onFailed: () => void;
  /** The conversation is over: nobody is left for the customer. */
  readonly onOver: () => void;
  /** A line for `trace`. */
  readonly note: (what: string, detail?: string) => void;
}

/** @returns undefined when calls may not go there: the agent is told 403 */
export function followReferral(
  asked: AskedReferral,
  target: RouteTarget,
  context: AgentTransferContext,
): AgentTransfer | undefined {
  if (target.kind !== 'refused') return new AgentTransfer(context, target.uri, asked.follow());
  context.note('agent-transfer-refused', target.why);
  asked.refuse(403);
  return undefined;
}

export class AgentTransfer {
  readonly #call: AgentCall;
  #isAlone = false;
  /** Between the agent and the other side. */
  #isJoining = false;
  #isTaken = false;
  #isWithdrawn = false;
  #isOver = false;

  /** @param tell what the agent hears of it */
  constructor(
    private readonly context: AgentTransferContext,
    uri: string,
    private readonly tell: (status: number, reason: string) => void,
  ) {
    const { deps, ledger, leg, note } = context;
    const callId = deps.random.uuid();
    note('agent-transfer', uri);
    tell(100, 'Trying');
    const request: AgentCallRequest = { ...leg, uri, callId };
    this.#call = new AgentCall(deps.telephony, request, {
      ...ledger.begin('route-point', callId),
      onRinging: () => tell(180, 'Ringing'),
      onAnswered: () => void this.#take(),
      onFailed: (why, isOurs, status) => this.#failed(why, status ?? (isOurs ? 503 : 480)),
      // A BYE may be faster than the bridge.
      onHungUp: () => (this.#isTaken ? context.onOver() : this.#failed('hung up at once', 480)),
    });
  }

  /** The agent has hung up. @returns whether the customer waits for what comes of the transfer */
  agentLeft(): boolean {
    if (this.#isOver) return false;
    this.#isAlone = true;
    // What is recorded is the conversation with the agent, which is over.
    void this.context.customer.endpoint?.stopRecording();
    void this.#play();
    return true;
  }

  /** Nobody wants it any more. */
  async hangUp(why: string): Promise<void> {
    this.#isWithdrawn = true;
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#call.hangUp(why);
  }

  async #take(): Promise<void> {
    const { customer, note, onTaken } = this.context;
    const [ours, theirs] = [customer.endpoint, this.#call.endpoint];
    // The customer has gone, or talks to the agent past the media server by now.
    if (!ours || !theirs) return this.#failed('the media server has not both of them', 503);
    this.#isJoining = true;
    try {
      await this.#call.connected();
      const parted = !this.#isAlone && !this.#isOver ? ours.unbridge() : undefined;
      await Promise.all([parted, ours.stopRecording()]);
      if (!this.#isOver) await ours.bridge(theirs);
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error), 503);
    }
    this.#isJoining = false;
    if (this.#isOver) return this.#giveBack(ours);
    this.#isOver = true;
    this.#isTaken = true;
    note('agent-transferred', this.#call.address);
    // Not sooner: a telephone that hears it hangs up.
    this.tell(200, 'OK');
    onTaken(this.#call);
  }

  /** @param status what the agent is told */
  #failed(why: string, status: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void this.#call.hangUp(why);
    this.tell(status, 'not reached');
    this.context.note('agent-transfer-failed', why);
    // Agent and customer, parted for it, are brought together first.
    if (!this.#isJoining) this.#nobodyCame();
  }

  /** The customer is the agent's again. */
  async #giveBack(ours: MediaEndpoint): Promise<void> {
    if (this.#isWithdrawn) return;
    const { endpoint } = this.context.agent;
    try {
      if (!this.#isAlone && endpoint) await ours.bridge(endpoint);
    } catch {
      return this.context.onOver();
    }
    this.#nobodyCame();
  }

  #nobodyCame(): void {
    if (this.#isAlone) this.context.onOver();
    else this.context.onFailed();
  }

  /** The waiting treatment; the comfort sound where there is none, or it cannot be heard. */
  async #play(): Promise<void> {
    const { customer, settings } = this.context;
    const comfort = [join(settings.places.packagedDirectory, COMFORT)];
    for (const sounds of [await this.#waitingTreatment(), comfort]) {
      if (this.#isOver || this.#isJoining) return;
      if (sounds.length === 0) continue;
      const end = await customer.endpoint?.play(sounds, { loop: true }).done;
      if (end?.kind !== 'failed') return;
    }
  }

  /** @returns its path; none, also when it has to be fetched for longer than anybody may hear nothing */
  async #waitingTreatment(): Promise<readonly string[]> {
    const { deps, settings } = this.context;
    const { waitingForAgentTreatment, humanSilenceMaxMs } = settings.service.options;
    if (!waitingForAgentTreatment) return [];
    let cancel = (): void => undefined;
    const tooLate = new Promise<readonly string[]>((resolve) => {
      cancel = deps.clock.after(humanSilenceMaxMs, () => resolve([]));
    });
    const { file } = waitingForAgentTreatment;
    const found = resolveAll([file], settings.places, deps.files)
      .then((paths) => ('code' in paths ? [] : paths))
      .catch(() => []);
    const files = await Promise.race([found, tooLate]);
    cancel();
    return files;
  }
}
