/**
 * drachtio-srf's own integration tests, as its package ships them, against the embedded engine.
 */
import assert from 'node:assert/strict';
import { startEmbedded, type EmbeddedEngine } from '../../src/embedded/index.js';
import { UpstreamBed, hasSipp } from './upstream-bed.js';

/** How many assertions each file has; fewer passing means a scenario stopped half way. */
const FILES = [
  ['uac.js', 19],
  ['uas.js', 8],
  ['reinvite-tests.js', 1],
] as const;

/** A tenth of RFC 3261's: the ACK time-out that uas.js waits for comes after 3.2 s. */
const T1_MS = 50;

describe("drachtio-srf's own tests against the embedded engine", function () {
  this.timeout(60_000);
  const bed = new UpstreamBed();
  let engine: EmbeddedEngine;

  before(async function () {
    if (!(await hasSipp())) {
      console.log('      skipped: sipp is not installed (apt-get install sip-tester)');
      this.skip();
    }
    await bed.start();
    engine = await startEmbedded({
      sipHost: bed.sutHost,
      sipPort: 5060,
      t1Ms: T1_MS,
      hosts: bed.hosts,
    });
  });

  after(async () => {
    await engine?.stop();
    await bed.stop();
  });

  for (const [file, assertions] of FILES) {
    it(`${file}: all ${assertions} assertions hold`, async () => {
      const { passed, failed, output } = await bed.run(file, engine);
      assert.deepEqual({ passed, failed }, { passed: assertions, failed: 0 }, output);
    });
  }
});
