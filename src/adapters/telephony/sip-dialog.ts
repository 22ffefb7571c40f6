/**
 * A confirmed SIP dialog behind the `SipDialog` port: tells its end once and how it came, and never
 * rejects. It knows nothing of media.
 */
import type {
  AskedReferral,
  Clock,
  DialogEnd,
  Log,
  OfferAnswer,
  ReferOutcome,
  ReinviteOutcome,
  SipDialog,
} from '../../ports.js';
import { takeReferral } from './asked-referral.js';
import { contained } from './contained.js';
import { type Deadlines, withDeadline } from './deadlines.js';
import { refer, reinvite } from './dialog-requests.js';
import { describeError } from './errors.js';
import { takeReoffers } from './reoffer.js';
import { plainHeaders, reasonHeader } from './sip-headers.js';
import type { DialogView, SipMessageView, SrfView } from './srf-types.js';

export interface DialogContext {
  readonly srf: SrfView;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  /** Called once at the end, to forget the dialog. */
  onGone(dialog: DrachtioDialog): void;
}

export class DrachtioDialog implements SipDialog {
  readonly callId: string;
  readonly identity: { readonly localTag: string; readonly remoteTag: string };
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly #handles: ((how: DialogEnd) => void)[] = [];
  #answerOffer: ((sdp: string) => Promise<OfferAnswer>) | undefined;
  #onFax: () => void = () => undefined;
  #onRefer: ((referral: AskedReferral) => void) | undefined;
  #ended: DialogEnd | undefined;
  /** Resolves once whoever referred the far side has what it reported. */
  #report: Promise<unknown> | undefined;
  #endReason: string | undefined;
  #bye: Promise<void> | undefined;

  constructor(
    private readonly leg: DialogView,
    private readonly context: DialogContext,
    /** Of a provisional response, for an answer that has none (RFC 3262: the 183 was acknowledged). */
    private readonly earlySdp = '',
  ) {
    this.callId = leg.sip.callId;
    this.identity = { localTag: leg.sip.localTag, remoteTag: leg.sip.remoteTag };
    // Of a call that came to us the answer was ours.
    this.answerHeaders = leg.type !== 'uas' ? plainHeaders(leg.res.headers) : {};
    takeReoffers(leg, {
      log: context.log,
      answer: (sdp) => this.#answerOffer?.(sdp),
      onFax: () => this.#onFax(),
      refer: (request, response) => {
        const handle = this.#onRefer;
        if (handle) takeReferral(leg, request, response, handle, context.log);
        return handle !== undefined;
      },
    });
    leg.on('destroy', (request) => {
      this.#endReason = reasonOf(request);
      this.#end(this.#bye ? 'local' : 'remote');
    });
  }

  get remoteSdp(): string {
    return this.leg.remote.sdp || this.earlySdp;
  }

  get endReason(): string | undefined {
    return this.#endReason;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  onEnded(handle: (how: DialogEnd) => void): void {
    const { callId } = this;
    this.#handles.push(contained(this.context.log, 'the end of a call', handle, { callId }));
  }

  onOffer(answer: (sdp: string) => Promise<OfferAnswer>): void {
    this.#answerOffer = answer;
  }

  onFax(handle: () => void): void {
    this.#onFax = handle;
  }

  onRefer(handle: (referral: AskedReferral) => void): void {
    this.#onRefer = handle;
  }

  reinvite(localSdp: string): Promise<ReinviteOutcome> {
    if (this.hasEnded) return Promise.resolve({ kind: 'error', why: 'the dialog has ended' });
    return reinvite(this.leg, localSdp, this.context);
  }

  refer(target: string, limitMs: number): Promise<ReferOutcome> {
    if (this.hasEnded) return Promise.resolve({ kind: 'unknown', why: 'the dialog has ended' });
    const outcome: Promise<ReferOutcome> = refer(
      ...([this.leg, target, limitMs, this.context] as const),
      (later) => (this.#report = later ?? outcome),
    );
    return outcome;
  }

  bye(reason: string): Promise<void> {
    this.#bye ??= this.#sendBye(reason);
    return this.#bye;
  }

  /** The connection to drachtio is gone: nobody can send or hear a BYE any more. */
  lose(): void {
    if (this.hasEnded) return;
    this.leg.connected = false;
    this.leg.removeAllListeners();
    this.context.srf.removeDialog(this.leg);
    this.#end('lost');
  }

  async #sendBye(reason: string): Promise<void> {
    if (this.hasEnded) return;
    const { clock, deadlines, log, srf } = this.context;
    try {
      // Started in a later turn, so that a synchronous throw of the library is a rejection too.
      const answer = Promise.resolve().then(() =>
        this.leg.destroy({ headers: reasonHeader(reason) }),
      );
      await withDeadline(clock, deadlines.byeMs, 'BYE', answer);
    } catch (thrown) {
      // ENODIALOG is the BYE of the far side crossing ours; anything else leaves nothing to do either.
      log.debug({ callId: this.callId, why: describeError(thrown) }, 'BYE was not confirmed');
      srf.removeDialog(this.leg);
    }
    this.#end('local');
  }

  #end(how: DialogEnd): void {
    if (this.hasEnded) return;
    this.#ended = how;
    this.context.onGone(this);
    const handles = this.#handles.splice(0);
    const tell = (): void => {
      for (const handle of handles) handle(how);
    };
    // A BYE right behind the NOTIFY that says how a transfer went: that is heard first.
    if (this.#report) void this.#report.then(tell);
    else tell();
  }
}

function reasonOf(bye: SipMessageView | undefined): string | undefined {
  return plainHeaders({ reason: bye?.get?.('Reason') })['reason'];
}
