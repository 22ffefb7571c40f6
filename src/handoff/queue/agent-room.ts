/**
 * Progressive dialling: may one more customer be dialled for a queue, so that there is an agent for
 * everybody who is being dialled or waits? An agent may serve several queues and is counted once: what
 * is asked is whether all can be served, each by an agent of their own (a maximum flow from queues to
 * groups of agents with the same queues).
 */

export interface AgentGroup {
  readonly queues: ReadonlySet<string>;
  /** Agents who are free, or soon. */
  readonly count: number;
}

/**
 * @param needing customers without an agent, by queue
 * @returns whether one more for this queue could be served with all of them
 */
export function isRoomFor(
  queue: string,
  groups: readonly AgentGroup[],
  needing: ReadonlyMap<string, number>,
): boolean {
  const agents = groups.map((group) => ({
    ...group,
    left: group.count,
    given: new Map() as Given,
  }));
  // Whoever is beyond what there are agents for already takes nothing from the others.
  for (const [name, count] of needing) {
    if (name === queue) continue;
    for (let n = 0; n < count && serve(name, agents, new Set()); n += 1);
  }
  const wanted = (needing.get(queue) ?? 0) + 1;
  for (let n = 0; n < wanted; n += 1) if (!serve(queue, agents, new Set())) return false;
  return true;
}

/** How many of a group's agents are given to each queue. */
type Given = Map<string, number>;

interface Group extends AgentGroup {
  left: number;
  readonly given: Given;
}

/** Gives an agent to a queue, moving those given to others where that frees one (an augmenting path). */
function serve(queue: string, groups: readonly Group[], seen: Set<Group>): boolean {
  for (const group of groups) {
    if (seen.has(group) || !group.queues.has(queue)) continue;
    seen.add(group);
    if (group.left > 0) {
      group.left -= 1;
      give(group, queue, 1);
      return true;
    }
    for (const [other, count] of group.given) {
      if (count < 1 || other === queue || !serve(other, groups, seen)) continue;
      give(group, other, -1);
      give(group, queue, 1);
      return true;
    }
  }
  return false;
}

function give({ given }: Group, queue: string, count: number): void {
  given.set(queue, (given.get(queue) ?? 0) + count);
}
