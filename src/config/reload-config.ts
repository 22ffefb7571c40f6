/**
 * The configuration of a running service, and its replacement: completely or not at all. A file with
 * a fault changes nothing, nor does one that asks for what only a restart can give. Everything in the
 * service that may change reads `current` when it needs it; attempts keep what they began with (see
 * `CallbackSession`).
 */
import type { Log } from '../ports.js';
import {
  compareConfigs,
  formatChange,
  needsRestart,
  type ConfigChange,
} from './compare-configs.js';
import type { DialbackConfig } from './config.js';
import { ConfigError, formatProblem, loadConfig, type LoadOptions } from './load-config.js';
import type { Problem } from './problem.js';

export type Reload =
  /** In force now; without changes nothing that matters was edited. */
  | { readonly kind: 'applied'; readonly changes: readonly ConfigChange[] }
  /** Nothing is applied, the changes that could be neither. */
  | { readonly kind: 'needs-restart'; readonly changes: readonly ConfigChange[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** What a reload would do; `valid`: it would be applied. */
export type Preview =
  | Exclude<Reload, { kind: 'applied' }>
  | { readonly kind: 'valid'; readonly changes: readonly ConfigChange[] };

type ReadAgain =
  | Exclude<Preview, { kind: 'valid' }>
  | (Extract<Preview, { kind: 'valid' }> & { readonly next: DialbackConfig });

export class LiveConfig {
  #current: DialbackConfig;

  constructor(config: DialbackConfig) {
    this.#current = config;
  }

  get current(): DialbackConfig {
    return this.#current;
  }

  /**
   * Reads the file or folder again and takes it over when it is right.
   * @throws what is not a fault of the file; nothing has changed then
   */
  async reload(options: LoadOptions = {}): Promise<Reload> {
    const read = await this.#read(options);
    if (read.kind !== 'valid') return read;
    this.#current = read.next;
    return { kind: 'applied', changes: read.changes };
  }

  /** What `reload` would do now; nothing changes. */
  async preview(options: LoadOptions = {}): Promise<Preview> {
    const read = await this.#read(options);
    return read.kind === 'valid' ? { kind: 'valid', changes: read.changes } : read;
  }

  async #read(options: LoadOptions): Promise<ReadAgain> {
    let next: DialbackConfig;
    try {
      next = await loadConfig(this.#current.file, options);
    } catch (error) {
      if (error instanceof ConfigError) return { kind: 'invalid', problems: error.problems };
      throw error;
    }
    const changes = compareConfigs(this.#current, next);
    const fixed = changes.filter(needsRestart);
    if (fixed.length > 0) return { kind: 'needs-restart', changes: fixed };
    return { kind: 'valid', changes, next };
  }
}

/** Tells the log what came of it: each problem as `check` prints it, each change on a line. */
export function logReload(log: Log, reload: Reload): void {
  switch (reload.kind) {
    case 'invalid':
      for (const problem of reload.problems) {
        log[problem.severity === 'error' ? 'error' : 'warn'](
          { code: problem.code, path: problem.path },
          formatProblem(problem),
        );
      }
      log.error({}, 'configuration not reloaded: the one from before stays in force');
      return;
    case 'needs-restart':
      for (const change of reload.changes) {
        log.error({ ...change }, `${formatChange(change)}: needs a restart`);
      }
      log.error({}, 'configuration not reloaded: none of its changes is in force');
      return;
    case 'applied':
      for (const change of reload.changes) log.info({ ...change }, formatChange(change));
      log.info({ changes: reload.changes.length }, 'configuration reloaded');
  }
}
