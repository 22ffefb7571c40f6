/**
 * Performs a persona's script, step after step, on a stage that knows how to ring, speak and hang
 * up. It keeps no state of the call: once the stage says that the call is over, every step ends at
 * once.
 */
import type { PersonaScript, Rejection, ScriptStep, Utterance } from './persona-script.js';

/** What a script can do with a call. Every promise settles early when the call is over. */
export interface Stage {
  readonly isOver: boolean;
  /** The caller is being heard right now. */
  readonly hearsVoice: boolean;
  nowMs(): number;
  /** Infinity: until the call is over. */
  pause(ms: number): Promise<void>;
  ring(): void;
  startEarlyMedia(): void;
  /** Settles when the caller has acknowledged the answer. */
  answer(sdp?: string): Promise<void>;
  reject(rejection: Rejection): void;
  say(what: Utterance): Promise<void>;
  press(keys: string): void;
  /** Settles when the caller has said what it thinks of it. */
  refer(to: string): Promise<void>;
  hangUp(): void;
  vanish(): void;
}

const POLL_MS = 20;
/** A step that takes no time must not let a repetition run hot. */
const REPEAT_MS_MIN = POLL_MS;

/** @returns when the script or the call has ended; it never rejects unless the stage does */
export async function runScript(script: PersonaScript, stage: Stage): Promise<void> {
  await runSteps(script.steps, stage);
}

async function runSteps(steps: readonly ScriptStep[], stage: Stage): Promise<void> {
  for (const step of steps) {
    if (stage.isOver) return;
    await runStep(step, stage);
  }
}

async function runStep(step: ScriptStep, stage: Stage): Promise<void> {
  switch (step.step) {
    case 'ring':
      stage.ring();
      return stage.pause(step.ms);
    case 'early-media':
      return stage.startEarlyMedia();
    case 'answer':
      return stage.answer(step.sdp);
    case 'reject':
      return stage.reject(step.rejection);
    case 'say':
      return stage.say(step.what);
    case 'press':
      return stage.press(step.keys);
    case 'wait':
      return stage.pause(step.ms);
    case 'hear':
      return hear(stage, step.maxMs);
    case 'listen':
      return listen(stage, step.quietMs, step.maxMs);
    case 'refer':
      return stage.refer(step.to);
    case 'hang-up':
      return stage.hangUp();
    case 'vanish':
      return stage.vanish();
    case 'repeat':
      while (!stage.isOver) {
        await runSteps(step.steps, stage);
        await stage.pause(REPEAT_MS_MIN);
      }
  }
}

async function hear(stage: Stage, maxMs: number): Promise<void> {
  const endAtMs = stage.nowMs() + maxMs;
  while (!stage.isOver && !stage.hearsVoice && stage.nowMs() < endAtMs) await stage.pause(POLL_MS);
}

async function listen(stage: Stage, quietMs: number, maxMs: number): Promise<void> {
  const endAtMs = stage.nowMs() + maxMs;
  let voiceAtMs = stage.nowMs();
  while (!stage.isOver && stage.nowMs() < Math.min(endAtMs, voiceAtMs + quietMs)) {
    await stage.pause(POLL_MS);
    if (stage.hearsVoice) voiceAtMs = stage.nowMs();
  }
}
