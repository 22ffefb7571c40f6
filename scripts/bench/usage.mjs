// What a measured process of `npm run bench:calls` tells of itself when its parent asks.
import process, { cpuUsage, memoryUsage } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** @param counts what is in the air, by kind */
export function answerUsage(counts) {
  process.on('message', async ({ ask }) => {
    if (ask === 'usage') {
      const { user, system } = cpuUsage();
      process.send({ cpuMs: (user + system) / 1000 });
    } else if (ask === 'left') {
      const resources = {};
      for (const kind of process.getActiveResourcesInfo()) {
        resources[kind] = (resources[kind] ?? 0) + 1;
      }
      process.send({ counts: await counts(), resources });
    } else if (ask === 'memory') {
      for (let n = 0; n < 3; n++) {
        globalThis.gc?.();
        await sleep(100);
      }
      const { heapUsed, external, rss } = memoryUsage();
      process.send({ heapBytes: heapUsed + external, rssBytes: rss });
    }
  });
}
