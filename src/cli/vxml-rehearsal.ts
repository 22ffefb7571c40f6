/**
 * A VoiceXML page with a caller who is none: what is heard, keyed in and logged, and what the page
 * returns. With a list of what the caller does time costs nothing, and it is the same every time.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../adapters/clock/system-clock.js';
import { virtualClock } from '../adapters/clock/virtual-clock.js';
import { CALL_STATE, callStateName } from '../callflow/call-state.js';
import { checkReply, parseReply, type PluginReply } from '../callflow/plugin-reply.js';
import { EnginePool } from '../plugin/scxml/script/engine-pool.js';
import type { Clock } from '../ports.js';
import { callVariables, type PageParameters } from '../vxml/call-variables.js';
import { CookieJar } from '../vxml/cookie-jar.js';
import { runSession } from '../vxml/interpreter/session.js';
import { DEFAULT_PAGE_LIMITS } from '../vxml/limits.js';
import { LinePlatform } from '../vxml/line/line-platform.js';
import { routeDestination } from '../vxml/line/route-destination.js';
import { ScriptedLine, type CallerAction, type LineEvent } from '../vxml/line/scripted-line.js';
import { fetchForPage } from '../vxml/page-fetch.js';
import type { PageEnd } from '../vxml/platform.js';
import { transferResult, treatmentResult } from '../vxml/treatment-result.js';
import type { PageSource } from './page-source.js';

export interface PageRehearsalOptions {
  /** Undefined: somebody is at the keyboard, and time is real. */
  readonly actions: readonly CallerAction[] | undefined;
  readonly customerNumber: string;
  readonly attempt: number;
  readonly ttlMs: number;
  readonly userData: Readonly<Record<string, string>>;
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
  const virtual = options.actions && virtualClock();
  const clock: Clock = virtual ?? systemClock();
  const startedAtMs = clock.nowMs();
  const steps: LineEvent[] = [];
  let waiting = 0;
  let transferredTo: string | undefined;
  const cookies = new CookieJar();
  const line = new ScriptedLine({
    clock,
    actions: options.actions ?? [],
    fetch: async (request) => {
      waiting++;
      try {
        return await fetchForPage(request, () => undefined, cookies, {
          fetcher: source.fetcher,
          readFile: () => Promise.reject(new Error('nothing is recorded at the terminal')),
          newId: () => 'terminal',
        });
      } finally {
        waiting--;
      }
    },
    transfer: ({ kind, destination }) => {
      const { transfer: result } = options;
      if (kind === 'bridge') return { kind: 'ended', result, durationMs: talkMsOf(result) };
      transferredTo = routeDestination(destination);
      return { kind: 'transferred' };
    },
    onEvent: (event) => {
      const step = { ...event, atMs: event.atMs - startedAtMs };
      steps.push(step);
      options.onStep?.(step);
    },
  });
  options.onLine?.(line);
  const engines = await EnginePool.create(1);
  const session = runSession(
    { url: source.url, variables: variablesOf(options) },
    new LinePlatform(line, clock, DEFAULT_PAGE_LIMITS.inputDigits),
    engines.take(),
  );
  let isOver = false;
  const done = session.finally(() => (isOver = true));
  if (virtual) {
    // Time stands still while something is fetched; what that takes is not the page's.
    void done.catch(() => undefined);
    while (!isOver && virtual.nowMs() - startedAtMs < options.ttlMs) {
      if (waiting > 0) await nextTurn();
      else await virtual.advance(STEP_MS);
    }
    if (!isOver) return tooLate(options, steps);
  }
  return judged(await done, steps, transferredTo);
}

/** They talk for so long, where they do. */
function talkMsOf(result: string): number {
  const CONVERSATION_MS = 10_000;
  return result.endsWith('_disconnect') ? CONVERSATION_MS : 0;
}

function judged(
  end: PageEnd,
  steps: readonly LineEvent[],
  transferredTo: string | undefined,
): PageRehearsal {
  if (transferredTo !== undefined) return replied(transferResult(transferredTo), end, steps);
  if (end.kind !== 'exited') {
    const failure =
      end.kind === 'limit'
        ? { code: end.code, why: end.message }
        : {
            code: end.kind === 'refused' ? 'VXML_BADFETCH' : 'VXML_UNCAUGHT',
            why: end.message === end.event ? end.event : `${end.event}: ${end.message}`,
          };
    return { reply: undefined, failure, end, steps };
  }
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

function tooLate({ ttlMs }: PageRehearsalOptions, steps: readonly LineEvent[]): PageRehearsal {
  const why = `no result in ${ttlMs / 1000} s, which is the time to live`;
  const end = { kind: 'uncaught', event: 'timeout', message: why } as const;
  return { reply: undefined, failure: { code: 'VXML_TTL', why }, end, steps };
}

function variablesOf(options: PageRehearsalOptions): Record<string, string> {
  const { customerNumber, attempt, ttlMs, userData } = options;
  const callState = CALL_STATE.Ok;
  const parameters: PageParameters = {
    _call_state: callState,
    _call_state_name: callStateName(callState),
    _interaction_id: 'rehearsal',
    _customer_number: customerNumber,
    _dialed_number: customerNumber,
    _gms_service_id: 'rehearsal',
    _ors_service_id: 'rehearsal',
    _user_data: userData,
    _dial_attempt: attempt,
    _ttl: ttlMs / 1000,
  };
  const facts = {
    interactionId: 'rehearsal',
    callId: 'rehearsal@terminal',
    callState,
    answeredBy: 'human',
    customerNumber,
    dialedNumber: customerNumber,
    callerId: undefined,
    requestUri: `sip:${customerNumber}@terminal`,
    sipHeaders: {},
  } as const;
  return callVariables(facts, parameters);
}
