/**
 * The session module: HTTP requests of the page, and other sessions. What goes to the page's own
 * `_reply_url` is the plugin's reply and is delivered here, inside the process: no network policy can
 * stand in its way, and no token ever leaves.
 */
import type { FetchAnswer, FetchOrder } from '../../holder/fetcher.js';
import type { ReplyAnswer } from '../plugin-runner.js';
import { type Asked, millisecondsOf, numberOf, textOf } from './asked.js';
import type { ReplyLine, RequestContext, RequestHandler } from './request-context.js';

const ANSWER_MAX_BYTES = 64 * 1024;
const FORM = 'application/x-www-form-urlencoded';
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

export const sessionRequests: Readonly<Record<string, RequestHandler>> = {
  'session.fetch': fetchFor,
  'session.start': (asked, context) => {
    const url = textOf(asked, 'src', 'srcexpr');
    if (url === undefined || asked.newSessionId === undefined)
      return context.fail(asked, 'invalidattribute', 'src names the page to start');
    context.startSession(asked, asked.newSessionId, url);
  },
  'session.terminate': (asked, context) => {
    const id = textOf(asked, 'sessionid') ?? context.sessionId;
    if (context.terminateSession(id)) context.done(asked, { sessionid: id });
    else context.fail(asked, 'invalidattribute', 'sessionid is none that this session started');
  },
  'session.response': respond,
  'ws.response': respond,
};

function respond(asked: Asked, context: RequestContext): void {
  const answer = {
    isPositive: textOf(asked, 'type') !== 'negative',
    status: numberOf(asked, 'resultcode'),
    params: asked.params,
  };
  if (!context.respond(textOf(asked, 'requestid') ?? '', answer))
    context.fail(asked, 'invalidattribute', 'no request with this requestid waits');
}

function fetchFor(asked: Asked, context: RequestContext): void {
  const url = textOf(asked, 'srcexpr', 'src');
  if (url === undefined) return context.fail(asked, 'invalidattribute', 'srcexpr is missing');
  const line = context.replyAt(url);
  if (line) return tellReply(asked, context, line.take(replyOf(asked)));
  const order = orderOf(asked, url);
  if (!order)
    return context.fail(asked, 'invalidattribute', `method is one of ${METHODS.join(', ')}`);
  void context.fetcher.fetch(order).then((answer) => tellAnswer(asked, context, answer));
}

/** Params, or content: an object, or a form or JSON as text. */
function replyOf({ params, content }: Asked): unknown {
  if (content === undefined) return params;
  return typeof content === 'string' ? readBody(content) : content;
}

function tellReply(asked: Asked, context: RequestContext, { status, body }: ReplyAnswer): void {
  if (status === 200)
    return context.done(asked, { content: JSON.stringify(body), hints: { status: 200 } });
  context.fail(asked, `protocol.${status}`, `${body.error ?? ''}: ${body.message ?? ''}`);
}

function tellAnswer(asked: Asked, context: RequestContext, answer: FetchAnswer): void {
  if (answer.kind === 'failed')
    return context.fail(asked, fetchError(answer.code), `${answer.code}: ${answer.why}`);
  const { status, headers, body } = answer;
  const content = body.toString('utf8');
  if (status >= 200 && status < 300) return context.done(asked, { content, hints: headers });
  context.fail(asked, `protocol.${status}`, content);
}

function fetchError(code: Extract<FetchAnswer, { kind: 'failed' }>['code']): string {
  if (code === 'FETCH_TIMEOUT') return 'timeout';
  return code === 'FETCH_BAD_URL' || code === 'FETCH_BAD_REQUEST' ? 'invalidattribute' : 'remote';
}

function orderOf(asked: Asked, url: string): FetchOrder | undefined {
  const wanted = (textOf(asked, 'method') ?? 'get').toUpperCase();
  const method = METHODS.find((known) => known === wanted);
  if (method === undefined) return undefined;
  const limits = { timeoutMs: millisecondsOf(asked, 'timeout'), maxBytes: ANSWER_MAX_BYTES };
  const headers = headersOf(asked);
  if (method === 'GET' || method === 'DELETE')
    return { ...limits, url: withQuery(url, asked.params), method, headers };
  const type = textOf(asked, 'enctype') ?? (asked.content === undefined ? FORM : 'text/plain');
  const body = bodyOf(asked, type);
  return { ...limits, url, method, headers: { 'content-type': type, ...headers }, body };
}

function bodyOf({ params, content }: Asked, type: string): string {
  if (content !== undefined) return typeof content === 'string' ? content : JSON.stringify(content);
  return /json/i.test(type) ? JSON.stringify(params) : formOf(params);
}

function formOf(params: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    form.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  return form.toString();
}

function withQuery(url: string, params: Readonly<Record<string, unknown>>): string {
  const query = formOf(params);
  if (query === '') return url;
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}

/** An object of names and values; what else a page gives is passed over. */
function headersOf({ attributes }: Asked): Readonly<Record<string, string>> {
  const given: unknown = attributes.headers;
  if (typeof given !== 'object' || given === null) return {};
  return Object.fromEntries(
    Object.entries(given).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** A POST of the Basic HTTP processor to the reply's URL. @returns why it failed, or undefined */
export function postReply(line: ReplyLine, contentType: string, body: string): string | undefined {
  const isForm = contentType.startsWith(FORM);
  const answer = line.take(isForm ? Object.fromEntries(new URLSearchParams(body)) : readBody(body));
  if (answer.status === 200) return undefined;
  return `HTTP ${answer.status}: ${answer.body.error ?? ''}: ${answer.body.message ?? ''}`;
}

/** JSON text stays what it is; anything else may be a form. */
function readBody(body: string): unknown {
  return body.trimStart().startsWith('{') ? body : Object.fromEntries(new URLSearchParams(body));
}
