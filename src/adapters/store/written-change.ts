/**
 * A change as it crosses to whoever writes it: what becomes JSON in the file is JSON already. Copied piece
 * by piece from thread to thread it costs three times as much, and becomes JSON over there all the same.
 */
import type { TrailEntry } from '../../report/trail.js';
import type { Change, JournalStep } from '../../schedule/callback-store.js';

type Json = string;

export interface WrittenStep extends Omit<JournalStep, 'event' | 'commands'> {
  readonly event: Json;
  readonly commands: Json;
}

export interface WrittenChange extends Omit<Change, 'step' | 'flowState' | 'trail'> {
  readonly step?: WrittenStep;
  readonly flowState?: Json;
  readonly trail?: readonly Json[];
}

export function writtenChange({ step, flowState, trail, ...rest }: Change): WrittenChange {
  return {
    ...rest,
    ...(step && { step: writtenStep(step) }),
    ...(flowState && { flowState: JSON.stringify(flowState) }),
    ...(trail && { trail: trail.map((entry: TrailEntry) => JSON.stringify(entry)) }),
  };
}

function writtenStep({ event, commands, ...rest }: JournalStep): WrittenStep {
  return { ...rest, event: JSON.stringify(event), commands: JSON.stringify(commands) };
}
