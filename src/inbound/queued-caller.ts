/**
 * A customer who rang us: answered, hears the service's waiting treatment, waits in its queue like one
 * who was called back, and talks to whoever answers. The flow has no part in it: nobody was dialled, so
 * there is no attempt to judge or to repeat. It is on record before it is answered (`inbound-story.ts`).
 */
import type { EventBody } from '../callflow/vocabulary.js';
import type { ServiceConfig } from '../config/config.js';
import type { SetUpGovernor } from '../dial/set-up-governor.js';
import type { CustomerCall } from '../handoff/conversation.js';
import { FarSides, type FarSidesContext, type HandoffSettings } from '../handoff/far-sides.js';
import type { MediaEndpoint, SipDialog } from '../ports.js';
import type { CallMetrics } from '../report/call-metrics.js';
import type { RecordLines } from '../report/record-lines.js';
import type { CallbackStore } from '../schedule/callback-store.js';
import type { InboundOutcome } from '../schedule/inbound-calls.js';
import { TreatmentPlayer } from '../treatment/treatment-player.js';
import type { InboundCall } from './inbound-call.js';
import { InboundStory } from './inbound-story.js';

export type QueuedCallerDeps = FarSidesContext['deps'] & {
  readonly store: Pick<CallbackStore, 'commit' | 'isWritable'>;
  readonly setUps: Pick<SetUpGovernor, 'queue'>;
  readonly metrics?: Pick<CallMetrics, 'inbound'>;
  /** Heard where the service has no waiting treatment. */
  readonly comfortFile: string;
  readonly records: Pick<RecordLines, 'inbound'>;
  settings(): Omit<HandoffSettings, 'service'>;
  /** The process ends: what cannot be written now is left to the next. */
  isStopping(): boolean;
  /** Nothing of it is in the air any more, and its end is on record. */
  onOver(): void;
};

/** A caller waits for the answer no longer than this while the media server is busy. */
const PLACE_WAIT_MAX_MS = 2000;
/** What the agent sees where the network withholds who calls. */
const WITHHELD = 'anonymous';

export class QueuedCaller {
  readonly #story: InboundStory;
  readonly #far: FarSides;
  readonly #player: TreatmentPlayer;
  readonly #call: CustomerCall;
  readonly #cleaning = new Set<Promise<unknown>>();
  #endpoint: MediaEndpoint | undefined;
  #dialog: SipDialog | undefined;
  #searches = 0;
  /** The search that is heard; what a former one still tells is about the past. */
  #heardSearch: string | undefined;
  #waitsUntilMs = Infinity;
  #outcome: InboundOutcome = 'failed';
  #stopTimer: () => void = () => undefined;
  #stopRetry: () => void = () => undefined;
  #ending: Promise<void> | undefined;

