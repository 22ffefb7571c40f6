/**
 * Reads out of sent and received messages what another process needs to end the leg after a crash of
 * this one. Pure; it sends nothing.
 */
import type { LegIdentity } from '../../ports.js';
import type { AnswerView, DialogView, SentInvite, SipMessageView } from './srf-types.js';

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
  { sip, res }: DialogView,
  sent: SentInvite | undefined,
): LegIdentity | undefined {
  const [from, to] = [res.get('From'), res.get('To')];
  const cseq = Number(/^\s*(\d{1,10})\s/.exec(res.get('CSeq') ?? '')?.[1]);
  const target = uriOf(res.get('Contact'));
  if (!from || !to || !target || !Number.isSafeInteger(cseq)) return undefined;
  const via = firstHop(res, target);
  return {
    transactionId: sent?.stackTxnId ?? '',
    localTag: sip.localTag,
    answered: { from, to, cseq, target, ...(via === undefined ? {} : { via }) },
  };
}

/**
 * The last Record-Route is the hop next to us (RFC 3261 12.1.2). Without one, a far side whose
 * Contact is not where its answer came from sits behind NAT and is reached at the latter.
 */
function firstHop(res: AnswerView, target: string): string | undefined {
  const routes = res.get('Record-Route');
  if (routes !== undefined) return [...routes.matchAll(/<([^<>]+)>/g)].at(-1)?.[1];
  const host = /^sips?:(?:[^@]*@)?([^:;?>]+)/i.exec(target)?.[1];
  const { source_address: source, source_port: port } = res;
  if (source === undefined || port === undefined || host === source) return undefined;
  return `sip:${source}:${port}`;
}

function tagOf(address: string | undefined): string | undefined {
  return /;\s*tag=([^;\s>]+)/i.exec(address ?? '')?.[1];
}

function uriOf(contact: string | undefined): string | undefined {
  return /<([^<>]+)>/.exec(contact ?? '')?.[1] ?? /^\s*(sips?:[^\s;,]+)/i.exec(contact ?? '')?.[1];
}
