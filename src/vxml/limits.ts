/** Every bound a page and its session live within. Those of reading and scripts are the plugins'. */
import { DEFAULT_LIMITS, type Limits } from '../plugin/scxml/limits.js';

export interface PageLimits extends Limits {
  /** Executed elements and selected form items until the caller is waited for, or the end. */
  readonly stepsWithoutInput: number;
  /** Times the caller is waited for, in one session. */
  readonly turns: number;
  /** Subdialogs inside each other. */
  readonly subdialogDepth: number;
  /** States of one grammar once its repeats are written out. */
  readonly grammarStates: number;
  /** Keys of one input. */
  readonly inputDigits: number;
  /** Prompts waiting to be heard. */
  readonly queuedPrompts: number;
  /** Characters of text in one prompt. */
  readonly promptChars: number;
  /** Characters of what is submitted. */
  readonly submitChars: number;
}

export const DEFAULT_PAGE_LIMITS: PageLimits = {
  ...DEFAULT_LIMITS,
  stepsWithoutInput: 20_000,
  turns: 1000,
  subdialogDepth: 16,
  grammarStates: 20_000,
  inputDigits: 256,
  queuedPrompts: 200,
  promptChars: 20_000,
  submitChars: 256 * 1024,
};