  constructor(
    private readonly deps: QueuedCallerDeps,
    private readonly inbound: InboundCall,
    private readonly service: ServiceConfig,
  ) {
    const id = `inbound-${deps.random.uuid()}`;
    this.#story = new InboundStory(deps, id, inbound, service.name);
    const { trail, ledger, record } = this.#story;
    this.#player = new TreatmentPlayer(deps.settings().places, deps.files, {
      onStarted: (file, loop) => trail.playing(inbound.callId, file, loop),
      onOver: (file, end) => trail.played(inbound.callId, file, end),
      onEnded: (playId) => this.#played(playId),
      onFailed: (playId, why) => {
        deps.log.warn({ callId: inbound.callId, why }, 'treatment not played');
        this.#played(playId);
      },
    });
    const endpoint = (): MediaEndpoint | undefined => this.#endpoint;
    const dialog = (): SipDialog | undefined => this.#dialog;
    this.#call = {
      callId: inbound.callId,
      get endpoint() {
        return endpoint();
      },
      get dialog() {
        return dialog();
      },
      stopListening: () => Promise.resolve(),
      releaseMedia: async () => {
        this.#endpoint = undefined;
        await endpoint()?.close();
      },
    };
    this.#far = new FarSides({
      deps,
      callback: {
        id,
        customerNumber: inbound.number ?? WITHHELD,
        createdAtMs: record.startedAtMs,
        userData: {},
      },
      ledger,
      trail,
      settings: () => ({ ...deps.settings(), service }),
      post: (event) => this.#happened(event),
      attempt: () => 1,
      onFacts: ({ connectedAtMs, connectedTo }) => {
        // The first it was connected with: whoever sends the caller on is told of in the trail.
        if (this.#isConnected || connectedAtMs === undefined) return;
        this.#story.add({ connectedAtMs, ...(connectedTo !== undefined && { connectedTo }) });
      },
      cleanUp: (work) => this.#cleanUp(work),
    });
  }

  get #isConnected(): boolean {
    return this.#story.record.connectedAtMs !== undefined;
  }

  /** Answers the call, once it is on record. @returns why it could not be; nothing of it is left then */
  async answer(offer: string): Promise<string | undefined> {
    let isGone = false;
    this.inbound.onCancelled(() => {
      isGone = true;
      this.#outcome = 'abandoned';
      void this.hangUp('the caller has given up');
    });
    try {
      await this.#story.begin();
      const endpoint = await this.#createEndpoint();
      this.#endpoint = endpoint;
      this.#story.leg.onEndpoint(endpoint.id);
      const answer = await endpoint.answer(offer);
      if (this.#ending) throw new Error('given up before the answer');
      this.#dialog = await this.inbound.accept(answer, this.#story.leg);
      this.#story.add({ answeredAtMs: this.deps.clock.nowMs() });
      if (this.#ending) throw new Error('given up with the answer');
      this.#begin(endpoint, this.#dialog);
      return undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!isGone) this.#outcome = 'refused';
      await this.hangUp(why);
      // What came too late for that.
      await Promise.all([this.#dialog?.bye(why), this.#endpoint?.close()]);
      return isGone ? undefined : why;
    }
  }

  /** BYE, and everything is given back. What is left then is its record. */
  hangUp(why: string): Promise<void> {
    this.#ending ??= this.#end(why);
    return this.#ending;
  }

  async #createEndpoint(): Promise<MediaEndpoint> {
    const { setUps, clock, telephony } = this.deps;
    const place = setUps.queue('agent');
    let cancel = (): void => undefined;
    const tooLate = new Promise<'too late'>((resolve) => {
      cancel = clock.after(PLACE_WAIT_MAX_MS, () => resolve('too late'));
    });
    try {
      const granted = await Promise.race([place.granted, tooLate]);
      if (granted === 'too late') throw new Error('the media servers are busy');
      return await telephony.media.createEndpoint();
    } finally {
      cancel();
      place.release();
    }
  }

  #begin(endpoint: MediaEndpoint, dialog: SipDialog): void {
    const { log, clock } = this.deps;
    const { options, mediaSilenceMaxMs, name } = this.service;
    const { id, callId } = this.#story.record;
    log.info({ inboundId: id, callId, service: name }, 'a caller waits in the queue');
    dialog.onEnded((how) => {
      if (how === 'local') return;
      if (!this.#isConnected) this.#outcome = 'abandoned';
      void this.hangUp('the caller hung up');
    });
    endpoint.onEnded(() => void this.hangUp('media endpoint lost'));
    if (dialog.hasEnded || endpoint.hasEnded) return void this.hangUp('ended at once');
    dialog.onOffer((sdp) => endpoint.answer(sdp));
    if (mediaSilenceMaxMs !== undefined) endpoint.watchMedia(mediaSilenceMaxMs);
    this.#playWaiting();
    this.#search();
    if (options.agentWaitMaxMs > 0) this.#waitsUntilMs = clock.nowMs() + options.agentWaitMaxMs;
    this.#limitWait();
  }

  #limitWait(): void {
    this.#stopTimer();
    if (this.#waitsUntilMs === Infinity) return;
    const { clock } = this.deps;
    this.#stopTimer = clock.after(Math.max(0, this.#waitsUntilMs - clock.nowMs()), () =>
      this.#giveUp('gave-up', 'waited as long as anybody may'),
    );
  }

  #playWaiting(): void {
    const { comfortFile } = this.deps;
    const file = this.service.options.waitingForAgentTreatment?.file;
    const sounds = file === undefined ? [comfortFile] : undefined;
    if (!this.#endpoint) return;
    const play = { playId: 'waiting', file: file ?? comfortFile, loop: true, sounds };
    this.#player.play(this.#endpoint, play);
  }

  #search(): void {
    const { queue, maxTransferToAgentAttempts } = this.service.options;
    this.#searches += 1;
    this.#heardSearch = this.#queueId;
    if (queue === undefined) return this.#giveUp('failed', 'the service has no queue');
    const attemptsMax = Math.max(1, maxTransferToAgentAttempts - this.#searches + 1);
    this.#story.note('queue', `${queue}, as ${this.#queueId}`);
    this.#far.search({ type: 'queue', queueId: this.#queueId, queue, attemptsMax }, this.#customer);
  }

  get #queueId(): string {
    return `queue-${this.#searches}`;
  }

  get #customer() {
    return { call: this.#call, player: this.#player };
  }

  #happened(event: EventBody): void {
    if (this.#ending) return;
    // An agent who leaves while the bridge is made, and the bridge that fails then, are one failure.
    if ('queueId' in event && event.queueId !== this.#heardSearch) return;
    switch (event.type) {
      case 'agent-answered': {
        const { conversationMaxMs } = this.service.options;
        this.#outcome = 'served';
        this.#stopTimer();
        void this.#player.stop('waiting');
        this.#far.bridge(event.queueId, this.#customer);
        if (conversationMaxMs > 0) {
          this.#stopTimer = this.deps.clock.after(
            conversationMaxMs,
            () => void this.hangUp('talked as long as anybody may'),
          );
        }
        return;
      }
      case 'early-media':
        if (event.isHeard) return this.#far.listenIn(event.queueId, this.#customer);
        return this.#playWaiting();
      case 'agent-missed':
        return this.#story.note('agent-missed', event.why);
      case 'agent-failed':
        return this.#failed(event.why);
      case 'agent-hung-up':
        return void this.hangUp('the agent hung up');
      default:
        return;
    }
  }

  /** Another search a little later, as long as agents may be tried. */
  #failed(why: string): void {
    const { maxTransferToAgentAttempts, agentRetryMs } = this.service.options;
    this.#story.note('agent-failed', why);
    this.#heardSearch = undefined;
    if (this.#isConnected || this.#searches >= maxTransferToAgentAttempts) {
      return this.#giveUp('failed', why);
    }
    this.#limitWait();
    this.#stopRetry = this.deps.clock.after(agentRetryMs, () => {
      if (!this.#ending) this.#search();
    });
  }

  /** Nobody could be had: that is said, then the call ends. */
  #giveUp(outcome: 'failed' | 'gave-up', why: string): void {
    this.#outcome = outcome;
    this.#heardSearch = undefined;
    this.#stopTimer();
    this.#stopRetry();
    this.#far.drop(this.#queueId, why, outcome);
    const { findAgentFailTreatment } = this.service.options;
    const endpoint = this.#endpoint;
    if (!findAgentFailTreatment || !endpoint) return void this.hangUp(why);
    const { file } = findAgentFailTreatment;
    this.#player.play(endpoint, { playId: 'farewell', file, loop: false });
  }

  #played(playId: string): void {
    if (playId === 'farewell') void this.hangUp('nobody could be reached');
  }

  #cleanUp(work: Promise<unknown>): void {
    const done = work.catch(() => undefined).finally(() => this.#cleaning.delete(done));
    this.#cleaning.add(done);
  }

  async #end(why: string): Promise<void> {
    const { clock } = this.deps;
    this.#stopTimer();
    this.#stopRetry();
    this.#player.close();
    this.#far.drop(this.#queueId, why, this.#outcome === 'abandoned' ? 'abandoned' : 'withdrawn');
    this.#far.dropAll(why);
    const endedAtMs = clock.nowMs();
    await this.#dialog?.bye(why);
    await this.#endpoint?.close();
    this.#story.leg.onOver();
    await Promise.all(this.#cleaning);
    void this.#tell(endedAtMs, why);
  }

  async #tell(endedAtMs: number, why: string): Promise<void> {
    const { log, records, metrics } = this.deps;
    const outcome = this.#outcome;
    const call = await this.#story.end({ endedAtMs, outcome, why }, () => this.deps.isStopping());
    if (call) {
      const { id, ...facts } = call;
      log.info({ inboundId: id, ...facts }, 'a call from outside is over');
      records.inbound(call);
      // Of a call that was not taken the line tells.
      if (outcome !== 'refused') metrics?.inbound(this.service.name, outcome);
    }
    this.deps.onOver();
  }
}
