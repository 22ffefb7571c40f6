/**
 * A plugin on a call that is none, in time that passes as fast as the page lets it: every state entered,
 * every event, everything done with the call, and the reply. Run twice, it is the same twice.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { virtualClock } from '../adapters/clock/virtual-clock.js';
import { ANSWER_CALL_STATES, isAnswered, type AnswerWord } from '../callflow/call-state.js';
import { checkReply, parseReply, type PluginReply } from '../callflow/plugin-reply.js';
import type { HolderRun } from '../holder/holder-run.js';
import { SimulatedCall } from '../holder/simulated-call.js';
import { EmbeddedRunner } from '../plugin/embedded/embedded-runner.js';
import { LocalSessions } from '../plugin/embedded/local-sessions.js';
import type { OrchestratedSession } from '../plugin/embedded/orchestrated-session.js';
import { SessionDirectory, sessionHost } from '../plugin/embedded/session-directory.js';
import type { ReplyAnswer } from '../plugin/plugin-runner.js';
import { ORCHESTRATION } from '../plugin/scxml/orchestration/dialect.js';
import { EnginePool } from '../plugin/scxml/script/engine-pool.js';
import { Runtime } from '../plugin/scxml/session/runtime.js';
import type { CallerAction } from '../vxml/line/scripted-line.js';
import type { PageSource } from './page-source.js';
import { realTimeLimit, type RealTimeLimit } from './real-time-limit.js';
import { rehearsalFacts, rehearsalParameters, type RehearsedCall } from './rehearsal-call.js';
import { RehearsedPages } from './rehearsed-page.js';

export interface RehearsalOptions extends RehearsedCall {
  readonly answer: AnswerWord;
  /** What the customer does each time a page of VoiceXML waits that the plugin has started. */
  readonly actions: CallerAction[];
  /** `_plugin_on_dial_associate_ixn`. */
  readonly isAssociated: boolean;
  /** What happens to the call, and when. */
  readonly happenings: readonly Happening[];
}

export interface Happening {
  readonly atMs: number;
  readonly what:
    | { readonly kind: 'hangup' }
    | { readonly kind: 'digits'; readonly digits: string }
    | { readonly kind: 'revised'; readonly answer: 'machine' | 'fax' }
    /** An event of any name, for the page. */
    | { readonly kind: 'event'; readonly name: string };
}

export interface RehearsalStep {
  /** Since the start. */
  readonly atMs: number;
  /** `state`, `event`, `sent`, `asked`, `failed`, `log`, `error`, `call`, `page`, `reply`, `ended`. */
  readonly what: string;
  readonly detail: string;
}

export interface Rehearsal {
  readonly reply: PluginReply | undefined;
  readonly failure: { readonly code: string; readonly why: string } | undefined;
  readonly steps: readonly RehearsalStep[];
  /** Ids of the states that were entered. */
  readonly visited: ReadonlySet<string>;
}

/** How fine time passes: what real reading takes is waited for in between. */
const TICK_MS = 20;
/** Every prompt is taken to be so long. */
const PROMPT_MS = 2000;
const REPLY_URL = 'http://127.0.0.1/rehearsal/reply';

export async function rehearse(source: PageSource, options: RehearsalOptions): Promise<Rehearsal> {
  const limit = realTimeLimit(options.maxMs);
  try {
    const rehearsal = new Rehearser(source, options, limit);
    await rehearsal.run();
    return rehearsal;
  } finally {
    limit.cancel();
  }
}

class Rehearser implements Rehearsal {
  readonly steps: RehearsalStep[] = [];
  visited: ReadonlySet<string> = new Set();
  reply: PluginReply | undefined;
  failure: Rehearsal['failure'];
  readonly #source: PageSource;
  readonly #options: RehearsalOptions;
  readonly #limit: RealTimeLimit;
  readonly #clock = virtualClock();
  readonly #startedAtMs = this.#clock.nowMs();
  readonly #call: SimulatedCall | undefined;
  #run: HolderRun | undefined;

  constructor(source: PageSource, options: RehearsalOptions, limit: RealTimeLimit) {
    this.#source = source;
    this.#options = options;
    this.#limit = limit;
    this.#call = isAnswered(options.answer) ? this.#newCall() : undefined;
  }

