/**
 * Reads out of sent and received messages what another process needs to end the leg after a crash of
 * this one. Pure; it sends nothing.
 */
import type { LegIdentity } from '../../ports.js';
import type { DialogView, InboundRequestView, SentInvite, SipMessageView } from './srf-types.js';

/**
 * @param response the latest one, when there is one: its From is that of the INVITE it answers
 * @returns undefined for an INVITE that drachtio echoed without a tag
 */
export function ringingIdentity(
  sent: SentInvite,
  response: SipMessageView = sent,
): LegIdentity | undefined {
  const localTag = tagOf(response.get('From'));
  return localTag === undefined ? undefined : { transactionId: sent.stackTxnId, localTag };
}

/** @returns undefined when the answer lacks what a BYE needs */
export function answeredIdentity(
  { sip, res }: { readonly sip: { readonly localTag: string }; readonly res: Origin },
  sent: SentInvite | undefined,
): LegIdentity | undefined {
  const [from, to] = [res.get('From'), res.get('To')];
  const cseq = Number(/^\s*(\d{1,10})\s/.exec(res.get('CSeq') ?? '')?.[1]);
  // Whoever leaves it out is reached at the address that was called.
  const target = uriOf(res.get('Contact')) ?? uriOf(to);
  if (!from || !to || !target || !Number.isSafeInteger(cseq)) return undefined;
  // The last Record-Route is the hop next to us (RFC 3261 12.1.2).
  const via = firstHop(res, target, -1);
  return {
    transactionId: sent?.stackTxnId ?? '',
    localTag: sip.localTag,
    answered: { from, to, cseq, target, ...(via === undefined ? {} : { via }) },
  };
}

/**
 * Above whatever the server began to count our requests from in a dialog that the far side made: sofia-sip
 * takes its clock, below 2 ** 27.
 */
const INBOUND_CSEQ = 2 ** 30;

/** Of a call that came to us. @returns undefined when its INVITE lacks what a BYE needs */
export function inboundIdentity(
  { sip }: DialogView,
  invite: InboundRequestView,
): LegIdentity | undefined {
  const [us, them] = [invite.get('To'), invite.get('From')];
  const target = uriOf(invite.get('Contact'));
  if (!us || !them || !target) return undefined;
  const { localTag, remoteTag: dialogTag } = sip;
  // The first Record-Route is the hop next to us (RFC 3261 12.1.1).
  const via = firstHop(invite, target, 0);
  const from = tagOf(us) === undefined ? `${us};tag=${localTag}` : us;
  const answered = {
    from,
    to: them,
    cseq: INBOUND_CSEQ,
    target,
    ...(via !== undefined && { via }),
  };
  return { transactionId: '', localTag, dialogTag, answered };
}

/** A message that made a dialog, and where it came from. */
type Origin = Pick<InboundRequestView, 'get' | 'source_address' | 'source_port'>;

/**
 * Without a Record-Route, a far side whose Contact is not where its message came from sits behind NAT
 * and is reached at the latter.
 */
function firstHop(from: Origin, target: string, nearest: 0 | -1): string | undefined {
  const routes = from.get('Record-Route');
  if (routes !== undefined) return [...routes.matchAll(/<([^<>]+)>/g)].at(nearest)?.[1];
  const host = /^sips?:(?:[^@]*@)?([^:;?>]+)/i.exec(target)?.[1];
  const { source_address: source, source_port: port } = from;
  if (source === undefined || port === undefined || host === source) return undefined;
  return `sip:${source}:${port}`;
}

function tagOf(address: string | undefined): string | undefined {
  return /;\s*tag=([^;\s>]+)/i.exec(address ?? '')?.[1];
}

function uriOf(contact: string | undefined): string | undefined {
  return /<([^<>]+)>/.exec(contact ?? '')?.[1] ?? /^\s*(sips?:[^\s;,]+)/i.exec(contact ?? '')?.[1];
}
