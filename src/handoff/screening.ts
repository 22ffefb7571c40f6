/**
 * What an agent goes through between answering and talking to the customer: hears whom it is about,
 * and presses a key to take the call, which no voicemail does. The customer notices nothing of it.
 */
import type { Clock, MediaEndpoint } from '../ports.js';

export interface Screening {
  readonly clock: Clock;
  /** Paths as the media server sees them, played as one; none: nothing is said. Must not reject. */
  readonly whisper: () => Promise<readonly string[]>;
  readonly accept: {
    /** Undefined: the answer is enough. */
    readonly digit: string | undefined;
    /** From the whisper's end. */
    readonly timeoutMs: number;
  };
}

/**
 * @param withdrawn ends it at once
 * @returns why the agent does not take the call; undefined: it does
 */
export async function screen(
  endpoint: MediaEndpoint,
  { clock, whisper, accept }: Screening,
  withdrawn: AbortSignal,
): Promise<string | undefined> {
  const { digit, timeoutMs } = accept;
  const key = new Promise<'accepted'>((resolve) => {
    if (digit === undefined) return;
    endpoint.onDigit((pressed) => {
      if (pressed === digit) resolve('accepted');
    });
  });
  const isWithdrawn = new Promise<'withdrawn'>((resolve) =>
    withdrawn.addEventListener('abort', () => resolve('withdrawn')),
  );
  const files = await Promise.race([whisper(), isWithdrawn]);
  if (withdrawn.aborted || files === 'withdrawn') return 'withdrawn';
  const playback = files.length > 0 ? endpoint.play(files, { loop: false }) : undefined;
  // A whisper that cannot be played costs nobody the call.
  const whispered = Promise.resolve(playback?.done).then(() => 'whispered' as const);
  const first = await Promise.race([key, isWithdrawn, whispered]);
  if (first === 'whispered') {
    if (digit === undefined) return withdrawn.aborted ? 'withdrawn' : undefined;
    let cancel = () => {};
    const tooLate = new Promise<'too late'>((resolve) => {
      cancel = clock.after(timeoutMs, () => resolve('too late'));
    });
    const last = await Promise.race([key, isWithdrawn, tooLate]);
    cancel();
    return last === 'accepted' ? undefined : last === 'withdrawn' ? last : 'not accepted in time';
  }
  await playback?.stop();
  return first === 'accepted' ? undefined : first;
}
