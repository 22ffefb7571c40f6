/**
 * A blind transfer: an agent who talks to the customer sends them on by REFER. The two go on talking
 * until whom it was referred to has answered; an agent who hangs up at once, as telephones do, leaves
 * the customer with the waiting treatment. Where it comes to nothing the agent has the customer still.
 */
import type { LegLedger } from '../leg-ledger.js';
import type { AskedReferral } from '../ports.js';
import { resolveAll } from '../treatment/media-file.js';
import { AgentCall, type AgentCallRequest } from './agent-call.js';
import type { CustomerCall } from './conversation.js';
import type { FarSidesContext, HandoffSettings } from './far-sides.js';
import type { LegWish } from './queue-search.js';
import type { RouteTarget } from './route-point.js';

export interface AgentTransferContext {
  readonly deps: Pick<FarSidesContext['deps'], 'telephony' | 'random' | 'files'>;
  readonly settings: HandoffSettings;
  readonly ledger: Pick<LegLedger, 'begin'>;
  readonly customer: CustomerCall;
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
  #isOver = false;

  /** @param tell what the agent hears of it */
  constructor(
    private readonly context: AgentTransferContext,
    uri: string,
    tell: (status: number, reason: string) => void,
  ) {
    const { deps, ledger, leg, note } = context;
    const callId = deps.random.uuid();
    note('agent-transfer', uri);
    tell(100, 'Trying');
    const request: AgentCallRequest = { ...leg, uri, callId };
    this.#call = new AgentCall(deps.telephony, request, {
      ...ledger.begin('route-point', callId),
      onRinging: () => tell(180, 'Ringing'),
      onAnswered: () => {
        tell(200, 'OK');
        void this.#take();
      },
      onFailed: (why, isOurs, status) => {
        tell(status ?? (isOurs ? 503 : 480), 'not reached');
        this.#failed(why);
      },
      // A BYE may be faster than the bridge.
      onHungUp: () => (this.#isOver ? context.onOver() : this.#failed('hung up at once')),
    });
  }

  /** The agent has hung up. @returns whether the customer waits for what comes of the transfer */
  agentLeft(): boolean {
    if (this.#isOver) return false;
    this.#isAlone = true;
    void this.#play();
    return true;
  }

  /** Nobody wants it any more. */
  async hangUp(why: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#call.hangUp(why);
  }

  async #take(): Promise<void> {
    const { customer, note, onTaken } = this.context;
    const [ours, theirs] = [customer.endpoint, this.#call.endpoint];
    // Whoever has gone says so itself.
    if (this.#isOver || !ours || !theirs) return;
    try {
      if (!this.#isAlone) await ours.unbridge();
      if (this.#isOver) return;
      await ours.bridge(theirs);
    } catch (error) {
      return this.#failed(error instanceof Error ? error.message : String(error));
    }
    if (this.#isOver) return;
    this.#isOver = true;
    note('agent-transferred', this.#call.address);
    onTaken(this.#call);
  }

  #failed(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void this.#call.hangUp(why);
    this.context.note('agent-transfer-failed', why);
    if (this.#isAlone) this.context.onOver();
    else this.context.onFailed();
  }

  /** The waiting treatment, where it can be found. */
  async #play(): Promise<void> {
    const { customer, deps, settings } = this.context;
    const file = settings.service.options.waitingForAgentTreatment?.file;
    if (file === undefined) return;
    const paths = await resolveAll([file], settings.places, deps.files).catch(() => []);
    if (this.#isOver || 'code' in paths || paths.length === 0) return;
    customer.endpoint?.play(paths, { loop: true });
  }
}
