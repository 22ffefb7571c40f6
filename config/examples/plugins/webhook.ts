/**
 * A plugin as a web server: the same as the pages beside it, in TypeScript and without a dependency.
 *
 *   WEBHOOK_SECRET=... npx tsx webhook.ts 9100
 *
 * and in the service's configuration
 *
 *   _plugin_on_dial_url: http://127.0.0.1:9100/
 *   pluginRunner: webhook
 *
 * with the same secret as `webhook: { secret: ... }`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Message {
  /** `plugin.start`, then `interaction.deleted` when the customer hangs up. */
  readonly event: string;
  readonly _call_state: number;
  readonly _dial_attempt: number;
  readonly _reply_url: string;
  /** Present when there is a call. */
  readonly _call_url?: string;
}

interface Reply {
  readonly action: 'cancel' | 'retry' | 'route_to_agent' | 'route_to_rp';
  readonly message: string;
  readonly delay?: number;
}

const HUMAN = 0;
const BUSY = 6;
const NO_ANSWER = 7;
const MACHINE = 9;
const BODY_MAX_BYTES = 64 * 1024;
/** An older request may be one that somebody has kept. */
const AGE_MAX_S = 300;

const secret = process.env['WEBHOOK_SECRET'] ?? '';

/** Busy: soon again. Nobody there: later each time. Everything else will not get better. */
function withoutACall({ _call_state, _dial_attempt }: Message): Reply {
  if (_call_state === BUSY) return { action: 'retry', message: 'OK', delay: 60 };
  if (_call_state === NO_ANSWER) {
    return { action: 'retry', message: 'OK', delay: 600 * _dial_attempt };
  }
  return { action: 'cancel', message: 'OK' };
}

/** 1 or nothing is an agent, 2 the route point `after-hours`, 9 another call in an hour. */
async function askForADigit(call: string): Promise<Reply> {
  for (let asked = 0; asked < 2; asked += 1) {
    const { digits } = await post(`${call}/collect`, {
      prompts: [{ file: 'connect.wav' }],
      maxDigits: 1,
      firstDigitMs: 5000,
    });
    if (digits === '1') break;
    if (digits === '2') return { action: 'route_to_rp', message: 'after-hours' };
    if (digits === '9') return { action: 'retry', message: 'OK', delay: 3600 };
  }
  return { action: 'route_to_agent', message: 'OK' };
}

/** A machine gets the message once; later attempts are for the person. */
async function leaveAMessage(call: string, attempt: number): Promise<Reply> {
  if (attempt === 1) {
    await post(`${call}/play`, { prompts: [{ silenceMs: 1000 }, { file: 'machine.wav' }] });
  }
  return { action: 'retry', message: 'OK', delay: 3600 };
}

async function decide(message: Message): Promise<Reply> {
  const { _call_state: state, _call_url: call, _dial_attempt: attempt } = message;
  if (call !== undefined && state === HUMAN) return askForADigit(call);
  if (call !== undefined && state === MACHINE) return leaveAMessage(call, attempt);
  return withoutACall(message);
}

/** A call that is gone answers 409: then the customer has hung up, and another message says so. */
async function actAndReply(message: Message): Promise<void> {
  const reply = await decide(message);
  if (message._call_url !== undefined) await post(`${message._call_url}/detach`, {});
  await post(message._reply_url, reply);
}

async function post(url: string, body: object): Promise<{ readonly digits?: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { readonly digits?: string };
}

/** `Dialback-Signature: t=SECONDS,v1=HEX`, HEX being HMAC-SHA256 of `SECONDS.BODY`. */
function isFromDialback(header: string, body: string): boolean {
  if (secret === '') return true;
  const [, seconds = '', hex = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  const expected = createHmac('sha256', secret).update(`${seconds}.${body}`).digest();
  const given = Buffer.from(hex, 'hex');
  const isFresh = Math.abs(Date.now() / 1000 - Number(seconds)) < AGE_MAX_S;
  return given.length === expected.length && timingSafeEqual(given, expected) && isFresh;
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk as string;
    if (body.length > BODY_MAX_BYTES) return undefined;
  }
  return body;
}

const server = createServer((request, response) => {
  void (async () => {
    const body = await bodyOf(request);
    const signature = String(request.headers['dialback-signature'] ?? '');
    if (body === undefined || !isFromDialback(signature, body)) {
      response.writeHead(403).end();
      return;
    }
    const message = JSON.parse(body) as Message;
    if (message.event === 'plugin.start') {
      // Later: what follows takes as long as the customer does.
      response.writeHead(202).end();
      await actAndReply(message);
    } else if (message.event === 'interaction.deleted') {
      // The answer may hold the reply.
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ action: 'retry', message: 'interaction_deleted', delay: 300 }));
    } else {
      response.writeHead(204).end();
    }
  })().catch((error: unknown) => {
    console.error(error);
    if (!response.headersSent) response.writeHead(500).end();
  });
});
server.listen(Number(process.argv[2] ?? 9100), '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});
