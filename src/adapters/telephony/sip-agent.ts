/**
 * Signalling behind the `SipAgent` port: sends INVITEs through drachtio and keeps track of what is in
 * the air, so that a lost connection ends every dialog and INVITE at once with a clear outcome.
 */
import type {
  Clock,
  InviteRequest,
  LegListener,
  Log,
  OrphanEnd,
  OrphanLeg,
  OutgoingCall,
  PlainRequest,
  RequestOutcome,
  SipAgent,
  SipDialog,
} from '../../ports.js';
import { contained } from './contained.js';
import type { Deadlines } from './deadlines.js';
import { describeError } from './errors.js';
import { inboundIdentity } from './leg-identity.js';
import { endOrphanLeg } from './orphan-leg.js';
import { OutgoingInvite } from './outgoing-invite.js';
import { sendPlain } from './plain-request.js';
import { DrachtioDialog } from './sip-dialog.js';
import { reasonHeader } from './sip-headers.js';
import type { LostLeg } from './lost-legs.js';
import type { DialogView, InboundRequestView, ReplyView, SrfView } from './srf-types.js';

export interface SipAgentContext {
  readonly srf: SrfView;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  /** Name of its site, for the records of its legs. */
  readonly site: string;
  isConnected(): boolean;
}

export class DrachtioSipAgent implements SipAgent {
  readonly #invites = new Set<OutgoingInvite>();
  /** Each with who can say what it takes to end it without us. */
  readonly #dialogs = new Map<DrachtioDialog, Pick<OutgoingInvite, 'becomeLost'> | undefined>();

  constructor(private readonly context: SipAgentContext) {}

  get isConnected(): boolean {
    return this.context.isConnected();
  }

  invite(request: InviteRequest): OutgoingCall {
    if (!this.isConnected) return notSent(request.callId);
    const invite: OutgoingInvite = new OutgoingInvite(request, {
      ...this.context,
      adopt: (leg, earlySdp) => {
        const onGone = (gone: DrachtioDialog) => this.#dialogs.delete(gone);
        const dialog = new DrachtioDialog(leg, { ...this.context, onGone }, earlySdp);
        this.#dialogs.set(dialog, invite);
        return dialog;
      },
      onGone: (gone) => this.#invites.delete(gone),
    });
    this.#invites.add(invite);
    return invite;
  }

  /**
   * Answers a call from outside.
   * @param hears what it would take to end the call, before this resolves
   * @throws when the caller has given up
   */
  accept(
    request: InboundRequestView,
    response: ReplyView,
    localSdp: string,
    hears: Pick<LegListener, 'onIdentity'>,
  ): Promise<SipDialog> {
    return new Promise((resolve, reject) => {
      let hasGivenUp = false;
      const made = (error: unknown, leg?: DialogView): void => {
        if (!leg) {
          hasGivenUp = true;
          return reject(error instanceof Error ? error : new Error(describeError(error)));
        }
        const dialog = this.#adoptInbound(leg, request, hears);
        // Its CANCEL has crossed our answer.
        if (hasGivenUp) void dialog.bye('the caller has given up');
        else resolve(dialog);
      };
      const onThrown = (thrown: unknown, _error: unknown, leg?: DialogView): void => {
        void leg?.destroy({ headers: reasonHeader('internal error') }).catch(() => undefined);
        reject(thrown instanceof Error ? thrown : new Error(describeError(thrown)));
      };
      const { srf, log } = this.context;
      srf.createUAS(
        ...([request, response, { localSdp }] as const),
        contained(log, 'a call that was taken', made, { callId: request.get('Call-ID'), onThrown }),
      );
    });
  }

  #adoptInbound(
    leg: DialogView,
    request: InboundRequestView,
    hears: Pick<LegListener, 'onIdentity'>,
  ): SipDialog {
    const identity = inboundIdentity(leg, request);
    const known = identity && { identity: { ...identity, site: this.context.site } };
    if (known) hears.onIdentity(known.identity);
    const onGone = (gone: DrachtioDialog) => this.#dialogs.delete(gone);
    const dialog = new DrachtioDialog(leg, { ...this.context, onGone });
    const { callId } = dialog;
    // Whoever waits for its end has been told of the loss, and waits no longer.
    const becomeLost = (): LostLeg => ({ callId, ...known, settle: () => undefined });
    this.#dialogs.set(dialog, known && { becomeLost });
    return dialog;
  }

  request(request: PlainRequest): Promise<RequestOutcome> {
    return sendPlain(request, this.context);
  }

  /** Never rejects. */
  endOrphan(leg: OrphanLeg): Promise<OrphanEnd> {
    return endOrphanLeg(leg, this.context);
  }

  counts(): { invites: number; dialogs: number } {
    return { invites: this.#invites.size, dialogs: this.#dialogs.size };
  }

  /**
   * The connection to drachtio is gone, and every dialog with it (drachtio answers 481 from now on).
   * @returns what is up or rings at the far side all the same, to be ended and settled by the caller
   */
  loseAll(why: string): LostLeg[] {
    const invites = [...this.#invites];
    const dialogs = [...this.#dialogs];
    const known = dialogs.flatMap(([, origin]) => origin ?? []);
    const legs = [...invites, ...known].map((origin) => origin.becomeLost());
    for (const invite of invites) invite.lose(why);
    for (const [dialog] of dialogs) dialog.lose();
    return legs;
  }

  /** Cancels and hangs up everything; resolves when all of it is answered or timed out. */
  async close(): Promise<void> {
    const invites = [...this.#invites];
    for (const invite of invites) invite.cancel('shutting down');
    await Promise.all(invites.map(({ outcome }) => outcome));
    for (const invite of invites) invite.forget();
    await Promise.all([...this.#dialogs.keys()].map((dialog) => dialog.bye('shutting down')));
  }
}

function notSent(callId: string): OutgoingCall {
  return {
    callId,
    onIdentity: () => undefined,
    onProvisional: () => undefined,
    outcome: Promise.resolve({ kind: 'error', why: 'no connection to the signalling server' }),
    cancel: () => undefined,
  };
}
