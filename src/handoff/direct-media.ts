/**
 * Takes the media server out of a conversation: both sides are asked by re-INVITE to send their media
 * to each other. It stays in when one of them refuses, and the two have never stopped hearing each
 * other through it. Afterwards what one side offers anew (hold, resume, another address) is offered to
 * the other.
 */
import type { MediaEndpoint, SipDialog } from '../ports.js';

/** One side of a conversation that goes through the media server. */
export interface Party {
  readonly dialog: SipDialog;
  readonly endpoint: MediaEndpoint;
}

export type DirectOutcome =
  | { readonly kind: 'direct' }
  /** Through the media server as before. */
  | { readonly kind: 'kept'; readonly why: string }
  /** One side sends to the other, which does not know of it, and would not be called back. */
  | { readonly kind: 'broken'; readonly why: string };

/** Two bridged parties. Never rejects; the endpoints are still there afterwards. */
export async function goDirect(customer: Party, agent: Party): Promise<DirectOutcome> {
  // The agent is asked first: whoever refuses, the customer hears no gap.
  const taken = await agent.dialog.reinvite(customer.dialog.remoteSdp);
  if (taken.kind !== 'answered') return { kind: 'kept', why: `agent: ${said(taken)}` };
  const answered = await customer.dialog.reinvite(taken.remoteSdp);
  if (answered.kind === 'answered') {
    relayOffers(customer.dialog, agent.dialog);
    return { kind: 'direct' };
  }
  const why = `customer: ${said(answered)}`;
  const back = await agent.dialog.reinvite(agent.endpoint.localSdp);
  if (back.kind === 'answered') return { kind: 'kept', why };
  return { kind: 'broken', why: `${why}; agent: ${said(back)}` };
}

function relayOffers(one: SipDialog, other: SipDialog): void {
  one.onOffer((sdp) => relay(sdp, other));
  other.onOffer((sdp) => relay(sdp, one));
}

async function relay(offer: string, to: SipDialog): Promise<string> {
  const outcome = await to.reinvite(offer);
  if (outcome.kind === 'answered') return outcome.remoteSdp;
  throw new Error(`the other side would not: ${said(outcome)}`);
}

type Refusal = Exclude<Awaited<ReturnType<SipDialog['reinvite']>>, { kind: 'answered' }>;

function said(outcome: Refusal): string {
  return outcome.kind === 'error' ? outcome.why : `${outcome.status} ${outcome.reason}`;
}
