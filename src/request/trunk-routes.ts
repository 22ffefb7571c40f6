/** Ways out to the telephone network over HTTP: how they stand. */
import type { FastifyInstance } from 'fastify';
import type { TrunkWatch } from '../dial/trunk-watch.js';
import { answers, list, TRUNK } from './schemas.js';

export function registerTrunkRoutes(
  api: FastifyInstance,
  trunks: Pick<TrunkWatch, 'states'>,
): void {
  const schema = {
    tags: ['Operation'],
    summary: 'How the trunks stand',
    response: answers('Now.', list('trunks', TRUNK)),
  };
  api.get('/v1/trunks', { schema }, () => ({ trunks: trunks.states() }));
}
