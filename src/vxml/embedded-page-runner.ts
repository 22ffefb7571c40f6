/** Runs VoiceXML pages on customers' calls: the interpreter in its threads, the call as its line. */
import type { HolderNews, HolderRun } from '../holder/holder-run.js';
import type { PageListener, PageRequest, PageRunner } from '../holder/page-runner.js';
import { callVariables, withParameters } from './call-variables.js';
import { CookieJar } from './cookie-jar.js';
import { HeldLine } from './line/held-line.js';
import { fetchForPage, type PageFetchDeps } from './page-fetch.js';
import { exitValues, transferResult, treatmentResult } from './treatment-result.js';
import type { PooledEnd } from './worker/messages.js';
import type { PagePool } from './worker/pool.js';

export interface EmbeddedPageRunnerDeps extends PageFetchDeps {
  readonly pool: PagePool;
}

export class EmbeddedPageRunner implements PageRunner {
  readonly #deps: EmbeddedPageRunnerDeps;

  constructor(deps: EmbeddedPageRunnerDeps) {
    this.#deps = deps;
  }

  start(request: PageRequest, listener: PageListener): HolderRun {
    const { url, call, parameters } = request;
    const cookies = new CookieJar();
    const line = new HeldLine({
      call,
      fetch: (order, recordingPath) => fetchForPage(order, recordingPath, cookies, this.#deps),
      onTrail: (what, detail) => listener.trail(what, detail),
      refuseTransfer: request.refuseTransfer,
    });
    const page = this.#deps.pool.start({
      url: withParameters(url, parameters),
      variables: callVariables(call.facts, parameters),
      line,
    });
    void page.ended.then((end) => {
      const { transferredTo } = line;
      if (transferredTo === undefined) reportEnd(end, listener);
      else listener.exited(transferResult(transferredTo));
    });
    return {
      tell: (news) => tell(news, line, listener),
      stop: async () => {
        page.stop();
        await page.ended;
      },
    };
  }
}

/** A revised verdict changes nothing for a page: VoiceXML has no event for it. */
function tell(news: HolderNews, line: HeldLine, listener: PageListener): void {
  if (news.what === 'hung-up') line.hungUp();
  else listener.trail('page-verdict-revised', String(news.callState));
}

export function reportEnd(end: PooledEnd, listener: PageListener): void {
  if (end.kind === 'exited') return listener.exited(treatmentResult(end), exitValues(end));
  const { code, why } = pageFailure(end);
  listener.failed(code, why);
}

/** Why a page left no result, for the operator. */
export function pageFailure(end: Exclude<PooledEnd, { kind: 'exited' }>): {
  readonly code: string;
  readonly why: string;
} {
  switch (end.kind) {
    case 'uncaught':
      return { code: 'VXML_UNCAUGHT', why: withEvent(end) };
    case 'refused':
      return { code: 'VXML_BADFETCH', why: withEvent(end) };
    case 'limit':
    case 'failed':
      return { code: end.code, why: end.message };
  }
}

function withEvent({
  event,
  message,
}: {
  readonly event: string;
  readonly message: string;
}): string {
  return message === event ? event : `${event}: ${message}`;
}
