/** What the pool and its threads tell each other. Plain data, so that it can cross a thread. */
import type { PoolPort } from '../../plugin/scxml/worker/pool-thread.js';
import type { SessionRequest } from '../interpreter/session.js';
import type { PageLimits } from '../limits.js';
import type {
  LinePlayEnd,
  LineRecordEnd,
  LineRecordOrder,
  LineTransferEnd,
  LineTransferOrder,
} from '../line/line.js';
import type { PageEnd, PageFetch, PageFetched, PromptPart } from '../platform.js';

/** Something a page wants done on its line; the answer carries the same number. */
export type Order =
  | {
      readonly kind: 'play';
      readonly parts: readonly PromptPart[];
      readonly stopsAtKey: boolean;
    }
  | { readonly kind: 'record'; readonly order: LineRecordOrder }
  | { readonly kind: 'transfer'; readonly order: LineTransferOrder }
  | { readonly kind: 'hang-up' }
  | { readonly kind: 'fetch'; readonly request: PageFetch }
  /** Nothing: until the answer is there, the thread reads what came for others. */
  | { readonly kind: 'rest' };

export type Answer =
  | { readonly kind: 'play'; readonly end: LinePlayEnd }
  | { readonly kind: 'record'; readonly end: LineRecordEnd }
  | { readonly kind: 'transfer'; readonly end: LineTransferEnd }
  | { readonly kind: 'hang-up' }
  | { readonly kind: 'fetch'; readonly end: PageFetched }
  | { readonly kind: 'rest' };

export interface ThreadSetup {
  readonly limits: Partial<PageLimits>;
  readonly engines: number;
  /** Script engines kept ready for the next sessions. */
  readonly spareEngines: number;
  /** Shared memory: number of the session that has its turn, 0 = none. A thread that hangs can tell no more. */
  readonly turn: Int32Array;
}

export type ToThread =
  | { readonly kind: 'setup'; readonly setup: ThreadSetup }
  | {
      readonly kind: 'start';
      readonly session: number;
      readonly request: Pick<SessionRequest, 'url' | 'variables'>;
    }
  | { readonly kind: 'digit'; readonly session: number; readonly digit: string }
  | { readonly kind: 'hung-up'; readonly session: number }
  | {
      readonly kind: 'mark';
      readonly session: number;
      readonly order: number;
      readonly name: string;
    }
  | {
      readonly kind: 'answer';
      readonly session: number;
      readonly order: number;
      readonly answer: Answer;
    }
  | { readonly kind: 'ping' };

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'pong' }
  | {
      readonly kind: 'order';
      readonly session: number;
      readonly order: number;
      readonly what: Order;
    }
  /** A sound, recording or transfer is not wanted any more. */
  | { readonly kind: 'stop'; readonly session: number; readonly order: number }
  /** The caller is waited for; undefined = not any more. */
  | { readonly kind: 'await'; readonly session: number; readonly maxMs: number | undefined }
  | {
      readonly kind: 'log';
      readonly session: number;
      readonly label: string | undefined;
      readonly text: string;
    }
  | {
      readonly kind: 'trace';
      readonly session: number;
      readonly what: string;
      readonly detail: string;
    }
  | { readonly kind: 'ended'; readonly session: number; readonly end: PooledEnd };

/** How a session in a thread ended. */
export type PooledEnd =
  | PageEnd
  | {
      readonly kind: 'failed';
      readonly code:
        'VXML_WORKER_LOST' | 'VXML_STOPPED' | 'VXML_TOO_MANY_SESSIONS' | 'VXML_INTERNAL';
      readonly message: string;
    };

/** A page thread as the pool sees it. */
export type ThreadPort = PoolPort<ToThread, FromThread>;
