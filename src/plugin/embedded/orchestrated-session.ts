/**
 * One SCXML session with the Orchestration Server's dialect, seen from the main thread: it starts the
 * page in a thread, carries out what the page's extension elements ask for, and tells the page what
 * becomes of it. Whose call it is and what its reply means, it does not know.
 */
import type { Fetcher } from '../../holder/fetcher.js';
import type { HeldCall } from '../../holder/held-call.js';
import type { HolderParameters } from '../../holder/holder-parameters.js';
import type { PageRunner } from '../../holder/page-runner.js';
import type { Clock } from '../../ports.js';
import type { InteractionFacts, SessionFacts } from '../scxml/orchestration/genesys-model.js';
import type { ScxmlEvent } from '../scxml/session/event.js';
import type {
  ExtensionRequest,
  PostOutcome,
  SessionEnd,
  StepEntry,
} from '../scxml/session/host.js';
import type { PoolStart } from '../scxml/worker/pool.js';
import type { PooledSession } from '../scxml/worker/running-session.js';
import { type Asked, readAsked } from './asked.js';
import { dialogRequests } from './dialog-requests.js';
import { interactionRequests } from './interaction-requests.js';
import type {
  ReplyLine,
  RequestContext,
  RequestHandler,
  RunningDialog,
  SessionResponse,
} from './request-context.js';
import type { SessionDirectory } from './session-directory.js';
import { postReply, sessionRequests } from './session-requests.js';
import { SessionTrail } from './session-trail.js';
import { UserData } from './user-data.js';

/** Requests by `session:fetch`, over the life of one session. */
const FETCHES_MAX = 50;
/** Sessions by `session:start`, over the life of one session; those of the ones it started are its own. */
const STARTS_MAX = 5;
/** How long whoever sends a session a request waits for its `<session:response>`. */
const RESPONSE_MS = 30_000;

const HANDLERS: Readonly<Record<string, RequestHandler>> = {
  ...dialogRequests,
  ...interactionRequests,
  ...sessionRequests,
};

/** The pool, or what stands in for it. */
export interface ScxmlSessions {
  start(start: PoolStart): PooledSession;
}

export interface SessionEnvironment {
  readonly sessions: ScxmlSessions;
  readonly directory: SessionDirectory;
  readonly clock: Clock;
  readonly fetcher: Fetcher;
  readonly newId: () => string;
  /** Undefined: `dialog:start` is refused. */
  readonly pages?: PageRunner | undefined;
  /** The reply address of any plugin of this process: reached without the network, whoever posts. */
  readonly replyAt?: ((url: string) => ReplyLine | undefined) | undefined;
}

export interface SessionOrder {
  readonly url: string;
  /** Default: a fresh one. */
  readonly sessionId?: string;
  /** What the page finds in `_data`; undefined values are there, too. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Of a session that a callback started. */
  readonly plugin?: HolderParameters;
  readonly call?: HeldCall | undefined;
  readonly reply?: ReplyLine;
  readonly trail: (what: string, detail?: string) => void;
  /** Once, after its first step. */
  readonly onStarted?: () => void;
  /** Counts the sessions that the outermost one and all below it have started. Default: it is the outermost. */
  readonly starts?: { count: number };
}

/** How a request by HTTP ended. */
export type ResponseOutcome =
  | { readonly kind: 'answered'; readonly response: SessionResponse }
  | { readonly kind: 'gone' }
  | { readonly kind: 'timeout' };

export class OrchestratedSession {
  readonly id: string;
  readonly url: string;
  /** Settles once, when nothing of it is left but what it started. */
  readonly ended: Promise<SessionEnd>;
  readonly #environment: SessionEnvironment;
  readonly #order: SessionOrder;
  readonly #pooled: PooledSession;
  readonly #trail: SessionTrail;
  readonly #context: RequestContext;
  readonly #dialogs = new Map<string, RunningDialog>();
  readonly #children = new Map<string, OrchestratedSession>();
  readonly #waiting = new Map<string, (outcome: ResponseOutcome) => void>();
  readonly #active = new Set<string>();
  readonly #visited = new Set<string>();
  readonly #userData: UserData;
  #hasStarted = false;
  #hasEnded = false;
  #fetches = 0;
  readonly #starts: { count: number };

