/** Events of a session, their names, and how the descriptors of a transition match them (SCXML 1.0, 3.12, 5.10.1). */

export interface ScxmlEvent {
  readonly name: string;
  readonly type: 'platform' | 'internal' | 'external';
  /** JSON text; absent: `_event.data` is undefined. */
  readonly data?: string | undefined;
  readonly sendId?: string | undefined;
  readonly origin?: string | undefined;
  readonly originType?: string | undefined;
  readonly invokeId?: string | undefined;
  /** The message as it arrived, where there was one. */
  readonly raw?: string | undefined;
  /** JSON text that the dialect takes in before the event is handled; see `Dialect.learn`. */
  readonly facts?: string | undefined;
}

/** The fields of an event but its data, which travel apart: they may have come from anywhere. */
export function jsonOfEvent(event: ScxmlEvent): string {
  return JSON.stringify({
    name: event.name,
    type: event.type,
    sendid: event.sendId,
    origin: event.origin,
    origintype: event.originType,
    invokeid: event.invokeId,
    raw: event.raw,
  });
}

/** @param descriptors without trailing `.*`; `*` matches all */
export function matchesEvent(descriptors: readonly string[], name: string): boolean {
  return descriptors.some(
    (one) =>
      one === '*' ||
      one === name ||
      (name.startsWith(one) && name.charAt(one.length) === '.' && one !== ''),
  );
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** @returns milliseconds; null when it is no duration such as `1.5s`, `200ms`. A bare number is milliseconds. */
export function parseDelayMs(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m|h)?\s*$/.exec(text);
  if (!match?.[1]) return null;
  const unit = (match[2] ?? 'ms') as keyof typeof UNIT_MS;
  return Number(match[1]) * UNIT_MS[unit];
}
