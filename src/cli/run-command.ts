/**
 * `dialback run`: the service in the foreground until SIGTERM or SIGINT; the second signal ends at
 * once. A changed configuration is taken over while it runs; SIGHUP reads it again at once.
 */
import type { Command } from 'commander';
import { ConfigWatcher } from '../adapters/config/config-watcher.js';
import { createLog } from '../adapters/log.js';
import { loadConfig } from '../config/load-config.js';
import { systemClock } from '../adapters/clock/system-clock.js';
import { startDialback, type Dialback } from '../main.js';
import type { Log } from '../ports.js';
import { printConfigError } from './check-command.js';
import { leaveAddress } from './running-address.js';
import { productVersion } from './version.js';

/** After a second signal. */
const HANG_UP_MS = 3000;

export function registerRunCommand(program: Command): void {
  program
    .command('run')
    .description('run the service')
    .option(
      '--config <file>',
      'configuration file or folder (default: ./dialback.yaml, else the packaged one)',
    )
    .action(async (options: { config?: string }) => {
      let config;
      try {
        config = await loadConfig(options.config);
      } catch (error) {
        process.exitCode = printConfigError(error);
        return;
      }
      const log = createLog({ level: config.log.level });
      for (const warning of config.warnings) {
        log.warn({ code: warning.code, path: warning.path, line: warning.line }, warning.message);
      }
      const dialback = await startDialback(config, log);
      log.info({ version: productVersion(), api: dialback.url, config: config.file }, 'running');
      process.on('exit', addressOf(dialback, log));
      const watcher = new ConfigWatcher({
        file: config.file,
        clock: systemClock(),
        log,
        reload: async () => {
          await dialback.reload();
          log.setLevel(dialback.config.log.level);
        },
      });
      process.on('SIGHUP', () => watcher.poke());
      await untilSignal();
      await watcher.stop();
      log.info({}, 'draining: no new calls; a second signal hangs up what is left');
      onceSignal(() => void hangUpAndExit(dialback));
      await dialback.stop();
      log.info({}, 'stopped');
      // A FreeSWITCH with channels that hang keeps their event sockets open, and would keep us.
      process.exit();
    });
}

/** Leaves where it listens to `dialback health`. */
function addressOf({ url, config }: Dialback, log: Log): () => void {
  try {
    return leaveAddress(config.file, url);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.debug({ why }, 'dialback health has to believe the file');
    return () => undefined;
  }
}

/** The impatient end: every leg gets its BYE or CANCEL, for as long as that takes on a healthy wire. */
async function hangUpAndExit(dialback: Dialback): Promise<void> {
  const clock = systemClock();
  const tooLong = new Promise<void>((resolve) => clock.after(HANG_UP_MS, resolve));
  await Promise.race([dialback.hangUpAll(), tooLong]);
  process.exit(1);
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => onceSignal(resolve));
}

function onceSignal(handle: () => void): void {
  const once = () => {
    process.off('SIGTERM', once);
    process.off('SIGINT', once);
    handle();
  };
  process.on('SIGTERM', once);
  process.on('SIGINT', once);
}
