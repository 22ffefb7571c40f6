/**
 * What an INVITE says of the caller on one trunk: From, P-Asserted-Identity (RFC 3325), Privacy
 * (RFC 3323), Diversion (RFC 5806) and the headers a carrier wants besides. Numbers come from the
 * configuration; every text is looked at again before it is sent (sip-headers.ts).
 */
import type { InviteRequest } from '../ports.js';
import { formatNumber } from './trunk-number.js';
import { hostPartOf, type Trunk } from './trunk.js';

/** What a trunk's `headers` may not set: the call itself, and what has an option. */
const RESERVED =
  /^(?:via|from|to|call-id|cseq|contact|(?:record-)?route|max-forwards|content-.*|(?:proxy-)?authorization|supported|require|session-expires|min-se|p-asserted-identity|privacy|diversion|[a-z])$/i;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;

export function isReservedHeader(name: string): boolean {
  return !HEADER_NAME.test(name) || RESERVED.test(name);
}

/** What a service shows. */
export interface Caller {
  readonly service: string;
  readonly callerId?: string | undefined;
  readonly callerName?: string | undefined;
}

export type CallerParts = Pick<InviteRequest, 'callerId' | 'callerName' | 'headers'> & {
  readonly isAnonymous?: boolean;
};

/** @returns the parts of an INVITE that say who calls */
export function callerOn(trunk: Trunk, caller: Caller): CallerParts {
  const shown = callerIdOn(trunk, caller);
  const callerName = caller.callerName ?? trunk.callerName;
  const headers: Record<string, string> = { ...trunk.headers };
  const { assertedIdentity, privacy = 'none', diversion } = trunk;
  const asserted = assertedIdentity === 'caller' ? shown : assertedIdentity;
  if (asserted !== undefined) headers['P-Asserted-Identity'] = addressOn(trunk, asserted);
  if (privacy === 'id') headers['Privacy'] = 'id';
  if (diversion !== undefined) {
    headers['Diversion'] = `${addressOn(trunk, diversion)};reason=unconditional`;
  }
  return {
    ...(shown === undefined ? {} : { callerId: shown }),
    ...(callerName === undefined ? {} : { callerName }),
    ...(privacy === 'id' && { isAnonymous: true }),
    ...(Object.keys(headers).length > 0 && { headers }),
  };
}

/** The number shown on this trunk, in its format; undefined: whatever the signalling server says. */
export function callerIdOn(trunk: Trunk, { service, callerId }: Caller): string | undefined {
  const own = trunk.callerIds && Object.hasOwn(trunk.callerIds, service);
  const shown = (own ? trunk.callerIds?.[service] : undefined) ?? callerId ?? trunk.callerId;
  return shown === undefined
    ? undefined
    : formatNumber(shown, trunk.callerIdFormat ?? 'e164', trunk);
}

function addressOn(trunk: Trunk, number: string): string {
  const host = /^(\[[^\]]*\]|[^:;]*)/.exec(hostPartOf(trunk).host)?.[1] ?? '';
  return `<sip:${number.replaceAll('#', '%23')}@${host}>`;
}
