/** A VoiceXML page with a caller who is none, for `vxml run`, and for a page that a plugin starts. */
import type { PageRequest, PageListener, PageRunner } from '../holder/page-runner.js';
import type { HolderRun } from '../holder/holder-run.js';
import type { EnginePool } from '../plugin/scxml/script/engine-pool.js';
import { Work } from '../plugin/scxml/session/work.js';
import type { Clock } from '../ports.js';
import { callVariables } from '../vxml/call-variables.js';
import { CookieJar } from '../vxml/cookie-jar.js';
import { reportEnd } from '../vxml/embedded-page-runner.js';
import { runSession, type SessionRequest } from '../vxml/interpreter/session.js';
import { DEFAULT_PAGE_LIMITS } from '../vxml/limits.js';
import { LinePlatform } from '../vxml/line/line-platform.js';
import { routeDestination } from '../vxml/line/route-destination.js';
import { ScriptedLine, type CallerAction, type LineEvent } from '../vxml/line/scripted-line.js';
import type { LineTransferEnd } from '../vxml/line/line.js';
import { fetchForPage } from '../vxml/page-fetch.js';
import { engineOn } from '../vxml/script/page-engine.js';
import type { PageEnd } from '../vxml/platform.js';
import type { PageSource } from './page-source.js';

export interface PageStage {
  readonly source: PageSource;
  readonly clock: Clock;
  readonly engines: EnginePool;
  /** What the caller does, each time a page waits; taken from the front. */
  readonly actions: CallerAction[];
  /** What a bridged transfer comes to. */
  readonly transfer: string;
}

export interface RehearsedPage {
  readonly line: ScriptedLine;
  readonly ended: Promise<PageEnd>;
  /** Where a blind transfer leads; undefined = there was none. */
  readonly transferredTo: string | undefined;
}

/** @param mayGiveAway whether the page may transfer its caller for good */
export function startPage(
  { source, clock, engines, actions, transfer: result }: PageStage,
  request: SessionRequest & { readonly mayGiveAway: boolean },
  onEvent: (event: LineEvent) => void,
): RehearsedPage {
  const cookies = new CookieJar();
  let transferredTo: string | undefined;
  const line = new ScriptedLine({
    clock,
    actions,
    fetch: (order) =>
      fetchForPage(order, () => undefined, cookies, {
        fetcher: source.fetcher,
        readFile: () => Promise.reject(new Error('nothing is recorded at the terminal')),
        newId: () => 'terminal',
      }),
    transfer: ({ kind, destination }): LineTransferEnd | undefined => {
      if (kind === 'bridge') return { kind: 'ended', result, durationMs: talkMsOf(result) };
      if (!request.mayGiveAway) return undefined;
      transferredTo = routeDestination(destination);
      return { kind: 'transferred' };
    },
    onEvent,
  });
  const platform = new LinePlatform(line, clock, DEFAULT_PAGE_LIMITS.inputDigits);
  const work = new Work(clock, DEFAULT_PAGE_LIMITS);
  return {
    line,
    ended: runSession(request, platform, engineOn(engines.take()), work),
    get transferredTo() {
      return transferredTo;
    },
  };
}

/** They talk for so long, where they do. */
function talkMsOf(result: string): number {
  const CONVERSATION_MS = 10_000;
  return result.endsWith('_disconnect') ? CONVERSATION_MS : 0;
}

/** Pages that a plugin starts on the call of its rehearsal. */
export class RehearsedPages implements PageRunner {
  readonly #stage: PageStage;
  readonly #note: (detail: string) => void;
  readonly #onHangUp: () => void;

  constructor(stage: PageStage, note: (detail: string) => void, onHangUp: () => void) {
    this.#stage = stage;
    this.#note = note;
    this.#onHangUp = onHangUp;
  }

  start({ url, call, parameters }: PageRequest, listener: PageListener): HolderRun {
    let isStopped = false;
    const variables = callVariables(call.facts, parameters);
    const page = startPage(
      this.#stage,
      { url, variables, mayGiveAway: false },
      ({ what, detail }) => {
        if (isStopped) return;
        this.#note(`${what} ${detail}`);
        if (what === 'hang-up') this.#onHangUp();
      },
    );
    call.onRevoked(() => page.line.end());
    const stopListening = call.onDigit(({ digit }) => page.line.press(digit));
    void page.ended.then((end) => {
      stopListening();
      reportEnd(end, listener);
    });
    return {
      tell: () => undefined,
      stop: () => {
        isStopped = true;
        stopListening();
        page.line.end();
        return Promise.resolve();
      },
    };
  }
}
