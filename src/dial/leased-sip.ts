/**
 * Signalling that sends no INVITE once the lease on our callbacks has run out. The store refuses to
 * record the attempt then; this is for the time between that record and the INVITE, in which the
 * process may have stood still.
 */
import type { OutgoingCall, SipAgent } from '../ports.js';

/** @param mayDial asked right before each INVITE */
export function leasedSip(sip: SipAgent, mayDial: () => boolean): SipAgent {
  return {
    get isConnected() {
      return sip.isConnected;
    },
    request: (request) => sip.request(request),
    invite: (request) => (mayDial() ? sip.invite(request) : notSent(request.callId)),
  };
}

function notSent(callId: string): OutgoingCall {
  const why = 'the lease on this callback has run out';
  return {
    callId,
    onIdentity: () => undefined,
    onProvisional: () => undefined,
    outcome: Promise.resolve({ kind: 'error', why }),
    cancel: () => undefined,
  };
}
