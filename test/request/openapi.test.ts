import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';
import { docsPage, type ApiDocument } from '../../src/request/docs-page.js';
import { openApi } from './whole-api.js';

/** Methods and paths, without the names of what is in a path: `GET /v1/callbacks/:`. */
function routesOf(api: FastifyInstance): string[] {
  const routes: string[] = [];
  const above: string[] = [];
  for (const line of api.printRoutes({ commonPrefix: false }).split('\n')) {
    const found = /^((?:[│ ] {3})*)[├└]── (\S*?)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!found) continue;
    const [, indent = '', part = '', methods = ''] = found;
    const depth = indent.length / 4;
    above.length = depth;
    above.push(part);
    for (const method of methods.split(', ').filter((word) => word !== '' && word !== 'HEAD'))
      routes.push(`${method} ${above.join('').replace(/:[^/]+/g, ':')}`);
  }
  return routes;
}

describe('The description of the API', () => {
  let api: FastifyInstance;
  let close: () => Promise<void>;
  let document: ApiDocument & Record<string, unknown>;
  before(async function () {
    this.timeout(60_000);
    ({ api, close } = await openApi());
    document = (await api.inject('/openapi.json')).json();
  });
  after(() => close());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    );

  it('has every route', () => {
    const described = operations().map(
      ({ method, path }) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, ':')}`,
    );
    const routes = routesOf(api);
    assert(routes.length > 25, routes.join('\n'));
    assert.deepEqual(routes.sort(), described.sort());
  });

  it('is OpenAPI 3.1: paths, parameters and schemas fit together', () => {
    assert.match(String(document['openapi']), /^3\.1\./);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const { method, path, operation } of operations()) {
      const where = `${method} ${path}`;
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      const parameters = operation.parameters ?? [];
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      assert.deepEqual(inPath.map(({ name }) => name).sort(), named, where);
      assert(
        inPath.every(({ required }) => required),
        where,
      );
      assert(operation.summary, `${where} says in a sentence what it does`);
      assert(Object.keys(operation.responses ?? {}).length > 0, where);
      const contents = [operation.requestBody, ...Object.values(operation.responses ?? {})]
        .flatMap((part) => Object.values(part?.content ?? {}))
        .map(({ schema }) => schema);
      for (const schema of [...contents, ...parameters.map((parameter) => parameter.schema)]) {
        if (schema) assert.doesNotThrow(() => ajv.compile(schema), where);
      }
    }
  });

  it('asks for a key where a key is asked for, and says which scope', () => {
    for (const { path, operation } of operations()) {
      const { security, description = '' } = operation as { security?: []; description?: string };
      const isOpen = /^\/(?:livez|readyz|docs|openapi\.json|plugin\/.*)$/.test(path);
      assert.equal(security?.length === 0, isOpen, path);
      assert.equal(/Scope: `[a-z:]+`/.test(description), !isOpen, path);
    }
  });

  it('is a page that needs nothing from anywhere and may load nothing', async () => {
    const page = await api.inject('/docs');
    assert.equal(page.statusCode, 200);
    assert.match(String(page.headers['content-type']), /^text\/html/);
    const policy = String(page.headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[\w+/]+=*';/);
    assert.doesNotMatch(page.body, /<script|\ssrc=|url\(|@import|https?:\/\/(?!127)/);
    for (const { path, operation } of operations()) {
      assert(page.body.includes(path.replace(/\{\w+\}/g, '<em>$&</em>')), path);
      assert(page.body.includes(escapeHtml(operation.summary ?? '')), path);
    }
  });

  it('shows what a document says as text, whatever is in it', () => {
    const page = docsPage({
      info: { title: '<b>T</b>', version: '1', description: '`<i>`' },
      paths: { '/<u>': { get: { summary: '<script>alert(1)</script>' } } },
    });
    assert.doesNotMatch(page, /<b>|<i>|<u>|<script>/);
    assert.match(page, /<code>&lt;i&gt;<\/code>/);
  });
});

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/'/g, '&#39;').replace(/</g, '&lt;');
}
