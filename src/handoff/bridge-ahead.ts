/** Has the bridge with an agent made while the agent is being called. */
import type { HandoffConfig } from '../config/config.js';
import type { MediaEndpoint, Telephony } from '../ports.js';

/** Not for agents who are screened: they have to be apart from the customer until they take the call. */
export function bridgeAhead(
  { media }: Telephony,
  endpoint: MediaEndpoint | undefined,
  { isBridgedAhead, whisper, accept }: HandoffConfig,
): void {
  if (!endpoint || !isBridgedAhead || whisper.length > 0 || accept.digit !== undefined) return;
  media.expectBridge?.(endpoint);
}
