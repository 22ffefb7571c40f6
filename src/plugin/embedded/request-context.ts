/** What the code behind the extension elements has to work with: the session that asks, and its call. */
import type { Fetcher } from '../../holder/fetcher.js';
import type { HeldCall, HeldRefusal } from '../../holder/held-call.js';
import type { HolderParameters } from '../../holder/holder-parameters.js';
import type { PageRunner } from '../../holder/page-runner.js';
import type { Clock } from '../../ports.js';
import type { ReplyAnswer } from '../plugin-runner.js';
import type { Asked } from './asked.js';

/** The way of a page's reply; only sessions that a callback started have one. */
export interface ReplyLine {
  /** `_reply_url`, exactly. */
  readonly url: string;
  take(raw: unknown): ReplyAnswer;
}

export interface RequestContext {
  readonly sessionId: string;
  /** Address of the page, which others may be named relative to. */
  readonly url: string;
  readonly clock: Clock;
  readonly call: HeldCall | undefined;
  /** Of the callback that started the session. */
  readonly reply: ReplyLine | undefined;
  /** Who takes the reply that is posted to this address, if it is one of ours. */
  replyAt(url: string): ReplyLine | undefined;
  readonly parameters: HolderParameters | undefined;
  readonly fetcher: Fetcher;
  /** Undefined: no VoiceXML here. */
  readonly pages: PageRunner | undefined;
  /** Dialogs that go on, by the request that started them. */
  readonly dialogs: Map<string, RunningDialog>;
  /** An event for the page. @param data is sent as JSON */
  raise(name: string, data: Readonly<Record<string, unknown>>): void;
  /** The request is done: `NAME.done`. */
  done(asked: Asked, data?: Readonly<Record<string, unknown>>): void;
  /** It is not: `error.NAME`. @param error a word of the dialect, such as `invalidattribute` */
  fail(asked: Asked, error: string, description: string): void;
  /** Attached data changed: the page sees them, and is told. */
  changeUserData(interactionId: string, values: Readonly<Record<string, unknown>>): void;
  /** Starts another session for the page, which ends with this one; says `done` or `fail` itself. */
  startSession(asked: Asked, id: string, url: string): void;
  /** Itself or one that it started. @returns false for any other */
  terminateSession(id: string): boolean;
  /** The answer to a request that reached the session by HTTP. @returns false when nobody waits for it */
  respond(requestId: string, answer: SessionResponse): boolean;
  trail(what: string, detail?: string): void;
}

/** What a session answers to whoever sent it a request. */
export interface SessionResponse {
  readonly isPositive: boolean;
  readonly status: number | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface RunningDialog {
  /** Its own result event then says that it was cancelled. */
  stop(): void;
}

/** Carries one kind of request out. Never throws; what comes of it is raised. */
export type RequestHandler = (asked: Asked, context: RequestContext) => void;

/** Words of the dialect for what a call refuses. */
export function failRefused(context: RequestContext, asked: Asked, refusal: HeldRefusal): void {
  const words = {
    HELD_REVOKED: 'invalidstate.null',
    HELD_NOT_ATTACHED: 'invalidstate.notcontrolled',
    HELD_UNSUPPORTED: 'unsupported',
    HELD_BAD_ARGUMENT: 'invalidattribute',
    HELD_UNPLAYABLE: 'invalidattribute',
    HELD_TOO_MANY: 'invalidstate.treating',
    HELD_MEDIA_ERROR: 'remote',
  } as const;
  context.fail(asked, words[refusal.code], `${refusal.code}: ${refusal.why}`);
}

/** @returns the call that the element means; undefined when there is none, which has been said */
export function callOf(asked: Asked, context: RequestContext): HeldCall | undefined {
  const { call } = context;
  const named = asked.attributes.interactionid;
  if (call === undefined) {
    context.fail(asked, 'invalidstate.null', 'the session has no interaction');
    return undefined;
  }
  const own = call.facts.interactionId;
  if (named === undefined || named === null || named === '' || named === own) return call;
  context.fail(asked, 'invalidattribute', `interactionid is none of this session's, it has ${own}`);
  return undefined;
}
