/** An embedded plugin on a simulated call, in virtual time, with pages from a table. */
import { virtualClock, type VirtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import type { FetchOrder } from '../../../src/holder/fetcher.js';
import type { HolderParameters } from '../../../src/holder/holder-parameters.js';
import type { HolderRun } from '../../../src/holder/holder-run.js';
import type { PageRunner } from '../../../src/holder/page-runner.js';
import { SimulatedCall, type PromptLength } from '../../../src/holder/simulated-call.js';
import type { Prompt } from '../../../src/holder/held-call.js';
import { EmbeddedRunner } from '../../../src/plugin/embedded/embedded-runner.js';
import { LocalSessions } from '../../../src/plugin/embedded/local-sessions.js';
import type { SessionEnvironment } from '../../../src/plugin/embedded/orchestrated-session.js';
import { SessionDirectory, sessionHost } from '../../../src/plugin/embedded/session-directory.js';
import type { ReplyAnswer } from '../../../src/plugin/plugin-runner.js';
import type { Limits } from '../../../src/plugin/scxml/limits.js';
import { ORCHESTRATION } from '../../../src/plugin/scxml/orchestration/dialect.js';
import { Runtime } from '../../../src/plugin/scxml/session/runtime.js';

export const PAGE_URL = 'http://plugins.test/page.scxml';
export const REPLY_URL = 'http://127.0.0.1:8080/scxml/session/o1/request/reply?token=secret';

export interface PluginBedOptions {
  /** By address; what is not here answers 404. */
  readonly pages: Readonly<Record<string, string>>;
  /** Default: a call that is up and the plugin's. */
  readonly call?: 'associated' | 'not-associated' | 'none';
  readonly parameters?: Partial<HolderParameters>;
  readonly lengthOf?: (prompt: Prompt) => PromptLength;
  readonly pageRunner?: PageRunner;
  readonly limits?: Partial<Limits>;
  /** What a reply is answered; default 200. */
  readonly answer?: (raw: unknown) => ReplyAnswer;
}

export interface PluginBed {
  readonly clock: VirtualClock;
  readonly call: SimulatedCall;
  readonly run: HolderRun;
  readonly environment: SessionEnvironment;
  /** What the call was asked to do. */
  readonly actions: string[];
  readonly replies: unknown[];
  readonly failures: string[];
  readonly trail: string[];
  /** Requests that left the process. */
  readonly orders: FetchOrder[];
  /** Lets everything that is due within so long happen. */
  readonly advance: (ms: number) => Promise<void>;
}

/** A page of the dialect with every namespace. */
export function page(body: string): string {
  const modules = ['session', 'dialog', 'queue', 'ws'];
  const namespaces = modules.map((m) => `xmlns:${m}="http://www.genesyslab.com/modules/${m}"`);
  return `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" profile="ecmascript"
    xmlns:ixn="http://www.genesyslab.com/modules/interaction" ${namespaces.join(' ')}>${body}</scxml>`;
}

export async function makeEnvironment(
  { pages, limits, pageRunner }: PluginBedOptions,
  clock: VirtualClock,
  orders: FetchOrder[],
): Promise<SessionEnvironment> {
  const fetcher: SessionEnvironment['fetcher'] = {
    fetch(order) {
      orders.push(order);
      const text = pages[order.url];
      const status = text === undefined ? 404 : 200;
      const body = Buffer.from(text ?? 'not here');
      return Promise.resolve({ kind: 'answer', status, headers: {}, body, url: order.url });
    },
  };
  const directory = new SessionDirectory();
  let ids = 0;
  const newId = () => `s${++ids}`;
  const runtime = await Runtime.create({
    engines: 1,
    limits,
    dialects: [ORCHESTRATION],
    host: {
      clock,
      newId,
      httpLocation: (id) => `http://127.0.0.1:8080/scxml/session/${id}`,
      ...sessionHost(directory, fetcher),
    },
  });
  const sessions = new LocalSessions(runtime);
  return { sessions, directory, clock, fetcher, newId, pages: pageRunner };
}

export async function runPlugin(options: PluginBedOptions): Promise<PluginBed> {
  const clock = virtualClock();
  const [actions, replies, failures, trail]: [string[], unknown[], string[], string[]] = [
    [],
    [],
    [],
    [],
  ];
  const orders: FetchOrder[] = [];
  const environment = await makeEnvironment(options, clock, orders);
  const { call: kind = 'associated', lengthOf } = options;
  const call = new SimulatedCall({
    clock,
    lengthOf,
    isAttached: kind === 'associated',
    onAction: (what, detail) => actions.push(`${what} ${detail}`.trimEnd()),
    facts: {
      interactionId: 'i1',
      callId: 'c1',
      callState: 0,
      answeredBy: 'human',
      customerNumber: '+49301',
      dialedNumber: '0049301',
      callerId: undefined,
      requestUri: 'sip:0049301@trunk.test',
      sipHeaders: {},
    },
  });
  const parameters: HolderParameters = {
    _call_state: 0,
    _call_state_name: 'Ok',
    _interaction_id: kind === 'none' ? undefined : 'i1',
    _customer_number: '+49301',
    _dialed_number: '0049301',
    _gms_service_id: 'callback-1',
    _ors_service_id: 'o1',
    _user_data: { product: 'shoes' },
    _dial_attempt: 2,
    _ttl: 120,
    _reply_url: REPLY_URL,
    ...options.parameters,
  };
  const run = new EmbeddedRunner(environment).start(
    {
      url: PAGE_URL,
      parameters,
      call: kind === 'none' ? undefined : call,
      isAssociated: kind === 'associated',
      ttlMs: parameters._ttl * 1000,
    },
    {
      reply: (raw) => {
        replies.push(raw);
        return options.answer?.(raw) ?? { status: 200, body: { result: 'ok' } };
      },
      failed: (code, why) => failures.push(`${code}: ${why}`),
      trail: (what, detail = '') => trail.push(`${what} ${detail}`.trimEnd()),
    },
  );
  const bed = { clock, call, run, environment, actions, replies, failures, trail, orders };
  const advance = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    // Handing an event over takes a few turns of the real loop, whatever the clock says.
    for (let i = 0; i < 5; i++) await clock.advance(0);
  };
  await advance(0);
  while (trail.length <= 2 && failures.length === 0) await advance(0);
  return { ...bed, advance };
}
