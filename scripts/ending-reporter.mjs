// Mocha's own `spec` report, and an end: a test that failed may have left open what it would have closed, and
// mocha would wait for it without one. Says what it was. `--reporter-option waitMs=N` waits so long instead.
import { exit } from 'node:process';
import Mocha from 'mocha';

const AFTER_FAILURE_MS = 10_000;
/** What takes longer to close by itself than any time-out of ours (RFC 3261's 32 s) never does. */
const AFTER_SUCCESS_MS = 60_000;

/** Ends the process with this code when something keeps it open for longer; does not keep it open itself. */
export function endWithin(waitMs, code) {
  setTimeout(() => {
    console.log(
      `\nEnded ${waitMs} ms after the last test; still open: ${openHandles().join(', ')}`,
    );
    exit(code);
  }, waitMs).unref();
}

function openHandles() {
  const names = process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe)Wrap$/.test(name));
  // Not documented, and the only one that knows whose socket it is.
  const places = (process._getActiveHandles?.() ?? []).flatMap((handle) => {
    const { address, port } = handle.address?.() ?? {};
    if (port === undefined) return [];
    const to = handle.remotePort === undefined ? '' : ` to port ${handle.remotePort}`;
    return [`${handle.constructor.name} ${address}:${port}${to}`];
  });
  const counts = [...new Set(names)].map(
    (name) => `${name} x ${names.filter((other) => other === name).length}`,
  );
  return [...counts, ...places];
}

export default class EndingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.on(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const hasFailed = this.stats.failures > 0;
      const waitMs = Number(options.reporterOptions?.waitMs ?? NaN);
      const usualMs = hasFailed ? AFTER_FAILURE_MS : AFTER_SUCCESS_MS;
      endWithin(Number.isNaN(waitMs) ? usualMs : waitMs, hasFailed ? 1 : 0);
    });
  }
}
