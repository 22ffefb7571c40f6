/** Signatures of Standard Webhooks (specification 1.0.0, "Webhook signatures", symmetric). */
import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

export interface SignedParts {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * @param secrets `whsec_` and base64; each makes a signature, so that receivers can change over
 * @returns the headers; without secrets, those that are no signature
 */
export function webhookHeaders(
  { id, timestamp, body }: SignedParts,
  secrets: readonly string[],
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(PREFIX, ''), 'base64');
    const hash = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`);
    return `v1,${hash.digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  };
}
