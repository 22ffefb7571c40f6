/**
 * One plugin asked about one dial attempt: started with the page's parameters, told what happens to the
 * call, its replies judged, its time kept. Whatever the runner: the first reply that can be carried out
 * counts; one that cannot is answered with the reason and may be corrected; later ones are too late.
 *
 * The call is attached to the plugin from the start, or not at all (`_plugin_on_dial_associate_ixn`). A
 * plugin has to detach it before it replies; one that forgot is helped, with a warning (`autoDetach`).
 */
import type { PluginReply } from '../callflow/plugin-reply.js';
import type { RevokeCause } from '../holder/held-call.js';
import type { HolderParameters } from '../holder/holder-parameters.js';
import { cappedTrail, type HolderNews, type HolderRun } from '../holder/holder-run.js';
import { judgeReply, type JudgedRefusal, type ReplyGround } from '../holder/judge-reply.js';
import type { LiveCall } from '../holder/live-call.js';
import type { Clock, Log } from '../ports.js';
import { CallControl } from './call-control.js';
import type { PluginListener, PluginRunner, ReplyAnswer } from './plugin-runner.js';
import type { DeskPlace, DeskVisitor, ReplyDesk } from './reply-desk.js';

export interface PluginOrder {
  readonly url: string;
  /** `_ors_service_id`. */
  readonly sessionId: string;
  readonly parameters: Omit<HolderParameters, '_reply_url'>;
  readonly call: LiveCall | undefined;
  readonly isAssociated: boolean;
  readonly ttlMs: number;
  /** `autoDetach`. */
  readonly autoDetach: boolean;
}

export interface PluginSessionDeps {
  readonly runner: PluginRunner;
  readonly desk: ReplyDesk;
  readonly clock: Clock;
  readonly log: Log;
}

/** Exactly one of `replied` and `failed`, once, unless it is stopped before. */
export interface PluginSessionOwner {
  replied(reply: PluginReply): void;
  failed(why: string): void;
  /** What a reply is held against, now. */
  ground(): Omit<ReplyGround, 'callIsUp'>;
  note(what: string, detail?: string): void;
}

const OK: ReplyAnswer = { status: 200, body: { result: 'ok' } };

export class PluginSession implements DeskVisitor {
  readonly control: CallControl | undefined;
  readonly #place: DeskPlace;
  readonly #run: HolderRun;
  readonly #deadlineMs: number;
  readonly #trail: (what: string, detail?: string) => void;
  #isOver = false;
  #hasReplied = false;

  constructor(
    private readonly deps: PluginSessionDeps,
    private readonly order: PluginOrder,
    private readonly owner: PluginSessionOwner,
  ) {
    const { parameters, call, url, isAssociated, ttlMs } = order;
    this.#trail = cappedTrail((what, detail) => owner.note(what, detail));
    this.#deadlineMs = deps.clock.nowMs() + ttlMs;
    this.control = call && new CallControl(call, deps.clock);
    this.#place = deps.desk.open(order.sessionId, this);
    const { replyUrl, callUrl } = this.#place;
    owner.note('plugin-start', `${url}, session ${order.sessionId}`);
    deps.log.info({ ...this.#ids, url, callState: parameters._call_state }, 'plugin started');
    const listener: PluginListener = {
      reply: (raw) => this.reply(raw),
      failed: (code, why) => this.#fail(`${code}: ${why}`),
      trail: this.#trail,
    };
    this.#run = deps.runner.start(
      {
        url,
        parameters: { ...parameters, _reply_url: replyUrl },
        call,
        callUrl: call && callUrl,
        isAssociated,
        ttlMs,
      },
      listener,
    );
  }

  get callbackId(): string {
    return this.order.parameters._gms_service_id;
  }

  /** The customer hung up, or was a machine after all. A plugin without a reply yet decides on. */
  tell(news: HolderNews): void {
    if (this.#isOver) return;
    if (news.what === 'hung-up') this.order.call?.revoke('hung-up');
    this.#run.tell(news);
  }

  /**
   * The flow does not wait any more: also called by the owner after `replied` and `failed`. Takes the
   * call back at once. Resolves when nothing of the plugin is left.
   */
  async stop(cause: RevokeCause): Promise<void> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#place.close();
      this.order.call?.revoke(cause);
      const { ttlMs } = this.order;
      if (cause === 'timeout') this.deps.log.warn({ ...this.#ids, ttlMs }, 'plugin gave no reply');
    }
    await this.#run.stop(cause);
  }

  reply(raw: unknown): ReplyAnswer {
    const isLate = this.deps.clock.nowMs() >= this.#deadlineMs;
    if (this.#isOver || this.#hasReplied || isLate) return this.#tooLate();
    const judged = judgeReply(raw, {
      callIsUp: this.order.call?.isUp ?? false,
      ...this.owner.ground(),
    });
    if (!judged.ok) return this.#refuse(judged.refusal);
    const { reply } = judged;
    const takesCall = reply.action === 'route_to_agent' || reply.action === 'route_to_rp';
    if (this.order.call?.isAttached === true && takesCall) {
      if (!this.order.autoDetach) {
        const message = 'detach the call before you reply (autoDetach is false)';
        return this.#refuse({ code: 'REPLY_STILL_ATTACHED', field: 'action', message });
      }
      this.deps.log.warn(this.#ids, 'the plugin replied without detaching the call: detached');
      this.#trail('auto-detached');
    }
    this.#hasReplied = true;
    const { action, ignoredFields } = reply;
    this.#trail('reply', action);
    this.deps.log.info({ ...this.#ids, action, ignoredFields }, 'plugin replied');
    this.owner.replied(reply);
    return OK;
  }

  get #ids() {
    const { sessionId, parameters } = this.order;
    return { callbackId: parameters._gms_service_id, pluginSession: sessionId };
  }

  #fail(why: string): void {
    if (this.#isOver || this.#hasReplied) return;
    this.deps.log.warn({ ...this.#ids, why }, 'plugin failed');
    this.#trail('plugin-failed', why);
    this.owner.failed(why);
  }

  #refuse({ code, field, message }: JudgedRefusal): ReplyAnswer {
    this.deps.log.warn({ ...this.#ids, code, field, why: message }, 'reply refused');
    this.#trail('reply-refused', `${code}: ${message}`);
    return { status: 400, body: { error: code, ...(field === '' ? {} : { field }), message } };
  }

  #tooLate(): ReplyAnswer {
    const code = this.#hasReplied ? 'REPLY_SECOND' : 'REPLY_TOO_LATE';
    this.deps.log.warn({ ...this.#ids, code }, 'reply without effect');
    const message = this.#hasReplied ? 'this session has replied' : 'this session is over';
    return { status: 409, body: { error: code, message } };
  }
}
