/**
 * What the libraries are given to call back. They call it out of a socket's data or a timer, and catch
 * next to nothing: what one handler throws would end the process and every call with it, or go to the
 * console and leave a request unanswered. So each of ours is wrapped here, and its fault stays its own.
 */
import type { Log } from '../../ports.js';
import { describeError } from './errors.js';
import type { ReplyView, SipMessageView } from './srf-types.js';

/** Where in our code; the rest of a stack is the library's. */
const STACK_LINES = 4;

export interface Contained<Values extends readonly unknown[]> {
  /** Of the call that it is about, unless the first value is a message and says so itself. */
  readonly callId?: string | undefined;
  /** What has to be done all the same. */
  readonly onThrown?: (thrown: unknown, ...values: Values) => void;
}

/**
 * @param what it is called in the log
 * @returns a handler that never throws and leaves no rejection behind
 */
export function contained<Values extends readonly unknown[]>(
  log: Log,
  what: string,
  handle: (...values: Values) => unknown,
  { callId, onThrown }: Contained<Values> = {},
): (...values: Values) => void {
  return (...values) => {
    const failed = (thrown: unknown): void => {
      const id = callId ?? callIdOf(values[0]);
      log.error({ callId: id, what, ...faultOf(thrown) }, 'a handler of ours failed');
      try {
        onThrown?.(thrown, ...values);
      } catch (again) {
        log.error({ callId: id, what, ...faultOf(again) }, 'nor could it be put right');
      }
    };
    try {
      const result = handle(...values);
      if (result instanceof Promise) result.catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  };
}

/** The same for a request that waits for its answer: 500, where it has none by then. */
export function containedRequest<Request extends SipMessageView>(
  log: Log,
  what: string,
  handle: (request: Request, response: ReplyView) => unknown,
): (request: Request, response: ReplyView) => void {
  return contained(log, what, handle, {
    onThrown: (_thrown, request, response) => {
      // To an ACK nobody may say anything (RFC 3261 17.1.1.3).
      if (request.method !== 'ACK' && response.finalResponseSent !== true) response.send(500);
    },
  });
}

/** What emits to us and to the library alike. */
interface Emitter {
  emit(event: string, ...values: unknown[]): boolean;
}

/**
 * The library's own faults: whatever it throws at a message of the signalling server (a header that it
 * cannot read, say) costs that message and not the process.
 */
export function containFrames(emitter: Emitter, log: Log): void {
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (event, ...values) => {
    if (event !== 'msg') return emit(event, ...values);
    try {
      return emit(event, ...values);
    } catch (thrown) {
      const frame = String(values[1]);
      const [, callId] = /^(?:Call-ID|i)[ \t]*:[ \t]*([^\r\n]{1,128})/im.exec(frame) ?? [];
      log.error(
        { callId, ...faultOf(thrown) },
        'a message of the signalling server is passed over',
      );
      return true;
    }
  };
}

function faultOf(thrown: unknown): { readonly why: string; readonly at?: readonly string[] } {
  const why = describeError(thrown);
  if (!(thrown instanceof Error)) return { why };
  const lines = thrown.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return { why, at: lines.slice(0, STACK_LINES).map((line) => line.trim()) };
}

function callIdOf(value: unknown): string | undefined {
  const { get } = (value ?? {}) as Partial<SipMessageView>;
  try {
    return typeof get === 'function' ? get.call(value, 'Call-ID')?.slice(0, 128) : undefined;
  } catch {
    return undefined;
  }
}
