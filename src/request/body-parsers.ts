/**
 * How a body becomes an object, whatever a GMS client sends: JSON, urlencoded, or multipart as PHP's
 * curl does. The last of several equal names counts; files are refused, for nothing here reads any.
 */

import type { FastifyInstance } from 'fastify';
import { RequestProblem } from './problem.js';

export function addBodyParsers(api: FastifyInstance): void {
  const parseJson = api.getDefaultJsonParser('error', 'error');
  api.removeContentTypeParser('application/json');
  api.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    // Clients name the type with a DELETE as well, and send nothing.
    (request, body, done) =>
      body === '' ? done(null, undefined) : void parseJson(request, body, done),
  );
  api.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body))),
  );
  api.addContentTypeParser<Buffer>(
    'multipart/form-data',
    { parseAs: 'buffer' },
    async (request: { readonly headers: { readonly 'content-type'?: string } }, body: Buffer) =>
      parseMultipart(request.headers['content-type'] ?? '', body),
  );
}

async function parseMultipart(contentType: string, body: Buffer): Promise<Record<string, string>> {
  const fields = new Map<string, string>();
  for (const [name, value] of await readForm(contentType, body)) {
    if (typeof value === 'string') fields.set(name, value);
    else throw malformed(`${name.slice(0, 100)} is a file.`);
  }
  return Object.fromEntries(fields);
}

async function readForm(contentType: string, body: Buffer) {
  try {
    const headers = { 'content-type': contentType };
    return [...(await new Response(body, { headers }).formData())];
  } catch {
    throw malformed('The multipart body cannot be read.');
  }
}

function malformed(message: string): RequestProblem {
  return new RequestProblem('CBD_REQUEST_MALFORMED', message, {
    fault: { field: 'body', rule: 'fields of a form, without files' },
  });
}
