/**
 * The way of one call to a route point. By REFER the customer's side is asked to call it and followed
 * until it says what came of it; if it will not or does not say, or when the way is `bridge` from the
 * start, we call the route point ourselves. Should the customer's side get through before us after all,
 * our own call is called off.
 */
import type { LegListener, MediaEndpoint, ReferOutcome, SipDialog, Telephony } from '../ports.js';
import { AgentCall, type AgentCallRequest } from './agent-call.js';
import type { FarCall, FarListener } from './queue-search.js';

export interface RouteCallListener extends FarListener {
  /** Before our own call. @returns who wants to know what is on the wire */
  onCall(callId: string): LegListener;
  /** The customer's side has called the route point: nothing of the call is ours any more. */
  onTransferred(): void;
  /** Before our own call, when REFER came to nothing. */
  onReferFailed(why: string): void;
}

export interface Referral {
  /** The customer's. */
  readonly dialog: SipDialog;
  readonly limitMs: number;
}

export class RouteCall implements FarCall {
  #call: AgentCall | undefined;
  #isOver = false;
  #isAnswered = false;

  /** @param referral absent: we call */
  constructor(
    private readonly telephony: Telephony,
    private readonly request: AgentCallRequest,
    private readonly listener: RouteCallListener,
    referral?: Referral,
  ) {
    if (referral) void this.#refer(referral);
    else this.#place();
  }

  get endpoint(): MediaEndpoint | undefined {
    return this.#call?.endpoint;
  }

  get dialog(): SipDialog | undefined {
    return this.#call?.dialog;
  }

  get address(): string {
    return this.request.uri;
  }

  async releaseMedia(): Promise<void> {
    await this.#call?.releaseMedia();
  }

  /** A REFER that is under way cannot be taken back; the customer's leg is hung up by whoever drops us. */
  async hangUp(why: string): Promise<void> {
    this.#isOver = true;
    await this.#call?.hangUp(why);
  }

  /** Never rejects. */
  async #refer({ dialog, limitMs }: Referral): Promise<void> {
    const { uri, headers } = this.request;
    const outcome = await dialog.refer(referTo(uri, headers), limitMs);
    if (this.#isOver) return;
    if (outcome.kind === 'transferred') return this.#onTransferred();
    this.listener.onReferFailed(said(outcome));
    // A customer who has hung up is told of by the call itself.
    if (!dialog.hasEnded) this.#place();
    if (outcome.kind !== 'unknown') return;
    await outcome.later;
    // Two calls to the route point would ring: ours is called off, unless it was quicker.
    if (outcome.later && !this.#isOver && !this.#isAnswered) this.#onTransferred();
  }

  #onTransferred(): void {
    this.#isOver = true;
    this.listener.onTransferred();
  }

  #place(): void {
    const { telephony, request, listener } = this;
    this.#call = new AgentCall(telephony, request, {
      ...listener,
      ...listener.onCall(request.callId),
      onAnswered: () => {
        this.#isAnswered = true;
        listener.onAnswered();
      },
    });
  }
}

/** Longer URIs are refused on the way. */
const REFER_TO_MAX = 500;

/**
 * The destination with what is to travel with the call, as headers of its URI (RFC 3261 19.1.1, and
 * RFC 7433 6.2 for User-to-User); what has no room is left out.
 * @param uri a SIP URI without headers
 */
export function referTo(uri: string, headers: Readonly<Record<string, string>> = {}): string {
  let target = uri;
  for (const [name, value] of Object.entries(headers)) {
    const escaped = encodeURIComponent(value).replace(/[!'()*]/g, percentEncoded);
    const next = `${target}${target === uri ? '?' : '&'}${name}=${escaped}`;
    if (next.length <= REFER_TO_MAX) target = next;
  }
  return target;
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function said(outcome: Exclude<ReferOutcome, { kind: 'transferred' }>): string {
  return outcome.kind === 'unknown'
    ? `REFER: ${outcome.why}`
    : `REFER: ${outcome.status} ${outcome.reason}`;
}
