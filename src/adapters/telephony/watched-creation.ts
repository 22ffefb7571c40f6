/**
 * An endpoint of drachtio-fsmrf, whose failure is known at once. Between FreeSWITCH's 200 and the event
 * socket that it opens to us the library watches only a clock of 4 s; when FreeSWITCH gives the channel
 * up meanwhile (another program has the RTP port it had chosen: FreeSWITCH binds it when our ACK comes,
 * and does not try another) its BYE is the only word we get.
 */
import type Mrf from 'drachtio-fsmrf';
import { TelephonyError } from './errors.js';
import { parseQ850 } from './sip-headers.js';

/** Q.850 cause of the BYE when FreeSWITCH cannot set its media up. */
const INCOMPATIBLE_DESTINATION = 88;

const GIVEN_UP =
  'FreeSWITCH gave the channel up before it was ours; its log says why ("Bind Error": another program has an RTP port of its range)';

type Options = Parameters<Mrf.MediaServer['createEndpoint']>[0];

/**
 * @returns the library's endpoint
 * @throws TelephonyError ENDPOINT_GIVEN_UP; else what the library throws
 */
export function createWatched(server: Mrf.MediaServer, options: Options): Promise<Mrf.Endpoint> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const createUAC: Mrf.DialogMaker['createUAC'] = async (...invite) => {
      const dialog = await server.srf.createUAC(...invite);
      return dialog.on('destroy', (bye) => {
        // Other causes say that its socket did not reach us, which the library finds out.
        if (isOver || parseQ850(bye?.get('Reason')) !== INCOMPATIBLE_DESTINATION) return;
        // The library ends the dialog once more when its 4 s are over, and catches nothing.
        dialog.destroy = () => Promise.resolve();
        reject(new TelephonyError('ENDPOINT_GIVEN_UP', GIVEN_UP));
      });
    };
    // The same server, but for who sends this one INVITE.
    const watched = Object.create(server, { srf: { value: { createUAC } } }) as Mrf.MediaServer;
    watched
      .createEndpoint(options)
      .finally(() => (isOver = true))
      .then(resolve, reject);
  });
}
