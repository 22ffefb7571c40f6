/**
 * One VoiceXML page that has the call: started, told what happens, its `treatment_result` judged. A page
 * exits once; unlike a plugin it cannot correct what it returned.
 */
import type { PluginReply } from '../callflow/plugin-reply.js';
import { routeTarget } from '../handoff/route-point.js';
import type { Log } from '../ports.js';
import type { RevokeCause } from './held-call.js';
import { cappedTrail, type HolderNews, type HolderRun } from './holder-run.js';
import { judgeReply, type ReplyGround } from './judge-reply.js';
import type { LiveCall } from './live-call.js';
import type { PageRequest, PageRunner } from './page-runner.js';

export interface PageOrder extends Omit<PageRequest, 'refuseTransfer'> {
  readonly call: LiveCall;
}

export interface PageSessionOwner {
  replied(reply: PluginReply): void;
  failed(why: string): void;
  ground(): Omit<ReplyGround, 'callIsUp'>;
  note(what: string, detail?: string): void;
}

export class PageSession {
  readonly #run: HolderRun;
  readonly #trail: (what: string, detail?: string) => void;
  #isOver = false;
  #hasSpoken = false;

  constructor(
    runner: PageRunner,
    private readonly order: PageOrder,
    private readonly owner: PageSessionOwner,
    private readonly log: Log,
  ) {
    const { url, parameters } = order;
    this.#trail = cappedTrail((what, detail) => owner.note(what, detail));
    owner.note('page-start', url);
    log.info({ callbackId: parameters._gms_service_id, url }, 'VoiceXML page started');
    const refuseTransfer = (destination: string): string | undefined => {
      const target = routeTarget(destination, owner.ground().destinations);
      return target.kind === 'refused' ? target.why : undefined;
    };
    this.#run = runner.start(
      { ...order, refuseTransfer },
      {
        exited: (result) => this.#exited(result),
        failed: (code, why) => this.#fail(`${code}: ${why}`),
        trail: this.#trail,
      },
    );
  }

  tell(news: HolderNews): void {
    if (this.#isOver) return;
    if (news.what === 'hung-up') this.order.call.revoke('hung-up');
    this.#run.tell(news);
  }

  async stop(cause: RevokeCause): Promise<void> {
    this.#isOver = true;
    this.order.call.revoke(cause);
    await this.#run.stop(cause);
  }

  #exited(result: unknown): void {
    const judged = judgeReply(result, {
      callIsUp: this.order.call.isUp,
      ...this.owner.ground(),
    });
    if (!judged.ok) return this.#fail(`${judged.refusal.code}: ${judged.refusal.message}`);
    if (this.#isOver || this.#hasSpoken) return;
    this.#hasSpoken = true;
    this.#trail('page-exit', judged.reply.action);
    this.owner.replied(judged.reply);
  }

  #fail(why: string): void {
    if (this.#isOver || this.#hasSpoken) return;
    this.#hasSpoken = true;
    const callbackId = this.order.parameters._gms_service_id;
    this.log.warn({ callbackId, url: this.order.url, why }, 'VoiceXML page failed');
    this.#trail('page-failed', why);
    this.owner.failed(why);
  }
}
