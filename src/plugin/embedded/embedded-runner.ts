/**
 * Runner 1: plugins written in SCXML, run here. The page is started with the parameters of the page
 * "Play Treatments" in `_data`; then it is given the call (`interaction.added`, `interaction.present`)
 * or, without one, the event `plugin.start`. All three bring the parameters along.
 */
import { callStateName } from '../../callflow/call-state.js';
import type { RevokeCause } from '../../holder/held-call.js';
import type { HolderNews, HolderRun } from '../../holder/holder-run.js';
import type { PluginListener, PluginRequest, PluginRunner, ReplyAnswer } from '../plugin-runner.js';
import type { SessionEnd } from '../scxml/session/host.js';
import {
  describeEnd,
  OrchestratedSession,
  type SessionEnvironment,
} from './orchestrated-session.js';

/** What a page that has replied may take to finish. */
const AFTER_REPLY_MS = 2000;

export class EmbeddedRunner implements PluginRunner {
  readonly #environment: SessionEnvironment;

  constructor(environment: SessionEnvironment) {
    this.#environment = environment;
  }

  start(request: PluginRequest, listener: PluginListener): HolderRun {
    return new EmbeddedRun(this.#environment, request, listener);
  }
}

class EmbeddedRun implements HolderRun {
  readonly #environment: SessionEnvironment;
  readonly #request: PluginRequest;
  readonly #session: OrchestratedSession;
  /** Stopped, or its reply was taken: how it ends concerns nobody any more. */
  #isDone = false;

  constructor(environment: SessionEnvironment, request: PluginRequest, listener: PluginListener) {
    this.#environment = environment;
    this.#request = request;
    const { url, parameters, call } = request;
    this.#session = new OrchestratedSession(environment, {
      url,
      parameters: { ...parameters },
      plugin: parameters,
      call,
      reply: { url: parameters._reply_url, take: (raw) => this.#take(raw, listener) },
      trail: (what, detail) => listener.trail(what, detail),
    });
    void this.#session.ended.then((end) => {
      if (!this.#isDone) listener.failed(...failureOf(end));
    });
    this.#begin();
  }

  tell(news: HolderNews): void {
    const interactionid = this.#request.call?.facts.interactionId;
    if (news.what === 'hung-up')
      return this.#session.raise('interaction.deleted', { interactionid, resultof: 'deletion' });
    const { callState } = news;
    const state = { _call_state: callState, _call_state_name: callStateName(callState) };
    this.#session.raise('interaction.callstate.changed', { interactionid, ...state });
  }

  async stop(cause: RevokeCause): Promise<void> {
    this.#isDone = true;
    const { ended } = this.#session;
    if (cause === 'replied') await this.#endedWithin(AFTER_REPLY_MS);
    this.#session.terminate();
    await ended;
  }

  #take(raw: unknown, listener: PluginListener): ReplyAnswer {
    const answer = listener.reply(raw);
    if (answer.status === 200) this.#isDone = true;
    return answer;
  }

  #begin(): void {
    const { call, isAssociated, parameters } = this.#request;
    if (!call || !isAssociated) return this.#session.raise('plugin.start', { ...parameters });
    const { interactionId, customerNumber } = call.facts;
    const present = { ...parameters, interactionid: interactionId, focusdeviceid: customerNumber };
    this.#session.raise('interaction.added', present);
    this.#session.raise('interaction.present', present);
  }

  #endedWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#environment.clock.after(ms, resolve);
      void this.#session.ended.then(() => {
        cancel();
        resolve();
      });
    });
  }
}

/** A session that is over will never reply: said at once, so that nobody waits in silence. */
function failureOf(end: SessionEnd): [code: string, why: string] {
  switch (end.kind) {
    case 'final':
      return ['PLUGIN_NO_REPLY', `the page ${describeEnd(end)} without a reply`];
    case 'terminated':
      return ['PLUGIN_TERMINATED', 'the session was terminated before it replied'];
    default: {
      // What the network refused has a code of its own behind the page's address.
      const code = /: (FETCH_[A-Z_]+): /.exec(end.message)?.[1];
      if (code === undefined) return [end.code, end.message];
      return [code, end.message.replace(`: ${code}: `, ': ')];
    }
  }
}
