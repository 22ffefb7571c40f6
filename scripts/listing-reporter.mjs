// Mocha's own `spec` report, and besides a file of JSON with what failed, so that scripts/test.mjs can name
// it at the very end and look at it again: { passes, failures: [{ file, title, message }] }.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { cwd } from 'node:process';
import Mocha from 'mocha';
import { endWithin } from './ending-reporter.mjs';

/** A test that failed may have left open what it would have closed; others may not, and hang. */
const LEFT_OPEN_MAX_MS = 10_000;

export default class ListingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failures = [];
    const { EVENT_TEST_FAIL, EVENT_RUN_END } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      failures.push({
        file: relative(cwd(), test.file ?? test.parent?.file ?? ''),
        title: test.fullTitle(),
        message: String(error?.message ?? error).slice(0, 500),
      });
    });
    runner.on(EVENT_RUN_END, () => {
      const { passes } = this.stats;
      writeFileSync(options.reporterOptions.list, JSON.stringify({ passes, failures }));
      if (failures.length > 0) endWithin(LEFT_OPEN_MAX_MS, 1);
    });
  }
}
