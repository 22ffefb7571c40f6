/**
 * `<invoke>` of SCXML documents: children start when their state is still active at the end of the
 * macrostep, get their events, and are cancelled when the state is left. A child whose document stands
 * in place starts before its parent takes the next event; one that has to be fetched, when it is here,
 * and what was sent to it meanwhile waits (SCXML 1.0, 6.4 and 6.5).
 */
import { compileDocument } from '../document/compile.js';
import type { Document, Invoke, State } from '../document/model.js';
import type { XmlElement } from '../document/xml.js';
import { DocumentError, LimitError, ScriptError } from '../errors.js';
import { xmlOfJson } from '../script/xml-value.js';
import type { ScxmlEvent } from './event.js';
import { evaluateContent, evaluateParams, type ParamValues } from './payload.js';
import { readDocument } from './read-document.js';
import { loadResources } from './resources.js';
import { evaluateText } from './sender.js';
import { Session, type ParentLink, type Resources } from './session.js';

const SCXML_TYPES: readonly string[] = [
  'scxml',
  'http://www.w3.org/TR/scxml',
  'http://www.w3.org/TR/scxml/',
];

interface Invocation {
  readonly id: string;
  readonly state: State;
  readonly invoke: Invoke;
  readonly params: ParamValues;
  /** Events that came before the child was there. */
  readonly early: ScxmlEvent[];
  child: Session | null;
}

/** Documents written in place, compiled once however often they are invoked. */
const compiledInPlace = new WeakMap<XmlElement, Document>();

export class Invocations {
  readonly #session: Session;
  readonly #running = new Map<string, Invocation>();
  #ids = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Starts what a state invokes; failures become events. @throws LimitError */
  start(state: State): void {
    for (const invoke of state.invokes) {
      try {
        this.#start(state, invoke);
      } catch (error) {
        if (!(error instanceof ScriptError)) throw error;
        this.#session.raiseError(error);
      }
    }
  }

