/** What runs plugins and pages in this process: the desk they reply to, the network, the runners. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DialbackConfig } from '../../config/config.js';
import type { Fetcher } from '../../holder/fetcher.js';
import type { HolderSetUp } from '../../holder/holders.js';
import { EmbeddedRunner } from '../../plugin/embedded/embedded-runner.js';
import {
  ownReplies,
  SessionDirectory,
  sessionHost,
} from '../../plugin/embedded/session-directory.js';
import { SessionService } from '../../plugin/embedded/session-service.js';
import { OrsRunner } from '../../plugin/ors/ors-runner.js';
import { ReplyDesk } from '../../plugin/reply-desk.js';
import { WebhookRunner } from '../../plugin/webhook/webhook-runner.js';
import type { Clock, Log } from '../../ports.js';
import { EmbeddedPageRunner } from '../../vxml/embedded-page-runner.js';
import { createSecureFetcher } from '../fetch/secure-fetcher.js';
import { randomToken } from '../random.js';
import { createScxmlPool } from '../scxml/start-scxml-pool.js';
import { createPagePool } from '../vxml/page-pool.js';

export interface PluginsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The configuration in force; asked each time. */
  readonly config: () => Pick<
    DialbackConfig,
    'allowedOrigins' | 'allowedAddresses' | 'webhook' | 'orchestration' | 'services'
  >;
  /** The API as plugins reach it, without a trailing slash. */
  readonly baseUrl: () => string;
}

/** Threads for embedded plugins, and for VoiceXML pages, besides those for newcomers: a page that runs away holds up its own only. */
const THREADS = 2;
/** A thread costs some 14 MB; a page that has one to itself takes no other along when it goes bad. */
const THREADS_MAX = 6;

export interface Plugins extends Omit<HolderSetUp, 'lengthMs'> {
  readonly fetcher: Fetcher;
  /** SCXML sessions of this process. */
  readonly sessions: SessionService;
  /** VoiceXML pages that run. */
  pageCount(): number;
  close(): Promise<void>;
}

export function startPlugins(options: PluginsOptions): Plugins {
  const { clock, log, config, baseUrl } = options;
  const fetcher = createSecureFetcher({
    allowedOrigins: { has: (origin) => config().allowedOrigins.includes(origin) },
    allowedAddresses: () => config().allowedAddresses,
  });
  const desk = new ReplyDesk({ clock, newToken: randomToken, baseUrl });
  const directory = new SessionDirectory();
  const pool = createScxmlPool({
    host: sessionHost(directory, fetcher),
    httpBase: () => `${baseUrl()}/scxml/session/`,
    threads: THREADS,
    threadsMax: THREADS_MAX,
    log,
  });
  // So that the first plugin starts as fast as any.
  if (hasEmbeddedPlugin(config())) void pool.warm();
  const pagePool = createPagePool({ log, threads: THREADS, threadsMax: THREADS_MAX });
  if (hasPage(config())) void pagePool.warmUp();
  const pages = new EmbeddedPageRunner({ pool: pagePool, fetcher, readFile, newId: randomToken });
  const environment = {
    sessions: pool,
    directory,
    clock,
    fetcher,
    newId: randomUUID,
    pages,
    replyAt: ownReplies(desk, baseUrl),
  };
  const sessions = new SessionService(environment);
  return {
    fetcher,
    desk,
    sessions,
    pages,
    pageCount: () => pagePool.sessions,
    runners: {
      embedded: new EmbeddedRunner(environment),
      ors: new OrsRunner({ fetcher, clock, url: () => config().orchestration.url }),
      webhook: new WebhookRunner({ fetcher, clock, secret: () => config().webhook.secret }),
    },
    close: async () => {
      await sessions.stop();
      await pool.stop();
      await pagePool.stop();
      await fetcher.close();
    },
  };
}

function hasPage({ services }: Pick<DialbackConfig, 'services'>): boolean {
  return Object.values(services).some(({ options }) => options.vxmlUrl !== undefined);
}

function hasEmbeddedPlugin({ services }: Pick<DialbackConfig, 'services'>): boolean {
  return Object.values(services).some(
    ({ options, pluginRunner }) =>
      options.pluginOnDialUrl !== undefined && pluginRunner === 'embedded',
  );
}
