/** What the pool and its threads tell each other. Plain data, so that it can cross a thread. */
import type { CpdEvent } from '../../cpd/types.js';
import type { Judgement, ListenerRequest } from './call-listener.js';

export type ToWorker =
  | {
      readonly kind: 'open';
      readonly tap: number;
      readonly listener: ListenerRequest;
      readonly host: string;
      /** Addresses that may send; empty: loopback only. */
      readonly sources: readonly string[];
    }
  | { readonly kind: 'answered'; readonly tap: number }
  /** Opens a UDP socket, instead of the one before. */
  | { readonly kind: 'listen'; readonly tap: number }
  /** Reads a recording of this host as it grows. */
  | { readonly kind: 'follow'; readonly tap: number; readonly path: string }
  | { readonly kind: 'close'; readonly tap: number }
  /** Write what is to be written, and end. */
  | { readonly kind: 'stop' };

/** Packets of one tap, or of all. */
export interface PacketCounts {
  readonly accepted: number;
  /** Wrong size, wrong sender, or more audio than time has passed. */
  readonly refused: number;
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'opened';
      readonly tap: number;
      readonly fork: { readonly port: number; readonly path: string };
    }
  | { readonly kind: 'listening'; readonly tap: number; readonly port: number }
  /** mod_audio_fork has connected, or the recording is open. */
  | { readonly kind: 'reached'; readonly tap: number }
  | { readonly kind: 'failed'; readonly tap: number; readonly message: string }
  | { readonly kind: 'event'; readonly tap: number; readonly event: CpdEvent }
  | {
      readonly kind: 'closed';
      readonly tap: number;
      readonly packets: PacketCounts;
      /** The live profile's, then the shadows'; empty without shadows. */
      readonly judgements: readonly Judgement[];
    }
  /** A recording that was asked for could not be written. */
  | { readonly kind: 'recording-failed'; readonly tap: number; readonly message: string };
