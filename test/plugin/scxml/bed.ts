/** A runtime with a clock turned by hand and answers from a table: every session runs the same way twice. */
import { virtualClock, type VirtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import type { Dialect } from '../../../src/plugin/scxml/extension.js';
import type { Limits } from '../../../src/plugin/scxml/limits.js';
import type {
  ExtensionRequest,
  HttpMessage,
  LogEntry,
  PostOutcome,
  SessionEnd,
  StepEntry,
} from '../../../src/plugin/scxml/session/host.js';
import { Runtime, type RunningSession } from '../../../src/plugin/scxml/session/runtime.js';

export interface BedOptions {
  readonly limits?: Partial<Limits>;
  readonly dialect?: Dialect;
  readonly maxSessions?: number;
  /** Texts by reference; what is not here cannot be fetched. */
  readonly files?: Readonly<Record<string, string>>;
  readonly httpBase?: string;
  /** Data models kept ready. */
  readonly spareEngines?: number;
  readonly processorMs?: () => number | undefined;
  readonly post?: (message: HttpMessage) => Promise<PostOutcome>;
}

export interface Bed {
  readonly clock: VirtualClock;
  readonly runtime: Runtime;
  /** Addresses asked for, in order. */
  readonly fetched: string[];
  /** Starts a document and lets it come to rest. @param body what stands inside `<scxml>`, or a whole document */
  run(body: string, params?: Readonly<Record<string, string>>, facts?: string): Promise<Run>;
}

export interface Run {
  readonly session: RunningSession;
  /** `label=value` or just the value. */
  readonly log: string[];
  readonly steps: StepEntry[];
  readonly requests: ExtensionRequest[];
  readonly ends: SessionEnd[];
  /** Sends an event and lets the session come to rest. */
  readonly send: (name: string, data?: unknown) => Promise<void>;
}

export async function makeBed(options: BedOptions = {}): Promise<Bed> {
  const clock = virtualClock();
  const fetched: string[] = [];
  let ids = 0;
  const runtime = await Runtime.create({
    limits: options.limits,
    dialects: options.dialect ? [options.dialect] : [],
    maxSessions: options.maxSessions,
    engines: 2,
    spareEngines: options.spareEngines,
    host: {
      clock,
      processorMs: options.processorMs,
      newId: () => `s${++ids}`,
      httpLocation: (id) => (options.httpBase === undefined ? null : options.httpBase + id),
      fetch: ({ reference }) => {
        fetched.push(reference);
        const text = options.files?.[reference];
        return Promise.resolve(
          text === undefined
            ? { kind: 'failed', why: 'not found' }
            : { kind: 'ok', text, url: reference },
        );
      },
      post: (message) =>
        options.post?.(message) ?? Promise.resolve({ kind: 'failed', why: 'nobody listens' }),
    },
  });
  return {
    clock,
    runtime,
    fetched,
    run: (body, params, facts) => run(runtime, clock, body, params, facts),
  };
}

async function run(
  runtime: Runtime,
  clock: VirtualClock,
  body: string,
  params?: Readonly<Record<string, string>>,
  facts?: string,
): Promise<Run> {
  const log: string[] = [];
  const steps: StepEntry[] = [];
  const requests: ExtensionRequest[] = [];
  const ends: SessionEnd[] = [];
  const session = runtime.start({
    document: { kind: 'source', text: scxml(body), file: 'test.scxml' },
    params,
    facts,
    observer: {
      log: (entry) => log.push(lineOf(entry)),
      step: (entry) => steps.push(entry),
      request: (asked) => requests.push(asked),
      ended: (end) => ends.push(end),
    },
  });
  // A new engine takes real time to compile, whatever the clock says.
  while (steps.length === 0 && ends.length === 0) await clock.advance(0);
  await clock.advance(0);
  return {
    session,
    log,
    steps,
    requests,
    ends,
    async send(name, data) {
      session.send({ name, type: 'external', data: JSON.stringify(data) });
      await clock.advance(0);
    },
  };
}

/** @returns the document around a body, unless it is one already */
export function scxml(body: string): string {
  if (/^\s*<(\?xml|scxml|!)/.test(body)) return body;
  return `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">${body}</scxml>`;
}

function lineOf({ label, value }: LogEntry): string {
  return label === undefined ? String(value) : `${label}=${value}`;
}
