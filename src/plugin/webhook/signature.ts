/**
 * How a webhook knows that a request is ours and new: HMAC-SHA256 over the time and the body, under a
 * secret that both sides have.
 */
import { createHmac } from 'node:crypto';

export const SIGNATURE_HEADER = 'dialback-signature';

/**
 * @returns `t=SECONDS,v1=HEX`: HEX is HMAC-SHA256 of `SECONDS.BODY` under the secret, SECONDS since the
 * epoch. Whoever checks it compares in constant time and refuses what is older than five minutes.
 */
export function sign(body: string, secret: string, atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}
