/**
 * Runner 2 against our own REST paths: what speaks to an Orchestration Server can speak to us. The page
 * runs in a session that was started over HTTP, and its reply finds the plugin without the network.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { createSecureFetcher } from '../../../src/adapters/fetch/secure-fetcher.js';
import { openSqliteStore } from '../../../src/adapters/store/sqlite-store.js';
import type { Fetcher } from '../../../src/holder/fetcher.js';
import type { HolderParameters } from '../../../src/holder/holder-parameters.js';
import { SessionService } from '../../../src/plugin/embedded/session-service.js';
import { ownReplies } from '../../../src/plugin/embedded/session-directory.js';
import { OrsRunner } from '../../../src/plugin/ors/ors-runner.js';
import { ReplyDesk } from '../../../src/plugin/reply-desk.js';
import { createApi } from '../../../src/request/callback-api.js';
import { silentLog } from '../../fakes/fake-telephony.js';
import { configOf } from '../../request/test-config.js';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { makeEnvironment } from './bed.js';

const SAMPLE = new URL('../../../config/examples/plugins/retry-policy.scxml', import.meta.url);
const PAGE_URL = 'http://plugins.test/retry-policy.scxml';

describe('the client of an orchestration server on our REST paths', () => {
  it('starts a page here, and gets its reply', async () => {
    const clock = systemClock();
    let listeningAt = '';
    const desk = new ReplyDesk({ clock, newToken: () => 'token', baseUrl: () => listeningAt });
    const environment = await makeEnvironment(
      { pages: { [PAGE_URL]: readFileSync(SAMPLE, 'utf8') } },
      virtualClock(),
      [],
    );
    const sessions = new SessionService({
      ...environment,
      clock,
      replyAt: ownReplies(desk, () => listeningAt),
    });
    const store = await openSqliteStore({ file: ':memory:' });
    const api = createApi({
      store,
      config: await configOf('services: { sales: {} }'),
      clock,
      random: { uuid: () => 'u', fraction: () => 0 },
      log: silentLog,
      poke: () => undefined,
      cancelLive: () => false,
      isReady: () => true,
      sessions,
    });
    listeningAt = await api.listen({ host: '127.0.0.1', port: 0 });
    const network: Fetcher & { close(): Promise<void> } = createSecureFetcher({
      allowedOrigins: new Set([listeningAt]),
      allowedAddresses: () => [],
    });
    try {
      const replied = new Promise((resolve) => {
        const place = desk.open('plugin-1', {
          callbackId: 'c',
          control: undefined,
          reply: (raw) => {
            resolve(raw);
            return { status: 200, body: { result: 'ok' } };
          },
        });
        const runner = new OrsRunner({ fetcher: network, clock, url: () => listeningAt });
        const parameters: HolderParameters = {
          _call_state: 6,
          _call_state_name: 'Busy',
          _interaction_id: undefined,
          _customer_number: '+49301',
          _dialed_number: '+49301',
          _gms_service_id: 'c',
          _ors_service_id: 'plugin-1',
          _user_data: {},
          _dial_attempt: 1,
          _ttl: 20,
          _reply_url: place.replyUrl,
        };
        const request = { url: PAGE_URL, parameters, call: undefined, isAssociated: false };
        runner.start(
          { ...request, ttlMs: 20_000 },
          {
            reply: () => assert.fail('the reply comes by the desk'),
            failed: (code, why) => resolve(`${code}: ${why}`),
            trail: () => undefined,
          },
        );
      });
      assert.deepEqual(await replied, {
        _scxmleventname: 'reply',
        action: 'retry',
        message: 'OK',
        delay: '120',
      });
    } finally {
      await sessions.stop();
      await network.close();
      await api.close();
      await store.close();
    }
  });
});
