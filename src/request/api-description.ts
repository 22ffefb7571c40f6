/**
 * The description of the API, made of the routes' own schemas: OpenAPI 3.1 at `/openapi.json`, the same
 * for people at `/docs`. Both are public: they say how to ask, and nothing of what is kept here.
 */
import { createHash } from 'node:crypto';
import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { scopeOf } from './access.js';
import { docsPage, DOCS_STYLE, type ApiDocument } from './docs-page.js';

const INTRO =
  'Order, change, watch and report callbacks. The paths under `/genesys/1` are those of Genesys Mobile ' +
  'Services, as its clients use them; everything else is our own. Times whose name ends in `Ms` are ' +
  'milliseconds since the epoch. Errors are JSON with a stable `code`; where one part of a request is ' +
  'wrong, `field`, `value` and `rule` name it.';

const TAGS = [
  { name: 'Callbacks', description: 'Order, change, cancel and find callbacks.' },
  { name: 'Live', description: 'What happens now, and stopping it.' },
  { name: 'Agents and queues', description: 'Who waits, who is free.' },
  { name: 'Records', description: 'What became of callbacks.' },
  { name: 'Notifications', description: 'What could not be delivered.' },
  { name: 'Configuration', description: 'The configuration in force.' },
  { name: 'Plugins', description: 'SCXML sessions, and where plugins answer.' },
  { name: 'Operation', description: 'Health, metrics, version.' },
];

const ERROR = {
  type: 'object',
  required: ['exception', 'message', 'code'],
  properties: {
    exception: { type: 'string', description: 'Class name, as GMS has it.' },
    message: { type: 'string' },
    code: { type: 'string', description: 'Stable.', pattern: '^CBD_[A-Z_]+$' },
    field: { type: 'string', description: 'The part of the request that is wrong.' },
    value: { type: 'string', description: 'As it was sent, cut short.' },
    rule: { type: 'string', description: 'What it has to be.' },
  },
};

/** Has to be called before the first route is declared. */
export function describeApi(api: FastifyInstance, version: string): void {
  void api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Dialback', version, description: INTRO },
      tags: TAGS,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        },
      },
    },
    transform: ({ schema, url, route }) => ({
      url,
      schema: completed(schema, String(route.method), url),
    }),
  });
  void api.register((scope, _options, done) => {
    registerRoutes(scope, api);
    done();
  });
}

function registerRoutes(scope: FastifyInstance, api: FastifyInstance): void {
  const document = (): ApiDocument => api.swagger() as unknown as ApiDocument;
  const open = { tags: ['Operation'], security: [] };
  const json = { ...open, summary: 'This description, OpenAPI 3.1' };
  scope.get('/openapi.json', { schema: json }, document);

  const styleHash = createHash('sha256').update(DOCS_STYLE).digest('base64');
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  let page: string | undefined;
  const docs = { ...open, summary: 'This description as a page', produces: ['text/html'] };
  scope.get('/docs', { schema: docs }, (_request, reply) =>
    reply
      .headers({
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
      .type('text/html; charset=utf-8')
      .serializer(String)
      .send((page ??= docsPage(document()))),
  );
}

type Described = FastifySchema & {
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly unknown[];
};

/** What every route has in common: the scope it asks for, and the shape of its errors. */
function completed(given: FastifySchema | undefined, method: string, url: string): FastifySchema {
  const schema: Described = given ?? {};
  const isOpen = schema.security?.length === 0;
  const scope = `Scope: \`${scopeOf(method.split(',')[0] ?? 'GET', url)}\`.`;
  const response = {
    ...(schema.response ?? { 200: { description: 'Done.' } }),
    ...(isOpen ? {} : { default: { description: 'Error', ...ERROR } }),
  };
  return {
    ...schema,
    description: [schema.description, isOpen ? undefined : scope].filter(Boolean).join('\n\n'),
    security: isOpen ? [] : [{ bearer: [] }, { apiKey: [] }],
    response,
  };
}
