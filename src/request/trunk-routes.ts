/** Ways out to the telephone network over HTTP: how they stand. */
import type { FastifyInstance } from 'fastify';
import type { TrunkWatch } from '../dial/trunk-watch.js';

export function registerTrunkRoutes(
  api: FastifyInstance,
  trunks: Pick<TrunkWatch, 'states'>,
): void {
  api.get('/v1/trunks', () => ({ trunks: trunks.states() }));
}
