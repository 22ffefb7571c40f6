/**
 * The two kinds of plugin that live elsewhere, in the test's hands: a webhook, and an orchestration
 * server. Both run the same scripts, chosen by the user data's `case`, so that each answer type is
 * shown with each.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fields = Readonly<Record<string, unknown>>;

/** What a plugin's script can do, whatever runs it. */
export interface PluginHands {
  /** As received, by name; a form's are texts. */
  readonly parameters: Fields;
  /** POST to `_reply_url`. @returns status and body */
  reply(fields: Readonly<Record<string, string>>): Promise<[status: number, body: Fields]>;
  /** POST below `_call_url`. */
  call(operation: string, body?: object): Promise<[status: number, body: Fields]>;
  /** Waits for an event of this name. */
  event(name: string): Promise<Fields>;
}

export type PluginScript = (hands: PluginHands) => Promise<unknown>;

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly fields: Fields;
}

class Mailbox {
  readonly #events: [string, Fields][] = [];
  readonly #waiting: [string, (fields: Fields) => void][] = [];

  push(name: string, fields: Fields): void {
    const index = this.#waiting.findIndex(([wanted]) => wanted === name);
    const [waiter] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiter) waiter[1](fields);
    else this.#events.push([name, fields]);
  }

  next(name: string): Promise<Fields> {
    const index = this.#events.findIndex(([known]) => known === name);
    const [event] = index < 0 ? [] : this.#events.splice(index, 1);
    if (event) return Promise.resolve(event[1]);
    return new Promise((resolve) => this.#waiting.push([name, resolve]));
  }
}

export class PluginServer {
  readonly received: Received[] = [];
  /** Scripts by `case`. */
  readonly scripts = new Map<string, PluginScript>();
  /** What scripts threw: an assertion that fails in one has to be seen. */
  readonly faults: unknown[] = [];
  readonly #server: Server;
  readonly #mailboxes = new Map<string, Mailbox>();
  readonly #running = new Set<Promise<unknown>>();

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(): Promise<PluginServer> {
    const plugin = new PluginServer();
    await new Promise<void>((done) => plugin.#server.listen(0, '127.0.0.1', done));
    return plugin;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Where the webhook is. */
  get hookUrl(): string {
    return `${this.origin}/hook`;
  }

  /** Resolves when every script has come to its end. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const isJson = request.headers['content-type'] === 'application/json';
    const fields = isJson
      ? (JSON.parse(text) as Fields)
      : Object.fromEntries(new URLSearchParams(text));
    this.received.push({ path, headers: request.headers, text, fields });
    if (path === '/hook') this.#onHook(fields, response);
    else this.#onOrchestration(path, fields, response);
  }

  #onHook(fields: Fields, response: ServerResponse): void {
    const session = String(fields['_ors_service_id']);
    if (fields['event'] !== 'plugin.start') {
      this.#mailbox(session).push(String(fields['event']), fields);
      response.writeHead(204).end();
      return;
    }
    response.writeHead(202).end();
    this.#run(session, fields);
  }

  #onOrchestration(path: string, fields: Fields, response: ServerResponse): void {
    const [, session = '', event] =
      /^\/scxml\/session\/([^/]+)(?:\/event\/(.+)|\/terminate)?$/.exec(path) ?? [];
    if (session === 'start') {
      const id = String(fields['_ors_service_id']);
      response.end(JSON.stringify({ sessionid: id }));
      this.#run(id, fields);
      return;
    }
    this.#mailbox(session).push(event ?? 'terminate', fields);
    response.end();
  }

  #mailbox(session: string): Mailbox {
    const mailbox = this.#mailboxes.get(session) ?? new Mailbox();
    this.#mailboxes.set(session, mailbox);
    return mailbox;
  }

  #run(session: string, parameters: Fields): void {
    const data = parameters['_user_data'];
    const userData = (typeof data === 'string' ? JSON.parse(data) : data) as Fields;
    const script = this.scripts.get(String(userData['case']));
    if (!script) return;
    const mailbox = this.#mailbox(session);
    const running = script({
      parameters,
      reply: (fields) => post(String(parameters['_reply_url']), new URLSearchParams(fields)),
      call: (operation, body = {}) =>
        post(`${String(parameters['_call_url'])}/${operation}`, JSON.stringify(body)),
      event: (name) => mailbox.next(name),
    }).catch((fault: unknown) => this.faults.push(fault));
    this.#running.add(running);
  }
}

export async function post(
  url: string,
  body: string | URLSearchParams,
): Promise<[status: number, body: Fields]> {
  const type = typeof body === 'string' ? { 'content-type': 'application/json' } : undefined;
  const response = await fetch(url, { method: 'POST', body, ...(type && { headers: type }) });
  return [response.status, (await response.json()) as Fields];
}
