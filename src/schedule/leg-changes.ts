/** The ledger of legs on the wire, as sessions change it and as it is read after a crash. */
import type { LegIdentity, OrphanLeg } from '../ports.js';

/**
 * The leg ledger: what is in the air on the wire, so that it can be ended after a crash. A leg is in
 * it from before its INVITE until its BYE or CANCEL is answered; facts about others are ignored. Alone in
 * a change it needs no callback: a call from outside has none, but an id of its own.
 */
export type LegChange =
  | {
      readonly kind: 'begun';
      readonly callId: string;
      /** E.164 of a customer; absent for agents and route points. */
      readonly number?: string;
      /** Should we die: from then on nothing of it can ring any more. */
      readonly ringsUntilMs: number;
    }
  | {
      readonly kind: 'facts';
      readonly callId: string;
      readonly endpointId?: string;
      readonly identity?: LegIdentity;
    }
  | { readonly kind: 'over'; readonly callId: string };

/** A leg in the ledger. */
export interface LegRecord extends OrphanLeg {
  readonly callbackId: string;
  readonly number?: string;
  readonly ringsUntilMs: number;
}
