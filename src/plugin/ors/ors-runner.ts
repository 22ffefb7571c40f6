/**
 * Runner 2: the plugin's page is run by an orchestration server elsewhere. The session is started over
 * its REST interface with the page's parameters as a form; events and the end go the same way. The page
 * replies to `_reply_url`, which is ours.
 *
 * Source: Genesys "Orchestration Server, External Interfaces": /scxml/session/start,
 * /scxml/session/{id}/event/{name}, /scxml/session/{id}/terminate.
 */
import { callStateName } from '../../callflow/call-state.js';
import type { FetchAnswer, Fetcher } from '../../holder/fetcher.js';
import type { RevokeCause } from '../../holder/held-call.js';
import type { HolderNews, HolderRun } from '../../holder/holder-run.js';
import type { Clock } from '../../ports.js';
import { deliver, describeAnswer } from '../delivery.js';
import type { PluginListener, PluginRequest, PluginRunner } from '../plugin-runner.js';

export interface OrsRunnerDeps {
  readonly fetcher: Fetcher;
  readonly clock: Clock;
  /** Base of its REST interface; asked for each session. */
  url(): string | undefined;
}

type Fields = Readonly<Record<string, string>>;

const ANSWER_MAX_BYTES = 64 * 1024;
const SESSION_ID = /^[A-Za-z0-9_.~-]{1,128}$/;
const ID_FIELDS = ['sessionid', 'session_id', 'sessionId', '_sessionid', 'id'] as const;
/** For events and the end of a session whose time is nearly over. */
const LAST_WORDS_MS = 5000;

export class OrsRunner implements PluginRunner {
  constructor(private readonly deps: OrsRunnerDeps) {}

  start(request: PluginRequest, listener: PluginListener): HolderRun {
    return new OrsRun(this.deps, request, listener);
  }
}

class OrsRun implements HolderRun {
  readonly #stop = new AbortController();
  readonly #untilMs: number;
  readonly #base: string;
  /** Everything in the order it happened; its value is the session, once there is one. */
  #sending: Promise<string | undefined>;
  #isStopped = false;

  constructor(
    private readonly deps: OrsRunnerDeps,
    private readonly request: PluginRequest,
    private readonly listener: PluginListener,
  ) {
    this.#untilMs = deps.clock.nowMs() + request.ttlMs;
    this.#base = sessionBase(deps.url() ?? '');
    this.#sending = Promise.resolve().then(() => this.#begin());
  }

  tell(news: HolderNews): void {
    const interactionid = this.request.parameters._interaction_id ?? 'undefined';
    if (news.what === 'hung-up') {
      return this.#raise('interaction.deleted', { interactionid, resultof: 'deletion' });
    }
    this.#raise('interaction.callstate.changed', {
      interactionid,
      _call_state: String(news.callState),
      _call_state_name: callStateName(news.callState),
    });
  }

  /** A page that has replied comes to its own end; any other is ended. */
  async stop(cause: RevokeCause): Promise<void> {
    if (this.#isStopped) return void (await this.#sending);
    this.#isStopped = true;
    this.#stop.abort();
    const session = await this.#sending;
    if (session === undefined || cause === 'replied') return;
    await this.#post(`/${session}/terminate`, {}, new AbortController().signal);
  }

  async #begin(): Promise<string | undefined> {
    const { parameters, url, call, callUrl, isAssociated } = this.request;
    const fields = { src: url, ...formOf(parameters), ...(callUrl && { _call_url: callUrl }) };
    const answer = await this.#post('/start', fields, this.#stop.signal);
    this.listener.trail('ors-start', describeAnswer(answer));
    const session = this.#sessionOf(answer);
    if (session === undefined) return undefined;
    if (call && isAssociated) {
      const { interactionId: interactionid, customerNumber: focusdeviceid } = call.facts;
      await this.#event(session, 'interaction.added', { interactionid, focusdeviceid });
      await this.#event(session, 'interaction.present', { interactionid, focusdeviceid });
    } else {
      await this.#event(session, 'plugin.start', formOf(parameters));
    }
    return session;
  }

  /** Plain text or JSON: what servers of this kind answer a start with differs. */
  #sessionOf(answer: FetchAnswer): string | undefined {
    if (this.#stop.signal.aborted) return undefined;
    if (answer.kind === 'failed') return this.#fail(answer.code, answer.why);
    if (answer.status < 200 || answer.status > 299) {
      return this.#fail('ORS_REFUSED', `the start was answered with HTTP status ${answer.status}`);
    }
    const session = readSessionId(answer.body.toString('utf8'));
    return session ?? this.#fail('ORS_BAD_ANSWER', 'the start was answered without a session id');
  }

  #fail(code: string, why: string): undefined {
    this.listener.failed(code, why);
  }

  #raise(name: string, fields: Fields): void {
    this.#sending = this.#sending.then(async (session) => {
      if (session !== undefined && !this.#isStopped) await this.#event(session, name, fields);
      return session;
    });
  }

  async #event(session: string, name: string, fields: Fields): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const answer = await this.#post(`/${session}/event/${name}`, fields, this.#stop.signal);
    this.listener.trail('ors-event', `${name}: ${describeAnswer(answer)}`);
  }

  #post(path: string, fields: Fields, signal: AbortSignal): Promise<FetchAnswer> {
    const nowMs = this.deps.clock.nowMs();
    return deliver(this.deps, {
      url: this.#base + path,
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'dialback' },
      maxBytes: ANSWER_MAX_BYTES,
      maxRedirects: 0,
      // A page that runs twice would speak to one customer twice.
      isOnce: path === '/start',
      untilMs: path === '/start' ? this.#untilMs : nowMs + LAST_WORDS_MS,
      signal,
    });
  }
}

/** `http://ors:8000`, `http://ors:8000/scxml` and `.../scxml/session/start` are one server. */
function sessionBase(url: string): string {
  const plain = url.replace(/\/+$/, '').replace(/\/scxml(\/session(\/start)?)?$/, '');
  return `${plain}/scxml/session`;
}

/** As a form writes it: what is not set is the word `undefined`, objects are JSON. */
function formOf(parameters: PluginRequest['parameters']): Fields {
  const entries = Object.entries(parameters).map(([name, value]): [string, string] => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  return { _interaction_id: 'undefined', ...Object.fromEntries(entries) };
}

function readSessionId(text: string): string | undefined {
  const plain = text.trim().replace(/^"(.*)"$/, '$1');
  if (SESSION_ID.test(plain)) return plain;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  for (const field of ID_FIELDS) {
    const id: unknown = Object.hasOwn(json, field) ? Reflect.get(json, field) : undefined;
    if (typeof id === 'string' && SESSION_ID.test(id)) return id;
  }
  return undefined;
}
