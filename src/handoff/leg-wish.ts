/** What every leg towards an agent or route point is given: caller id, attached data, the customer's endpoint. */
import type { ServiceConfig } from '../config/config.js';
import type { MediaEndpoint } from '../ports.js';
import { attachedHeaders, userDataLeftOut, userToUserText } from './attached-data.js';
import type { HandedOver } from './far-sides.js';
import type { LegWish } from './queue-search.js';

/** Characters. */
const KEYS_TOLD_MAX = 200;

export interface LegFacts extends HandedOver {
  readonly cpnDigits: string | undefined;
  /** What the service's priority has become while the customer waits. */
  readonly grownPriority?: number | undefined;
}

/** @param onLeftOut is told the keys of the user data that do not travel */
export function legWish(
  facts: LegFacts,
  service: ServiceConfig,
  beside: MediaEndpoint | undefined,
  nowMs: number,
  onLeftOut: (keys: string) => void,
): LegWish {
  const { id: callbackId, createdAtMs, userData, customerNumber, cpnDigits, grownPriority } = facts;
  const { attachUserData, handoff, mediaSilenceMaxMs } = service;
  const priority = service.priority === undefined ? undefined : (grownPriority ?? service.priority);
  const data = { callbackId, createdAtMs, userData, attachUserData, priority, cpnDigits, nowMs };
  const headers = attachedHeaders(data, handoff.attached);
  const leftOut = userDataLeftOut(data, handoff.attached, headers);
  if (leftOut.length > 0) onLeftOut(leftOut.join(', ').slice(0, KEYS_TOLD_MAX));
  return { callerId: cpnDigits ?? customerNumber, headers, beside, mediaSilenceMaxMs };
}

/** @param text a page's own for User-to-User; left out when it is too long */
export function withText(
  text: string | undefined,
  wish: LegWish,
  attached: Parameters<typeof userToUserText>[1],
): LegWish {
  const header = text === undefined ? undefined : userToUserText(text, attached);
  if (header === undefined) return wish;
  return { ...wish, headers: { ...wish.headers, 'User-to-User': header } };
}
