/** A network in the test's hands: what was asked, in order, and what each path answers. */
import type { FetchAnswer, Fetcher, FetchOrder } from '../../src/holder/fetcher.js';
import type { PluginListener, PluginRequest, ReplyAnswer } from '../../src/plugin/plugin-runner.js';

export function answer(status: number, body = ''): FetchAnswer {
  return { kind: 'answer', status, headers: {}, body: Buffer.from(body), url: 'http://h/' };
}

export class ScriptedNetwork implements Fetcher {
  readonly orders: FetchOrder[] = [];
  /** Undefined: never answers, until it is given up. */
  respond: (order: FetchOrder) => FetchAnswer | undefined = () => answer(200);

  fetch(order: FetchOrder): Promise<FetchAnswer> {
    this.orders.push(order);
    const response = this.respond(order);
    if (response) return Promise.resolve(response);
    return new Promise((resolve) => {
      order.signal?.addEventListener('abort', () =>
        resolve({ kind: 'failed', code: 'FETCH_TIMEOUT', why: 'given up' }),
      );
    });
  }

  get paths(): string[] {
    return this.orders.map(({ url }) => new URL(url).pathname);
  }
}

/** Takes every reply that is a JSON object with an action. */
export class HeardListener implements PluginListener {
  readonly replies: unknown[] = [];
  readonly failures: string[] = [];
  readonly trailed: string[] = [];
  reply(raw: unknown): ReplyAnswer {
    this.replies.push(raw);
    const isFine = typeof raw === 'string' && raw.includes('"action"');
    if (isFine) return { status: 200, body: { result: 'ok' } };
    return { status: 400, body: { error: 'REPLY_NO_ACTION', message: 'none' } };
  }
  failed(code: string, why: string): void {
    this.failures.push(`${code}: ${why}`);
  }
  trail(what: string): void {
    this.trailed.push(what);
  }
}

export function pluginRequest(changes: Partial<PluginRequest> = {}): PluginRequest {
  return {
    url: 'http://plugins.example.com/page.scxml',
    parameters: {
      _call_state: 7,
      _call_state_name: 'NoAnswer',
      _interaction_id: undefined,
      _customer_number: '+15550100',
      _dialed_number: '+15550100',
      _gms_service_id: 'cb-1',
      _ors_service_id: 'session-1',
      _user_data: { topic: 'broad band' },
      _dial_attempt: 1,
      _ttl: 60,
      _reply_url: 'http://us/plugin/session-1/token/reply',
    },
    call: undefined,
    isAssociated: false,
    ttlMs: 60_000,
    ...changes,
  };
}
