/** What the pool and its threads tell each other. Plain data, so that it can cross a thread. */
import type { Limits } from '../limits.js';
import type { ScxmlEvent } from '../session/event.js';
import type {
  ExtensionRequest,
  FetchOutcome,
  FetchRequest,
  HttpMessage,
  LogEntry,
  PostOutcome,
  SessionEnd,
  StepEntry,
  TroubleEntry,
} from '../session/host.js';
import type { StartRequest } from '../session/runtime.js';
import type { PoolPort } from './pool-thread.js';

export interface ThreadSetup {
  readonly limits: Partial<Limits>;
  readonly maxSessions: number;
  readonly engines: number;
  readonly spareEngines: number;
  /** Shared memory: number of the session that has its turn, 0 = none. A thread that hangs can tell no more. */
  readonly turn: Int32Array;
}

export type SessionStart = Pick<StartRequest, 'document' | 'params' | 'facts'> & {
  readonly sessionId: string;
  /** In front of a session's id: where it is reached by HTTP; null where it is not. */
  readonly httpBase: string | null;
  readonly hears: Hears;
};

/** Which of these somebody listens to; what nobody hears is not sent. */
export interface Hears {
  readonly log: boolean;
  readonly step: boolean;
  readonly trouble: boolean;
}

export type ToThread =
  | { readonly kind: 'setup'; readonly setup: ThreadSetup }
  | { readonly kind: 'start'; readonly session: number; readonly start: SessionStart }
  | { readonly kind: 'event'; readonly session: number; readonly event: ScxmlEvent }
  | { readonly kind: 'terminate'; readonly session: number }
  | { readonly kind: 'fetched'; readonly request: number; readonly outcome: FetchOutcome }
  | { readonly kind: 'posted'; readonly request: number; readonly outcome: PostOutcome }
  | { readonly kind: 'ping' };

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'log'; readonly session: number; readonly entry: LogEntry }
  | { readonly kind: 'trouble'; readonly session: number; readonly entry: TroubleEntry }
  | { readonly kind: 'step'; readonly session: number; readonly entry: StepEntry }
  | { readonly kind: 'request'; readonly session: number; readonly asked: ExtensionRequest }
  | { readonly kind: 'ended'; readonly session: number; readonly end: SessionEnd }
  | { readonly kind: 'fetch'; readonly request: number; readonly wanted: FetchRequest }
  | {
      readonly kind: 'post';
      readonly request: number;
      readonly message: HttpMessage & { readonly sessionId: string };
    };

/** A plugin thread as the pool sees it. */
export type ThreadPort = PoolPort<ToThread, readonly FromThread[]>;
