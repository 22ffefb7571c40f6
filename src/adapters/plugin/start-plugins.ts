/** What runs plugins in this process, put together: the desk they reply to, the network, the runners. */
import type { DialbackConfig } from '../../config/config.js';
import type { Fetcher } from '../../holder/fetcher.js';
import type { HolderSetUp } from '../../holder/holders.js';
import { OrsRunner } from '../../plugin/ors/ors-runner.js';
import { ReplyDesk } from '../../plugin/reply-desk.js';
import { WebhookRunner } from '../../plugin/webhook/webhook-runner.js';
import type { Clock } from '../../ports.js';
import { createSecureFetcher } from '../fetch/secure-fetcher.js';
import { randomToken } from '../random.js';

export interface PluginsOptions {
  readonly clock: Clock;
  /** The configuration in force; asked each time. */
  readonly config: () => Pick<
    DialbackConfig,
    'allowedOrigins' | 'allowedAddresses' | 'webhook' | 'orchestration'
  >;
  /** The API as plugins reach it, without a trailing slash. */
  readonly baseUrl: () => string;
}

export interface Plugins extends Omit<HolderSetUp, 'lengthMs'> {
  readonly fetcher: Fetcher;
  close(): Promise<void>;
}

export function startPlugins({ clock, config, baseUrl }: PluginsOptions): Plugins {
  const fetcher = createSecureFetcher({
    allowedOrigins: { has: (origin) => config().allowedOrigins.includes(origin) },
    allowedAddresses: () => config().allowedAddresses,
  });
  return {
    fetcher,
    desk: new ReplyDesk({ clock, newToken: randomToken, baseUrl }),
    runners: {
      ors: new OrsRunner({ fetcher, clock, url: () => config().orchestration.url }),
      webhook: new WebhookRunner({ fetcher, clock, secret: () => config().webhook.secret }),
    },
    close: () => fetcher.close(),
  };
}
