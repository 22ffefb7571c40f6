/** What pages fetch, by the way in which everything of them reaches the network. */
import type { FetchAnswer, Fetcher, FetchOrder } from '../holder/fetcher.js';
import type { CookieJar } from './cookie-jar.js';
import { decodeDocument } from './document/decode.js';
import type { RecordingPath } from './line/held-line.js';
import type { MultipartField, PageFetch, PageFetched } from './platform.js';

const ACCEPT =
  'application/voicexml+xml, application/srgs+xml, application/xml, text/xml, */*;q=0.5';
const TIMEOUT_MAX_MS = 10_000;
const BOUNDARY_PREFIX = 'dialback-';

export interface PageFetchDeps {
  readonly fetcher: Fetcher;
  readonly readFile: (path: string) => Promise<Buffer>;
  /** For the boundary of a multipart body. */
  readonly newId: () => string;
}

/** @param cookies of the session */
export async function fetchForPage(
  request: PageFetch,
  recordingPath: RecordingPath,
  cookies: CookieJar,
  deps: PageFetchDeps,
): Promise<PageFetched> {
  const body = await bodyOf(request, recordingPath, deps);
  if ('why' in body) return { kind: 'failed', suffix: '', why: body.why };
  const cookie = cookies.header(request.url);
  const answer = await deps.fetcher.fetch({
    url: request.url,
    method: request.method,
    timeoutMs: Math.min(request.timeoutMs ?? TIMEOUT_MAX_MS, TIMEOUT_MAX_MS),
    ...body,
    headers: { accept: ACCEPT, ...body.headers, ...(cookie !== undefined && { cookie }) },
  });
  if (answer.kind === 'answer') cookies.take(answer.url, answer.headers['set-cookie']);
  return outcomeOf(answer);
}

function outcomeOf(answer: FetchAnswer): PageFetched {
  if (answer.kind === 'failed') {
    return { kind: 'failed', suffix: '', why: `${answer.code}: ${answer.why}` };
  }
  if (answer.status >= 300) {
    return { kind: 'failed', suffix: `.http.${answer.status}`, why: `HTTP ${answer.status}` };
  }
  const text = decodeDocument(answer.body, answer.headers['content-type']);
  return { kind: 'ok', text, url: answer.url };
}

type Body = Pick<FetchOrder, 'body'> & { readonly headers?: Readonly<Record<string, string>> };

async function bodyOf(
  { body }: PageFetch,
  recordingPath: RecordingPath,
  deps: PageFetchDeps,
): Promise<Body | { readonly why: string }> {
  if (!body) return {};
  if (body.kind === 'urlencoded') {
    return {
      body: body.text,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
  }
  const boundary = BOUNDARY_PREFIX + deps.newId();
  const parts: Buffer[] = [];
  for (const field of body.fields) {
    const part = await partOf(field, recordingPath, deps);
    if ('why' in part) return part;
    parts.push(Buffer.from(`--${boundary}\r\n${part.head}\r\n\r\n`), part.content, CRLF);
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return {
    body: Buffer.concat(parts),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  };
}

const CRLF = Buffer.from('\r\n');

async function partOf(
  { name, value }: MultipartField,
  recordingPath: RecordingPath,
  { readFile }: PageFetchDeps,
): Promise<{ readonly head: string; readonly content: Buffer } | { readonly why: string }> {
  const head = `Content-Disposition: form-data; name="${name.replace(/["\r\n]/g, '_')}"`;
  if (value.kind === 'text') return { head, content: Buffer.from(value.text) };
  const path = recordingPath(value.id);
  if (path === undefined) return { why: `there is no recording ${value.id.slice(0, 40)}` };
  try {
    const content = await readFile(path);
    return { head: `${head}; filename="recording.wav"\r\nContent-Type: audio/x-wav`, content };
  } catch {
    return { why: `the recording ${value.id.slice(0, 40)} cannot be read` };
  }
}
