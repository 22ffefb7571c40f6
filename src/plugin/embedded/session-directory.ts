/** The sessions of this process by their ids: who is reached by HTTP, and whose posts are whose. */
import type { FetchAnswer, Fetcher } from '../../holder/fetcher.js';
import type { PoolHost } from '../scxml/worker/pool.js';
import type { OrchestratedSession } from './orchestrated-session.js';

export class SessionDirectory {
  readonly #sessions = new Map<string, OrchestratedSession>();

  add(session: OrchestratedSession): void {
    this.#sessions.set(session.id, session);
  }

  remove(session: OrchestratedSession): void {
    this.#sessions.delete(session.id);
  }

  get(id: string): OrchestratedSession | undefined {
    return this.#sessions.get(id);
  }

  all(): readonly OrchestratedSession[] {
    return [...this.#sessions.values()];
  }

  get size(): number {
    return this.#sessions.size;
  }
}

/** What the threads of the pool get from the outside: pages by the fetcher, replies by the session. */
export function sessionHost(directory: SessionDirectory, fetcher: Fetcher): PoolHost {
  return {
    async fetch({ reference, base }) {
      const url = URL.canParse(reference, base) ? new URL(reference, base).href : reference;
      return pageOf(await fetcher.fetch({ url }));
    },
    async post({ sessionId, url, contentType, body }) {
      const own = directory.get(sessionId)?.postReply(url, contentType, body);
      if (own) return own;
      const headers = { 'content-type': contentType };
      const answer = await fetcher.fetch({ url, method: 'POST', headers, body });
      if (answer.kind === 'failed') return { kind: 'failed', why: `${answer.code}: ${answer.why}` };
      return isSuccess(answer) ? { kind: 'ok' } : { kind: 'failed', why: `HTTP ${answer.status}` };
    },
  };
}

function pageOf(answer: FetchAnswer) {
  if (answer.kind === 'failed')
    return { kind: 'failed', why: `${answer.code}: ${answer.why}` } as const;
  if (!isSuccess(answer)) return { kind: 'failed', why: `HTTP ${answer.status}` } as const;
  return { kind: 'ok', text: answer.body.toString('utf8'), url: answer.url } as const;
}

function isSuccess({ status }: Extract<FetchAnswer, { kind: 'answer' }>): boolean {
  return status >= 200 && status < 300;
}