  constructor(environment: SessionEnvironment, order: SessionOrder) {
    this.#environment = environment;
    this.#order = order;
    this.id = order.sessionId ?? environment.newId();
    this.url = order.url;
    this.#starts = order.starts ?? { count: 0 };
    this.#trail = new SessionTrail(order.trail, order.reply?.url);
    this.#userData = new UserData(order.plugin?._user_data ?? {});
    this.#context = this.#newContext();
    environment.directory.add(this);
    this.#pooled = environment.sessions.start({
      sessionId: this.id,
      document: { kind: 'url', url: order.url },
      params: jsonOf(order.parameters),
      facts: JSON.stringify(this.#facts()),
      observer: {
        log: (entry) => this.#trail.log(entry),
        step: (entry) => this.#onStep(entry),
        trouble: ({ event, description }) => this.#trail.line('error', `${event}: ${description}`),
        request: (request) => this.#onRequest(request),
      },
    });
    this.ended = this.#pooled.ended.then((end) => this.#onEnded(end));
  }

  /** Ids of the active states of the page itself. */
  get activeStates(): readonly string[] {
    return [...this.#active];
  }

  /** Ids of all states of the page that were ever entered. */
  get visitedStates(): ReadonlySet<string> {
    return this.#visited;
  }

  /** An event from outside. @param data a JSON value */
  raise(name: string, data: unknown, sendId?: string): void {
    this.receive({ name, type: 'external', data: JSON.stringify(data), sendId });
  }

  /** The same, as it came. */
  receive(event: ScxmlEvent): void {
    this.#trail.line('sent', event.name);
    this.#pooled.send({ ...event, facts: JSON.stringify(this.#facts()) });
  }

  /** An event, and the wait for the `<session:response>` that names it. */
  request(name: string, data: unknown): Promise<ResponseOutcome> {
    if (this.#hasEnded) return Promise.resolve({ kind: 'gone' });
    const requestId = this.#environment.newId();
    return new Promise((resolve) => {
      const settle = (outcome: ResponseOutcome): void => {
        cancel();
        this.#waiting.delete(requestId);
        resolve(outcome);
      };
      const cancel = this.#environment.clock.after(RESPONSE_MS, () => settle({ kind: 'timeout' }));
      this.#waiting.set(requestId, settle);
      this.raise(name, data, requestId);
    });
  }

  /** Ends it, running its onexit handlers. */
  terminate(): void {
    this.#pooled.terminate();
  }

  /** What a page posts to its reply's address. @returns undefined when that is none of ours */
  postReply(url: string, contentType: string, body: string): PostOutcome | undefined {
    const reply = this.#replyAt(url);
    if (!reply) return undefined;
    this.#trail.line('asked', 'post to the reply url');
    const why = postReply(reply, contentType, body);
    return why === undefined ? { kind: 'ok' } : { kind: 'failed', why };
  }

  #replyAt(url: string): ReplyLine | undefined {
    const { reply } = this.#order;
    return url === reply?.url ? reply : this.#environment.replyAt?.(url);
  }

  #onStep(entry: StepEntry): void {
    if (entry.sessionId === this.id) {
      for (const id of entry.exited) this.#active.delete(id);
      for (const id of entry.entered) {
        this.#active.add(id);
        this.#visited.add(id);
      }
    }
    this.#trail.step(entry);
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#order.onStarted?.();
  }

  #onRequest(request: ExtensionRequest): void {
    if (this.#hasEnded) return;
    const asked = readAsked(request);
    this.#trail.asked(asked);
    try {
      if (!this.#isTooMuch(asked)) HANDLERS[asked.name]?.(asked, this.#context);
    } catch (error) {
      // A value of the page nested deeper than our stack, say.
      this.#context.fail(asked, 'unknown', String(error));
    }
  }

  #isTooMuch(asked: Asked): boolean {
    const isFetch = asked.name === 'session.fetch' && ++this.#fetches > FETCHES_MAX;
    const isStart = asked.name === 'session.start' && ++this.#starts.count > STARTS_MAX;
    if (isFetch || isStart)
      this.#context.fail(asked, 'unknown', `more of these than a session may have`);
    return isFetch || isStart;
  }

  #newContext(): RequestContext {
    const { call, reply, plugin } = this.#order;
    const { clock, fetcher, pages } = this.#environment;
    return {
      sessionId: this.id,
      url: this.url,
      clock,
      call,
      reply,
      replyAt: (url) => this.#replyAt(url),
      parameters: plugin,
      fetcher,
      pages,
      dialogs: this.#dialogs,
      raise: (name, data) => this.raise(name, data),
      done: ({ name, requestId }, data) =>
        this.raise(`${name}.done`, { requestid: requestId, ...data }),
      fail: ({ name, requestId }, error, description) => {
        this.#trail.line('failed', `${name}: ${error}: ${description}`);
        this.raise(`error.${name}`, { requestid: requestId, error, description });
      },
      changeUserData: (interactionid, values) => this.#changeUserData(interactionid, values),
      startSession: (asked, id, url) => this.#startSession(asked, id, url),
      terminateSession: (id) => {
        const session = id === this.id ? this : this.#children.get(id);
        session?.terminate();
        return session !== undefined;
      },
      respond: (requestId, response) => {
        const settle = this.#waiting.get(requestId);
        settle?.({ kind: 'answered', response });
        return settle !== undefined;
      },
      trail: (what, detail = '') => this.#trail.line(what, detail),
    };
  }

  #changeUserData(interactionid: string, values: Readonly<Record<string, unknown>>): void {
    const udata = this.#userData.change(values);
    this.raise('interaction.udata.changed', { interactionid, udata });
  }

  #startSession(asked: Asked, sessionId: string, url: string): void {
    const child = new OrchestratedSession(this.#environment, {
      url,
      sessionId,
      parameters: asked.params,
      starts: this.#starts,
      trail: (what, detail = '') => this.#trail.line(what, `${sessionId}: ${detail}`),
      onStarted: () => this.#context.done(asked, { sessionid: sessionId }),
    });
    this.#children.set(sessionId, child);
    void child.ended.then((end) => {
      this.#children.delete(sessionId);
      if (!child.#hasStarted) this.#context.fail(asked, 'remote', describeEnd(end));
    });
  }

  /** What `_genesys` shows: the call, as long as the session has one. */
  #facts(): SessionFacts {
    const { call } = this.#order;
    return call ? { interactions: { [call.facts.interactionId]: this.#interaction(call) } } : {};
  }

  #interaction({ facts }: HeldCall): InteractionFacts {
    const { interactionId, callId, customerNumber, dialedNumber } = facts;
    return {
      g_uid: interactionId,
      category: 'voice',
      tenantid: 1,
      parentid: null,
      parties: [customerNumber],
      udata: this.#userData.values,
      ani: customerNumber,
      location: { dn: customerNumber },
      voice: {
        type: 'outbound',
        ani: customerNumber,
        dnis: dialedNumber,
        callid: callId,
        media: 'voice',
      },
    };
  }

  #onEnded(end: SessionEnd): SessionEnd {
    this.#hasEnded = true;
    this.#trail.line('ended', describeEnd(end));
    this.#environment.directory.remove(this);
    for (const dialog of [...this.#dialogs.values()]) dialog.stop();
    for (const child of this.#children.values()) child.terminate();
    for (const settle of [...this.#waiting.values()]) settle({ kind: 'gone' });
    return end;
  }
}

/** One line, the code first where there is one. */
export function describeEnd(end: SessionEnd): string {
  if (end.kind === 'final') return `reached its final state "${end.state}"`;
  return end.kind === 'terminated' ? 'terminated' : `${end.code}: ${end.message}`;
}

/** Parameters as JSON text each, as the data model takes them. */
function jsonOf(parameters: Readonly<Record<string, unknown>>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, JSON.stringify(value)]),
  );
}
