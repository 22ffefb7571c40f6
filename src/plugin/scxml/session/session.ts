/**
 * One running document: the interpreter of SCXML 1.0, appendix D. It works in turns, each one external
 * event and the macrostep that follows, and is asleep in between; the runtime decides whose turn it
 * is. Errors of the document become events; broken limits are thrown and end the family.
 */
import {
  type EntryPlan,
  inDocumentOrder,
  planEntry,
  selectTransitions,
  statesToExit,
  historyValue,
} from './configuration.js';
import { type Block, type Document, type State, type Transition } from '../document/model.js';
import { LimitError, ScriptError } from '../errors.js';
import { SCXML_PROCESSOR } from '../processors.js';
import type { ScriptEngine } from '../script/script-engine.js';
import { ActionRunner } from './actions.js';
import { DataModel } from './data-model.js';
import { jsonOfEvent, type ScxmlEvent } from './event.js';
import type { Family } from './family.js';
import type { FetchOutcome } from './host.js';
import { Invocations } from './invocations.js';
import { mouldOf } from './page-mould.js';
import { evaluatePayload, type ParamValues, type PayloadContext } from './payload.js';
import { Sender } from './sender.js';
import { TurnGuard } from './turn-guard.js';

/** Texts behind `src`, fetched before the start, by the reference as written. */
export type Resources = ReadonlyMap<string, FetchOutcome>;

export interface SessionSetup {
  readonly id: string;
  readonly document: Document;
  readonly resources: Resources;
  /** Values for top-level data items, JSON text. */
  readonly params: ParamValues;
  readonly family: Family;
  readonly parent: ParentLink | null;
}

/** The way from an invoked session to the one that invoked it. */
export interface ParentLink {
  readonly invokeId: string;
  readonly depth: number;
  post(event: ScxmlEvent): void;
}

