/** What a called party knows about one call: the story of the signalling and what it heard. */

export type EndedBy =
  /** BYE from the caller. */
  | 'caller'
  /** BYE from the called party. */
  | 'far-end'
  /** CANCEL before an answer. */
  | 'cancelled'
  /** A final failure response. */
  | 'rejected'
  /** The called party is gone without a word. */
  | 'vanished';

export interface LadderStep {
  /** Since the INVITE arrived, in milliseconds. */
  readonly atMs: number;
  /** `180 sent`, `BYE received`, `says far-end/hello.wav`. */
  readonly what: string;
}

/** Every `...AtMs` counts from the arrival of the INVITE. */
export interface HeardCall {
  readonly callId: string;
  /** Name of the persona, or `script` for one that has none. */
  readonly persona: string;
  /** User part of the request-URI: the number that was dialled. */
  readonly userPart: string;
  readonly fromUser: string;
  /** Headers that carry data for the called party: X-*, P-*, User-to-User and the like. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly startedAtEpochMs: number;
  readonly ladder: readonly LadderStep[];
  readonly answeredAtMs?: number;
  readonly endedAtMs?: number;
  /** Absent while the call lives. */
  readonly endedBy?: EndedBy;
  /** When the first RTP arrived; the recording begins there. */
  readonly recordingAtMs?: number;
  /** 8 kHz, aligned in time by RTP timestamp; at most as long as was asked for. */
  readonly recording: Int16Array;
  readonly packets: number;
  readonly lostPackets: number;
  readonly latePackets: number;
  readonly maxGapMs: number;
  /** Keys pressed by the caller. */
  readonly dtmf: string;
}
