/**
 * Every bound a document and its session live within. A document over its limits is refused, a
 * session over its limits ends with the limit's own code (errors.ts); nothing here is a hint.
 */

export interface Limits {
  /** Characters of one document or included text. */
  readonly documentChars: number;
  /** Nested elements. A namespace look-up costs as much as the depth it happens at. */
  readonly xmlDepth: number;
  readonly xmlElements: number;
  readonly attributesPerElement: number;
  /** Memory of one session's data model. */
  readonly scriptMemoryBytes: number;
  readonly scriptStackBytes: number;
  /** Interrupts of the scripts of one macrostep, about 0.1 ms of CPU each: a busy machine does not shorten it. */
  readonly scriptTicks: number;
  /** One macrostep by the clock, whatever it does. */
  readonly macrostepMs: number;
  /**
   * What one family may work at once, in interrupts of its scripts, and a second for ever: who is within the
   * limits of each macrostep could still keep its thread busy all the time. A step counts as half of one.
   */
  readonly work: number;
  readonly workPerSecond: number;
  /** Executable elements of one macrostep. */
  readonly actionsPerMacrostep: number;
  /** Eventless transitions in a row, and internal events, of one macrostep. */
  readonly microstepsPerMacrostep: number;
  /** Events a session and its invoked sessions handle without anything arriving from outside. */
  readonly eventsWithoutInput: number;
  /** Events waiting in one queue. */
  readonly queuedEvents: number;
  /** Delayed sends waiting. */
  readonly timers: number;
  /** Invoked sessions alive in one family, and how deep they nest. */
  readonly invokes: number;
  readonly invokeDepth: number;
  /** Fetches and posts over the life of one family. */
  readonly fetches: number;
  /**
   * What one family may ask of its host at once, and a second for ever: extension elements and attached
   * data. Each costs the main thread; one of many characters counts as several (`REQUEST_CHARS`).
   */
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** One value that leaves the data model, in characters of JSON. Longer: error.execution. */
  readonly valueChars: number;
  /** Log lines of one session; the rest is dropped. */
  readonly logLines: number;
}

/** A request that brings so many characters counts as one more. */
export const REQUEST_CHARS = 1000;

export const DEFAULT_LIMITS: Limits = {
  documentChars: 2_000_000,
  xmlDepth: 150,
  xmlElements: 50_000,
  attributesPerElement: 64,
  scriptMemoryBytes: 16 * 1024 * 1024,
  scriptStackBytes: 256 * 1024,
  scriptTicks: 3000,
  macrostepMs: 5000,
  work: 20_000,
  workPerSecond: 1000,
  actionsPerMacrostep: 100_000,
  microstepsPerMacrostep: 10_000,
  eventsWithoutInput: 10_000,
  queuedEvents: 1000,
  timers: 200,
  invokes: 20,
  invokeDepth: 8,
  fetches: 50,
  requests: 200,
  requestsPerSecond: 50,
  valueChars: 64 * 1024,
  logLines: 5000,
};
