/** What agents are, kept over restarts. */

import type { AgentMemo } from '../../handoff/agent-memory.js';
import { all, marks, run, type Work } from './statements.js';

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
