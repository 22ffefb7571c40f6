/**
 * The sessions of one thread. It starts them, hands them their events, and lets each take one turn
 * after the other: no session runs while another does, none starves the rest, and after a slice of
 * work the thread breathes. Whatever goes wrong in a session ends its family and nothing else.
 */
import type { Document } from '../document/model.js';
import { DocumentError, LimitError } from '../errors.js';
import type { Dialect } from '../extension.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import { EnginePool } from '../script/engine-pool.js';
import { EngineShelf } from '../script/engine-shelf.js';
import type { ScxmlEvent } from './event.js';
import { Family } from './family.js';
import type { SessionEnd, SessionHost, SessionObserver } from './host.js';
import { outfit } from './page-mould.js';
import { isUnchanged, readDocument, refetch, type ReadPage } from './read-document.js';
import { loadResources } from './resources.js';
import { Session, type Resources, type SessionSetup } from './session.js';
import { TurnMeter } from './turn-meter.js';

/** After this long the thread looks at its messages and timers again. */
const SLICE_MS = 10;
/** The same where the clock does not move. */
const TURNS_PER_SLICE = 500;
/** Compiled pages kept; a service has a handful. */
const PAGES_KEPT = 32;

export interface RuntimeOptions {
  readonly host: SessionHost;
  readonly limits?: Partial<Limits>;
  /** Asked in this order which of them a page is written in. */
  readonly dialects?: readonly Dialect[];
  /** Families alive at once. */
  readonly maxSessions?: number;
  /** WebAssembly instances. */
  readonly engines?: number;
  /** Data models kept ready for sessions to come. Default 0. */
  readonly spareEngines?: number;
}

export interface StartRequest {
  readonly document:
    | {
        readonly kind: 'source';
        readonly text: string;
        /** Address: messages and references. */ readonly file: string;
      }
    | { readonly kind: 'url'; readonly url: string };
  /** Values for top-level data items, JSON text. */
  readonly params?: Readonly<Record<string, string | undefined>>;
  /** What the host knows of the outside, JSON text for `Dialect.learn`. */
  readonly facts?: string;
  /** Default: a fresh one from the host. */
  readonly sessionId?: string;
  readonly observer: SessionObserver;
}

export interface RunningSession {
  readonly id: string;
  /** Puts an event into the external queue; after the end it does nothing. */
  send(event: ScxmlEvent): void;
  /** Ends the session, running its onexit handlers. */
  terminate(): void;
  /** Ids of the active states, in document order; for tests and displays. */
  activeStates(): readonly string[];
}

const DEFAULT_MAX_SESSIONS = 5000;

export class Runtime {
  readonly #host: SessionHost;
  readonly #limits: Limits;
  readonly #dialects: readonly Dialect[];
  readonly #maxSessions: number;
  readonly #engines: EnginePool;
  readonly #shelf: EngineShelf;
  readonly #meter: TurnMeter<Family>;
  readonly #ready = new Set<Session>();
  readonly #families = new Set<Family>();
  /** By their text. */
  readonly #pages = new Map<string, ReadPage>();
  #isDraining = false;
  #isResuming = false;

  private constructor(options: RuntimeOptions, engines: EnginePool) {
    this.#host = options.host;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#dialects = options.dialects ?? [];
    this.#maxSessions = options.maxSessions ?? DEFAULT_MAX_SESSIONS;
    this.#engines = engines;
    this.#meter = new TurnMeter(options.host);
    const { host, spareEngines = 0 } = options;
    this.#shelf = new EngineShelf(engines, this.#limits, host.clock, spareEngines, outfit);
  }

  static async create(options: RuntimeOptions): Promise<Runtime> {
    return new Runtime(options, await EnginePool.create(options.engines));
  }

  /** Families alive. */
  get sessions(): number {
    return this.#families.size;
  }

  /** Whether a session has something to do that it has not done yet. */
  get isBusy(): boolean {
    return this.#ready.size > 0;
  }

  /** WebAssembly instances that broke and were replaced. */
  get retiredEngines(): number {
    return this.#engines.retired;
  }

