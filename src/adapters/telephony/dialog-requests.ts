/**
 * Requests of ours inside a confirmed dialog: a re-INVITE with another session description (direct
 * media, and back), and a REFER followed to its end. drachtio-srf's own `modify` waits for ever after a
 * refused re-INVITE, so the request is made here; what the far side answers is a value.
 */
import type { Clock, Log, ReferOutcome, ReinviteOutcome } from '../../ports.js';
import { containedRequest } from './contained.js';
import { type Deadlines, withDeadline } from './deadlines.js';
import { describeError } from './errors.js';
import { inOurName } from './session-description.js';
import { checked } from './sip-headers.js';
import type { DialogView, SipMessageView } from './srf-types.js';

export interface DialogRequestContext {
  readonly clock: Clock;
  readonly deadlines: Pick<Deadlines, 'reinviteMs'>;
}

/** Dialogs in which an offer of ours has no final answer yet. */
const offering = new WeakSet<DialogView>();

/** Whether an offer of the far side would cross one of ours (RFC 3261 14.2: answered with 491). */
export function isOffering(leg: DialogView): boolean {
  return offering.has(leg);
}

/** Sends a re-INVITE with this SDP. Never rejects; the call goes on as it was when it is refused. */
export async function reinvite(
  leg: DialogView,
  sdp: string,
  { clock, deadlines }: DialogRequestContext,
): Promise<ReinviteOutcome> {
  const before = leg.local.sdp;
  const localSdp = inOurName(sdp, before);
  offering.add(leg);
  try {
    const contact = leg.local.contact;
    const headers: Record<string, string> = contact === undefined ? {} : { Contact: contact };
    const answer = finalResponse(leg, { method: 'INVITE', body: localSdp, headers });
    const response = await withDeadline(clock, deadlines.reinviteMs, 're-INVITE', answer);
    if (response.status >= 300) {
      return { kind: 'refused', status: response.status, reason: response.reason };
    }
    leg.local.sdp = localSdp;
    leg.remote.sdp = response.body || leg.remote.sdp;
    return { kind: 'answered', remoteSdp: leg.remote.sdp };
  } catch (thrown) {
    leg.local.sdp = before;
    return { kind: 'error', why: describeError(thrown) };
  } finally {
    offering.delete(leg);
  }
}

/**
 * Asks the far side to call somebody else (RFC 3515) and waits for what comes of it: the final
 * status in a NOTIFY, a refusal, or the end of the dialog. Never rejects.
 * @param target a SIP URI, already validated
 * @param limitMs for all of it
 * @param onReport called when the far side says what came of it; `later` when that is after the time
 */
export async function refer(
  leg: DialogView,
  target: string,
  limitMs: number,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  onReport: (later?: Promise<void>) => void = () => undefined,
): Promise<ReferOutcome> {
  let settle: (outcome: ReferOutcome) => void = () => undefined;
  const outcome = new Promise<ReferOutcome>((resolve) => (settle = resolve));
  let isTransferred: () => void = () => undefined;
  const later = new Promise<void>((resolve) => (isTransferred = resolve));
  let isLate = false;
  const onNotify = containedRequest(log, 'NOTIFY', (request, response) => {
    response.send(200);
    const result = resultOf(request);
    if (!result) return;
    settle(result);
    if (!isLate) onReport();
    if (result.kind !== 'transferred') return;
    isTransferred();
    if (isLate) onReport(later);
  });
  const onEnd = (): void =>
    settle({ kind: 'unknown', why: 'the far side hung up before it said what came of it' });
  leg.on('notify', onNotify);
  leg.on('destroy', onEnd);
  const cancel = clock.after(limitMs, () => {
    isLate = true;
    settle({ kind: 'unknown', why: `no final NOTIFY within ${limitMs} ms`, later });
  });
  try {
    const answer = finalResponse(leg, { method: 'REFER', headers: referHeaders(leg, target) });
    const accepted = withDeadline(clock, limitMs, 'REFER', answer);
    // A NOTIFY may come before the 202 (RFC 3515 2.4.4), and a BYE instead of it.
    const first = await Promise.race([accepted, outcome]);
    if ('kind' in first) return first;
    const { status, reason } = first;
    if (status >= 300) return { kind: 'refused', status, reason };
    return await outcome;
  } catch (thrown) {
    return { kind: 'unknown', why: describeError(thrown) };
  } finally {
    cancel();
    // Its phone may go on ringing: who is late is heard as long as the dialog lives.
    if (!isLate) leg.off('notify', onNotify);
    leg.off('destroy', onEnd);
  }
}

/** Referred-By (RFC 3892) is the address that the far side knows us by. */
function referHeaders(leg: DialogView, target: string): Record<string, string> {
  const headers = { 'Refer-To': `<${checked('sip-uri', target)}>` };
  const [, ours] = /<?(sips?:[^\s<>;,]+)/.exec(leg.local.contact ?? '') ?? [];
  return ours === undefined
    ? headers
    : { ...headers, 'Referred-By': `<${checked('sip-uri', ours)}>` };
}

/** What a NOTIFY with a piece of SIP says (RFC 3515 2.4.5); undefined while it is provisional. */
function resultOf(request: SipMessageView): ReferOutcome | undefined {
  // Of something else that the far side tells in the same dialog.
  if (!/^\s*refer\b/i.test(request.get('Event') ?? 'refer')) return undefined;
  const [, code, reason = ''] =
    /^SIP\/2\.0 ([1-6]\d\d)(?!\d) ?([^\r\n]{0,100})/.exec(request.body ?? '') ?? [];
  const isOver = /^terminated/i.test(request.get('Subscription-State') ?? '');
  const status = Number(code ?? 0);
  if (status >= 300) return { kind: 'refused', status, reason };
  if (status >= 200) return { kind: 'transferred', status };
  return isOver ? { kind: 'unknown', why: 'it stopped reporting without a result' } : undefined;
}

/** What a dialog can be asked, as far as it matters here. */
interface Asked<Request, Response> {
  request(request: Request, done: (error: unknown, response?: Response) => void): void;
}

/** drachtio-srf hands provisional responses to the same callback. */
export function finalResponse<Request, Response extends { readonly status: number }>(
  leg: Asked<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    leg.request(request, (error, response) => {
      if (error) reject(error instanceof Error ? error : new Error(describeError(error)));
      else if (response && response.status >= 200) resolve(response);
    });
  });
}
