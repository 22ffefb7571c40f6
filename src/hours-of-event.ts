/** Events that could lead to a dial carry whether a dial would be allowed now. Pure. */
import type { Closed, Event } from './callflow/vocabulary.js';

type DialEvent = Extract<Event, { readonly closed?: Closed }>;

/**
 * The event as the flow is to see it. Looked up when it is handled and not when it was posted, however long
 * it waited in between.
 */
export function withHours(event: Event, closedNow: () => Closed | undefined): Event {
  if (!mayLeadToDial(event)) return event;
  const { closed: _earlier, ...rest } = event;
  const closed = closedNow();
  return closed === undefined ? rest : { ...rest, closed };
}

function mayLeadToDial(event: Event): event is DialEvent {
  return ['due', 'retry-due', 'agent-near', 'agent-retry-due'].includes(event.type);
}
