/**
 * Talks to a running service for the commands `call` and `trace`. It turns every way a request can
 * fail into one error with a code; it retries nothing.
 */

import type { Command } from 'commander';
import { printable, type Terminal } from './terminal.js';

const DEFAULT_SERVER = 'http://127.0.0.1:8080';
const REQUEST_TIMEOUT_MS = 10_000;
const WRONG_USE = 2;
const FAILED = 1;

export interface ServerOptions {
  readonly server: string;
}

/** Adds `--server`; the key comes from the environment, where no process list shows it. */
export function addServerOption(command: Command): Command {
  return command
    .option(
      '--server <url>',
      'the running service',
      process.env['DIALBACK_SERVER'] ?? DEFAULT_SERVER,
    )
    .addHelpText('after', '\nDIALBACK_API_KEY is sent as bearer key when it is set.');
}

export class CommandFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly exitCode: 1 | 2 = FAILED,
  ) {
    super(message);
    this.name = 'CommandFailure';
  }
}

export class ServiceClient {
  readonly #base: URL;

  /** @throws CommandFailure for wrong use when the URL is none */
  constructor(server: string) {
    if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
      throw new CommandFailure('CBD_WRONG_USE', `--server: ${server} is no http URL`, WRONG_USE);
    }
    this.#base = new URL(server.endsWith('/') ? server : `${server}/`);
  }

  get(path: readonly string[]): Promise<unknown> {
    return this.#request('GET', path);
  }

  post(path: readonly string[], body: object): Promise<unknown> {
    return this.#request('POST', path, JSON.stringify(body));
  }

  async #request(method: string, path: readonly string[], body?: string): Promise<unknown> {
    const url = new URL(path.map(encodeURIComponent).join('/'), this.#base);
    const key = process.env['DIALBACK_API_KEY'];
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
    let status: number;
    let text: string;
    try {
      const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      const answer = await fetch(url, { method, headers, body, signal, redirect: 'error' });
      status = answer.status;
      text = await answer.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const why = cause instanceof Error ? cause.message : String(cause);
      const where = `${this.#base.origin}: ${why} (another address: --server or DIALBACK_SERVER)`;
      throw new CommandFailure('CBD_SERVICE_UNREACHABLE', where);
    }
    const document = parse(text);
    if (status < 400 && document !== undefined) return document;
    throw refusal(status, document);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function refusal(status: number, document: unknown): CommandFailure {
  const body = typeof document === 'object' && document !== null ? document : {};
  // On GMS' paths `code` is the status.
  const code: unknown = Reflect.get(body, 'error') ?? Reflect.get(body, 'code');
  const message: unknown = Reflect.get(body, 'message');
  return typeof code === 'string' && typeof message === 'string'
    ? new CommandFailure(code, message)
    : new CommandFailure('CBD_SERVICE_ODD', `The service answered ${status} in no known shape.`);
}

/** Runs a command and ends it with a code on stderr when it fails. */
export async function runCommand(terminal: Terminal, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    terminal.err(`${error.code}: ${printable(error.message)}`);
    terminal.exit(error.exitCode);
  }
}