  async run(): Promise<void> {
    const { answer, isAssociated, happenings, ttlMs } = this.#options;
    const environment = await this.#environment();
    const runner = new EmbeddedRunner(environment);
    const run = runner.start(
      {
        url: this.#source.url,
        parameters: {
          ...rehearsalParameters(this.#options, answer, this.#call !== undefined),
          _reply_url: REPLY_URL,
        },
        call: this.#call,
        isAssociated: isAssociated && this.#call !== undefined,
        ttlMs,
      },
      {
        reply: (raw) => this.#judge(raw),
        failed: (code, why) => (this.failure ??= { code, why }),
        trail: (what, detail = '') => this.#note(what, detail),
      },
    );
    this.#run = run;
    const [session] = environment.directory.all();
    const pending = happenings.toSorted((a, b) => a.atMs - b.atMs);
    while (!this.#isOver && this.#elapsedMs < ttlMs) {
      await this.#pass(TICK_MS);
      while (pending[0] && pending[0].atMs <= this.#elapsedMs) {
        const happening = pending.shift();
        if (happening) this.#happen(happening, run, session);
      }
      if (this.#limit.isOver) this.failure ??= this.#limit.failure;
    }
    if (session) this.visited = session.visitedStates;
    const why = `no reply within ${ttlMs / 1000} s`;
    if (!this.#isOver) this.failure = { code: 'PLUGIN_TIMEOUT', why };
    const cause = this.reply ? 'replied' : 'failed';
    this.#call?.revoke(cause);
    let isStopped = false;
    void run.stop(cause).then(() => (isStopped = true));
    while (!isStopped && !this.#limit.isOver) await this.#pass(TICK_MS);
  }

  get #isOver(): boolean {
    return this.reply !== undefined || this.failure !== undefined;
  }

  get #elapsedMs(): number {
    return this.#clock.nowMs() - this.#startedAtMs;
  }

  /** Files and answers that are under way come first: they take no time here. */
  async #pass(ms: number): Promise<void> {
    do await nextTurn();
    while (this.#source.running > 0 && !this.#limit.isOver);
    await this.#clock.advance(ms);
  }

  async #environment() {
    const directory = new SessionDirectory();
    const { fetcher } = this.#source;
    const clock = this.#clock;
    let ids = 0;
    const newId = (): string => `session-${++ids}`;
    const runtime = await Runtime.create({
      engines: 1,
      dialects: [ORCHESTRATION],
      host: {
        clock,
        newId,
        httpLocation: (id) => `http://127.0.0.1/rehearsal/${id}`,
        ...sessionHost(directory, fetcher),
      },
    });
    const pages = await this.#pages();
    return { sessions: new LocalSessions(runtime), directory, clock, fetcher, newId, pages };
  }

  async #pages(): Promise<RehearsedPages> {
    const stage = {
      source: this.#source,
      clock: this.#clock,
      engines: await EnginePool.create(1),
      actions: this.#options.actions,
      transfer: 'far_end_disconnect',
    };
    return new RehearsedPages(
      stage,
      (detail) => this.#note('page', detail),
      () => this.#hungUp(),
    );
  }

  #newCall(): SimulatedCall {
    const { answer, isAssociated } = this.#options;
    return new SimulatedCall({
      clock: this.#clock,
      isAttached: isAssociated,
      lengthOf: (prompt) => (prompt.kind === 'silence' ? prompt.durationMs : PROMPT_MS),
      onAction: (what, detail) => this.#note('call', `${what} ${detail}`.trimEnd()),
      facts: rehearsalFacts(this.#options, answer),
    });
  }

  /** The customer hung up, or the page did. */
  #hungUp(): void {
    if (!this.#call || this.#call.revokedBy !== undefined) return;
    this.#call.revoke('hung-up');
    this.#run?.tell({ what: 'hung-up' });
  }

  #happen({ what }: Happening, run: HolderRun, session: OrchestratedSession | undefined): void {
    switch (what.kind) {
      case 'hangup':
        this.#note('call', 'the customer hangs up');
        return this.#hungUp();
      case 'digits':
        this.#note('call', `the customer presses ${what.digits}`);
        return this.#call?.press(what.digits);
      case 'revised':
        this.#note('call', `it is a ${what.answer} after all`);
        return run.tell({ what: 'verdict-revised', callState: ANSWER_CALL_STATES[what.answer] });
      case 'event':
        return session?.raise(what.name, {});
    }
  }

  #judge(raw: unknown): ReplyAnswer {
    if (this.reply)
      return { status: 409, body: { error: 'REPLY_SECOND', message: 'replied already' } };
    const parsed = parseReply(raw);
    const callIsUp = this.#call !== undefined && this.#call.revokedBy === undefined;
    const rejection = parsed.ok ? checkReply(parsed.reply, { callIsUp }) : parsed.rejection;
    if (rejection || !parsed.ok) {
      const { code = '', field = '', message = '' } = rejection ?? {};
      this.#note('reply', `refused, ${code}: ${message}`);
      return { status: 400, body: { error: code, field, message } };
    }
    this.reply = parsed.reply;
    this.#note('reply', JSON.stringify(raw));
    return { status: 200, body: { result: 'ok' } };
  }

  #note(what: string, detail: string): void {
    this.steps.push({ atMs: this.#elapsedMs, what, detail });
  }
}
