/**
 * Says when the configuration on disk may have changed: once things are quiet again, and one reload
 * at a time. It watches the folder and not the file, because editors and Kubernetes put a new file
 * in the place of the old one. It reads nothing itself. What a `${file:PATH}` names is not watched:
 * SIGHUP (`poke`) is for that.
 */
import { statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock, Log } from '../../ports.js';

/** An editor writes in several strokes; a half-written file must not be read. */
const QUIET_MS = 400;

export interface ConfigWatcherOptions {
  /** Absolute, a file or a folder. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Reads the configuration again. May fail; it is logged. */
  readonly reload: () => Promise<unknown>;
}

export class ConfigWatcher {
  #watcher: FSWatcher | undefined;
  #cancelTimer = () => {};
  #running: Promise<void> | undefined;
  #isAskedAgain = false;
  #isStopped = false;

  constructor(private readonly options: ConfigWatcherOptions) {
    this.#open();
  }

  /** Reads the configuration again soon, whether or not a change was seen. */
  poke(): void {
    if (this.#isStopped) return;
    this.#cancelTimer();
    this.#cancelTimer = this.options.clock.after(QUIET_MS, () => this.#reload());
  }

  /** Resolves when no reload runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer();
    this.#watcher?.close();
    await this.#running;
  }

  #open(): void {
    const { file, log } = this.options;
    this.#watcher?.close();
    this.#watcher = undefined;
    try {
      const isFolder = statSync(file).isDirectory();
      const watcher = watch(isFolder ? file : dirname(file), { persistent: false });
      watcher.on('change', (_type, name) => {
        if (matters(isFolder ? undefined : basename(file), name)) this.poke();
      });
      watcher.on('error', () => this.#lost(watcher));
      this.#watcher = watcher;
    } catch {
      log.warn({ file }, 'the configuration cannot be watched; send SIGHUP to reload it');
    }
  }

  #lost(watcher: FSWatcher): void {
    watcher.close();
    if (this.#watcher === watcher) this.#watcher = undefined;
    this.poke();
  }

  #reload(): void {
    if (this.#running) {
      this.#isAskedAgain = true;
      return;
    }
    // The folder may be another one under the same name by now.
    this.#open();
    this.#running = this.#reloadOnce().finally(() => {
      this.#running = undefined;
      if (this.#isAskedAgain) this.poke();
      this.#isAskedAgain = false;
    });
  }

  async #reloadOnce(): Promise<void> {
    try {
      await this.options.reload();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.options.log.error({ why }, 'the configuration could not be read again');
    }
  }
}

/**
 * @param wanted the file's name, undefined for a folder
 * @param changed a name in the watched folder; not every system says it
 */
function matters(wanted: string | undefined, changed: string | Buffer | null): boolean {
  if (changed === null) return true;
  const name = String(changed);
  // Kubernetes swaps the link `..data` when a mounted ConfigMap changes.
  if (name.startsWith('..')) return true;
  return wanted === undefined ? /^[^.].*\.ya?ml$/.test(name) : name === wanted;
}
