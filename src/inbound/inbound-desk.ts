/**
 * What becomes of a call from outside: refused, taken into a queue, or sent on to where `inbound` says. A customer who rings
 * in the meantime needs no callback any more: where it is allowed, theirs are cancelled first, by the
 * number that the network vouches for or shows.
 */
import type { DialbackConfig } from '../config/config.js';
import type { CancelDeps } from '../request/cancel-callbacks.js';
import { cancelNumber } from '../request/number-routes.js';
import type { InboundLine } from './inbound-line.js';
import type { InboundAnswer, InboundAnswerer, InboundCall } from './inbound-call.js';

export type InboundDeps = CancelDeps & {
  /** The configuration in force. */
  readonly config: Pick<DialbackConfig, 'inbound' | 'services'> & DialbackConfig;
  /** Where calls are taken; absent, none is. */
  readonly line?: Pick<InboundLine, 'take'> | undefined;
};

const FORBIDDEN: InboundAnswer = { kind: 'reject', status: 403 };

/** @returns what answers each call */
export function inboundDesk(deps: InboundDeps): InboundAnswerer {
  return async (call) => {
    const { inbound, services } = deps.config;
    const { acceptFrom, status, redirectTo, cancelsCallbacks } = inbound;
    // Whoever else can reach the port could end the callbacks of anybody, by a number he makes up.
    if (!acceptFrom.includes(call.sourceAddress)) return refusal(deps, status);
    const service = inbound.service === undefined ? undefined : services[inbound.service];
    if (cancelsCallbacks) await cancelCallbacksOf(call, deps);
    if (service && deps.line) return deps.line.take(call, service, inbound);
    return redirectTo === undefined
      ? { kind: 'reject', status }
      : { kind: 'redirect', uri: redirectTo };
  };
}

function refusal({ config }: InboundDeps, status: number): InboundAnswer {
  const { redirectTo, service } = config.inbound;
  const isOpen = redirectTo !== undefined || service !== undefined;
  return isOpen ? FORBIDDEN : { kind: 'reject', status };
}

async function cancelCallbacksOf(
  { number, callId }: InboundCall,
  deps: InboundDeps,
): Promise<void> {
  if (number === undefined) return;
  try {
    const { callbacks } = await cancelNumber(deps, number, { by: 'customer' });
    if (callbacks.length > 0) {
      const ended = callbacks.map(({ id, became }) => ({ id, became }));
      deps.log.info({ callId, callbacks: ended }, 'the customer rings us');
    }
  } catch (error) {
    // No number, or a store that cannot write: the customer is not turned away for it.
    deps.log.warn({ callId, why: String(error) }, 'callbacks of a caller not cancelled');
  }
}
