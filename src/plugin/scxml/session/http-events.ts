/**
 * The Basic HTTP Event I/O Processor (SCXML 1.0, C.2) as two translations: an event to the POST that
 * carries it, and a request that arrived to an event. Sockets are somebody else's.
 */
import { withoutTrees, xmlOfJson } from '../script/xml-value.js';
import type { Payload } from '../document/model.js';
import { HTTP_PROCESSOR } from '../processors.js';
import type { ScxmlEvent } from './event.js';
import type { HttpMessage } from './host.js';

const EVENT_NAME = '_scxmleventname';

/** @param payload tells content, which is the whole body, from params, which are form fields */
export function encodeHttpEvent(url: string, event: ScxmlEvent, payload: Payload): HttpMessage {
  if (payload.content) return { url, contentType: 'text/plain', body: contentBody(event.data) };
  const form = new URLSearchParams();
  if (event.name !== '') form.append(EVENT_NAME, event.name);
  const data = event.data === undefined ? {} : (JSON.parse(withoutTrees(event.data)) as object);
  for (const [name, value] of Object.entries(data) as [string, unknown][])
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value])
      form.append(name, typeof one === 'string' ? one : JSON.stringify(one));
  return { url, contentType: 'application/x-www-form-urlencoded', body: form.toString() };
}

export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Form fields become `_event.data`; a body of another kind is the data itself. Never throws. */
export function decodeHttpEvent(request: HttpRequest): ScxmlEvent {
  const isForm = /^application\/x-www-form-urlencoded/i.test(request.headers['content-type'] ?? '');
  const form = isForm ? new URLSearchParams(request.body) : new URLSearchParams();
  const fields = new Map<string, string>();
  for (const [name, value] of form) if (name !== EVENT_NAME) fields.set(name, value);
  const data = isForm ? (fields.size > 0 ? formJson(fields) : undefined) : bodyJson(request.body);
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return {
    name: form.get(EVENT_NAME) ?? `HTTP.${request.method}`,
    type: 'external',
    data,
    originType: HTTP_PROCESSOR,
    raw: `${request.method} ${request.path} HTTP/1.1\r\n${headers.join('')}\r\n${request.body}`,
  };
}

function contentBody(data: string | undefined): string {
  if (data === undefined) return '';
  const xml = xmlOfJson(data);
  if (xml !== null) return xml;
  const value: unknown = JSON.parse(data);
  return typeof value === 'string' ? encodeURIComponent(value) : withoutTrees(data);
}

function formJson(fields: ReadonlyMap<string, string>): string {
  const members = [...fields].map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  );
  return `{${members.join(',')}}`;
}

function bodyJson(body: string): string | undefined {
  return body === '' ? undefined : JSON.stringify(body);
}
