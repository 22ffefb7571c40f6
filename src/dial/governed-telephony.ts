/**
 * The telephony that sessions use: endpoints are made under the governor's eyes. A customer's leg has
 * its place already, taken before its attempt was recorded; an endpoint that is to be bridged with
 * another is an agent's, and takes its place here.
 */
import type { MediaServer, Telephony } from '../ports.js';
import type { SetUpGovernor } from './set-up-governor.js';

/** @param sip by which INVITEs leave, when it is not the telephony's own */
export function governedTelephony(
  telephony: Telephony,
  governor: SetUpGovernor,
  sip = telephony.sip,
): Telephony {
  const media: MediaServer = {
    get isConnected() {
      return telephony.media.isConnected;
    },
    get setUpLimits() {
      return telephony.media.setUpLimits;
    },
    createEndpoint: async (wish) => {
      // Nothing is bridged with a customer who has hung up: that is no server's fault. Nor does it say
      // anything of the others that the customer's own cannot be asked.
      const isFault = (thrown: unknown) => wish?.beside?.hasEnded !== true && !isUnasked(thrown);
      const make = () => telephony.media.createEndpoint(wish);
      const create = () =>
        governor.run('endpoint', make, { isFault, serverOf: ({ server }) => server });
      if (!wish?.beside) return create();
      const place = governor.queue('agent');
      await place.granted;
      const creating = create();
      place.release();
      return creating;
    },
    expectBridge: (endpoint) => telephony.media.expectBridge?.(endpoint),
  };
  return {
    sip,
    media,
    onStateChange: (handle) => telephony.onStateChange(handle),
    endOrphan: (leg) => telephony.endOrphan(leg),
    watchWire: (callId, handle) => telephony.watchWire(callId, handle),
    servers: () => telephony.servers(),
    counts: () => telephony.counts(),
    close: () => telephony.close(),
  };
}

function isUnasked(thrown: unknown): boolean {
  return (thrown as { isUnasked?: unknown } | undefined)?.isUnasked === true;
}
