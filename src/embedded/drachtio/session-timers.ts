/**
 * Session timers: a call whose far end has died without a word does not stay up for ever. Whoever
 * is the refresher sends a re-INVITE halfway through the interval; if nobody does, the call ends.
 * The server does this by itself, as drachtio-server does; applications see only the BYE.
 *
 * Intervals come from the far end's messages and the application's; nothing is proposed here.
 * Source: RFC 4028 sections 7 to 10; drachtio-server 0.9.10, SipDialog::setSessionTimer.
 */
import { headerParam, type SipMessage } from '../sip/message.js';
import type { Scheduler } from '../sip/scheduler.js';
import type { Dialog } from './dialog.js';

/** Smallest interval accepted from a peer, in seconds. Source: RFC 4028 section 4. */
export const MIN_SE_SECONDS = 90;

const SECONDS_MAX = 1_000_000; // timers of the system end at 24.8 days
const JITTER_MS_MAX = 5000; // calls that began together are not refreshed together

/** What a Session-Expires header says. */
export interface SessionExpires {
  readonly seconds: number;
  readonly refresher: 'uac' | 'uas' | undefined;
}

/** @returns undefined when the header is absent or no number of seconds */
export function readSessionExpires(message: SipMessage): SessionExpires | undefined {
  const value = message.get('Session-Expires') ?? '';
  const match = /^\s*(\d{1,10})\s*(?:;|$)/.exec(value);
  if (!match || Number(match[1]) === 0) return undefined;
  const refresher = headerParam(value, 'refresher')?.toLowerCase();
  return {
    seconds: Math.min(SECONDS_MAX, Number(match[1])),
    refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined,
  };
}

/** What happens when a timer fires. */
export interface SessionTimerActions {
  /** We are the refresher: send a re-INVITE with this interval. */
  refresh(dialog: Dialog, seconds: number): void;
  /** They were, and did not: the call is over. */
  expire(dialog: Dialog): void;
}

/** See the head of this file. The timer itself is the dialog's, and ends with it. */
export class SessionTimers {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly actions: SessionTimerActions,
  ) {}

  /** Starts the interval anew. */
  arm(dialog: Dialog, seconds: number, areWeRefresher: boolean): void {
    dialog.cancelSessionTimer();
    const wholeMs = seconds * 1000;
    const jitterMs = Math.random() * Math.min(JITTER_MS_MAX, wholeMs / 10);
    const delayMs = areWeRefresher ? wholeMs / 2 - jitterMs : wholeMs;
    const cancel = this.scheduler.schedule(delayMs, () => {
      dialog.sessionTimer = undefined;
      if (areWeRefresher) this.actions.refresh(dialog, seconds);
      else this.actions.expire(dialog);
    });
    dialog.sessionTimer = { cancel, areWeRefresher };
  }

  /** Follows a 2xx to an INVITE of ours; one without the header ends the timer. */
  followResponse(dialog: Dialog, response: SipMessage): void {
    const expires = readSessionExpires(response);
    if (expires) this.arm(dialog, expires.seconds, expires.refresher !== 'uas');
    else dialog.cancelSessionTimer();
  }

  /** Follows the INVITE that our 2xx has answered; that one says who refreshes. */
  followAnswer(dialog: Dialog, answer: SipMessage): void {
    const expires = readSessionExpires(answer);
    if (expires) this.arm(dialog, expires.seconds, expires.refresher === 'uas');
  }

  /** Follows a re-INVITE or UPDATE of the peer; one without the header ends the timer. */
  followRequest(dialog: Dialog, request: SipMessage): void {
    const expires = readSessionExpires(request);
    const wereWe = dialog.sessionTimer?.areWeRefresher ?? false;
    dialog.cancelSessionTimer();
    if (!expires) return;
    // Without a word about it, the other side than before refreshes (drachtio-server's rule).
    const refresher = expires.refresher ?? (wereWe ? 'uac' : 'uas');
    this.arm(dialog, expires.seconds, refresher === 'uas');
  }
}

/**
 * The Session-Expires of our 2xx to an INVITE, given the peer's request. One that leaves the
 * refresher open gets no timer, which is drachtio-server's default.
 */
export function answerSessionExpires(request: SipMessage): string | undefined {
  const expires = readSessionExpires(request);
  return expires?.refresher && `${expires.seconds};refresher=${expires.refresher}`;
}
