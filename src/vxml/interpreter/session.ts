/** One session of one caller with a page, from its address to its end. */
import type { Work } from '../../plugin/scxml/session/work.js';
import { PageEvent, PageLimit } from '../errors.js';
import { DEFAULT_PAGE_LIMITS, type PageLimits } from '../limits.js';
import type { PageEnd, Platform } from '../platform.js';
import type { NewPageEngine } from '../script/page-engine.js';
import { Scopes } from '../script/scopes.js';
import { resolveUrl } from '../document/page.js';
import { Budget } from './budget.js';
import { Context } from './context.js';
import { Leave } from './leave.js';
import { dialogOf, Shared } from './shared.js';
import { fragmentOf } from '../document/page.js';

export interface SessionRequest {
  /** Absolute, maybe with a fragment. */
  readonly url: string;
  /** Variables of the session, as JSON text by name: what `session.NAME` reads. */
  readonly variables: Readonly<Record<string, string>>;
  readonly limits?: Partial<PageLimits>;
}

/**
 * Runs a page. Never rejects for anything a page does.
 *
 * @param work what the page may take of its thread
 */
export async function runSession(
  request: SessionRequest,
  platform: Platform,
  newEngine: NewPageEngine,
  work: Work,
): Promise<PageEnd> {
  const limits = { ...DEFAULT_PAGE_LIMITS, ...request.limits };
  const budget = new Budget(limits, work);
  const scopes = new Scopes(newEngine(limits, budget));
  try {
    const shared = new Shared(platform, scopes, limits, budget);
    for (const [name, json] of Object.entries(request.variables)) {
      scopes.set(shared.sessionScope, name, json);
    }
    scopes.makeReadOnly(shared.sessionScope);
    return await run(request.url, shared);
  } catch (error) {
    if (error instanceof PageLimit) {
      return { kind: 'limit', code: error.code, message: error.message };
    }
    throw error;
  } finally {
    scopes.dispose();
  }
}

async function run(address: string, shared: Shared): Promise<PageEnd> {
  let isStarted = false;
  try {
    const url = resolveUrl(address, address);
    const loaded = await shared.page({ url, method: 'GET', timeoutMs: undefined }, []);
    const dialog = dialogOf(loaded.page, fragmentOf(address));
    isStarted = true;
    return await new Context(shared, 0).run({ kind: 'dialog', loaded, dialog, isSubmit: false });
  } catch (error) {
    if (error instanceof PageEvent) {
      const kind = isStarted ? 'uncaught' : 'refused';
      return { kind, event: error.event, message: error.said ?? error.event };
    }
    if (!(error instanceof Leave)) throw error;
    const { to } = error;
    if (to.kind === 'uncaught') return to;
    if (to.kind === 'exit') {
      const isEmpty = to.value === undefined && Object.keys(to.values).length === 0;
      const values = isEmpty ? shared.leftAtDisconnect : to.values;
      return { kind: 'exited', values, value: to.value };
    }
    throw error;
  }
}
