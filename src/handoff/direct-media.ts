/**
 * Takes the media server out of a conversation: both sides are asked by re-INVITE to send their media
 * to each other. It stays in when one of them refuses, and the two have never stopped hearing each
 * other through it. Afterwards what one side offers anew (hold, resume, another address) is offered to
 * the other.
 */
import type {
  Clock,
  MediaEndpoint,
  OfferAnswer,
  Random,
  ReinviteOutcome,
  SipDialog,
} from '../ports.js';

/** The dialogs are ours by their Call-ID: so long after a 491 we try again (RFC 3261 14.1). */
const GLARE_PAUSE_MIN_MS = 2100;
const GLARE_PAUSE_MAX_MS = 4000;
const GLARE_RETRIES = 2;
const REQUEST_PENDING = 491;
const PENDING = { kind: 'pending' } as const;
/** The media server has the keys. */
const SRTP = /^m=audio\s+\d+\s+\S*SAVP/m;

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

export interface DirectDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** Two bridged parties. Never rejects; the endpoints are still there afterwards. */
export async function goDirect(
  customer: Party,
  agent: Party,
  deps: DirectDeps,
): Promise<DirectOutcome> {
  if (SRTP.test(customer.dialog.remoteSdp)) {
    return { kind: 'kept', why: 'the customer’s side is SRTP' };
  }
  // The agent is asked first: whoever refuses, the customer hears no gap.
  const taken = await offer(agent.dialog, () => customer.dialog.remoteSdp, deps);
  if (taken.kind !== 'answered') return { kind: 'kept', why: `agent: ${said(taken)}` };
  // The media server would answer what either offers meanwhile, and is about to leave.
  for (const { dialog } of [customer, agent]) dialog.onOffer(() => Promise.resolve(PENDING));
  // Once: a pause for another try would be one in the conversation.
  const answered = await customer.dialog.reinvite(taken.remoteSdp);
  if (answered.kind === 'answered') {
    relayOffers(customer.dialog, agent.dialog, deps);
    return { kind: 'direct' };
  }
  for (const { dialog, endpoint } of [customer, agent]) {
    dialog.onOffer((sdp) => endpoint.answer(sdp));
  }
  const why = `customer: ${said(answered)}`;
  const back = await offer(agent.dialog, () => agent.endpoint.localSdp, deps);
  if (back.kind === 'answered') return { kind: 'kept', why };
  return { kind: 'broken', why: `${why}; agent: ${said(back)}` };
}

/** Offers again, some time later, what has crossed an offer of the far side. */
async function offer(
  dialog: SipDialog,
  sdp: () => string,
  { clock, random }: DirectDeps,
): Promise<ReinviteOutcome> {
  for (let retriesLeft = GLARE_RETRIES; ; retriesLeft -= 1) {
    const outcome = await dialog.reinvite(sdp());
    if (!isGlare(outcome) || retriesLeft === 0 || dialog.hasEnded) return outcome;
    const spreadMs = (GLARE_PAUSE_MAX_MS - GLARE_PAUSE_MIN_MS) * random.fraction();
    await new Promise<void>((resolve) => {
      const cancel = clock.after(GLARE_PAUSE_MIN_MS + spreadMs, resolve);
      dialog.onEnded(() => {
        cancel();
        resolve();
      });
    });
  }
}

function relayOffers(one: SipDialog, other: SipDialog, deps: DirectDeps): void {
  let isRelaying = false;
  const relay = async (sdp: string, to: SipDialog): Promise<OfferAnswer> => {
    // Of two that cross, each would be refused for the other's sake: the later one comes again, and
    // whoever did not choose the Call-ID does so while we pause (RFC 3261 14.1).
    if (isRelaying) return PENDING;
    isRelaying = true;
    try {
      const outcome = await offer(to, () => sdp, deps);
      if (outcome.kind === 'answered') return outcome.remoteSdp;
      if (isGlare(outcome)) return PENDING;
      throw new Error(`the other side would not: ${said(outcome)}`);
    } finally {
      isRelaying = false;
    }
  };
  one.onOffer((sdp) => relay(sdp, other));
  other.onOffer((sdp) => relay(sdp, one));
}

function isGlare(outcome: ReinviteOutcome): boolean {
  return outcome.kind === 'refused' && outcome.status === REQUEST_PENDING;
}

type Refusal = Exclude<ReinviteOutcome, { kind: 'answered' }>;

function said(outcome: Refusal): string {
  return outcome.kind === 'error' ? outcome.why : `${outcome.status} ${outcome.reason}`;
}