  /** Where events for an invoked session go. */
  find(invokeId: string): { post(event: ScxmlEvent): void } | undefined {
    const invocation = this.#running.get(invokeId);
    return invocation && { post: (event) => this.#pass(invocation, event) };
  }

  /** `<finalize>` and autoforward, before the transitions of an external event. @throws LimitError */
  beforeEvent(event: ScxmlEvent): void {
    for (const invocation of [...this.#running.values()]) {
      const { id, invoke } = invocation;
      if (event.invokeId === id) this.#finalize(invocation);
      if (invoke.autoForward) this.#pass(invocation, event);
    }
  }

  /** The state was left. @throws LimitError */
  cancelAll(state: State): void {
    for (const invocation of [...this.#running.values()]) {
      if (invocation.state !== state) continue;
      this.#running.delete(invocation.id);
      invocation.child?.cancel();
    }
  }

  /** Without running anything of theirs. */
  dropAll(): void {
    for (const { child } of this.#running.values()) child?.drop();
    this.#running.clear();
  }

  #start(state: State, invoke: Invoke): void {
    const session = this.#session;
    const { engine } = session;
    const id = this.#identify(state, invoke);
    const type = invoke.type ? evaluateText(engine, invoke.type) : 'scxml';
    if (!SCXML_TYPES.includes(type)) throw new ScriptError(`"${type}" cannot be invoked`);
    const source = invoke.src ? evaluateText(engine, invoke.src) : undefined;
    const params = evaluateParams(invoke.payload, session.payloadContext);
    const inPlace = source === undefined ? this.#inPlace(invoke) : null;
    const invocation: Invocation = { id, state, invoke, params, early: [], child: null };
    this.#running.set(id, invocation);
    if (source !== undefined) this.#fetchAndRun(invocation, source);
    else if (inPlace !== null) this.#runInPlace(invocation, inPlace);
    else throw new ScriptError('<invoke> has neither src nor content');
  }

  #identify(state: State, { id, idLocation, at }: Invoke): string {
    if (id !== undefined) return id;
    const made = `${state.id}.${this.#session.id}.${++this.#ids}`;
    if (idLocation !== undefined)
      this.#session.engine.assignJson(idLocation, JSON.stringify(made), at);
    return made;
  }

  /** The document in `<content>`: an element, or text of one. */
  #inPlace({ payload: { content } }: Invoke): XmlElement | string | null {
    if (!content) return null;
    if (content.kind === 'xml') return content.element;
    if (content.kind === 'text') return content.text;
    const json = evaluateContent(content, this.#session.payloadContext);
    if (json === undefined) return null;
    const value: unknown = xmlOfJson(json) ?? JSON.parse(json);
    return typeof value === 'string' ? value : null;
  }

  #runInPlace(invocation: Invocation, source: XmlElement | string): void {
    if (typeof source === 'string') return this.#readAndRun(invocation, source, 'content');
    let document: Document;
    try {
      document = this.#once(source);
    } catch (error) {
      return this.#refuse(invocation, error);
    }
    if (document.resources.length === 0) this.#run(invocation, document, new Map());
    else this.#loadAndRun(invocation, document);
  }

  /** A document inside another is read as its surroundings are. */
  #once(element: XmlElement): Document {
    const known = compiledInPlace.get(element);
    if (known) return known;
    const document = compileDocument(element, this.#session.document.dialect);
    compiledInPlace.set(element, document);
    return document;
  }

  #fetchAndRun(invocation: Invocation, source: string): void {
    const { family, document } = this.#session;
    void family.fetch(source, document.file).then((outcome) => {
      if (!this.#isCurrent(invocation)) return;
      family.noteInput();
      if (outcome.kind === 'failed') return this.#refuseLate(invocation, outcome.why);
      this.#readAndRun(invocation, outcome.text, outcome.url);
    });
  }

  #readAndRun(invocation: Invocation, text: string, file: string): void {
    const { family } = this.#session;
    void readDocument(text, file, family).then(
      ({ document }) => {
        if (this.#isCurrent(invocation)) this.#loadAndRun(invocation, document);
      },
      (error: unknown) => this.#failLate(invocation, error),
    );
  }

  #loadAndRun(invocation: Invocation, document: Document): void {
    const { family } = this.#session;
    void loadResources(document, family).then(
      (resources) => {
        if (!this.#isCurrent(invocation)) return;
        family.noteInput();
        family.contain(() => this.#run(invocation, document, resources));
      },
      (error: unknown) => this.#failLate(invocation, error),
    );
  }

  #run(invocation: Invocation, document: Document, resources: Resources): void {
    const { family, depth } = this.#session;
    const parent: ParentLink = {
      invokeId: invocation.id,
      depth: depth + 1,
      post: (event) => this.#session.post(event),
    };
    const id = family.host.newId();
    family.checkRoom(parent.depth);
    const { params } = invocation;
    const child = new Session({ id, document, resources, params, family, parent });
    family.add(child);
    invocation.child = child;
    family.wake(child);
    for (const event of invocation.early.splice(0)) child.post(event);
  }

  #pass(invocation: Invocation, event: ScxmlEvent): void {
    if (invocation.child) invocation.child.post(event);
    else if (invocation.early.length < this.#session.family.limits.queuedEvents)
      invocation.early.push(event);
    else throw new LimitError('SCXML_QUEUE_FULL', 'too many events wait for an invoked session');
  }

  #finalize({ invoke }: Invocation): void {
    if (!invoke.finalize) return;
    if (invoke.finalize.length > 0) return this.#session.runBlock(invoke.finalize);
    const { params, names } = invoke.payload;
    const locations = params
      .filter(({ isLocation }) => isLocation)
      .map(({ name, value }) => ({ name, location: value.code, at: value.at }));
    const all = [
      ...locations,
      ...names.map(({ code, at }) => ({ name: code, location: code, at })),
    ];
    for (const { name, location, at } of all) {
      const key = JSON.stringify(name);
      const isGiven = `!!_event.data && Object.prototype.hasOwnProperty.call(Object(_event.data), ${key})`;
      if (!this.#session.engine.test(isGiven, at)) continue;
      try {
        this.#session.engine.assignCode(location, `_event.data[${key}]`, at);
      } catch (error) {
        if (!(error instanceof ScriptError)) throw error;
        this.#session.raiseError(error);
      }
    }
  }

  #isCurrent(invocation: Invocation): boolean {
    return this.#running.get(invocation.id) === invocation;
  }

  #refuse(invocation: Invocation, error: unknown): void {
    if (!(error instanceof DocumentError)) throw error;
    this.#running.delete(invocation.id);
    this.#session.raiseError(communicationError(error), invocation.id);
  }

  #failLate(invocation: Invocation, error: unknown): void {
    if (error instanceof LimitError) this.#session.family.fail(error);
    else if (this.#isCurrent(invocation)) this.#refuseLate(invocation, error);
  }

  #refuseLate(invocation: Invocation, error: unknown): void {
    this.#running.delete(invocation.id);
    this.#session.raiseLate(communicationError(error), invocation.id);
  }
}

function communicationError(error: unknown): ScriptError {
  const message = error instanceof Error ? error.message : String(error);
  return new ScriptError(message, 'error.communication');
}
