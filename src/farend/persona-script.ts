/**
 * The language a persona is written in: a list of steps, done one after another, as data. A script
 * says what the called party does; it knows nothing of SIP, of sockets or of who is calling, and it
 * has no conditions beyond "until you hear something" and "until it is quiet".
 */
import type { Tone } from './tones.js';

/** What a called party can let be heard. */
export type Utterance =
  /** A WAV file, relative to the media directory. */
  { readonly file: string } | { readonly tone: Tone };

export type ScriptStep =
  /** 180 Ringing, then nothing for so long; Infinity rings until the caller gives up. */
  | { readonly step: 'ring'; readonly ms: number }
  /** 183 Session Progress with SDP: from here on the caller hears us, unanswered. */
  | { readonly step: 'early-media' }
  /** 200 OK with SDP, or with a body of its own instead; done when the ACK has arrived. */
  | { readonly step: 'answer'; readonly sdp?: string }
  /** A final failure; ends the script. */
  | { readonly step: 'reject'; readonly rejection: Rejection }
  | { readonly step: 'say'; readonly what: Utterance }
  /** Keys as telephone events (RFC 4733), one after the other; done when they are on their way. */
  | { readonly step: 'press'; readonly keys: string }
  | { readonly step: 'wait'; readonly ms: number }
  /** Until the caller has been heard, at most so long. */
  | { readonly step: 'hear'; readonly maxMs: number }
  /** Until the caller has been quiet for so long, at most so long in all. */
  | { readonly step: 'listen'; readonly quietMs: number; readonly maxMs: number }
  /** REFER: the caller is to call this SIP URI instead; done when that has been answered. */
  | { readonly step: 'refer'; readonly to: string }
  /** BYE; ends the script. */
  | { readonly step: 'hang-up' }
  /** Gone without a word, as with its power cut: nothing is sent or answered any more; ends the script. */
  | { readonly step: 'vanish' }
  /** For ever. */
  | { readonly step: 'repeat'; readonly steps: readonly ScriptStep[] };

export interface Rejection {
  /** 300 to 699. */
  readonly status: number;
  readonly reason?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

export interface PersonaScript {
  /** After the last step the call stays up until the caller ends it. */
  readonly steps: readonly ScriptStep[];
  /** `answer`: 200 to the INVITE the moment a CANCEL arrives, the race that RFC 3261 9.1 allows. */
  readonly onCancel?: 'end' | 'answer';
}

/** @returns true if the script ever sends or receives sound, so that it needs an RTP port */
export function needsMedia(script: PersonaScript): boolean {
  if (script.onCancel === 'answer') return true;
  return script.steps.some(({ step }) => step === 'early-media' || step === 'answer');
}

/** @returns the names of all sound files a script plays */
export function soundFiles(steps: readonly ScriptStep[]): readonly string[] {
  return steps.flatMap((step) => {
    if (step.step === 'repeat') return soundFiles(step.steps);
    return step.step === 'say' && 'file' in step.what ? [step.what.file] : [];
  });
}
