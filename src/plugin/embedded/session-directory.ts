/** The sessions of this process by their ids: who is reached by HTTP, and whose posts are whose. */
import type { FetchAnswer, Fetcher } from '../../holder/fetcher.js';
import type { ReplyDesk } from '../reply-desk.js';
import type { PoolHost } from '../scxml/worker/pool.js';
import type { OrchestratedSession } from './orchestrated-session.js';
import type { ReplyLine } from './request-context.js';

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

const REPLY_PATH = /^\/plugin\/([^/?#]+)\/([^/?#]+)\/reply$/;

/** Reply addresses of this process, looked up at the desk that gave them out. */
export function ownReplies(
  desk: Pick<ReplyDesk, 'find'>,
  baseUrl: () => string,
): (url: string) => ReplyLine | undefined {
  return (url) => {
    const base = baseUrl();
    const [, session, token] = url.startsWith(base)
      ? (REPLY_PATH.exec(url.slice(base.length)) ?? [])
      : [];
    if (session === undefined || token === undefined) return undefined;
    const found = desk.find(session, token);
    if (found === 'unknown') return undefined;
    const tooLate = { error: 'REPLY_TOO_LATE', message: 'this session is over' };
    return {
      url,
      take: (raw) => (found === 'over' ? { status: 409, body: tooLate } : found.visitor.reply(raw)),
    };
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