  /**
   * Starts a session. A document that is refused, or a limit met on the way, is an end like any
   * other: the observer hears of it, perhaps before this returns.
   */
  start(request: StartRequest): RunningSession {
    const id = request.sessionId ?? this.#host.newId();
    const family = this.#newFamily(id, request.observer);
    const handle = new SessionHandle(id, family);
    const document = this.#knownPage(request.document);
    if (document) handle.attach(setupOf(request, document, new Map(), family));
    else
      void this.#prepare(request, family).then(
        (setup) => handle.attach(setup),
        (error: unknown) => {
          if (error instanceof DocumentError) family.end(refusal(error));
          else family.fail(error);
        },
      );
    return handle;
  }

  async #prepare(request: StartRequest, family: Family): Promise<SessionSetup> {
    // Before anything else, so that a full thread fetches nothing.
    if (this.#families.size > this.#maxSessions)
      throw new LimitError('SCXML_TOO_MANY_SESSIONS', `${this.#maxSessions} sessions are running`);
    const document = await this.#document(request.document, family);
    const resources = await loadResources(document, family);
    await this.#engines.ready();
    return setupOf(request, document, resources, family);
  }

  /** A page that can be started at once: it is known, and nothing has to be fetched for it. */
  #knownPage(from: StartRequest['document']): Document | undefined {
    if (from.kind !== 'source' || !this.#engines.isReady) return undefined;
    if (this.#families.size > this.#maxSessions) return undefined;
    const known = this.#pages.get(from.text);
    const isWhole = known?.included.length === 0 && known.document.resources.length === 0;
    return isWhole && known.document.file === from.file ? known.document : undefined;
  }

  #newFamily(id: string, observer: SessionObserver): Family {
    const family: Family = new Family({
      id,
      host: this.#host,
      limits: this.#limits,
      dialects: this.#dialects,
      shelf: this.#shelf,
      observer: {
        ...observer,
        ended: (end) => {
          this.#families.delete(family);
          observer.ended?.(end);
        },
      },
      wake: (session) => this.#wake(session),
    });
    this.#families.add(family);
    return family;
  }

  async #document(from: StartRequest['document'], family: Family): Promise<Document> {
    if (from.kind === 'source') return this.#read(from.text, from.file, family);
    const outcome = await family.fetch(from.url, from.url);
    if (outcome.kind === 'failed')
      throw new DocumentError('SCXML_FETCH_FAILED', `${from.url}: ${outcome.why}`);
    return this.#read(outcome.text, outcome.url, family);
  }

  async #read(text: string, file: string, family: Family): Promise<Document> {
    const page = this.#pages.get(text);
    const known = page?.document.file === file ? page : undefined;
    const fresh = known ? await refetch(known, family) : [];
    if (known && isUnchanged(known, fresh)) return known.document;
    const read = await readDocument(text, file, family, fresh);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size >= PAGES_KEPT && oldest !== undefined) this.#pages.delete(oldest);
    this.#pages.set(text, read);
    return read.document;
  }

  #wake(session: Session): void {
    this.#ready.add(session);
    if (!this.#isDraining && !this.#isResuming) this.#drain();
  }

  #drain(): void {
    this.#isDraining = true;
    const startedAtMs = this.#host.clock.nowMs();
    let turns = 0;
    for (const session of this.#ready) {
      this.#ready.delete(session);
      const { family } = session;
      family.observer.turn?.(true);
      this.#meter.begin();
      family.contain(() => session.takeTurn());
      for (const [who, processorMs] of this.#meter.end(family))
        who.contain(() => who.settle(processorMs));
      family.observer.turn?.(false);
      if (session.isReady) this.#ready.add(session);
      turns++;
      const isSliceOver =
        turns >= TURNS_PER_SLICE || this.#host.clock.nowMs() - startedAtMs >= SLICE_MS;
      if (isSliceOver) break;
    }
    this.#isDraining = false;
    if (this.#ready.size > 0) this.#resume();
  }

  #resume(): void {
    this.#isResuming = true;
    this.#host.clock.after(0, () => {
      this.#isResuming = false;
      this.#drain();
    });
  }
}

/** A session from the request to start it: what comes before it runs, waits. */
class SessionHandle implements RunningSession {
  readonly id: string;
  readonly #family: Family;
  readonly #early: ScxmlEvent[] = [];
  #session: Session | null = null;

  constructor(id: string, family: Family) {
    this.id = id;
    this.#family = family;
  }

  /** The document is here. Not when the session was terminated meanwhile. */
  attach(setup: SessionSetup): void {
    const family = this.#family;
    if (family.hasEnded) return;
    family.contain(() => {
      const session = new Session(setup);
      this.#session = session;
      family.add(session);
      for (const event of this.#early.splice(0)) session.post(event);
      family.wake(session);
    });
  }

  send(event: ScxmlEvent): void {
    const family = this.#family;
    if (family.hasEnded) return;
    family.noteInput();
    const session = this.#session;
    if (session) family.contain(() => session.post(event));
    else if (this.#early.length < family.limits.queuedEvents) this.#early.push(event);
    else family.fail(new LimitError('SCXML_QUEUE_FULL', 'too many events before the start'));
  }

  terminate(): void {
    const session = this.#session;
    if (session) this.#family.contain(() => session.cancel());
    else this.#family.end({ kind: 'terminated' });
  }

  activeStates(): readonly string[] {
    return this.#session?.activeStates() ?? [];
  }
}

function setupOf(
  { params, facts }: StartRequest,
  document: Document,
  resources: Resources,
  family: Family,
): SessionSetup {
  family.facts = facts;
  const values = new Map(Object.entries(params ?? {}).map(([name, value]) => [name, [value]]));
  return { id: family.id, document, resources, params: values, family, parent: null };
}

function refusal(error: DocumentError): SessionEnd {
  return { kind: 'refused', code: error.code, message: error.message, at: error.at };
}
