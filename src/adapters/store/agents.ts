/** What agents are, kept over restarts; and which process has a call of whom. */

import type { AgentMemo } from '../../handoff/agent-memory.js';
import { all, get, marks, run, type Dialect, type Work } from './statements.js';

export function* agentMemos(): Work<AgentMemo[]> {
  const rows = yield* all('SELECT * FROM agents ORDER BY name');
  return rows.map(({ name, wish, reason, since_ms: sinceMs, rest_until_ms: restUntilMs }) => ({
    name: String(name),
    wish: String(wish) as AgentMemo['wish'],
    ...(reason !== null && reason !== undefined && { reason: String(reason) }),
    sinceMs: Number(sinceMs),
    restUntilMs: Number(restUntilMs),
  }));
}

export function* keepAgent(memo: AgentMemo): Work<undefined> {
  yield* run(
    `INSERT INTO agents (name, wish, reason, since_ms, rest_until_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET wish = excluded.wish, reason = excluded.reason,
       since_ms = excluded.since_ms, rest_until_ms = excluded.rest_until_ms`,
    memo.name,
    memo.wish,
    memo.reason ?? null,
    memo.sinceMs,
    memo.restUntilMs,
  );
}

export function* forgetAgents(names: readonly string[]): Work<undefined> {
  if (names.length > 0) yield* run(`DELETE FROM agents WHERE name IN (${marks(names)})`, ...names);
}

/** @returns whether this process holds the agent now: nobody did, it did itself, or that was over */
export function* holdAgent({ node, nowMs }: Dialect, name: string, forMs: number): Work<boolean> {
  yield* run(
    `INSERT INTO agent_holds (agent, node, until_ms) VALUES (?, ?, ${nowMs} + ?)
     ON CONFLICT (agent) DO UPDATE SET node = excluded.node, until_ms = excluded.until_ms
     WHERE agent_holds.node = excluded.node OR agent_holds.until_ms <= ${nowMs}`,
    name,
    node,
    forMs,
  );
  const row = yield* get('SELECT node FROM agent_holds WHERE agent = ?', name);
  return Number(row?.['node']) === node;
}

export function* renewAgents(
  { node, nowMs }: Dialect,
  names: readonly string[],
  forMs: number,
): Work<undefined> {
  if (names.length === 0) return;
  yield* run(
    `UPDATE agent_holds SET until_ms = ${nowMs} + ? WHERE node = ? AND agent IN (${marks(names)})`,
    forMs,
    node,
    ...names,
  );
}
