/**
 * Runner 3: the plugin is an HTTP server. It gets the page's parameters as JSON and answers with its
 * reply (200), or says that it will reply later on `_reply_url` (202 or 204). What happens to the call
 * meanwhile is posted to the same URL; on the call it acts through `_call_url`.
 */
import { callStateName } from '../../callflow/call-state.js';
import type { FetchAnswer, Fetcher } from '../../holder/fetcher.js';
import type { RevokeCause } from '../../holder/held-call.js';
import type { HolderNews, HolderRun } from '../../holder/holder-run.js';
import type { Clock } from '../../ports.js';
import { deliver, describeAnswer } from '../delivery.js';
import type { PluginListener, PluginRequest, PluginRunner } from '../plugin-runner.js';
import { sign, SIGNATURE_HEADER } from './signature.js';

export interface WebhookRunnerDeps {
  readonly fetcher: Fetcher;
  readonly clock: Clock;
  /** Shared with the webhook; undefined: requests are not signed. Asked for each request. */
  secret(): string | undefined;
}

/** A reply has five short fields. */
const ANSWER_MAX_BYTES = 16 * 1024;
const LATER = new Set([202, 204]);
/** What a webhook may take for the news of a hang-up, once its time is nearly over. */
const NEWS_MIN_MS = 1000;

export class WebhookRunner implements PluginRunner {
  constructor(private readonly deps: WebhookRunnerDeps) {}

  start(request: PluginRequest, listener: PluginListener): HolderRun {
    return new WebhookRun(this.deps, request, listener);
  }
}

class WebhookRun implements HolderRun {
  readonly #stop = new AbortController();
  readonly #untilMs: number;
  #sending: Promise<void>;
  #newsCount = 0;

  constructor(
    private readonly deps: WebhookRunnerDeps,
    private readonly request: PluginRequest,
    private readonly listener: PluginListener,
  ) {
    this.#untilMs = deps.clock.nowMs() + request.ttlMs;
    const message = { event: 'plugin.start', attached: request.isAssociated };
    this.#sending = this.#send('start', message).then((answer) => this.#onStarted(answer));
  }

  tell(news: HolderNews): void {
    this.#newsCount += 1;
    const message =
      news.what === 'hung-up'
        ? { event: 'interaction.deleted', resultof: 'deletion' }
        : {
            event: 'interaction.callstate.changed',
            _call_state: news.callState,
            _call_state_name: callStateName(news.callState),
          };
    const name = `news-${this.#newsCount}`;
    // In order: a hang-up must not overtake the start it is about.
    this.#sending = this.#sending.then(async () => {
      if (!this.#stop.signal.aborted) this.#onNews(await this.#send(name, message));
    });
  }

  stop(_cause: RevokeCause): Promise<void> {
    this.#stop.abort();
    return this.#sending;
  }

  #send(name: string, message: object): Promise<FetchAnswer> {
    const { deps, request, listener } = this;
    const { parameters, callUrl } = request;
    const { _interaction_id = null, ...others } = parameters;
    const body = JSON.stringify({
      ...others,
      _interaction_id,
      ...(callUrl === undefined ? {} : { _call_url: callUrl }),
      ...message,
    });
    const { clock } = deps;
    return deliver(deps, {
      url: request.url,
      method: 'POST',
      body,
      maxRedirects: 0,
      maxBytes: ANSWER_MAX_BYTES,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'dialback',
        'idempotency-key': `${parameters._ors_service_id}-${name}`,
      },
      freshHeaders: (): Readonly<Record<string, string>> => {
        const secret = deps.secret();
        if (secret === undefined) return {};
        return { [SIGNATURE_HEADER]: sign(body, secret, clock.nowMs()) };
      },
      untilMs: Math.max(this.#untilMs, clock.nowMs() + NEWS_MIN_MS),
      signal: this.#stop.signal,
      onRetry: (why, afterMs) => listener.trail('webhook-retry', `${why}, again in ${afterMs} ms`),
    });
  }

  #onStarted(answer: FetchAnswer): void {
    if (this.#stop.signal.aborted) return;
    this.listener.trail('webhook-answer', describeAnswer(answer));
    if (answer.kind === 'failed') return this.listener.failed(answer.code, answer.why);
    const { status, body } = answer;
    if (LATER.has(status)) return;
    if (status !== 200) {
      const why = `the webhook answered with HTTP status ${status}`;
      return this.listener.failed('WEBHOOK_REFUSED', why);
    }
    const judged = this.listener.reply(body.toString('utf8'));
    if (judged.status !== 200) {
      const { error = '', message = '' } = judged.body;
      this.listener.failed('WEBHOOK_BAD_REPLY', `${error}: ${message}`);
    }
  }

  /** The answer to news may bring the reply; a webhook that has none to give says nothing. */
  #onNews(answer: FetchAnswer): void {
    if (this.#stop.signal.aborted) return;
    this.listener.trail('webhook-answer', describeAnswer(answer));
    const isReply = answer.kind === 'answer' && answer.status === 200 && answer.body.length > 0;
    if (isReply) this.listener.reply(answer.body.toString('utf8'));
  }
}
