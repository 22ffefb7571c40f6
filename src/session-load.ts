/** What the sessions of this process use, in one look at all of them: calls, agents, places in the line. */
import type { CallbackSession } from './callback-session.js';
import type { State } from './callflow/vocabulary.js';
import type { CallLoad } from './dial/dial-pace.js';

export interface SessionLoad extends CallLoad {
  /** Sessions that want to dial and may not yet. */
  readonly startingByService: ReadonlyMap<string, number>;
}

type Looked = Pick<CallbackSession, 'state' | 'service' | 'trunkInUse' | 'heldBecause'>;

export function loadOf(sessions: Iterable<Looked>): SessionLoad {
  const [byService, startingByService, needingByQueue] = [
    new Map<string, number>(),
    new Map<string, number>(),
    new Map<string, number>(),
  ];
  let total = 0;
  for (const session of sessions) {
    const { state, service } = session;
    if (session.trunkInUse !== undefined) {
      total += 1;
      add(byService, service.name);
      const { queue } = service.options;
      if (queue !== undefined && needsAgent(state)) add(needingByQueue, queue);
    } else if (state.name === 'waiting-until-due' || session.heldBecause !== undefined) {
      add(startingByService, service.name);
    }
  }
  return { total, byService, startingByService, needingByQueue };
}

/** Is dialled for an agent, or waits for one. */
function needsAgent({ name, context }: State): boolean {
  if (name === 'connected' || name === 'ended') return false;
  if (name === 'treating-machine' || name === 'routing') return false;
  return context.queued?.agentIsReady !== true;
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