export class Session {
  readonly id: string;
  readonly document: Document;
  readonly family: Family;
  readonly guard: TurnGuard;
  readonly depth: number;
  readonly #setup: SessionSetup;
  readonly #actions: ActionRunner;
  readonly #sender: Sender;
  readonly #invocations: Invocations;
  readonly #active = new Set<State>();
  readonly #history = new Map<State, readonly State[]>();
  readonly #toInvoke = new Set<State>();
  readonly #data: DataModel;
  #engine: ScriptEngine | null = null;
  readonly #internal: ScxmlEvent[] = [];
  readonly #external: ScxmlEvent[] = [];
  #parent: ParentLink | null;
  #phase: 'new' | 'running' | 'leaving' | 'ended' = 'new';
  #finalState: State | null = null;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.id = setup.id;
    this.document = setup.document;
    this.family = setup.family;
    this.depth = setup.parent?.depth ?? 0;
    this.#parent = setup.parent;
    const { limits, host, work } = setup.family;
    this.guard = new TurnGuard(limits, host.clock, work);
    this.#data = new DataModel(this, setup.params);
    this.#sender = new Sender(this);
    this.#invocations = new Invocations(this);
    this.#actions = new ActionRunner(this, this.#sender);
  }

  get hasEnded(): boolean {
    return this.#phase === 'ended';
  }

  /** Its data model, from its first turn on. */
  get engine(): ScriptEngine {
    if (!this.#engine) throw new Error('the session has not begun');
    return this.#engine;
  }

  /** Whether it has anything to do now. */
  get isReady(): boolean {
    if (this.hasEnded) return false;
    return this.#phase === 'new' || this.#internal.length > 0 || this.#external.length > 0;
  }

  get parent(): ParentLink | null {
    return this.#parent;
  }

  get invocations(): Invocations {
    return this.#invocations;
  }

  get resources(): Resources {
    return this.#setup.resources;
  }

  /** Ids of the active states, in document order. */
  activeStates(): readonly string[] {
    return [...this.#active].sort(inDocumentOrder).map((state) => state.id);
  }

  isIn(id: string): boolean {
    const state = this.document.byId.get(id);
    return state !== undefined && this.#active.has(state);
  }

  /** Puts an event into the external queue. @throws LimitError when it is full */
  post(event: ScxmlEvent): void {
    if (this.hasEnded) return;
    const max = this.family.limits.queuedEvents;
    if (this.#external.length >= max)
      throw new LimitError('SCXML_QUEUE_FULL', `${max} events are waiting`);
    this.#external.push(event);
    this.family.wake(this);
  }

  /** Puts an event into the internal queue. @throws LimitError when it is full */
  raise(event: ScxmlEvent): void {
    if (this.hasEnded) return;
    const max = this.family.limits.queuedEvents;
    if (this.#internal.length >= max)
      throw new LimitError('SCXML_QUEUE_FULL', `${max} internal events are waiting`);
    this.#internal.push(event);
  }

  /** Turns an error of the document into its event. @throws LimitError */
  raiseError(error: ScriptError, invokeId?: string): void {
    if (this.hasEnded) return;
    this.family.trouble({
      sessionId: this.id,
      event: error.event,
      description: error.message,
    });
    this.raise({
      name: error.event,
      type: 'platform',
      sendId: error.sendId,
      invokeId,
      data: JSON.stringify({ description: error.message }),
    });
  }

  /** An error that comes while the session sleeps. */
  raiseLate(error: ScriptError, invokeId?: string): void {
    this.family.noteInput();
    this.family.contain(() => this.raiseError(error, invokeId));
    this.family.wake(this);
  }

  /** The start, or one event and its macrostep. @throws LimitError */
  takeTurn(): void {
    if (!this.isReady) return;
    this.guard.begin();
    const isNew = this.#phase === 'new';
    if (isNew) this.#begin();
    else if (this.#internal.length === 0) this.#takeExternalEvent();
    this.#completeMacrostep();
    if (isNew) mouldOf(this.document).learn(this.engine);
    this.family.checkRequests();
    if (this.#phase === 'leaving') this.#exit();
  }

  /** Ends it from outside, running its onexit handlers. @throws LimitError */
  cancel(): void {
    if (this.hasEnded) return;
    this.#parent = null;
    this.guard.begin();
    this.#exit();
  }

  /** Ends it at once; nothing of the document runs. */
  drop(): void {
    if (this.hasEnded) return;
    this.#phase = 'ended';
    this.#parent = null;
    this.#release();
  }

  // --- start --------------------------------------------------------------------------------

  #begin(): void {
    this.#phase = 'running';
    const { document } = this;
    const { callHost } = this.#actions;
    const mould = mouldOf(document);
    const { engine, troubles } = this.family.shelf.take(mould, this.guard, callHost);
    this.#engine = engine;
    for (const trouble of troubles) this.raiseError(trouble);
    this.#data.begin();
    const early = document.binding === 'early' ? document.states : [document.root];
    for (const state of early) this.#data.initialise(state);
    for (const script of document.scripts) this.#actions.runBlock([script]);
    if (document.root.initial) this.#microstep([document.root.initial], null, mould.firstEntry);
  }

  // --- the loop -----------------------------------------------------------------------------

  #takeExternalEvent(): void {
    const event = this.#external.shift();
    if (!event) return;
    this.family.countEvent();
    this.family.facts = event.facts ?? this.family.facts;
    this.#actions.learn(event.facts);
    if (!this.#setEvent(event)) return;
    this.#invocations.beforeEvent(event);
    this.#takeTransitions(event.name);
  }

  /** Appendix D, mainEventLoop between two external events. */
  #completeMacrostep(): void {
    while (this.#phase === 'running') {
      if (this.document.hasEventless && this.#takeTransitions(null)) {
        this.guard.countEventless();
        continue;
      }
      const event = this.#internal.shift();
      if (event) {
        this.guard.countInternal();
        if (this.#setEvent(event)) this.#takeTransitions(event.name);
        continue;
      }
      const states = [...this.#toInvoke].sort(inDocumentOrder);
      this.#toInvoke.clear();
      for (const state of states) this.#invocations.start(state);
      if (this.#internal.length === 0) return;
    }
  }

  /** @returns false when its data are no JSON: an error, and the event is dropped */
  #setEvent(event: ScxmlEvent): boolean {
    try {
      this.engine.setEvent(jsonOfEvent(event), event.data, this.document.root.at);
      return true;
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      this.raiseError(error);
      return false;
    }
  }

  #takeTransitions(eventName: string | null): boolean {
    const transitions = selectTransitions(this.#active, this.#history, eventName, (transition) =>
      this.#isTrue(transition),
    );
    if (transitions.length === 0) return false;
    this.#microstep(transitions, eventName);
    return true;
  }

  /** Appendix D, microstep. It is told before its content runs, so that a trace reads in order. */
  #microstep(transitions: readonly Transition[], event: string | null, known?: EntryPlan): void {
    const exited = this.#planExit(transitions);
    const plan = known ?? planEntry(transitions, this.#history);
    const { step } = this.family.observer;
    step?.({ sessionId: this.id, event, exited: idsOf(exited), entered: idsOf(plan.states) });
    for (const state of exited) this.#exitState(state);
    for (const { body } of transitions) this.#actions.runBlock(body);
    this.#enter(plan);
  }

  /** SCXML 1.0, 5.9.1: a condition that cannot be evaluated is false. */
  #isTrue({ cond }: Transition): boolean {
    if (!cond) return true;
    try {
      return this.engine.test(cond.code, cond.at);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      this.raiseError(error);
      return false;
    }
  }

  /** What is left, histories remembered; nothing of the document has run yet. */
  #planExit(transitions: readonly Transition[]): readonly State[] {
    const states = statesToExit(transitions, this.#active, this.#history);
    for (const state of states) {
      this.#toInvoke.delete(state);
      for (const history of state.histories)
        this.#history.set(history, historyValue(history, this.#active));
    }
    return states;
  }

  #exitState(state: State): void {
    for (const block of state.onExit) this.#actions.runBlock(block);
    this.#invocations.cancelAll(state);
    this.#active.delete(state);
  }

  #enter(plan: EntryPlan): void {
    for (const state of plan.states) {
      this.#active.add(state);
      this.#toInvoke.add(state);
      if (this.document.binding === 'late') this.#data.initialise(state);
      for (const block of state.onEntry) this.#actions.runBlock(block);
      if (plan.defaultEntry.has(state)) this.#actions.runBlock(state.initial?.body ?? []);
      this.#actions.runBlock(plan.historyContent.get(state) ?? []);
      if (state.kind === 'final') this.#enterFinal(state);
    }
  }

  #enterFinal(state: State): void {
    const { parent } = state;
    if (!parent || parent.kind === 'scxml') {
      this.#finalState = state;
      this.#phase = 'leaving';
      return;
    }
    this.raise({ name: `done.state.${parent.id}`, type: 'platform', data: this.#doneData(state) });
    const region = parent.parent;
    if (region?.kind === 'parallel' && region.children.every((child) => this.#isInFinal(child)))
      this.raise({ name: `done.state.${region.id}`, type: 'platform' });
  }

  #isInFinal(state: State): boolean {
    if (state.kind === 'parallel') return state.children.every((child) => this.#isInFinal(child));
    return state.children.some((child) => child.kind === 'final' && this.#active.has(child));
  }

  #doneData(state: State): string | undefined {
    const { doneData } = state;
    if (!doneData) return undefined;
    try {
      return evaluatePayload(doneData, this.payloadContext, state.at);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      this.raiseError(error);
      return undefined;
    }
  }

  get payloadContext(): PayloadContext {
    return {
      engine: this.engine,
      limits: this.family.limits,
      onParamError: (error: ScriptError) => this.raiseError(error),
    };
  }

  // --- end ----------------------------------------------------------------------------------

  /** Appendix D, exitInterpreter. */
  #exit(): void {
    this.#phase = 'leaving';
    const final = this.#finalState;
    for (const state of [...this.#active].sort((a, b) => b.order - a.order)) this.#exitState(state);
    const data = final ? this.#doneData(final) : undefined;
    this.#phase = 'ended';
    if (final && this.#parent) {
      const { invokeId } = this.#parent;
      const name = `done.invoke.${invokeId}`;
      this.#parent.post({ name, type: 'external', invokeId, data, originType: SCXML_PROCESSOR });
    }
    this.#release();
    if (this.depth > 0) return;
    this.family.end(final ? { kind: 'final', state: final.id, data } : { kind: 'terminated' });
  }

  #release(): void {
    this.#sender.close();
    this.#invocations.dropAll();
    this.#internal.length = 0;
    this.#external.length = 0;
    this.#engine?.dispose();
    this.family.remove(this);
  }

  runBlock(block: Block): void {
    this.#actions.runBlock(block);
  }
}

function idsOf(states: readonly State[]): readonly string[] {
  return states.map((state) => state.id);
}
