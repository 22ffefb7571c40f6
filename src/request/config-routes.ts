/** The configuration in force, without its secrets; what its file would change; taking that over. */
import type { FastifyInstance } from 'fastify';
import type { Preview, Reload } from '../config/reload-config.js';
import { answers } from './schemas.js';

export interface ConfigOffice {
  /** As written, secrets hidden. */
  shown(): object;
  /** Reads the file and says what a reload would do. */
  preview(): Promise<Preview>;
  reload(): Promise<Reload>;
}

const TAGS = ['Configuration'];

const outcome = (well: string, description: string) => ({
  type: 'object',
  properties: {
    kind: { type: 'string', enum: [well, 'needs-restart', 'invalid'], description },
    changes: { type: 'array', items: { type: 'object' } },
    problems: { type: 'array', items: { type: 'object' } },
  },
});
const RELOAD = outcome('applied', 'With anything but `applied` nothing has changed.');
const PREVIEW = outcome('valid', '`valid`: a reload would take it over.');

export function registerConfigRoutes(api: FastifyInstance, office: ConfigOffice): void {
  const read = {
    tags: TAGS,
    summary: 'The configuration in force, secrets hidden',
    response: answers('As it stands in its file.', { type: 'object' }),
  };
  api.get('/v1/config', { schema: read }, () => office.shown());

  const validate = {
    tags: TAGS,
    summary: 'What a reload would do now',
    response: answers('Nothing has changed.', PREVIEW),
  };
  api.post('/v1/config/validate', { schema: validate }, () => office.preview());

  const reload = {
    tags: TAGS,
    summary: 'Read the file again and take it over, whole or not at all',
    response: { ...answers('Done.', RELOAD), 409: { description: 'Not taken over.', ...RELOAD } },
  };
  api.post('/v1/config/reload', { schema: reload }, async (_request, reply) => {
    const outcome = await office.reload();
    return reply.code(outcome.kind === 'applied' ? 200 : 409).send(outcome);
  });
}
