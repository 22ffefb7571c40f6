/** A page at a scripted caller's telephone, under a clock turned by hand. */
import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { EnginePool } from '../../src/plugin/scxml/script/engine-pool.js';
import { Work } from '../../src/plugin/scxml/session/work.js';
import { runSession } from '../../src/vxml/interpreter/session.js';
import { DEFAULT_PAGE_LIMITS, type PageLimits } from '../../src/vxml/limits.js';
import type { LineTransferEnd, LineTransferOrder } from '../../src/vxml/line/line.js';
import { LinePlatform } from '../../src/vxml/line/line-platform.js';
import { callerActions, ScriptedLine, type LineEvent } from '../../src/vxml/line/scripted-line.js';
import type { PageEnd, PageFetch, PageFetched } from '../../src/vxml/platform.js';
import { engineOn } from '../../src/vxml/script/page-engine.js';

export const BASE = 'http://pages.example.com/app/';

export interface Case {
  /** Paragraph of VoiceXML 2.0 ("2.0 5.2.4") or 2.1, and the behaviour. */
  readonly name: string;
  /** What stands inside `<vxml>`, or a whole document. */
  readonly page: string;
  /** Other documents by name, relative to the page. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the caller does: `1, 22#, -, ~1, speak:2000, hangup`. */
  readonly caller?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly limits?: Partial<PageLimits>;
  readonly silentUrls?: readonly string[];
  /** How long documents take, by name; others take no time. */
  readonly slowMs?: Readonly<Record<string, number>>;
  readonly transfer?: (order: LineTransferOrder) => LineTransferEnd;
  /** Log lines, joined with `|`. */
  readonly logs?: string;
  /** What was heard, joined with `|`. */
  readonly prompts?: string;
  /** Of `exit expr`. */
  readonly value?: unknown;
  /** Of `exit namelist`. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** The event nobody caught. */
  readonly uncaught?: string;
  readonly refused?: string;
  /** In the message of the end. */
  readonly message?: RegExp;
  readonly limit?: string;
}

export interface CaseRun {
  readonly end: PageEnd;
  readonly events: readonly LineEvent[];
  readonly requests: readonly PageFetch[];
  readonly durationMs: number;
  of(what: string): string[];
}

let pool: Promise<EnginePool> | undefined;
const LONGEST_CALL_MS = 3_600_000;

export function documentOf(page: string, attributes = ''): string {
  if (/<(\w+:)?vxml/.test(page)) return page;
  return `<?xml version="1.0"?>\n<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"${attributes}>\n${page}\n</vxml>`;
}

export async function runCase(one: Omit<Case, 'name'>): Promise<CaseRun> {
  const engines = await (pool ??= EnginePool.create(1));
  await engines.ready();
  const clock = virtualClock();
  const startMs = clock.nowMs();
  const events: LineEvent[] = [];
  const requests: PageFetch[] = [];
  const files = new Map(
    Object.entries({ 'page.vxml': documentOf(one.page), ...one.files }).map(([name, text]) => [
      new URL(name, BASE).href,
      text,
    ]),
  );
  const fetch = (request: PageFetch): Promise<PageFetched> => {
    requests.push(request);
    const text = files.get(request.url) ?? files.get(request.url.replace(/\?.*$/, ''));
    const answer: PageFetched =
      text === undefined
        ? { kind: 'failed', suffix: '.http.404', why: 'not found' }
        : { kind: 'ok', text, url: request.url };
    const takesMs = one.slowMs?.[request.url.slice(BASE.length).replace(/\?.*$/, '')];
    if (takesMs === undefined) return Promise.resolve(answer);
    return new Promise((resolve) => clock.after(takesMs, () => resolve(answer)));
  };
  const line = new ScriptedLine({
    clock,
    actions: callerActions(one.caller ?? ''),
    fetch,
    onEvent: (event) => events.push(event),
    isPlayable: (url) => !(one.silentUrls ?? []).some((name) => url.endsWith(name)),
    ...(one.transfer && { transfer: one.transfer }),
  });
  const url = new URL('page.vxml', BASE).href;
  let end: PageEnd | undefined;
  let failure: unknown;
  runSession(
    { url, variables: one.variables ?? {}, ...(one.limits && { limits: one.limits }) },
    new LinePlatform(line, clock, 256),
    engineOn(engines.take()),
    new Work(clock, { ...DEFAULT_PAGE_LIMITS, ...one.limits }),
  ).then(
    (how) => (end = how),
    (error: unknown) => (failure = error),
  );
  for (let waited = 0; !end && failure === undefined; waited += 1000) {
    assert.ok(waited < LONGEST_CALL_MS, 'the page does not end');
    await clock.advance(1000);
  }
  if (!end) throw failure;
  const durationMs = clock.nowMs() - startMs;
  const of = (what: string): string[] =>
    events.filter((event) => event.what === what).map(({ detail }) => detail);
  return { end, events, requests, durationMs, of };
}

/** Declares one test for each case. */
export function cases(title: string, list: readonly Case[]): void {
  describe(title, function () {
    // One that runs into a limit computes for seconds on a busy machine.
    this.timeout(60_000);
    for (const one of list) it(one.name, () => check(one));
  });
}

async function check(one: Case): Promise<void> {
  const expects = ['logs', 'prompts', 'value', 'values', 'uncaught', 'refused', 'limit'] as const;
  assert.ok(
    expects.some((key) => key in one),
    'the case expects nothing',
  );
  const run = await runCase(one);
  const { end } = run;
  const story = JSON.stringify(end);
  if (one.uncaught !== undefined) {
    assert.ok(end.kind === 'uncaught', story);
    assert.equal(end.event, one.uncaught, story);
  } else if (one.refused !== undefined) {
    assert.ok(end.kind === 'refused', story);
    assert.equal(end.event, one.refused, story);
  } else if (one.limit !== undefined) {
    assert.ok(end.kind === 'limit', story);
    assert.equal(end.code, one.limit, story);
  } else assert.equal(end.kind, 'exited', story);
  if (one.message) assert.match('message' in end ? end.message : '', one.message);
  if (one.logs !== undefined) assert.equal(run.of('log').join('|'), one.logs, story);
  if (one.prompts !== undefined) assert.equal(run.of('prompt').join('|'), one.prompts, story);
  if (end.kind !== 'exited') return;
  if ('value' in one) assert.deepEqual(parsed(end.value), one.value);
  if (one.values) {
    const values = Object.entries(end.values).map(([name, json]) => [name, parsed(json)]);
    assert.deepEqual(Object.fromEntries(values), one.values);
  }
}

function parsed(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json);
}
