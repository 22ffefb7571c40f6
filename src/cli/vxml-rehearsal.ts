/**
 * A VoiceXML page with a caller who is none: what is heard, keyed in and logged, and what the page
 * returns. With a list of what the caller does time costs nothing, and it is the same every time.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../adapters/clock/system-clock.js';
import { virtualClock } from '../adapters/clock/virtual-clock.js';
import { checkReply, parseReply, type PluginReply } from '../callflow/plugin-reply.js';
import { EnginePool } from '../plugin/scxml/script/engine-pool.js';
import { callVariables } from '../vxml/call-variables.js';
import { pageFailure } from '../vxml/embedded-page-runner.js';
import type { CallerAction, LineEvent, ScriptedLine } from '../vxml/line/scripted-line.js';
import type { PageEnd } from '../vxml/platform.js';
import { transferResult, treatmentResult } from '../vxml/treatment-result.js';
import type { PageSource } from './page-source.js';
import { realTimeLimit, type RealTimeLimit } from './real-time-limit.js';
import { rehearsalFacts, rehearsalParameters, type RehearsedCall } from './rehearsal-call.js';
import { startPage } from './rehearsed-page.js';

export interface PageRehearsalOptions extends RehearsedCall {
  /** Undefined: somebody is at the keyboard, and time is real. */
  readonly actions: CallerAction[] | undefined;
  /** What a bridged transfer comes to. */
  readonly transfer: string;
  readonly onStep?: (step: LineEvent) => void;
  /** The line, for whoever is at the keyboard. */
  readonly onLine?: (line: ScriptedLine) => void;
}

export interface PageRehearsal {
  readonly reply: PluginReply | undefined;
  readonly failure: { readonly code: string; readonly why: string } | undefined;
  readonly end: PageEnd;
  /** `atMs` counts from the start. */
  readonly steps: readonly LineEvent[];
}

const STEP_MS = 250;

export async function rehearsePage(
  source: PageSource,
  options: PageRehearsalOptions,
): Promise<PageRehearsal> {
  const limit = realTimeLimit(options.maxMs);
  try {
    return await played(source, options, limit);
  } finally {
    limit.cancel();
  }
}

async function played(
  source: PageSource,
  options: PageRehearsalOptions,
  limit: RealTimeLimit,
): Promise<PageRehearsal> {
  const virtual = options.actions && virtualClock();
  const clock = virtual ?? systemClock();
  const startedAtMs = clock.nowMs();
  const steps: LineEvent[] = [];
  const { actions = [], transfer, ttlMs } = options;
  const stage = { source, clock, engines: await EnginePool.create(1), actions, transfer };
  const variables = callVariables(
    rehearsalFacts(options, 'human'),
    rehearsalParameters(options, 'human'),
  );
  const page = startPage(stage, { url: source.url, variables, mayGiveAway: true }, (event) => {
    const step = { ...event, atMs: event.atMs - startedAtMs };
    steps.push(step);
    options.onStep?.(step);
  });
  options.onLine?.(page.line);
  let isOver = false;
  const ended = page.ended.finally(() => (isOver = true));
  if (virtual) {
    void ended.catch(() => undefined);
    const isTooLong = (): boolean => isOver || limit.isOver;
    while (!isTooLong() && virtual.nowMs() - startedAtMs < ttlMs) {
      // Time stands still while something is fetched; what that takes is not the page's.
      do await nextTurn();
      while (source.running > 0 && !isTooLong());
      await virtual.advance(STEP_MS);
    }
    if (!isOver && !limit.isOver) {
      const why = `no result in ${ttlMs / 1000} s, which is the time to live`;
      return unfinished({ code: 'VXML_TTL', why }, steps);
    }
  }
  const end = await Promise.race([ended, limit.over]);
  return end ? judged(end, steps, page.transferredTo) : unfinished(limit.failure, steps);
}

function judged(
  end: PageEnd,
  steps: readonly LineEvent[],
  transferredTo: string | undefined,
): PageRehearsal {
  if (transferredTo !== undefined) return replied(transferResult(transferredTo), end, steps);
  if (end.kind !== 'exited') return { reply: undefined, failure: pageFailure(end), end, steps };
  return replied(treatmentResult(end), end, steps);
}

function replied(result: unknown, end: PageEnd, steps: readonly LineEvent[]): PageRehearsal {
  const isUp = !steps.some(({ what }) => what === 'hang-up');
  const parsed = parseReply(result);
  if (!parsed.ok) {
    const { code, message: why } = parsed.rejection;
    return { reply: undefined, failure: { code, why }, end, steps };
  }
  const rejection = checkReply(parsed.reply, { callIsUp: isUp });
  if (!rejection) return { reply: parsed.reply, failure: undefined, end, steps };
  const failure = { code: rejection.code, why: rejection.message };
  return { reply: undefined, failure, end, steps };
}

function unfinished(
  failure: { readonly code: string; readonly why: string },
  steps: readonly LineEvent[],
): PageRehearsal {
  const end = { kind: 'uncaught', event: 'timeout', message: failure.why } as const;
  return { reply: undefined, failure, end, steps };
}
