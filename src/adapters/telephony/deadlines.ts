/**
 * How long the adapter waits for the servers before it gives up, and the one function that waits.
 * No promise of this folder is ever awaited without it: drachtio-fsmrf leaves promises unsettled
 * when the media server hangs, dies or does not know an application.
 */
import type { Clock } from '../../ports.js';
import { TelephonyError } from './errors.js';

const SECOND_MS = 1000;

/** All in milliseconds. */
export interface Deadlines {
  /** TCP connect and log-in to one server. */
  readonly connectMs: number;
  /** At the start: as long as no call can be made because servers were slow, another try begins until then. */
  readonly startMs: number;
  /** A new endpoint, falling over to another server included. The library's own limits are 4 s and 32 s. */
  readonly endpointMs: number;
  /** The first server's part of that, when there is another one to ask. */
  readonly endpointTryMs: number;
  /** Re-INVITE towards the media server. */
  readonly modifyMs: number;
  /** One event socket command. */
  readonly commandMs: number;
  /** From the playback command to the first sound; fetching a URL counts. */
  readonly playStartMs: number;
  /** From stop to silence. */
  readonly stopMs: number;
  /** From our handing over an INVITE or BYE to drachtio's confirmation. */
  readonly requestMs: number;
  /** A re-INVITE of ours; RFC 3261 17.1.1.2 timer B is 32 s, and a person waits. */
  readonly reinviteMs: number;
  /** From CANCEL to the final response: whoever called does not wait longer. */
  readonly cancelMs: number;
  /** And its number does: from there until no 200 can come any more; 64 * T1 of RFC 3261. */
  readonly finalResponseMs: number;
  /** An INVITE nobody cancels, until it rings; RFC 3261 16.6 timer C is 180 s. */
  readonly inviteMs: number;
  /** BYE until its answer, or the end of an endpoint. */
  readonly byeMs: number;
  /** Between two checks that a server still answers. */
  readonly pingMs: number;
  /** A server that has not answered a check for so long gets no new work. */
  readonly suspectMs: number;
  /** One that has not answered for so long is lost, with everything on it. */
  readonly lostMs: number;
  /** Longest pause between two attempts to reconnect, or two trials of a server that fails. */
  readonly reconnectMaxMs: number;
  /** The same after a fault that only a changed configuration ends. */
  readonly lastingFaultPauseMs: number;
  /** A leg whose signalling server was lost and cannot be told to end it: it is over by then. */
  readonly lostLegMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = {
  connectMs: 3 * SECOND_MS,
  startMs: 10 * SECOND_MS,
  endpointMs: 4.5 * SECOND_MS,
  endpointTryMs: 2 * SECOND_MS,
  modifyMs: 4 * SECOND_MS,
  commandMs: 3 * SECOND_MS,
  playStartMs: 10 * SECOND_MS,
  stopMs: 2 * SECOND_MS,
  requestMs: 4 * SECOND_MS,
  reinviteMs: 5 * SECOND_MS,
  cancelMs: 5 * SECOND_MS,
  finalResponseMs: 32 * SECOND_MS,
  inviteMs: 185 * SECOND_MS,
  byeMs: 4 * SECOND_MS,
  pingMs: 2 * SECOND_MS,
  suspectMs: 2 * SECOND_MS,
  lostMs: 8 * SECOND_MS,
  reconnectMaxMs: 5 * SECOND_MS,
  lastingFaultPauseMs: 30 * SECOND_MS,
  lostLegMs: 180 * SECOND_MS,
};

/**
 * Waits for `work`, at most `limitMs`.
 * @param what names the work in the error, such as `uuid_bridge`
 * @throws TelephonyError DEADLINE when the time is over; a later rejection of `work` is swallowed
 */
export function withDeadline<T>(
  clock: Clock,
  limitMs: number,
  what: string,
  work: Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.after(limitMs, () =>
      reject(new TelephonyError('DEADLINE', `${what}: no answer within ${limitMs} ms`)),
    );
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (thrown: unknown) => {
        cancel();
        reject(thrown);
      },
    );
  });
}
